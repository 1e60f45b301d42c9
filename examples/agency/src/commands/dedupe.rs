//! `agency dedupe`: which records of a table, or of two, speak of the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use dealwright_discovery::resolve::{
    CheckedParams, CheckedPlan, Index, Label, Params, Record, Resolution, learn, resolve,
};
use dealwright_system::files::{CsvFile, CsvFormat, ImportMap, RawRow};
use serde_json::json;

/// How many broken rows are named one by one.
const NAMED: usize = 20;

/// `agency dedupe ...`
#[derive(Debug, Args)]
pub(crate) struct DedupeArgs {
    /// The table, CSV with a header; a second one is matched against the first
    #[arg(long, value_name = "A.csv", required = true)]
    data: Vec<PathBuf>,
    /// Pairs somebody judged, `id_a,id_b,match` with 1 or 0, to learn the weights from
    #[arg(long, value_name = "L.csv")]
    labels: Option<PathBuf>,
    /// Where the pairs go: `id_a,id_b,probability`
    #[arg(long, value_name = "PAIRS.csv")]
    out: PathBuf,
    /// Where the groups go: `id,cluster`, and `file` where there are two
    #[arg(long, value_name = "C.csv")]
    clusters: Option<PathBuf>,
    /// The column with the ids; else the one called `id`, else rows are counted from 0
    #[arg(long, value_name = "COL")]
    id: Option<String>,
    /// Columns to leave out
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    ignore: Vec<String>,
    /// What the columns hold, where their values mislead
    #[arg(long, value_name = "MAP.toml")]
    map: Option<PathBuf>,
}

/// Runs `agency dedupe` and returns what goes to stdout. Rows that cannot be read are named on
/// stderr and left out.
///
/// # Errors
///
/// One line: what, where, what to do. Nothing is written then.
pub(crate) fn run(args: &DedupeArgs, json: bool) -> Result<String, String> {
    if args.data.len() > 2 {
        return Err("more than two tables were given; give `--data` once or twice".to_owned());
    }
    let map = match &args.map {
        Some(path) => ImportMap::parse(&read(path)?)
            .map_err(|error| format!("`{}`: {error}", path.display()))?,
        None => ImportMap::default(),
    };
    let tables: Vec<Table> = args
        .data
        .iter()
        .map(|path| Table::open(path, args, &map))
        .collect::<Result<_, _>>()?;
    let plans = plans(&tables, args, &map)?;
    let lists: Vec<Vec<Record>> = tables
        .iter()
        .zip(&plans)
        .enumerate()
        .map(|(at, (table, plan))| table.records(at, plan))
        .collect();
    let params = params(args, &tables, &lists)?;
    let slices: Vec<&[Record]> = lists.iter().map(Vec::as_slice).collect();
    let found = resolve(&params, &slices).map_err(|error| error.to_string())?;
    let names: Vec<(usize, &str)> = tables
        .iter()
        .enumerate()
        .flat_map(|(at, table)| table.ids.iter().map(move |id| (at, id.as_str())))
        .collect();
    let pairs = pairs(&found, &names, tables.len() == 2);
    let mut files = vec![(args.out.as_path(), pairs_csv(&pairs))];
    if let Some(path) = &args.clusters {
        files.push((
            path.as_path(),
            clusters_csv(&found, &names, tables.len() == 2),
        ));
    }
    write_all(&files)?;
    let groups = found.groups().count();
    let broken: usize = tables.iter().map(|table| table.broken).sum();
    Ok(summary(
        json,
        &plans,
        names.len(),
        groups,
        pairs.len(),
        broken,
    ))
}

/// A table and the ids of its rows.
struct Table {
    file: CsvFile,
    rows: Vec<RawRow>,
    ids: Vec<String>,
    id_column: Option<String>,
    broken: usize,
}

