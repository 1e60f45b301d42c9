use std::io::Write as _;

use dealwright_core::page::{FetchPurpose, SourceName};
use dealwright_discovery::resolve::Role;

use super::*;

fn table(text: &str) -> CsvFile {
    CsvFile::parse("t.csv", text.into(), CsvFormat::default()).unwrap()
}

fn lines(file: &CsvFile) -> Vec<Result<(u64, String), u64>> {
    let short = |row: Result<RawRow, RowError>| match row {
        Ok(row) => Ok((row.line(), row.values().join("|"))),
        Err(error) => Err(error.line),
    };
    file.rows().map(short).collect()
}

#[test]
fn a_malformed_row_stands_in_its_place() {
    let file = table("a,b\n1,2\nonly\n\n3,4,5\n6,\"two\nlines\"\n7,8");
    let expected = [
        Ok((2, "1|2".to_owned())),
        Err(3),
        Err(5),
        Ok((6, "6|two\nlines".to_owned())),
        Ok((8, "7|8".to_owned())),
    ];
    assert_eq!(lines(&file), expected);
    let error = file.rows().nth(1).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3: there are 1 cells where the heading has 2; put quotes around cells that hold the separator"
    );
}

#[test]
fn an_open_quote_loses_one_line_only() {
    let file = table("a,b\n1,2\n\"open,3\n4,5\n6,7\n");
    let expected = [
        Ok((2, "1|2".to_owned())),
        Err(3),
        Ok((4, "4|5".to_owned())),
        Ok((5, "6|7".to_owned())),
    ];
    assert_eq!(lines(&file), expected);
}

#[test]
fn headings_are_trimmed_named_and_told_apart() {
    let file = table("\u{feff} Name ;;Name\nx;y;z\n");
    assert_eq!(file.headings(), ["Name", "column 2", "Name (2)"]);
    assert_eq!(
        file.rows().next().unwrap().unwrap().cell("Name (2)"),
        Some("z")
    );
}

#[test]
fn a_wrong_encoding_says_where_and_what_to_do() {
    let bytes = b"Name,Ort\nB\xe4ckerei,K\xf6ln\x80\n".to_vec();
    let error = CsvFile::parse("t.csv", bytes.clone(), CsvFormat::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`t.csv` is not utf-8 at byte 10 (line 2, column 2); save it as utf-8, or set `encoding = \"latin1\"` under `[file]` in its map"
    );
    let format = CsvFormat {
        encoding: Encoding::Latin1,
        delimiter: None,
    };
    let file = CsvFile::parse("t.csv", bytes, format).unwrap();
    assert_eq!(
        file.rows().next().unwrap().unwrap().values(),
        ["Bäckerei", "Köln€"]
    );
    let wide = CsvFile::parse("t.csv", b"\xff\xfeN\0".to_vec(), CsvFormat::default());
    assert!(matches!(wide, Err(FileError::Wide { .. })));
    // Without its mark, in both orders.
    for wide in [b"N\0a\0;\0\xe4\0\n\0", b"\0N\0a\0;\0\xe4\0\n"] {
        let wide = CsvFile::parse("t.csv", wide.to_vec(), CsvFormat::default());
        assert!(matches!(wide, Err(FileError::Wide { .. })));
    }
    // Neither: no encoding makes a table of it.
    for encoding in [Encoding::Utf8, Encoding::Latin1] {
        let format = CsvFormat {
            encoding,
            delimiter: None,
        };
        let picture = CsvFile::parse("t.csv", b"a,b\nc\x01\0\x8f".to_vec(), format).unwrap_err();
        assert_eq!(
            picture.to_string(),
            "`t.csv` is no text at byte 5 (line 2, column 2); export the table again as `CSV UTF-8`"
        );
    }
}

#[test]
fn files_that_are_missing_or_empty_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leads.csv");
    let missing = CsvFile::open(&path, CsvFormat::default()).unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("leads.csv` cannot be read: entity not found")
    );
    std::fs::File::create(&path)
        .unwrap()
        .write_all(b"\n\n")
        .unwrap();
    assert!(matches!(
        CsvFile::open(&path, CsvFormat::default()),
        Err(FileError::Empty { .. })
    ));
}

const MAP: &str = r#"
[columns]
source = "List"
row_id = "id"

[roles]
name = ["Shop", "Brand"]

[defaults]
country = "DE"
zone = "Europe/Berlin"
currency = "EUR"

[[source]]
cell = "Register 2026"
source = "city-register"
allowed = ["find_leads", "enrich"]
automation = false
storage_days = 365
attribution = "City register"
review_by = "2027-12-31"

[[source]]
source = "fair"
allowed = ["find_leads"]
automation = true
storage_days = 30
review_by = "2027-12-31"
"#;

#[test]
fn a_map_names_lists_terms_and_roles() {
    let map = ImportMap::parse(MAP).unwrap();
    let file = table(
        "id,List,Shop,Brand,Mixed\n7,Register 2026,Lindenhof,Linde,shop@lindenhof.example\n,fair,Nordwind,,x\n8,elsewhere,A,B,C\n",
    );
    map.check_columns(&file).unwrap();
    let rows: Vec<RawRow> = file.rows().map(Result::unwrap).collect();
    let name = |text| SourceName::parse(text).unwrap();
    assert_eq!(map.source_of(&rows[0], None), Ok(name("city-register")));
    assert_eq!(
        map.source_of(&rows[1], Some(&name("city-register"))),
        Ok(name("fair"))
    );
    let unknown = map.source_of(&rows[2], None).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "the source `elsewhere` has no `[[source]]` record in the map; read its terms and add one"
    );
    assert_eq!(
        (map.key_of(&rows[0]), map.key_of(&rows[1])),
        ("7".to_owned(), "line 3".to_owned())
    );
    let terms = map.terms().record(&name("city-register")).unwrap();
    assert!(terms.allowed().contains(&FetchPurpose::Enrich) && !terms.automation());

    let plan = map.plan(file.headings(), &rows, &[]).unwrap();
    let record = plan.record("0", rows[0].values());
    assert_eq!(record.values(Role::Name), ["Lindenhof", "Linde"]);
    assert_eq!(
        record.values(Role::Email),
        ["shop@lindenhof.example"],
        "by validity"
    );
    assert!(
        plan.roles()
            .all(|(heading, _)| heading != "List" && heading != "id")
    );
}

#[test]
fn a_missing_column_is_named_with_those_there_are() {
    let map = ImportMap::parse(MAP).unwrap();
    let error = map.check_columns(&table("id,Shop\n1,x\n")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`t.csv` has no column `List`; its columns are `id`, `Shop`; correct the map or the file"
    );
}

#[test]
fn mistakes_in_maps_say_where() {
    let wrong = |text: &str| ImportMap::parse(text).unwrap_err().to_string();
    assert!(
        wrong("[columns]\nsorce = \"x\"\n")
            .starts_with("map, line 2, column 1: unknown field `sorce`")
    );
    assert!(wrong("[defaults]\ncurrency = \"XXQ\"\n").starts_with("map, line 2, column 12: "));
    assert!(wrong("[roles]\nnome = [\"x\"]\n").contains("unknown variant `nome`"));
    let clash = "[columns]\nsource = \"L\"\n[roles]\nname = [\"L\"]\n";
    assert!(wrong(clash).contains("`L` stands under `name`"));
    let lists = MAP.replace("source = \"List\"", "");
    assert!(wrong(&lists).contains("there are 2 `[[source]]` records but no `source`"));
    let days = MAP.replace("storage_days = 30", "storage_days = 0");
    assert!(wrong(&days).contains("keep records 0 days"));
}
