use chrono::TimeDelta;
use dealwright_core::canonical::Digest32;
use dealwright_core::id::TaskId;
use proptest::prelude::*;

use super::*;
use crate::setup::tests::at;

fn minute(n: i64) -> Timestamp {
    at("2026-03-02T08:00:00Z") + TimeDelta::minutes(n)
}

fn worker(name: &str) -> WorkerIdentity {
    WorkerIdentity::tool(name, "1")
}

fn output(text: &str) -> Digest32 {
    Digest32::of(text.as_bytes())
}

/// A life with every event it has seen, so that replay can be compared.
struct Lived {
    life: TaskLife,
    first: TaskLife,
    events: Vec<TaskEvent>,
}

impl Lived {
    fn new(needs: &[Need]) -> Self {
        let life = TaskLife::new(needs.iter().cloned().collect());
        Self {
            first: life.clone(),
            life,
            events: Vec::new(),
        }
    }

    fn put(&mut self, now: i64, command: TaskCommand) -> Result<usize, TaskRefusal> {
        let events = self
            .life
            .decide(&command, minute(now), &ExecutionPolicy::default())?;
        for event in &events {
            self.life = self.life.clone().apply(event);
        }
        let count = events.len();
        self.events.extend(events);
        Ok(count)
    }
}

// covers: TX-1
#[test]
fn a_worker_dies_another_finishes_and_the_effect_is_there_once() {
    let mut task = Lived::new(&[]);
    task.put(0, TaskCommand::Claim(worker("first"))).unwrap();
    task.put(1, TaskCommand::Start { attempt: 1 }).unwrap();
    task.put(10, TaskCommand::Heartbeat { attempt: 1 }).unwrap();
    // It holds until minute 25; nobody else may take it before.
    assert_eq!(task.put(24, TaskCommand::Check), Ok(0));
    assert!(task.put(24, TaskCommand::Claim(worker("second"))).is_err());
    assert_eq!(task.put(25, TaskCommand::Check), Ok(1));
    task.put(26, TaskCommand::Claim(worker("second"))).unwrap();
    task.put(27, TaskCommand::Start { attempt: 2 }).unwrap();
    // The first one was not dead, only slow.
    let late = task.put(
        28,
        TaskCommand::Finish {
            attempt: 1,
            output: output("first"),
        },
    );
    assert_eq!(
        late,
        Err(TaskRefusal::Stale {
            reported: 1,
            current: 2
        })
    );
    task.put(
        30,
        TaskCommand::Finish {
            attempt: 2,
            output: output("second"),
        },
    )
    .unwrap();
    let later = task.put(
        31,
        TaskCommand::Finish {
            attempt: 1,
            output: output("first"),
        },
    );
    assert!(later.is_err());
    assert!(
        task.put(
            32,
            TaskCommand::Finish {
                attempt: 2,
                output: output("x")
            }
        )
        .is_err()
    );
    let done = TaskState::Done {
        at: minute(30),
        by: worker("second"),
        output: output("second"),
    };
    assert_eq!(task.life.state(), &done);
    let finished = task
        .events
        .iter()
        .filter(|e| matches!(e, TaskEvent::Finished { .. }));
    assert_eq!(finished.count(), 1);
}

// covers: TX-1
#[test]
fn tries_are_limited_and_wait_longer_each_time() {
    let mut task = Lived::new(&[]);
    let mut now = 0;
    for (attempt, wait) in [(1, 1), (2, 5), (3, 15)] {
        task.put(now, TaskCommand::Claim(worker("w"))).unwrap();
        let fail = TaskCommand::Fail {
            attempt,
            why: "no answer".to_owned(),
            retry: true,
        };
        task.put(now, fail).unwrap();
        let early = task.put(now + wait - 1, TaskCommand::Claim(worker("w")));
        assert_eq!(
            early,
            Err(TaskRefusal::TooSoon {
                until: minute(now + wait)
            })
        );
        now += wait;
    }
    task.put(now, TaskCommand::Claim(worker("w"))).unwrap();
    let fail = TaskCommand::Fail {
        attempt: 4,
        why: "no answer".to_owned(),
        retry: true,
    };
    task.put(now, fail).unwrap();
    assert!(matches!(task.life.state(), TaskState::Failed { why, .. } if why == "no answer"));
    // A person may order another round; the numbers go on, so that old reports stay stale.
    task.put(
        now,
        TaskCommand::Redo {
            why: "asked kim".to_owned(),
        },
    )
    .unwrap();
    task.put(now, TaskCommand::Claim(worker("w"))).unwrap();
    assert_eq!(task.life.state().lease().map(|l| l.attempt), Some(5));
}

