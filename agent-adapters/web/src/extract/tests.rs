use std::time::Instant;

use dealwright_core::time::Timestamp;

use super::*;

fn facts_of(html: &str) -> PageFacts {
    let url = PageUrl::parse("https://amsel.example/a/").unwrap();
    let snapshot = Snapshot::new(url, 200, html.to_owned(), Timestamp::UNIX_EPOCH)
        .with_headers([("content-type".to_owned(), "text/html".to_owned())]);
    read_page(&snapshot).unwrap()
}

fn plain(value: &Untrusted<String>) -> String {
    value.inspect(String::clone)
}

fn values(found: &[Found]) -> Vec<String> {
    found.iter().map(|found| plain(&found.value)).collect()
}

#[test]
fn reads_what_the_head_says() {
    let facts = facts_of(
        r#"<!doctype html><html lang="de-DE"><head><base href="/b/"><title> Bäckerei
        Amsel </title><meta NAME="Description" content="Brot &amp; Kuchen">
        <meta name=viewport content="width=device-width"><link rel="canonical" href="x">
        <link rel="alternate" type="application/rss+xml" href="/feed">
        <meta name="robots" content="NOINDEX, follow"></head>"#,
    );
    assert_eq!(facts.title.as_ref().map(plain).unwrap(), "Bäckerei Amsel");
    assert_eq!(
        facts.description.as_ref().map(plain).unwrap(),
        "Brot & Kuchen"
    );
    assert_eq!(facts.language.as_ref().map(plain).unwrap(), "de-DE");
    assert_eq!(
        facts.canonical.as_ref().unwrap().as_str(),
        "https://amsel.example/b/x"
    );
    assert_eq!(facts.feeds[0].path(), "/feed");
    assert!(facts.no_index && facts.viewport.is_some() && !facts.cut);
}

#[test]
fn reads_what_the_body_shows() {
    let facts = facts_of(
        r##"<h1>Brot <b>und</b> Kuchen</h1><h3>Preise</h3><script>var x = "a@script.example"</script>
        <img src=a.jpg alt=""><img src=b.jpg><img src=p.gif width=1>
        <a href="../kontakt">Kontakt</a><a href="../kontakt">nochmal</a><a href="#x">x</a>
        <a rel="nofollow ugc" href="http://guide.example/">Guide</a><a href="javascript:x">x</a>
        <form method=POST action=/send><input name=mail><input type=hidden name=t>
        <input type=password name=p></form>"##,
    );
    assert_eq!(
        facts.headings.iter().map(|h| h.level).collect::<Vec<_>>(),
        [1, 3]
    );
    assert_eq!(plain(&facts.headings[0].text), "Brot und Kuchen");
    assert_eq!(facts.images.len(), 2);
    assert!(facts.images[0].alt.is_some() && facts.images[1].alt.is_none());
    assert_eq!(facts.links.len(), 2);
    assert!(facts.links[0].internal && !facts.links[1].internal && facts.links[1].nofollow);
    assert_eq!(facts.forms[0].fields.len(), 2);
    assert!(facts.forms[0].post && facts.asks_for_login());
    assert!(!facts.text.inspect(|text| text.contains("script")));
    assert!(facts.emails.is_empty());
}

#[test]
fn reads_open_contacts_and_leaves_disguised_ones() {
    let facts = facts_of(
        r#"<a href="mailto:Info%40amsel.example?subject=x">Mail</a><p>info@amsel.example,
        laden@amsel.example.</p><p>chef (at) amsel.example, x [at] amsel dot example</p>
        <p>Telefon: 030 / 23125-101, Fax 030 23125-109</p><a href="tel:+493023125102">ruf an</a>
        <p>Mobil +49 30 23125 103</p><p>Seit 1974, 12.03.2026, 10 000 Brote</p>
        <p>not@an@address @x a@b</p>"#,
    );
    assert_eq!(
        values(&facts.emails),
        ["Info@amsel.example", "laden@amsel.example"]
    );
    let phones = values(&facts.phones);
    assert_eq!(
        phones,
        ["+493023125102", "030 / 23125-101", "+49 30 23125 103"]
    );
}

