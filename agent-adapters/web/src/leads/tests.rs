use super::*;
use crate::fetcher::tests::{Site, answer, html, ready, source, url};

fn business(name: &str) -> String {
    format!(
        r#"<html><script type="application/ld+json">{{"@type":"Bakery","name":"{name}",
        "telephone":"+49 30 23125 101","email":"info@amsel.example",
        "address":{{"streetAddress":"Lindenweg 4","postalCode":"10115","addressLocality":"Berlin"}}}}
        </script></html>"#
    )
}

async fn fixture() -> PageLeadSource {
    let plain = "<h1>Gasthof Zeisig</h1><p>Tel. 030 23125 105</p><p>Am Markt 1, 10117 Berlin</p>\
                 <p>Bitte keine Werbung an info@zeisig.example.</p>";
    let site = Site::serve([
        ("/k1", html(&business("Baeckerei Amsel"))),
        ("/k2", html(&business("Fahrrad Drossel"))),
        ("/k3", answer(404, "text/html", b"")),
        ("/k4", html(&business("Praxis Star"))),
        ("/k5", html(plain)),
    ])
    .await;
    let pages = ["k1", "k2", "k3", "k4", "k5"]
        .map(|key| (key.to_owned(), url(&format!("http://amsel.example/{key}"))));
    PageLeadSource::new(ready(&site), source(), pages.into(), 2)
}

// covers: LG-1
mod lg_1_conformance {
    dealwright_discovery::lead_source_conformance!(
        #[tokio::test]
        "guide",
        async { super::fixture().await }
    );
}

// covers: LG-1, CS-9
#[tokio::test]
async fn cs_9_a_page_that_forbids_mail_says_so_on_its_lead() {
    let source = fixture().await;
    let last = source.page(Some(SourceCursor::new("4"))).await.unwrap();
    let lead = last.records[0].as_ref().unwrap();
    let field = |name: &str| {
        lead.field(name)
            .map(|v| v.inspect(String::clone))
            .unwrap_or_default()
    };
    assert!(lead.no_solicitation());
    assert_eq!(field("name"), "Gasthof Zeisig");
    assert_eq!(field("street"), "Am Markt 1");
    assert_eq!(field("postal_code"), "10117");
    assert_eq!(field("city"), "Berlin");
    assert_eq!(field("phone"), "030 23125 105");
    let first = source.page(None).await.unwrap();
    assert!(!first.records[0].as_ref().unwrap().no_solicitation());
}