impl Table {
    fn open(path: &Path, args: &DedupeArgs, map: &ImportMap) -> Result<Self, String> {
        let file = CsvFile::open(path, map.format()).map_err(|error| error.to_string())?;
        map.check_columns(&file)
            .map_err(|error| error.to_string())?;
        let named = args.id.as_deref().or(map.row_id_column());
        file.require(
            named
                .into_iter()
                .chain(args.ignore.iter().map(String::as_str)),
        )
        .map_err(|error| error.to_string())?;
        let id_column = match named {
            Some(column) => Some(column.trim().to_owned()),
            None => file
                .headings()
                .iter()
                .find(|heading| heading.eq_ignore_ascii_case("id"))
                .cloned(),
        };
        let mut rows = Vec::new();
        let mut broken = 0;
        for row in file.rows() {
            match row {
                Ok(row) => rows.push(row),
                Err(error) => {
                    broken += 1;
                    if broken <= NAMED {
                        eprintln!("`{}`, {error}; the row is left out", path.display());
                    }
                }
            }
        }
        if broken > NAMED {
            eprintln!(
                "`{}`: {} more rows are left out",
                path.display(),
                broken - NAMED
            );
        }
        let ids = ids(path, &rows, id_column.as_deref())?;
        Ok(Self {
            file,
            rows,
            ids,
            id_column,
            broken,
        })
    }

    fn records(&self, at: usize, plan: &CheckedPlan) -> Vec<Record> {
        let record = |(row, id): (&RawRow, &String)| plan.record(key(at, id), row.values());
        self.rows.iter().zip(&self.ids).map(record).collect()
    }
}

/// Ids are distinct within a table only.
fn key(table: usize, id: &str) -> String {
    format!("{table}:{id}")
}

fn ids(path: &Path, rows: &[RawRow], column: Option<&str>) -> Result<Vec<String>, String> {
    let Some(column) = column else {
        return Ok((0..rows.len()).map(|row| row.to_string()).collect());
    };
    let mut seen = BTreeSet::new();
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        let place = || format!("`{}`, line {}", path.display(), row.line());
        let id = row
            .cell(column)
            .ok_or_else(|| format!("{}: there is no id under `{column}`; give every row one or name another column with `--id`", place()))?;
        if !seen.insert(id) {
            return Err(format!(
                "{}: id `{id}` is there twice under `{column}`; name another column with `--id`",
                place()
            ));
        }
        ids.push(id.to_owned());
    }
    Ok(ids)
}

/// One plan a table; tables with the same columns are looked at together.
fn plans(tables: &[Table], args: &DedupeArgs, map: &ImportMap) -> Result<Vec<CheckedPlan>, String> {
    let alike = tables.windows(2).all(|two| match two {
        [first, second] => first.file.headings() == second.file.headings(),
        _ => true,
    });
    let plan = |table: &Table, rows: &[&Table]| {
        let mut ignore = args.ignore.clone();
        ignore.extend(table.id_column.clone());
        map.plan(
            table.file.headings(),
            rows.iter().flat_map(|table| &table.rows),
            &ignore,
        )
        .map_err(|error| format!("`{}`: {error}", table.file.path().display()))
    };
    let all: Vec<&Table> = tables.iter().collect();
    tables
        .iter()
        .map(|table| {
            if alike {
                plan(table, &all)
            } else {
                plan(table, &[table])
            }
        })
        .collect()
}

fn params(
    args: &DedupeArgs,
    tables: &[Table],
    lists: &[Vec<Record>],
) -> Result<CheckedParams, String> {
    let params = Params::default()
        .check()
        .map_err(|error| error.to_string())?;
    let Some(path) = &args.labels else {
        return Ok(params);
    };
    let labels = labels(path, tables.len() - 1)?;
    let mut index = Index::new(params);
    for record in lists.iter().flatten() {
        index.insert(record).map_err(|error| error.to_string())?;
    }
    learn(&index, &labels).map_err(|error| format!("`{}`: {error}", path.display()))
}

fn labels(path: &Path, second: usize) -> Result<Vec<Label>, String> {
    let file = CsvFile::open(path, CsvFormat::default()).map_err(|error| error.to_string())?;
    file.require(["id_a", "id_b", "match"])
        .map_err(|error| error.to_string())?;
    let mut labels = Vec::new();
    for row in file.rows() {
        let row = row.map_err(|error| format!("`{}`, {error}", path.display()))?;
        let cell = |heading| row.cell(heading).unwrap_or_default();
        let same = match cell("match") {
            "1" => true,
            "0" => false,
            _ => {
                return Err(format!(
                    "`{}`, line {}: `match` is neither 1 nor 0; write one of them",
                    path.display(),
                    row.line()
                ));
            }
        };
        labels.push(Label {
            a: key(0, cell("id_a")),
            b: key(second, cell("id_b")),
            same,
        });
    }
    Ok(labels)
}

