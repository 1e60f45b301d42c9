use futures::executor::block_on;

use super::*;

fn run(options: SimOptions) -> SimReport {
    block_on(simulate(options)).unwrap()
}

// covers: X-3, OR-1
#[test]
fn a_small_market_is_worked_through_and_gives_the_same_log_twice() {
    let options = SimOptions {
        days: 60,
        leads: 40,
        seed: 3,
        faults: false,
    };
    let first = run(options);
    println!("{}", serde_json::to_string(&first).unwrap());
    assert_eq!(first.violations, Vec::<String>::new());
    assert_eq!(first.hash, run(options).hash);
    let f = first.funnel;
    for (stage, count) in [
        ("found", f.found),
        ("qualified", f.qualified),
        ("contacted", f.contacted),
        ("answered", f.answered),
        ("proposed", f.proposed),
        ("won", f.won),
        ("paid", f.paid),
    ] {
        assert!(count > 0, "nobody reached `{stage}`: {f:?}");
    }
}

#[test]
fn a_market_with_faults_breaks_no_invariant() {
    let options = SimOptions {
        days: 60,
        leads: 20,
        seed: 7,
        faults: true,
    };
    let first = run(options);
    println!("{}", serde_json::to_string(&first).unwrap());
    assert_eq!(first.violations, Vec::<String>::new());
    assert_eq!(first.hash, run(options).hash);
}
