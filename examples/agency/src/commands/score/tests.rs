use clap::Parser;

use super::*;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    score: ScoreArgs,
}

fn call(folder: &Path, line: &str) -> Result<String, String> {
    let line = line.replace("@", &format!("{}/", folder.display()));
    let program = Program::try_parse_from(std::iter::once("score").chain(line.split(' ')));
    run(&program.map_err(|error| error.to_string())?.score, false)
}

fn table(rows: u32) -> String {
    let mut text = "visits,sector,y\n".to_owned();
    for row in 0..rows {
        let sector = ["dentist", "florist", ""][row as usize % 3];
        text += &format!(
            "{},{sector},{}\n",
            row % 17,
            u32::from(row % 17 + row % 5 > 11)
        );
    }
    text
}

#[test]
fn reasons_of_every_row_sum_to_its_score() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), table(600)).unwrap();
    let told = call(
        folder.path(),
        "train --data @t.csv --target y --out @m.json",
    )
    .unwrap();
    assert!(told.contains("AUC") && told.contains("log loss"), "{told}");
    call(
        folder.path(),
        "apply --model @m.json --data @t.csv --out @s.csv --reasons",
    )
    .unwrap();
    let mut scores = csv::Reader::from_path(folder.path().join("s.csv")).unwrap();
    assert_eq!(
        scores.headers().unwrap(),
        vec!["row", "probability", "score", "reasons"]
    );
    let mut rows = 0;
    for record in scores.records() {
        let record = record.unwrap();
        assert_eq!(record[0], rows.to_string());
        let sum: i64 = record[3]
            .split(';')
            .map(|r| r.rsplit('=').next().unwrap().parse::<i64>().unwrap())
            .sum();
        assert_eq!(sum, record[2].parse::<i64>().unwrap());
        rows += 1;
    }
    assert_eq!(rows, 600);
    call(
        folder.path(),
        "apply --model @m.json --data @t.csv --out @s.csv",
    )
    .unwrap();
    let bare = fs::read_to_string(folder.path().join("s.csv")).unwrap();
    assert!(
        bare.starts_with("row,probability,score\n0,0."),
        "{bare:.60}"
    );
}

#[test]
fn bad_input_is_one_line_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    put("t.csv", table(60).as_bytes());
    put("maybe.csv", b"x,y\n1,1\n2,maybe\n");
    put("ragged.csv", b"x,y\n1,1\n2\n");
    put("latin.csv", b"x,y\nM\xfcller,1\n");
    put("twice.csv", b"x,x,y\n1,1,1\n");
    put("one.csv", b"x,y\n1,1\n2,1\n");
    put("empty.csv", b"");
    put("m.json", b"{\"format\": \"other\"}");
    let before = fs::read_dir(folder.path()).unwrap().count();
    for (line, said) in [
        (
            "train --data @t.csv --target z --out @o",
            "target column `z` is missing",
        ),
        ("train --data @maybe.csv --target y --out @o", "line 3"),
        (
            "train --data @ragged.csv --target y --out @o",
            "1 fields, the header 2",
        ),
        ("train --data @latin.csv --target y --out @o", "UTF-8"),
        (
            "train --data @twice.csv --target y --out @o",
            "column `x` stands twice",
        ),
        (
            "train --data @one.csv --target y --out @o",
            "0 without the outcome",
        ),
        ("train --data @empty.csv --target y --out @o", "empty"),
        ("train --data @none.csv --target y --out @o", "cannot open"),
        (
            "train --data @t.csv --target y --out @o --numeric sector",
            "declared numeric",
        ),
        (
            "train --data @t.csv --target y --out @o --numeric a,b",
            "column `a` is missing",
        ),
        (
            "train --data @t.csv --target y --out @o --numeric visits --categorical visits",
            "choose one",
        ),
        (
            "apply --model @m.json --data @t.csv --out @o",
            "not a scorecard",
        ),
    ] {
        let error = call(folder.path(), line).unwrap_err();
        assert!(
            error.contains(said) && !error.trim().contains('\n'),
            "{line}: {error}"
        );
    }
    call(
        folder.path(),
        "train --data @t.csv --target y --out @m.json",
    )
    .unwrap();
    let error = call(
        folder.path(),
        "apply --model @m.json --data @maybe.csv --out @o",
    )
    .unwrap_err();
    assert!(error.contains("column `visits`"), "{error}");
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        before,
        "something was left behind"
    );
}

#[test]
fn learns_real_leads_better_than_a_plain_regression() {
    let data = std::env::var("DEALWRIGHT_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let data = data.join("scoring/x_education");
    if !data.join("test.csv").exists() {
        println!("skipped: no data at {}", data.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let from = data.display();
    call(
        folder.path(),
        &format!("train --data {from}/train.csv --target y --out @m.json"),
    )
    .unwrap();
    call(
        folder.path(),
        &format!("apply --model @m.json --data {from}/test.csv --out @s.csv --reasons"),
    )
    .unwrap();
    let column = |path: &Path, name: &str| -> Vec<String> {
        let mut table = csv::Reader::from_path(path).unwrap();
        let at = table
            .headers()
            .unwrap()
            .iter()
            .position(|h| h == name)
            .unwrap();
        table.records().map(|r| r.unwrap()[at].to_owned()).collect()
    };
    let scores = column(&folder.path().join("s.csv"), "score");
    let reasons = column(&folder.path().join("s.csv"), "reasons");
    let truth = column(&data.join("test.csv"), "y");
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for ((score, reasons), y) in scores.iter().zip(&reasons).zip(&truth) {
        let score: i64 = score.parse().unwrap();
        let sum: i64 = reasons
            .split(';')
            .map(|r| r.rsplit('=').next().unwrap().parse::<i64>().unwrap())
            .sum();
        assert_eq!(sum, score);
        if y == "1" {
            won.push(score)
        } else {
            lost.push(score)
        }
    }
    lost.sort_unstable();
    let halves: usize = won
        .iter()
        .map(|score| lost.partition_point(|l| l < score) + lost.partition_point(|l| l <= score))
        .sum();
    let ppm = halves * 500_000 / (won.len() * lost.len());
    assert!(ppm >= 885_000, "AUC {ppm} ppm");
}
