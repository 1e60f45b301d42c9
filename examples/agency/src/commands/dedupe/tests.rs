use super::*;

const SHOPS: &str = "id,Shop,Where,Call\n\
    9,Lindenhof Bakery,12 Main Street,555 0101\n\
    10,\"LINDENHOF BAKERY, Inc.\",12 Main St.,5550101\n\
    11,Nordwind Bikes,88 Quay Road,555 0144\n\
    broken\n\
    12,Harbour Yoga,3 Mill Lane,555 0177\n";

fn args(folder: &Path, more: &[&str]) -> DedupeArgs {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: DedupeArgs,
    }
    let path = |name: &str| folder.join(name).display().to_string();
    let mut words = vec!["x".to_owned(), "--data".to_owned(), path("a.csv")];
    words.extend([
        "--out".to_owned(),
        path("p.csv"),
        "--clusters".to_owned(),
        path("c.csv"),
    ]);
    words.extend(
        more.iter()
            .map(|word| word.replace("DIR", &folder.display().to_string())),
    );
    <Line as clap::Parser>::parse_from(words).args
}

#[test]
fn writes_pairs_and_clusters() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), SHOPS).unwrap();
    let map = "[roles]\nname = [\"Shop\"]\nstreet = [\"Where\"]\nphone = [\"Call\"]\n";
    fs::write(folder.path().join("m.toml"), map).unwrap();
    let said = run(&args(folder.path(), &["--map", "DIR/m.toml"]), true).unwrap();
    assert!(
        said.contains("\"broken\":1") && said.contains("\"clusters\":3"),
        "{said}"
    );
    let pairs = fs::read_to_string(folder.path().join("p.csv")).unwrap();
    assert!(
        pairs.starts_with("id_a,id_b,probability\n9,10,0.9"),
        "{pairs}"
    );
    assert_eq!(pairs.lines().count(), 2);
    let clusters = fs::read_to_string(folder.path().join("c.csv")).unwrap();
    assert_eq!(clusters, "id,cluster\n9,0\n10,0\n11,1\n12,2\n");
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        4,
        "nothing left beside"
    );
}

#[test]
fn two_tables_pair_across() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), SHOPS.replace("10,", "9b,")).unwrap();
    fs::write(folder.path().join("b.csv"), SHOPS).unwrap();
    let map = "[roles]\nname = [\"Shop\"]\nstreet = [\"Where\"]\nphone = [\"Call\"]\n";
    fs::write(folder.path().join("m.toml"), map).unwrap();
    run(
        &args(
            folder.path(),
            &["--data", "DIR/b.csv", "--map", "DIR/m.toml"],
        ),
        false,
    )
    .unwrap();
    let pairs = fs::read_to_string(folder.path().join("p.csv")).unwrap();
    assert!(
        pairs.contains("\n11,11,0.") && pairs.contains("\n12,12,0."),
        "{pairs}"
    );
    let clusters = fs::read_to_string(folder.path().join("c.csv")).unwrap();
    assert!(
        clusters.starts_with("id,cluster,file\n9,0,a\n"),
        "{clusters}"
    );
}

#[test]
fn the_shipped_map_reads() {
    let map = ImportMap::parse(include_str!("../../../maps/chicago.toml")).unwrap();
    assert_eq!(map.terms().records().count(), 9);
    assert_eq!(map.source_column(), Some("Source"));
}

#[test]
fn mistakes_are_one_line_and_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), SHOPS).unwrap();
    let wrong = |more: &[&str]| {
        let error = run(&args(folder.path(), more), false).unwrap_err();
        assert_eq!(error.lines().count(), 1);
        error
    };
    assert!(wrong(&["--id", "Nr"]).contains("has no column `Nr`; its columns are `id`, `Shop`"));
    assert!(wrong(&["--data", "DIR/none.csv"]).contains("none.csv` cannot be read"));
    fs::write(folder.path().join("l.csv"), "id_a,id_b,match\n9,10,yes\n").unwrap();
    assert!(wrong(&["--labels", "DIR/l.csv"]).contains("line 2: `match` is neither 1 nor 0"));
    fs::write(folder.path().join("b.csv"), "id,x\n1,a\n1,b\n").unwrap();
    assert!(wrong(&["--data", "DIR/b.csv"]).contains("line 3: id `1` is there twice"));
    assert!(!folder.path().join("p.csv").exists());
}
