//! The quick start is as short as it says, and gets to money.

use std::process::Command;

// covers: LB-2
#[test]
fn twenty_lines_lead_to_a_paid_invoice() {
    let main = include_str!("../src/main.rs")
        .lines()
        .skip_while(|line| !line.starts_with("fn main"))
        .skip(1)
        .take_while(|line| *line != "}")
        .count();
    assert!(main <= 20, "main has {main} lines");
    let out = Command::new(env!("CARGO_BIN_EXE_quickstart"))
        .output()
        .unwrap();
    let told = String::from_utf8(out.stdout).unwrap();
    let paid = told
        .lines()
        .find_map(|line| line.trim().strip_prefix("paid: "));
    let paid: u32 = paid.unwrap().trim_end_matches(',').parse().unwrap();
    assert!(paid > 0, "{told}");
}
