//! How far a simulation is, on stderr: a bar where a person looks on, else a line now and then.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use dealwright_simulation::{SimProgress, SimStage};
use indicatif::{ProgressBar, ProgressStyle};

/// The bar's length in steps.
const STEPS: u64 = 1_000;
/// How often the bar moves.
const BAR_EVERY: Duration = Duration::from_millis(200);

/// Shows how far a simulation is.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    every: Duration,
    began: Instant,
    shown: Instant,
    pace: Pace,
}

impl Progress {
    /// On a bar where stderr is a terminal, else a line each `lines`.
    pub(crate) fn new(lines: Duration) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(STEPS);
            if let Ok(style) = ProgressStyle::with_template("{bar:20} {wide_msg}") {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self {
            every: if bar.is_some() { BAR_EVERY } else { lines },
            bar,
            began: now,
            shown: now,
            pace: Pace::default(),
        }
    }

    /// Takes in how far it is, and shows it where it is time to, or something else begins.
    pub(crate) fn tell(&mut self, progress: &SimProgress) {
        let now = Instant::now();
        let begins = self.pace.take(progress, now - self.began);
        let checks = begins && progress.stage == SimStage::Checking;
        if now - self.shown < self.every && !checks {
            return;
        }
        self.shown = now;
        let words = self.pace.words(progress, now - self.began);
        match &self.bar {
            Some(bar) => {
                bar.set_position(u64::from(progress.done));
                bar.set_message(words);
            }
            None => eprintln!("{words}"),
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How much was done when the days began to go by, and when that was: a run that goes on from a
/// store does not count what was done before.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    stage: Option<SimStage>,
    began: Option<(u32, Duration)>,
}

impl Pace {
    /// Answers whether another stage begins.
    fn take(&mut self, progress: &SimProgress, elapsed: Duration) -> bool {
        if self.began.is_none() && progress.stage == SimStage::Running {
            self.began = Some((progress.done, elapsed));
        }
        self.stage.replace(progress.stage) != Some(progress.stage)
    }

    /// How long the days will take at the pace so far, where there is one.
    fn left(self, progress: &SimProgress, elapsed: Duration) -> Option<Duration> {
        let (before, since) = self.began?;
        let done = progress.done.checked_sub(before).filter(|done| *done > 0)?;
        let took = elapsed.checked_sub(since)?;
        Some(took * 1_000_u32.saturating_sub(progress.done) / done)
    }

    fn words(self, progress: &SimProgress, elapsed: Duration) -> String {
        let leads = format!("{} of {} leads", progress.leads, progress.all_leads);
        match progress.stage {
            SimStage::Running => {
                let left = self.left(progress, elapsed).map_or_else(
                    || "no estimate yet".to_owned(),
                    |left| format!("about {} left before the checks", spoken(left)),
                );
                let (day, percent) = (progress.now.date_naive(), progress.done / 10);
                format!("{day}, {leads}, {percent} % done, {left}")
            }
            SimStage::Checking => format!("{leads}, all days are over; every invariant is checked"),
            _ => format!("{} leads are laid ready", progress.all_leads),
        }
    }
}

/// `40 s`, `12 min`, `2 h 5 min`.
fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3_600, seconds % 3_600 / 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: SimStage, done: u32) -> SimProgress {
        let now = dealwright_simulation::start();
        SimProgress {
            stage,
            now,
            end: now + chrono::Duration::days(1),
            leads: 7,
            all_leads: 20,
            done,
        }
    }

    #[test]
    fn what_was_done_before_a_run_went_on_says_nothing_about_its_pace() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::default();
        assert!(pace.take(&at(SimStage::Preparing, 0), seconds(1)));
        assert!(pace.take(&at(SimStage::Running, 500), seconds(5)));
        assert!(!pace.take(&at(SimStage::Running, 500), seconds(6)));
        assert_eq!(pace.left(&at(SimStage::Running, 500), seconds(9)), None);
        // 100 thousandths in 20 seconds, 400 to go.
        let now = at(SimStage::Running, 600);
        assert_eq!(pace.left(&now, seconds(25)), Some(seconds(80)));
        assert_eq!(
            pace.words(&now, seconds(25)),
            "2026-09-01, 7 of 20 leads, 60 % done, about 1 min left before the checks"
        );
        assert!(pace.take(&at(SimStage::Checking, 1_000), seconds(99)));
    }

    #[test]
    fn times_are_told_in_their_two_largest_units() {
        for (seconds, words) in [(59, "59 s"), (60, "1 min"), (7_500, "2 h 5 min")] {
            assert_eq!(spoken(Duration::from_secs(seconds)), words);
        }
    }
}
