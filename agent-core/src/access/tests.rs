use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::*;
use crate::error::PortErrorKind;
use crate::process::suite::run;
use crate::process::*;
use crate::time::Timestamp;

/// The published table, kept by hand: what the code says is compared with it cell by cell.
const TABLE: &str = include_str!("../../../docs/authorisation.md");

/// The heads of the table's columns, in its order.
const COLUMNS: [&str; 11] = [
    "library",
    "agent",
    "outside",
    "owner",
    "manager",
    "researcher",
    "seller",
    "producer",
    "reviewer",
    "bookkeeper",
    "auditor",
];

/// The table as a map from action and column to yes or no.
fn published() -> BTreeMap<(String, String), bool> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_matches('|');
        inner.split('|').map(|c| c.trim().to_owned()).collect()
    };
    let mut rows = TABLE.lines().filter(|l| l.starts_with('|'));
    let head = cells(rows.next().expect("a head"));
    assert_eq!(head.get(1..).expect("columns"), COLUMNS);
    let mut table = BTreeMap::new();
    for row in rows.skip(1) {
        let row = cells(row);
        for (column, cell) in head.iter().zip(&row).skip(1) {
            let yes = match cell.as_str() {
                "yes" => true,
                "" => false,
                other => panic!("`{other}` in the row of `{}`", row[0]),
            };
            let twice = table.insert((row[0].clone(), column.clone()), yes);
            assert!(twice.is_none(), "`{}` stands twice", row[0]);
        }
    }
    table
}

/// Who stands for a column.
fn actor(column: &str) -> Actor {
    match column {
        "library" => Actor::System,
        "agent" => Actor::Agent,
        "outside" => Actor::Outside("email".to_owned()),
        role => Actor::person(format!("the-{role}")),
    }
}

/// One person of each role, named after it.
fn staff() -> Staff {
    Role::ALL.into_iter().fold(Staff::default(), |staff, role| {
        staff.with(format!("the-{}", role.name()), Member::new([role]))
    })
}

/// A process to which everything can be done: its input names the action.
struct Door;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Knock(usize);

impl Process for Door {
    const KIND: &'static str = "door";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;
    type State = ();
    type Input = Knock;
    type Event = ();
    type Effect = NoEffects;
    type Policy = ();

    fn action(input: &Knock) -> Action {
        Action::ALL
            .get(input.0)
            .copied()
            .unwrap_or(Action::Other("kick"))
    }

    fn decide(_: &(), _: &Knock, _: &Context<'_, ()>) -> Result<Decision<Self>, Refusal> {
        Ok(Decision::nothing())
    }

    fn apply((): (), (): &()) {}

    fn index((): &()) -> Vec<IndexEntry> {
        Vec::new()
    }

    fn unsettled(effect: NoEffects, _: Unsettled) -> Knock {
        match effect {}
    }

    fn receive(_: &Record) -> Result<Knock, crate::error::PortError> {
        Ok(Knock(0))
    }

    fn upcast(
        _: u32,
        body: serde_json::Value,
    ) -> Result<serde_json::Value, crate::error::PortError> {
        Ok(body)
    }

    fn business((): &()) -> serde_json::Value {
        serde_json::Value::Null
    }
}

fn host(staff: Staff) -> (Host, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::new());
    let tenant = Tenant::parse("t").unwrap();
    let host = Host::builder(tenant, Arc::clone(&store), PlainSealer::ZERO)
        .authorizer(staff)
        .process::<Door>((), NoPerformer)
        .unwrap()
        .build();
    (host, store)
}

fn noon() -> Timestamp {
    "2026-03-03T12:00:00Z".parse().unwrap()
}

/// Rows that wait in the store.
fn waiting(store: &MemoryStore) -> usize {
    let claim = Claim {
        now: noon(),
        worker: "w".to_owned(),
        kinds: vec!["door".to_owned()],
        shares: Vec::new(),
        lease: chrono::Duration::minutes(1),
        n: 1_000,
        exclusive: false,
    };
    run(store.claim(claim)).unwrap().works.len()
}

// covers: SE-2
#[test]
fn every_cell_of_the_published_table_is_what_a_host_does() {
    let table = published();
    assert_eq!(
        table.len(),
        Action::ALL.len() * COLUMNS.len(),
        "every action has its row"
    );
    let (host, store) = host(staff());
    let mut taken = 0;
    for (n, action) in Action::ALL.into_iter().enumerate() {
        for column in COLUMNS {
            let expected = table
                .get(&(action.name().to_owned(), column.to_owned()))
                .unwrap_or_else(|| panic!("no cell for `{action}` and {column}"));
            let (dedupe, knock) = (format!("{n}-{column}"), Knock(n));
            let offer = host.offer::<Door>("d", &dedupe, actor(column), noon(), &knock);
            match run(offer) {
                Ok(new) => {
                    assert!(*expected, "{column} may `{action}`, the table says no");
                    assert!(new);
                    taken += 1;
                }
                Err(error) => {
                    assert!(
                        !*expected,
                        "{column} may not `{action}`, the table says yes"
                    );
                    assert_eq!(error.kind(), PortErrorKind::PermissionDenied);
                }
            }
        }
    }
    assert_eq!(waiting(&store), taken, "what is denied is not stored");
}

