#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| dealwright_fuzz::inbound::run(data));

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("run `cargo fuzz run inbound`, or `cargo run --bin smoke -- 10` without cargo-fuzz");
}