// covers: TX-1
#[test]
fn a_hopeless_try_is_the_last_and_lapses_count() {
    let mut task = Lived::new(&[]);
    task.put(0, TaskCommand::Claim(worker("w"))).unwrap();
    let fail = TaskCommand::Fail {
        attempt: 1,
        why: "no such site".to_owned(),
        retry: false,
    };
    task.put(0, fail).unwrap();
    assert!(matches!(task.life.state(), TaskState::Failed { .. }));

    let mut task = Lived::new(&[]);
    for round in 0..4 {
        task.put(round * 20, TaskCommand::Claim(worker("w")))
            .unwrap();
        task.put(round * 20 + 15, TaskCommand::Check).unwrap();
    }
    assert!(matches!(task.life.state(), TaskState::Failed { .. }));
}

// covers: PS-3
#[test]
fn it_stays_blocked_until_all_it_needs_has_come() {
    let logo = Need::Input("logo".to_owned());
    let crawl = Need::Task(TaskId::derive(&[b"crawl"]));
    let mut task = Lived::new(&[logo.clone(), crawl.clone()]);
    assert!(task.put(0, TaskCommand::Claim(worker("w"))).is_err());
    assert_eq!(
        task.put(1, TaskCommand::Supply(Need::Input("photo".to_owned()))),
        Ok(0)
    );
    task.put(1, TaskCommand::Supply(logo.clone())).unwrap();
    assert!(matches!(task.life.state(), TaskState::Blocked { .. }));
    task.put(2, TaskCommand::Supply(crawl)).unwrap();
    task.put(2, TaskCommand::Claim(worker("w"))).unwrap();
    assert_eq!(task.put(3, TaskCommand::Supply(logo)), Ok(0));
}

fn command() -> impl Strategy<Value = TaskCommand> {
    let why = || "why".to_owned();
    prop_oneof![
        Just(TaskCommand::Supply(Need::Input("logo".to_owned()))),
        Just(TaskCommand::Claim(worker("a"))),
        Just(TaskCommand::Claim(worker("b"))),
        (1_u32..6).prop_map(|attempt| TaskCommand::Start { attempt }),
        (1_u32..6).prop_map(|attempt| TaskCommand::Heartbeat { attempt }),
        (1_u32..6).prop_map(|attempt| TaskCommand::Finish {
            attempt,
            output: output("x")
        }),
        (1_u32..6, any::<bool>()).prop_map(move |(attempt, retry)| TaskCommand::Fail {
            attempt,
            why: why(),
            retry
        }),
        Just(TaskCommand::Check),
        Just(TaskCommand::Redo { why: why() }),
        Just(TaskCommand::Cancel { why: why() }),
    ]
}

proptest! {
    #[test]
    fn replay_gives_the_state_and_attempts_only_grow(
        steps in proptest::collection::vec((0_i64..20, command()), 0..40)
    ) {
        let mut task = Lived::new(&[Need::Input("logo".to_owned())]);
        let mut now = 0;
        let mut attempts = 0;
        for (wait, command) in steps {
            now += wait;
            let settled = matches!(task.life.state(), TaskState::Cancelled { .. });
            let before = task.life.clone();
            match task.put(now, command) {
                Err(_) => prop_assert_eq!(&task.life, &before),
                Ok(count) => prop_assert!(!settled || count == 0),
            }
            prop_assert!(task.life.attempts() >= attempts);
            attempts = task.life.attempts();
        }
        let replayed = task.events.iter().fold(task.first.clone(), TaskLife::apply);
        prop_assert_eq!(&replayed, &task.life);
        let value = serde_json::to_value(&replayed).unwrap();
        prop_assert_eq!(serde_json::from_value::<TaskLife>(value).unwrap(), replayed);
    }
}