/// Pairs by ids, ordered. Of two tables only the pairs between them, the first table's id
/// first; of one the smaller id first.
fn pairs(found: &Resolution, names: &[(usize, &str)], two: bool) -> Vec<(String, String, String)> {
    let mut pairs = Vec::new();
    for pair in found.pairs() {
        let (Some((first, a)), Some((second, b))) = (names.get(pair.a), names.get(pair.b)) else {
            continue;
        };
        if two && first == second {
            continue;
        }
        let swap = !two && order(a) > order(b);
        let (a, b) = if swap { (b, a) } else { (a, b) };
        pairs.push((
            (*a).to_owned(),
            (*b).to_owned(),
            pair.probability().to_string(),
        ));
    }
    pairs.sort_by(|a, b| (order(&a.0), order(&a.1)).cmp(&(order(&b.0), order(&b.1))));
    pairs
}

/// Numbers by their size and before texts.
fn order(id: &str) -> (u64, &str) {
    (id.parse().unwrap_or(u64::MAX), id)
}

fn pairs_csv(pairs: &[(String, String, String)]) -> String {
    let mut text = String::from("id_a,id_b,probability\n");
    for (a, b, probability) in pairs {
        text.push_str(&format!("{},{},{probability}\n", cell(a), cell(b)));
    }
    text
}

fn clusters_csv(found: &Resolution, names: &[(usize, &str)], two: bool) -> String {
    let mut cluster_of = BTreeMap::new();
    for (cluster, group) in found.groups().enumerate() {
        cluster_of.extend(group.into_iter().map(|record| (record, cluster)));
    }
    let mut text = String::from(if two {
        "id,cluster,file\n"
    } else {
        "id,cluster\n"
    });
    for (record, (table, id)) in names.iter().enumerate() {
        let cluster = cluster_of.get(&record).copied().unwrap_or(record);
        text.push_str(&format!("{},{cluster}", cell(id)));
        if two {
            text.push_str(if *table == 0 { ",a" } else { ",b" });
        }
        text.push('\n');
    }
    text
}

/// A cell of a CSV file; ids come back as they went in.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Writes all files beside their places and moves them there when all are whole.
fn write_all(files: &[(&Path, String)]) -> Result<(), String> {
    let beside = |path: &Path| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        path.with_file_name(name)
    };
    let mut result = Ok(());
    for (path, text) in files {
        result = result.and_then(|()| {
            fs::write(beside(path), text).map_err(|error| cannot("written", path, &error))
        });
    }
    for (path, _) in files {
        result = result.and_then(|()| {
            fs::rename(beside(path), path).map_err(|error| cannot("written", path, &error))
        });
        if result.is_err() {
            // What was not moved is of no use; it may not even be there.
            let _ = fs::remove_file(beside(path));
        }
    }
    result
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| cannot("read", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!(
        "`{}` cannot be {what}: {}; check the path, its permissions and the space left",
        path.display(),
        error.kind()
    )
}

fn summary(
    json: bool,
    plans: &[CheckedPlan],
    records: usize,
    groups: usize,
    pairs: usize,
    broken: usize,
) -> String {
    let mut roles: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (heading, role) in plans.first().into_iter().flat_map(CheckedPlan::roles) {
        roles.entry(role.word()).or_default().push(heading);
    }
    if json {
        let whole = json!({
            "records": records, "clusters": groups, "pairs": pairs, "broken": broken, "roles": roles,
        });
        return format!("{whole}\n");
    }
    let mut text = format!(
        "{records} records of {groups} different ones, {pairs} pairs, {broken} rows left out\n"
    );
    for (role, headings) in roles
        .iter()
        .filter(|(role, _)| !matches!(**role, "other" | "category"))
    {
        text.push_str(&format!("  {role}: {}\n", headings.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests;