// covers: SE-2
#[test]
fn whoever_is_not_known_may_do_nothing() {
    let (host, store) = host(Staff::default());
    for (n, action) in Action::ALL.into_iter().enumerate() {
        let knock = Knock(n);
        let offer = host.offer::<Door>("d", "k", Actor::person("mallory"), noon(), &knock);
        let error = run(offer).unwrap_err().chain();
        assert!(
            error.contains("`mallory` is not among the people"),
            "{action}: {error}"
        );
    }
    let nobody = Staff::default().with("idle", Member::default());
    for action in Action::ALL {
        let key = host.key::<Door>("d");
        assert!(nobody.allow(&Actor::person("idle"), action, &key).is_err());
    }
    assert_eq!(waiting(&store), 0);
}

// covers: SE-2
#[test]
fn an_action_that_the_table_does_not_have_is_the_librarys_alone() {
    let (host, _) = host(staff());
    let beyond = Knock(Action::ALL.len());
    for column in COLUMNS {
        let offer = host.offer::<Door>("d", column, actor(column), noon(), &beyond);
        assert_eq!(run(offer).is_ok(), column == "library", "{column}");
    }
}

// covers: SE-2
#[test]
fn need_and_tenant_bound_what_a_role_allows() {
    let (plain, _) = host(Staff::default());
    let (mine, other) = (plain.key::<Door>("mine"), plain.key::<Door>("other"));
    let staff = Staff::default()
        .with("kim", Member::new([Role::Producer]).only([mine.clone()]))
        .with("lee", Member::new([Role::Producer, Role::Reviewer]));
    let kim = Actor::person("kim");
    assert_eq!(staff.allow(&kim, Action::DoTask, &mine), Ok(()));
    let error = staff.allow(&kim, Action::DoTask, &other).unwrap_err();
    assert!(matches!(error, Denied::Reach { .. }), "{error}");
    // A case in reach gives no role.
    let error = staff.allow(&kim, Action::Review, &mine).unwrap_err();
    assert!(matches!(error, Denied::Role { .. }), "{error}");
    // Roles add up.
    for action in [Action::DoTask, Action::Review] {
        assert_eq!(staff.allow(&Actor::person("lee"), action, &other), Ok(()));
    }
    // Another tenant's case is nobody's here, the library's own work included.
    let (host, _) = host(staff);
    let foreign = ProcessKey::new(&Tenant::parse("else").unwrap(), "door", "mine");
    for who in [Actor::System, kim] {
        let error = host.allow(&who, Action::Progress, &foreign).unwrap_err();
        assert!(
            error.chain().contains("another tenant"),
            "{}",
            error.chain()
        );
    }
}

// covers: SE-2
#[test]
fn the_agent_approves_judges_releases_and_sees_nothing() {
    let may: BTreeSet<Action> = Action::ALL
        .into_iter()
        .filter(|a| a.allowed().agent)
        .collect();
    assert_eq!(may, BTreeSet::from([Action::Propose, Action::TakeIn]));
    // Nor does anybody outside, beyond bringing news and signing what was laid before them.
    let may: BTreeSet<Action> = Action::ALL
        .into_iter()
        .filter(|a| a.allowed().outside)
        .collect();
    assert_eq!(may, BTreeSet::from([Action::Hear, Action::Sign]));
}

#[test]
fn a_denial_says_who_what_and_what_it_takes() {
    let (host, _) = host(staff());
    let key = host.key::<Door>("d");
    let error = host
        .allow(&Actor::person("the-producer"), Action::ApproveCharge, &key)
        .unwrap_err();
    assert_eq!(
        error.chain(),
        "authorise failed: permission denied: `the-producer` may not approve a charge; it takes \
         one of the roles owner, manager and bookkeeper"
    );
}

#[test]
fn people_read_from_settings_and_back() {
    let json = r#"{"kim":{"roles":["producer","reviewer"]}}"#;
    let staff: Staff = serde_json::from_str(json).unwrap();
    assert_eq!(
        staff,
        Staff::default().with("kim", Member::new([Role::Producer, Role::Reviewer]))
    );
    let wrong = serde_json::from_str::<Staff>(r#"{"kim":{"roles":["king"]}}"#);
    assert!(wrong.unwrap_err().to_string().contains("king"));
}
