use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

fn allows(text: &str, path: &str) -> bool {
    Robots::parse(text.as_bytes()).allows("dealwright", path)
}

// covers: RB-1
#[test]
fn rb_1_longest_match_decides_and_allow_wins_ties() {
    for (rules, path, want) in [
        ("disallow: /", "/", false),
        ("disallow:", "/x", true),
        ("disallow: /x\nallow: /x/y", "/x/y", true),
        ("allow: /x/y\ndisallow: /x/yz", "/x/yz", false),
        ("disallow: /x\nallow: /x", "/x", true),
        ("disallow: /*.pdf$", "/a/b.pdf", false),
        ("disallow: /*.pdf$", "/a/b.pdf?x", true),
        ("disallow: /a*b*c", "/a1b2c3", false),
        ("disallow: /a*b*c", "/a1c2b3", true),
        ("disallow: /$", "/", false),
        ("disallow: /$", "/x", true),
        ("disallow: *", "/x", false),
    ] {
        let text = format!("user-agent: *\n{rules}\n");
        assert_eq!(allows(&text, path), want, "{rules:?} {path}");
    }
}

// covers: RB-1
#[test]
fn rb_1_encodings_of_one_path_are_equal() {
    // The table of RFC 9309, section 2.2.2.
    for (rule, path) in [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar?baz=http://foo.bar", "/foo/bar?baz=http://foo.bar"),
        ("/foo/bar/\u{e38}\u{e84}", "/foo/bar/%E0%B8%B8%E0%BA%84"),
        ("/foo/bar/%e3%83%84", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/foo/bar/baz", "/foo/bar/%62%61%7a"),
    ] {
        let text = format!("user-agent: *\ndisallow: {rule}\n");
        assert!(!allows(&text, path), "{rule}");
    }
    // A reserved character that is encoded is not the character.
    assert!(allows("user-agent: *\ndisallow: /a%2Fb\n", "/a/b"));
    assert!(allows("user-agent: *\ndisallow: /a%zz\n", "/a"));
}

// covers: RB-1
#[test]
fn rb_1_five_hundred_kib_are_parsed() {
    let mut text = "user-agent: *\n".to_owned();
    while text.len() < 500 * 1024 - 32 {
        text.push_str("disallow: /nothing/of/interest\n");
    }
    let last = format!("{text}disallow: /late\n");
    assert!(!allows(&last, "/late"));
    let beyond = format!("{}disallow: /late\n", text.repeat(2));
    assert!(allows(&beyond, "/late"));
}

// covers: RB-2
#[test]
fn rb_2_the_product_token_is_matched() {
    let text = "user-agent: dealwrightish\ndisallow: /\n\nuser-agent: *\ndisallow: /all\n\n\
                User-Agent: DealWright/2.1 (x)\ndisallow: /own\ncrawl-delay: 2.5\n\n\
                user-agent: dealwright\nuser-agent: other\ndisallow: /second\n";
    assert!(!allows(text, "/own"));
    assert!(!allows(text, "/second"), "groups of one token are joined");
    assert!(
        allows(text, "/all"),
        "an own group hides the one for everybody"
    );
    assert!(
        allows(text, "/"),
        "another token that begins alike is another agent"
    );
    let robots = Robots::parse(text.as_bytes());
    assert_eq!(
        robots.crawl_delay("dealwright"),
        Some(Duration::from_millis(2500))
    );
    assert_eq!(robots.crawl_delay("unknown"), None);
}

#[test]
fn hostile_patterns_end_soon() {
    let pattern = format!("user-agent: *\ndisallow: /{}b\n", "*a".repeat(4000));
    assert!(allows(&pattern, &format!("/{}", "a".repeat(2000))));
    let robots = Robots::parse(&[0xff; 4096]);
    assert!(robots.allows("dealwright", "/"));
    assert_eq!(seconds(b"99999999999999999999"), None);
    assert_eq!(seconds(b"999999999"), Some(Duration::from_secs(86_400)));
}

#[test]
fn sitemaps_may_stand_anywhere() {
    let text = "Sitemap: https://a.example/one.xml\r\rUser-agent: x\r\nSITEMAP:two.xml";
    let robots = Robots::parse(text.as_bytes());
    assert_eq!(robots.sitemaps(), ["https://a.example/one.xml", "two.xml"]);
}

/// Google's own test file, read as data. Three kinds of expectation differ on purpose:
/// `index.html` standing for its directory would allow more than the RFC does, unreserved
/// octets are decoded as the RFC says, and raw UTF-8 in a path is encoded before matching
/// instead of matching nothing.
// covers: RB-1
#[test]
fn rb_1_agrees_with_the_reference_expectations() {
    let Some(source) = reference() else {
        println!("skipped: the reference expectations are not on this machine");
        return;
    };
    let (mut checked, mut differ) = (0, Vec::new());
    for (block, want, robots, agent, url) in expectations(&source) {
        checked += 1;
        let path = path_and_query(&url);
        if Robots::parse(&robots).allows(&agent, &path) != want {
            differ.push((block, url));
        }
    }
    println!(
        "{checked} reference expectations, {} differ on purpose",
        differ.len()
    );
    assert!(checked >= 120, "only {checked} were read");
    assert_eq!(
        differ
            .iter()
            .map(|(b, u)| (b.as_str(), u.as_str()))
            .collect::<Vec<_>>(),
        [
            ("ID_Encoding", "http://foo.bar/foo/bar/ツ"),
            ("ID_Encoding", "http://foo.bar/foo/bar/ツ"),
            ("ID_Encoding", "http://foo.bar/foo/bar/baz"),
            (
                "GoogleOnly_IndexHTMLisDirectory",
                "http://foo.com/allowed-slash/"
            ),
        ]
    );
}

fn reference() -> Option<String> {
    let data = std::env::var_os("DEALWRIGHT_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"))
        });
    std::fs::read_to_string(data.join("corpora/robots/robots_test.cc")).ok()
}

