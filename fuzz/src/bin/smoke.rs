//! Runs every target for some seconds on its seeds, on changes of them and on noise.
//!
//! `smoke [SECONDS] [SEED]`. A failure names the target and writes the bytes in hexadecimal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use dealwright_fuzz::{Dice, TARGETS, mutate};

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|a| a.parse::<u64>());
    let seconds = numbers.next().and_then(Result::ok).unwrap_or(10);
    let seed = numbers.next().and_then(Result::ok).unwrap_or(1);
    let mut failed = false;
    for (name, run, seeds) in TARGETS {
        let seeds = seeds();
        let mut dice = Dice::new(seed);
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut runs: u64 = 0;
        let mut pool = seeds.clone();
        while Instant::now() < end {
            let data = match usize::try_from(runs) {
                Ok(n) if n < seeds.len() => seeds[n].clone(),
                _ if dice.below(10) == 0 => {
                    (0..dice.below(400)).map(|_| dice.below(256) as u8).collect()
                }
                _ => {
                    let mut data = pool[dice.below(pool.len())].clone();
                    mutate(&mut data, &seeds, &mut dice);
                    data
                }
            };
            if catch_unwind(AssertUnwindSafe(|| run(&data))).is_err() {
                let hex: String = data.iter().map(|b| format!("{b:02x}")).collect();
                eprintln!("target `{name}` failed on {hex}");
                failed = true;
                break;
            }
            runs += 1;
            // Changes pile up in a few places, so that some inputs go far from their seed.
            if dice.below(50) == 0 {
                if pool.len() < 500 {
                    pool.push(data);
                } else {
                    let at = seeds.len() + dice.below(pool.len() - seeds.len());
                    pool[at] = data;
                }
            }
        }
        println!("{name}: {runs} runs in {seconds} s, seed {seed}");
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
