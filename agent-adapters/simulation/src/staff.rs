//! Simulated people of the agency: they do the tasks that the plan gives to people, and judge
//! what others made.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::PortError;
use dealwright_core::id::ProjectId;
use dealwright_core::money::{Money, Rate, Rounding};
use dealwright_core::process::{Actor, Cursor, Envelope, Host};
use dealwright_core::time::Timestamp;
use dealwright_delivery::deliverable::Manifest;
use dealwright_delivery::execute::{
    Facts, Method, ProducedPart, Spent, TaskOrder, TaskResult, WorkerIdentity,
};
use dealwright_delivery::project::{Project, ProjectEvent};
use dealwright_delivery::review::{Review, Verdict};
use dealwright_runtime::Agency;
use rust_decimal::Decimal;

use crate::Hook;
use crate::world::again;

/// People who finish what they are given after a day and find nothing against what others made.
///
/// For businesses whose `auto_people` is off. What their work costs is what the plan allows,
/// times what [`with_cost`](Self::with_cost) says of the service.
#[derive(Debug)]
pub struct SimStaff {
    agency: Agency,
    people: Vec<String>,
    cost: BTreeMap<String, u32>,
    cursor: Option<Cursor>,
}

impl SimStaff {
    /// The people of these account names.
    #[must_use]
    pub fn new(agency: Agency, people: impl IntoIterator<Item = String>) -> Self {
        Self {
            agency,
            people: people.into_iter().collect(),
            cost: BTreeMap::new(),
            cursor: None,
        }
    }

    /// Tasks of `service` cost so many percent of what was planned.
    #[must_use]
    pub fn with_cost(mut self, service: impl Into<String>, percent: u32) -> Self {
        self.cost.insert(service.into(), percent);
        self
    }

    async fn act(&self, envelope: &Envelope, event: &ProjectEvent) -> Result<(), PortError> {
        let Ok(project) = envelope.process.id().parse::<ProjectId>() else {
            return Ok(());
        };
        match event {
            ProjectEvent::TaskStarted {
                order,
                worker: Some(WorkerIdentity::Person { name }),
            } => self.work(project, order, name, envelope.at).await,
            ProjectEvent::ReviewOpened { manifest, review } => {
                self.judge(project, manifest, review, envelope.at).await
            }
            _ => Ok(()),
        }
    }

    async fn work(
        &self,
        project: ProjectId,
        order: &TaskOrder,
        name: &str,
        at: Timestamp,
    ) -> Result<(), PortError> {
        let mut parts = Vec::new();
        for deliverable in &order.produces {
            let text = format!(
                "{} of {}, try {}\n",
                deliverable, order.service, order.attempt
            );
            let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
            parts.push(ProducedPart {
                deliverable: deliverable.clone(),
                name: format!("{deliverable}.txt"),
                media_type: "text/plain; charset=utf-8".to_owned(),
                digest: self.agency.blobs().put(text.into_bytes()).await?,
                bytes,
            });
        }
        let result = TaskResult {
            parts,
            facts: Facts::new(),
            method: Method {
                name: "by-hand".to_owned(),
                why: "the plan gives it to a person".to_owned(),
                instead_of: Vec::new(),
            },
            spent: Spent {
                money: self.cost(order),
                minutes: 60,
                tokens: 0,
            },
        };
        let done = at + Duration::days(1);
        let by = Actor::person(name);
        let finish = || {
            let result = result.clone();
            self.agency
                .finish_task(&by, project, order.task, result, done)
        };
        again(finish).await?;
        Ok(())
    }

    fn cost(&self, order: &TaskOrder) -> Money {
        let percent = self.cost.get(&order.service).copied().unwrap_or(100);
        Rate::from_percent(Decimal::from(percent))
            .and_then(|rate| order.limit.apply(rate, Rounding::HalfUp))
            .unwrap_or(order.limit)
    }

    async fn judge(
        &self,
        project: ProjectId,
        manifest: &Manifest,
        review: &Review,
        at: Timestamp,
    ) -> Result<(), PortError> {
        let producers = manifest.producers();
        let by = self.people.iter().find(|name| {
            let person = WorkerIdentity::person(name.as_str());
            producers.iter().all(|p| person.differs_from(p))
        });
        let Some(by) = by else {
            return Ok(());
        };
        let by = Actor::person(by);
        for criterion in review.unset() {
            let verdict = Verdict::Pass {
                because: "looked at; nothing against it".to_owned(),
            };
            let (deliverable, due) = (manifest.head().deliverable, at + Duration::hours(4));
            let judge = || {
                self.agency
                    .review(&by, project, deliverable, criterion, verdict.clone(), due)
            };
            again(judge).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Hook for SimStaff {
    async fn look(&mut self, host: &Host) -> Result<(), PortError> {
        loop {
            let (page, next) = host.store().feed(self.cursor.clone(), 200).await?;
            if page.is_empty() {
                return Ok(());
            }
            for envelope in page.iter().filter(|e| e.process.kind() == "project") {
                for event in host.events::<Project>(envelope)? {
                    self.act(envelope, &event).await?;
                }
            }
            self.cursor = next;
        }
    }
}
