//! What people of the agency do. Each service takes the [`Actor`] that it is done for, and is
//! refused where they may not.

use dealwright_core::access::Action;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::{DeliverableId, MilestoneId, ProjectId, TaskId};
use dealwright_core::knowledge::Slug;
use dealwright_core::process::Actor;
use dealwright_core::time::Timestamp;
use dealwright_delivery::execute::TaskResult;
use dealwright_delivery::project::{Project, ProjectInput, ProjectState};
use dealwright_delivery::review::Verdict;

use crate::Agency;

/// What people of the agency do. A use case without an [`Actor`] does not compile:
///
/// ```no_run
/// # use dealwright_core::{id::ProjectId, process::Actor};
/// # async fn see(agency: dealwright_runtime::Agency, project: ProjectId) {
/// let state = agency.project(&Actor::person("kim"), project).await;
/// # }
/// ```
///
/// ```compile_fail
/// # use dealwright_core::{id::ProjectId, process::Actor};
/// # async fn see(agency: dealwright_runtime::Agency, project: ProjectId) {
/// let state = agency.project(project).await;
/// # }
/// ```
impl Agency {
    /// The state of a project, for `by` to see.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not see it; `NotFound` where there is no such project;
    /// those of the store.
    pub async fn project(&self, by: &Actor, project: ProjectId) -> Result<ProjectState, PortError> {
        let key = self.host().key::<Project>(project.to_string());
        self.host().allow(by, Action::ReadCase, &key)?;
        self.load(project).await
    }

    async fn load(&self, project: ProjectId) -> Result<ProjectState, PortError> {
        let key = self.host().key::<Project>(project.to_string());
        let found = self.host().state::<Project>(&key).await?;
        found.map(|(_, state)| state).ok_or_else(|| {
            PortError::new("load project", PortErrorKind::NotFound)
                .with_source(format!("there is no project `{project}`"))
        })
    }

    /// Says that `by` did a task, and what came of it. The same try is finished once; answers
    /// whether this was the first word on it.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; `NotFound` where the project has no such task under way; those of the store.
    pub async fn finish_task(
        &self,
        by: &Actor,
        project: ProjectId,
        task: TaskId,
        result: TaskResult,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let state = self.load(project).await?;
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
            by,
            project,
            &format!("finished-{task}~{attempt}"),
            now,
            input,
        )
        .await
    }

    /// Records `by`'s judgement of one criterion of the deliverable under review.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; `NotFound` where nothing of that is under review; those of the store.
    pub async fn review(
        &self,
        by: &Actor,
        project: ProjectId,
        deliverable: DeliverableId,
        criterion: &str,
        verdict: Verdict,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let state = self.load(project).await?;
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
        let dedupe = format!("reviewed-{deliverable}~{version}-{criterion}-{}", by.name());
        self.tell(by, project, &dedupe, now, input).await
    }

    /// Records that the client accepted a milestone by another way than a letter.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; `NotFound` where nothing of the milestone was handed over; those of the store.
    pub async fn accept_milestone(
        &self,
        by: &Actor,
        project: ProjectId,
        milestone: MilestoneId,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let state = self.load(project).await?;
        let round = state.hand_overs().get(&milestone).map_or(0, |h| h.round);
        if round == 0 {
            return Err(PortError::new("accept milestone", PortErrorKind::NotFound)
                .with_source(format!("nothing of `{milestone}` was handed over yet")));
        }
        let input = ProjectInput::Accepted { milestone };
        self.tell(
            by,
            project,
            &format!("accepted-{milestone}~{round}"),
            now,
            input,
        )
        .await
    }

    /// Hands a project something that was missing.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn give_input(
        &self,
        by: &Actor,
        project: ProjectId,
        name: Slug,
        value: &str,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let dedupe = format!("given-{name}");
        let input = ProjectInput::InputGiven {
            name,
            value: value.to_owned(),
        };
        self.tell(by, project, &dedupe, now, input).await
    }

    async fn tell(
        &self,
        by: &Actor,
        project: ProjectId,
        dedupe: &str,
        now: Timestamp,
        input: ProjectInput,
    ) -> Result<bool, PortError> {
        self.host()
            .offer::<Project>(project.to_string(), dedupe, by.clone(), now, &input)
            .await
    }
}
