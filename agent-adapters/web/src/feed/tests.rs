use dealwright_core::page::MemoryFetcher;
use dealwright_core::page::Page;
use dealwright_core::time::Timestamp;

use super::*;

const RSS: &str = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<rss version="2.0"><channel><title>City</title><link>http://guide.example/</link>
<item><guid>k1</guid><title>Baeckerei Amsel</title><link>/k1</link>
  <description>&lt;p&gt;sucht &lt;b&gt;Hilfe&lt;/b&gt; mit der Website&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;</description>
  <category>jobs</category><pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate></item>
<item><guid>k2</guid><title>Fahrrad Drossel</title><pubDate>Fri, 01 Mar 2096 10:00:00 GMT</pubDate></item>
<item><guid>k3</guid></item>
</channel></rss>"#;

const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>Shop</title><id>f</id>
<updated>2026-03-01T10:00:00Z</updated>
<entry><id>k4</id><title>Praxis Star</title><updated>2026-03-01T10:00:00Z</updated>
  <author><name>R. Star</name></author></entry>
<entry><id>k5</id><title>Gasthof Zeisig</title><updated>2026-03-01T10:00:00Z</updated></entry></feed>"#;

fn at() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn url(path: &str) -> PageUrl {
    PageUrl::parse(&format!("http://guide.example{path}")).unwrap()
}

fn fixture() -> FeedSource {
    let page =
        |path, body: &str| Page::new(Snapshot::new(url(path), 200, body.to_owned(), at()), None);
    let web = MemoryFetcher::new()
        .with_page(page("/rss", RSS))
        .with_page(page("/atom", ATOM));
    let source = SourceName::parse("guide").unwrap();
    FeedSource::new(web, source, vec![url("/rss"), url("/atom")])
}

mod conformance {
    dealwright_discovery::signal_source_conformance!(
        #[tokio::test]
        "guide",
        async { super::fixture() }
    );
}

// covers: MR-1
#[tokio::test]
async fn mr_1_feed_entries_carry_source_time_and_evidence() {
    let first = fixture().signals(None).await.unwrap();
    let signal = first.records[0].as_ref().unwrap();
    assert_eq!(signal.source.as_str(), "guide");
    assert_eq!(signal.observed_at, at());
    assert_eq!(
        signal.text.inspect(String::clone),
        "sucht Hilfe mit der Website"
    );
    assert_eq!(signal.link, Some(url("/k1")));
    assert_eq!(signal.categories[0].inspect(String::clone), "jobs");
    assert_eq!(
        signal.published_at,
        Some("2026-03-01T10:00:00Z".parse().unwrap())
    );
    let future = first.records[1].as_ref().unwrap();
    assert_eq!(
        future.published_at,
        Some(at()),
        "no entry is from the future"
    );
    assert_ne!(future.evidence, signal.evidence);
    let second = fixture().signals(first.next).await.unwrap();
    let author = second.records[0].as_ref().unwrap().author.as_ref().unwrap();
    assert_eq!(author.inspect(String::clone), "R. Star");
}

#[tokio::test]
async fn what_is_no_feed_is_corrupt() {
    let source = SourceName::parse("guide").unwrap();
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
        <rss version="2.0"><channel><item><title>&b;</title></item></channel></rss>"#;
    for (status, body, kind) in [
        (200, "<html></html>", PortErrorKind::Corrupt),
        (200, "", PortErrorKind::Corrupt),
        (500, RSS, PortErrorKind::NotFound),
    ] {
        let snapshot = Snapshot::new(url("/"), status, body.to_owned(), at());
        assert_eq!(
            read_feed(&snapshot, &source).unwrap_err().kind(),
            kind,
            "{body:?}"
        );
    }
    let snapshot = Snapshot::new(url("/"), 200, bomb.to_owned(), at());
    for record in read_feed(&snapshot, &source)
        .unwrap_or_default()
        .into_iter()
        .flatten()
    {
        assert!(
            !record.title.inspect(|title| title.contains("aaaa")),
            "entities stay folded"
        );
    }
}