fn path_and_query(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap();
    match rest.find(['/', '?']) {
        Some(at) if rest[at..].starts_with('/') => rest[at..].to_owned(),
        Some(at) => format!("/{}", &rest[at..]),
        None => "/".to_owned(),
    }
}

/// Every `EXPECT_x(IsUserAgentAllowed(a, b, c))` whose arguments are literals or
/// variables of literals: block, expectation, file, agent, address.
fn expectations(source: &str) -> Vec<(String, bool, Vec<u8>, String, String)> {
    let tokens = tokens(source);
    let (mut found, mut vars, mut block) = (Vec::new(), BTreeMap::new(), String::new());
    let mut at = 0;
    while at < tokens.len() {
        let word = |i: usize| tokens.get(at + i).map(|t: &Token| t.word());
        match (word(0), word(1)) {
            (Some("TEST"), Some("(")) => {
                block = word(4).unwrap_or_default().to_owned();
                vars.clear();
                at += 5;
            }
            (Some(expect @ ("EXPECT_TRUE" | "EXPECT_FALSE")), _)
                if word(2) == Some("IsUserAgentAllowed") =>
            {
                let want = expect == "EXPECT_TRUE";
                at += 4;
                if let Some([file, agent, url]) = arguments(&tokens, &mut at, &vars) {
                    let text = |bytes| String::from_utf8(bytes).unwrap();
                    found.push((block.clone(), want, file, text(agent), text(url)));
                }
            }
            (Some(name), Some("=")) => {
                let name = name.to_owned();
                at += 2;
                let mut value = Vec::new();
                while let Some(Token::Text(part)) = tokens.get(at) {
                    value.extend_from_slice(part);
                    at += 1;
                }
                let whole = tokens.get(at).is_some_and(|t| t.word() == ";");
                // A long line is put together at run time: leave those out.
                if whole && !block.contains("LineTooLong") {
                    vars.insert(name, value);
                } else {
                    vars.remove(&name);
                }
            }
            _ => at += 1,
        }
    }
    found
}

fn arguments(
    tokens: &[Token],
    at: &mut usize,
    vars: &BTreeMap<String, Vec<u8>>,
) -> Option<[Vec<u8>; 3]> {
    let mut out: [Vec<u8>; 3] = Default::default();
    let mut place = 0;
    loop {
        match tokens.get(*at)? {
            Token::Text(part) => out[place].extend_from_slice(part),
            Token::Word(word) if word == "," => place += 1,
            Token::Word(word) if word == ")" => return (place == 2).then_some(out),
            Token::Word(word) => out[place].extend_from_slice(vars.get(word)?),
        }
        *at += 1;
    }
}

#[derive(Debug)]
enum Token {
    Word(String),
    Text(Vec<u8>),
}

impl Token {
    fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Text(_) => "\"",
        }
    }
}

fn tokens(source: &str) -> Vec<Token> {
    let mut out = Vec::new();
    for line in source.lines() {
        let mut rest = line.trim();
        if rest.starts_with("//") || rest.starts_with('#') {
            continue;
        }
        while let Some(c) = rest.chars().next() {
            if let Some(tail) = rest.strip_prefix('"') {
                let (text, after) = literal(tail.as_bytes());
                out.push(Token::Text(text));
                rest = &tail[after..];
                continue;
            }
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let end = if end == 0 { c.len_utf8() } else { end };
            if !c.is_whitespace() {
                out.push(Token::Word(rest[..end].to_owned()));
            }
            rest = &rest[end..];
        }
    }
    out
}

/// The text of a C literal and where it ends, behind the quote.
fn literal(bytes: &[u8]) -> (Vec<u8>, usize) {
    let (mut out, mut at) = (Vec::new(), 0);
    while bytes[at] != b'"' {
        if bytes[at] == b'\\' {
            at += 1;
            match bytes[at] {
                b'n' => out.push(b'\n'),
                b'r' => out.push(b'\r'),
                b'x' => {
                    let hex = std::str::from_utf8(&bytes[at + 1..at + 3]).unwrap();
                    out.push(u8::from_str_radix(hex, 16).unwrap());
                    at += 2;
                }
                other => out.push(other),
            }
        } else {
            out.push(bytes[at]);
        }
        at += 1;
    }
    (out, at + 1)
}
