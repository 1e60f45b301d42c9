use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::process::MemoryStore;

use super::*;

/// Neither the ports of the sites nor how long anything takes shows in the log.
//
#[test]
fn x_3_the_demo_is_the_same_twice_and_shows_everything() {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let blobs = Arc::new(MemoryBlobs::default());
        let bar = ProgressBar::hidden();
        let play = play_with(1, MemoryStore::new(), blobs, &bar, Paper::Plain);
        runtime.block_on(play).unwrap()
    };
    let first = run();
    assert_eq!(first.violations, Vec::<String>::new());
    for (stage, count) in first.stages() {
        assert!(count > 0, "nobody was {stage}");
    }
    for behaviour in [
        "buys",
        "haggles",
        "declines",
        "opts_out",
        "complains",
        "bounces",
        "away",
        "asks_if_machine",
        "pays_late",
    ] {
        assert!(
            first.behaviours.contains_key(behaviour),
            "nobody {behaviour}"
        );
    }
    assert!(
        first.clients.iter().any(|c| c.items.len() == 2),
        "somebody ignores everything"
    );
    assert_eq!(first.hash, run().hash);
}