#[test]
fn reads_addresses_of_several_countries() {
    for (html, street, code, town) in [
        (
            "<p>Bäckerei Amsel<br>Lindenweg 4<br>D-10115 Berlin</p>",
            "Lindenweg 4",
            "10115",
            "Berlin",
        ),
        (
            "<p>12 Elm Street, Springfield, IL 62701</p>",
            "12 Elm Street",
            "62701",
            "Springfield",
        ),
        (
            "<p>1 High Street, London SW1A 1AA</p>",
            "1 High Street",
            "SW1A 1AA",
            "London",
        ),
        (
            "<span itemprop=streetAddress>Ring 1</span><span itemprop=postalCode>1010</span>\
             <span itemprop=addressLocality>Wien</span>",
            "Ring 1",
            "1010",
            "Wien",
        ),
    ] {
        let facts = facts_of(html);
        let address = facts.addresses.first().unwrap_or_else(|| panic!("{html}"));
        assert_eq!(address.street.as_ref().map(plain).unwrap(), street);
        assert_eq!(address.postal_code.as_ref().map(plain).unwrap(), code);
        assert_eq!(address.locality.as_ref().map(plain).unwrap(), town);
    }
    assert!(
        facts_of("<p>Seit 1974 Berlin, 12345 Brote</p>")
            .addresses
            .len()
            <= 1
    );
}

// covers: CS-9
#[test]
fn cs_9_notices_against_harvesting_are_seen() {
    for html in [
        "<p>Please send no unsolicited e-mails.</p>",
        "<p>Der Nutzung unserer Kontaktdaten zur Übersendung von nicht ausdrücklich angeforderter \
         Werbung wird hiermit widersprochen.</p>",
        "<footer>Keine Werbung, keine Vertreter!</footer>",
        "<p>Pas de d&eacute;marchage</p>",
        "<p>Acquisitie wordt niet op prijs gesteld</p>",
        "<meta name='no-email-collection' content='http://guide.example/terms'>",
        "<meta name=robots content='index, noemail'>",
    ] {
        let facts = facts_of(html);
        assert!(!facts.solicitation_allowed(), "{html}");
    }
    for html in [
        "<p>Our newsletter: no spam, we promise.</p>",
        "<p>Werbung, die wirkt: wir gestalten Anzeigen.</p>",
        "<meta name=robots content='noindex'>",
    ] {
        assert!(facts_of(html).solicitation_allowed(), "{html}");
    }
}

#[test]
fn reads_json_ld_and_counts_what_is_broken() {
    let deep = "[".repeat(100_000);
    let facts = facts_of(&format!(
        r#"<script type="application/ld+json">{{"@type":"Bakery","name":"Amsel","email":"a@amsel.example",
        "telephone":"+49 30 23125 101"}}</script><script type="application/ld+json">{{broken</script>
        <script type="application/ld+json">{deep}</script>"#
    ));
    assert_eq!(facts.businesses.len(), 1);
    assert_eq!(facts.broken_json_ld, 2);
    assert_eq!(values(&facts.emails), ["a@amsel.example"]);
    assert_eq!(facts.emails[0].place, FoundIn::StructuredData);
}

#[test]
fn hostile_pages_are_read_soon() {
    let begin = Instant::now();
    for html in [
        "<div>".repeat(200_000),
        format!(
            "<p {}>",
            (0..100_000).map(|n| format!("a{n}=1 ")).collect::<String>()
        ),
        "<a href=x>".repeat(50_000),
        "@".repeat(100_000),
        "+1".repeat(50_000),
        "a@b.example ".repeat(20_000),
        "tel 1 ".repeat(20_000),
        "<b><i><u>".repeat(1_000),
        "<table><tr>".repeat(1_000),
    ] {
        facts_of(&html);
    }
    println!("nine hostile pages in {:?}", begin.elapsed());
    assert!(begin.elapsed().as_secs() < 60);
}

#[test]
fn only_html_is_read() {
    let url = PageUrl::parse("https://amsel.example/").unwrap();
    let snapshot = Snapshot::new(
        url,
        200,
        "<title>x</title>".to_owned(),
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(read_page(&snapshot), None);
}
