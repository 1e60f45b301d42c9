//! What people of the agency do about projects.

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::{DeliverableId, MilestoneId, ProjectId, TaskId};
use dealwright_core::knowledge::Slug;
use dealwright_core::process::Actor;
use dealwright_core::time::Timestamp;
use dealwright_delivery::execute::TaskResult;
use dealwright_delivery::project::{Project, ProjectInput, ProjectState};
use dealwright_delivery::review::Verdict;

use crate::Agency;

impl Agency {
    /// The state of a project.
    ///
    /// # Errors
    ///
    /// `NotFound` where there is no such project; those of the store.
    pub async fn project(&self, project: ProjectId) -> Result<ProjectState, PortError> {
        let key = self.host().key::<Project>(project.to_string());
        let found = self.host().state::<Project>(&key).await?;
        found.map(|(_, state)| state).ok_or_else(|| {
            PortError::new("load project", PortErrorKind::NotFound)
                .with_source(format!("there is no project `{project}`"))
        })
    }

    /// Says that `person` did a task, and what came of it. The same try is finished once; answers
    /// whether this was the first word on it.
    ///
    /// # Errors
    ///
    /// `NotFound` where the project has no such task under way; those of the store.
    pub async fn finish_task(
        &self,
        project: ProjectId,
        task: TaskId,
        person: &str,
        result: TaskResult,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let state = self.project(project).await?;
        let attempt = state.run(task).map_or(0, |run| run.attempt);
        if attempt == 0 {
            return Err(
                PortError::new("finish task", PortErrorKind::NotFound).with_source(format!(
                    "project `{project}` has no task `{task}` under way"
                )),
            );
        }
        let input = ProjectInput::TaskFinished {
            task,
            result: Box::new(result),
        };
        self.tell(
            project,
            &format!("finished-{task}~{attempt}"),
            person,
            now,
            input,
        )
        .await
    }

    /// Records `person`'s judgement of one criterion of the deliverable under review.
    ///
    /// # Errors
    ///
    /// `NotFound` where nothing of that is under review; those of the store.
    pub async fn review(
        &self,
        project: ProjectId,
        deliverable: DeliverableId,
        criterion: &str,
        verdict: Verdict,
        person: &str,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let state = self.project(project).await?;
        let version = state.made().get(&deliverable).map_or(0, |m| m.version);
        if version == 0 {
            return Err(PortError::new("review", PortErrorKind::NotFound)
                .with_source(format!("nothing of `{deliverable}` is under review")));
        }
        let input = ProjectInput::Reviewed {
            deliverable,
            criterion: criterion.to_owned(),
            verdict,
        };
        let dedupe = format!("reviewed-{deliverable}~{version}-{criterion}-{person}");
        self.tell(project, &dedupe, person, now, input).await
    }

    /// Records that the client accepted a milestone by another way than a letter.
    ///
    /// # Errors
    ///
    /// `NotFound` where nothing of the milestone was handed over; those of the store.
    pub async fn accept_milestone(
        &self,
        project: ProjectId,
        milestone: MilestoneId,
        person: &str,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let state = self.project(project).await?;
        let round = state.hand_overs().get(&milestone).map_or(0, |h| h.round);
        if round == 0 {
            return Err(PortError::new("accept milestone", PortErrorKind::NotFound)
                .with_source(format!("nothing of `{milestone}` was handed over yet")));
        }
        let input = ProjectInput::Accepted { milestone };
        self.tell(
            project,
            &format!("accepted-{milestone}~{round}"),
            person,
            now,
            input,
        )
        .await
    }

    /// Hands a project something that was missing.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn give_input(
        &self,
        project: ProjectId,
        name: Slug,
        value: &str,
        person: &str,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let dedupe = format!("given-{name}");
        let input = ProjectInput::InputGiven {
            name,
            value: value.to_owned(),
        };
        self.tell(project, &dedupe, person, now, input).await
    }

    async fn tell(
        &self,
        project: ProjectId,
        dedupe: &str,
        person: &str,
        now: Timestamp,
        input: ProjectInput,
    ) -> Result<bool, PortError> {
        let actor = Actor::Person(person.to_owned());
        self.host()
            .offer::<Project>(project.to_string(), dedupe, actor, now, &input)
            .await
    }
}
