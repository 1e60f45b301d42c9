use dealwright_delivery::work::website_audit::{AuditScope, Check, Verdict, audit};

use super::*;
use crate::fetcher::tests::{Site, answer, html, ready, source, url};

async fn site() -> Site {
    let home = r##"<html lang="de"><title>Bäckerei Amsel in Berlin</title>
        <meta name="viewport" content="width=device-width">
        <h1>Brot</h1><img src="a.jpg"><a href="/kontakt">Kontakt</a><a href="/alt">Alt</a>
        <a href="/moved">Umgezogen</a><a href="http://elsewhere.example/">x</a><a href="#top">x</a>"##;
    let moved = answer(301, "text/plain", b"").with("location", "/kontakt");
    Site::serve([
        (
            "/robots.txt",
            answer(
                200,
                "text/plain",
                b"User-agent: *\nDisallow: /intern\nSitemap: /map.xml",
            ),
        ),
        ("/map.xml", answer(200, "application/xml", b"<urlset/>")),
        ("/", html(home)),
        (
            "/kontakt",
            html("<html lang=de><title>Kontakt</title><a href='/intern'>i</a><a href='/'>h</a>"),
        ),
        ("/moved", moved),
    ])
    .await
}

#[tokio::test]
async fn crawls_what_is_linked_and_allowed() {
    let site = site().await;
    let crawler = CrawlSite::new(ready(&site), source());
    let start = url("http://amsel.example/");
    let crawl = crawler
        .run(&start, &CrawlLimits::of_pages(10))
        .await
        .unwrap();
    let visited: Vec<&str> = crawl.visits.keys().map(PageUrl::path).collect();
    assert_eq!(visited, ["/", "/alt", "/intern", "/kontakt", "/moved"]);
    assert_eq!(
        crawl.visit(&url("http://amsel.example/intern")),
        Some(&Visit::Forbidden)
    );
    assert_eq!(crawl.pages().len(), 2);
    assert_eq!(crawl.robots_txt, Presence::Present);
    assert_eq!(crawl.sitemap, Presence::Present);
    assert_eq!(crawl.transport, Transport::HttpOnly);
    assert!(!crawl.cut);
    assert!(!site.paths().contains(&"/intern".to_owned()));

    let judged = audit(&crawl, &[], &AuditScope::default());
    let verdict = |check| {
        judged
            .results
            .iter()
            .find(|r| r.check == check)
            .map(|r| r.verdict)
    };
    assert_eq!(verdict(Check::BrokenLinks), Some(Verdict::Warn));
    assert_eq!(verdict(Check::Https), Some(Verdict::Fail));
    assert_eq!(verdict(Check::Viewport), Some(Verdict::Warn));
    assert_eq!(judged.unseen, 1);
    assert_eq!(
        crawler
            .run(&start, &CrawlLimits::of_pages(10))
            .await
            .unwrap(),
        crawl
    );
}

#[tokio::test]
async fn the_limit_of_pages_holds() {
    let site = site().await;
    let crawler = CrawlSite::new(ready(&site), source());
    let start = url("http://amsel.example/");
    let crawl = crawler
        .run(&start, &CrawlLimits::of_pages(2))
        .await
        .unwrap();
    let visited: Vec<&str> = crawl.visits.keys().map(PageUrl::path).collect();
    assert_eq!(visited, ["/", "/kontakt"], "contact pages first");
    assert!(crawl.cut);
}
