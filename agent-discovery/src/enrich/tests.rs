use std::collections::BTreeSet;

use chrono::{Duration, NaiveDate};
use dealwright_core::error::PortError;
use dealwright_core::money::{Currency, Money};
use dealwright_core::page::{
    BusinessData, Found as OnPage, FoundIn, Page, PageFacts, PageUrl, Snapshot, SourceName,
};
use dealwright_core::party::{Country, DomainName, EmailAddress, PhoneNumber};
use dealwright_core::personal::Purpose;
use dealwright_core::provenance::{Confidence, SourceKind};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use futures::executor::block_on;

use super::testing::{self as suite, Books};
use super::*;
use crate::resolve::{Params, Role};
use crate::source::{FetchPurpose, TermsRecord, TermsRecordParts, TermsRegister};

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::days(20_000)
}

fn source(name: &str) -> SourceName {
    SourceName::parse(name).unwrap()
}

fn cents(minor: i64) -> Money {
    Money::from_minor(minor, Currency::parse("EUR").unwrap())
}

pub(crate) fn terms(names: &[&str]) -> TermsRegister {
    TermsRegister::new(names.iter().map(|name| {
        TermsRecord::check(TermsRecordParts {
            source: source(name),
            allowed: [
                FetchPurpose::Enrich,
                FetchPurpose::ReadSignals,
                FetchPurpose::FindLeads,
            ]
            .into(),
            automation: true,
            storage_days: 365,
            attribution: String::new(),
            review_by: NaiveDate::from_ymd_opt(2030, 1, 1).unwrap(),
        })
        .unwrap()
    }))
    .unwrap()
}

fn who() -> Who {
    Who {
        name: Some("Baeckerei Amsel".to_owned()),
        website: Some(DomainName::parse("amsel.example").unwrap()),
        country: Some(Country::DE),
        ..Who::default()
    }
}

fn accept(wanted: &[EnrichField], answer: EnrichAnswer) -> Accepted {
    let params = Params::default().check().unwrap();
    let profile = suite::profile("directory-x", Price::Free);
    let wanted: BTreeSet<EnrichField> = wanted.iter().copied().collect();
    read_answer(&params, &profile, &who(), &wanted, answer, "lead", at())
}

#[test]
fn the_memory_provider_keeps_every_clause() {
    let website = DomainName::parse(suite::KNOWN.1).unwrap();
    let provider = MemoryProvider::new(suite::profile("memory", Price::Credits(2)))
        .knowing(&website, suite::known_answer());
    block_on(async {
        suite::the_profile_stays(&provider).await.unwrap();
        suite::a_stranger_is_no_error(&provider).await.unwrap();
        suite::it_says_whom_it_speaks_of(&provider).await.unwrap();
        suite::only_what_was_asked(&provider).await.unwrap();
        suite::it_takes_no_more_than_it_says(&provider)
            .await
            .unwrap();
        suite::a_key_is_charged_once(&provider).await.unwrap();
    });
}

/// A provider that is broken in one way.
#[derive(Debug)]
struct Broken {
    inner: MemoryProvider,
    how: &'static str,
    calls: std::sync::atomic::AtomicU32,
}

#[async_trait::async_trait]
impl EnrichmentProvider for Broken {
    fn profile(&self) -> ProviderProfile {
        let mut profile = self.inner.profile();
        if self.how == "the profile stays" {
            let calls = self.calls.load(std::sync::atomic::Ordering::SeqCst);
            profile.price = Price::Credits(2 + u64::from(calls));
        }
        profile
    }

    async fn enrich(&self, request: EnrichRequest) -> Result<EnrichAnswer, PortError> {
        let calls = self.calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let stranger =
            request.who.website.as_ref().map(DomainName::as_str) == Some(suite::STRANGER);
        let fields = request.fields.clone();
        let mut asked = request;
        if self.how == "only what was asked" {
            asked.fields = self.inner.profile().fields;
        }
        if self.how == "a key is charged once" {
            let process = dealwright_core::process::ProcessKey::new(
                &dealwright_core::process::Tenant::parse("t").unwrap(),
                "lead",
                "1",
            );
            asked.key = dealwright_core::process::EffectKey::derive(&process, "x", calls);
        }
        let mut answer = self.inner.enrich(asked).await?;
        match self.how {
            "a stranger is no error" if stranger => answer = suite::known_answer(),
            "it says whom it speaks of" => answer.about = About::default(),
            "it takes no more than it says" => answer.took = Price::Credits(9),
            _ => {}
        }
        if self.how != "only what was asked" {
            answer
                .findings
                .retain(|found| fields.contains(&found.field));
        }
        Ok(answer)
    }
}

impl Books for Broken {
    fn taken(&self) -> Purse {
        self.inner.taken()
    }
}

#[test]
fn each_broken_provider_fails_exactly_its_clause() {
    for how in [
        "the profile stays",
        "a stranger is no error",
        "it says whom it speaks of",
        "only what was asked",
        "it takes no more than it says",
        "a key is charged once",
    ] {
        let website = DomainName::parse(suite::KNOWN.1).unwrap();
        let provider = Broken {
            inner: MemoryProvider::new(suite::profile("memory", Price::Credits(2)))
                .knowing(&website, suite::known_answer()),
            how,
            calls: std::sync::atomic::AtomicU32::new(0),
        };
        let broken: Vec<&str> = block_on(async {
            [
                suite::a_stranger_is_no_error(&provider).await,
                suite::it_says_whom_it_speaks_of(&provider).await,
                suite::only_what_was_asked(&provider).await,
                suite::it_takes_no_more_than_it_says(&provider).await,
                suite::a_key_is_charged_once(&provider).await,
                suite::the_profile_stays(&provider).await,
            ]
        })
        .into_iter()
        .filter_map(|verdict| verdict.err().map(|v| v.clause))
        .collect();
        assert_eq!(broken, [how]);
    }
}

// covers: EN-1
#[test]
fn a_landline_is_no_mobile_and_a_heading_decides_nothing() {
    let mobile = |number: &str| is_mobile(&PhoneNumber::parse(number, None).unwrap());
    assert_eq!(mobile("+49 30 23125 101"), Some(false));
    assert_eq!(mobile("+49 151 2312 5101"), Some(true));
    assert_eq!(mobile("+44 20 7946 0101"), Some(false));
    assert_eq!(mobile("+1 555 010 0101"), None, "the plan does not tell");
    let wanted = [EnrichField::Mobile, EnrichField::Email, EnrichField::Person];
    let answer = suite::answer(
        "Baeckerei Amsel",
        "https://www.amsel.example/kontakt",
        &[
            (EnrichField::Mobile, "030 23125 101", 90),
            (EnrichField::Email, "see website", 90),
            (EnrichField::Email, "noreply@amsel.example", 90),
            (EnrichField::Email, "n/a", 90),
            // Under a heading of its own it is an address all the same.
            (EnrichField::Person, "backstube@amsel.example", 70),
        ],
    );
    let accepted = accept(&wanted, answer);
    let refused: Vec<Invalid> = accepted.refused.iter().map(|r| r.why).collect();
    assert_eq!(
        refused,
        [
            Invalid::NotMobile,
            Invalid::Form,
            Invalid::Machine,
            Invalid::Placeholder
        ]
    );
    assert_eq!(accepted.found.len(), 1);
    let FieldValue::Email(email) = &accepted.found[0].value else {
        panic!("{:?}", accepted.found[0].value);
    };
    assert_eq!(
        email.reveal(Purpose::Contact).as_str(),
        "backstube@amsel.example"
    );
    assert_eq!(accepted.found[0].confidence, Confidence::saturating(70));
    assert!(accepted.found[0].passage.is_some());
}

// covers: EN-3
#[test]
fn the_same_name_with_another_domain_gives_nothing_and_names_the_anchor() {
    let values = [(EnrichField::Email, "info@amsel-wien.example", 99)];
    let other = suite::answer("Baeckerei Amsel", "amsel-wien.example", &values);
    let accepted = accept(&[EnrichField::Email], other);
    assert!(accepted.found.is_empty());
    let anchors = accepted.blocked.unwrap();
    assert_eq!(anchors.len(), 1);
    assert_eq!(anchors[0].role, Role::Website);
    assert_eq!(anchors[0].theirs.len(), 1);
    // Another firm altogether is refused too, though nothing contradicts.
    let mut stranger = suite::answer("Fahrrad Drossel", "x", &values);
    stranger.about.website = None;
    let accepted = accept(&[EnrichField::Email], stranger);
    assert_eq!(
        (accepted.found.len(), accepted.blocked),
        (0, Some(Vec::new()))
    );
    // The name alone is enough where it is the very same and nothing speaks against it.
    let mut same = suite::answer("Bäckerei Amsel", "x", &values);
    same.about.website = None;
    assert_eq!(accept(&[EnrichField::Email], same).found.len(), 1);
}

fn policy(prices: [Price; 3], lead: Ceiling) -> EnrichPolicy {
    let names = ["first", "second", "third"];
    EnrichPolicy {
        wanted: [EnrichField::Email, EnrichField::Phone].into(),
        providers: names
            .iter()
            .zip(prices)
            .map(|(name, price)| ProviderSettings {
                source: source(name),
                fields: [EnrichField::Email, EnrichField::Phone].into(),
                price,
                class: dealwright_core::process::EffectClass::Idempotent,
            })
            .collect(),
        per_lead: lead,
        terms: terms(&names),
        ..EnrichPolicy::default()
    }
}

#[test]
fn providers_are_asked_in_order_for_what_is_missing_and_paid_within_the_ceiling() {
    let free = policy([Price::Free; 3], Ceiling::default());
    let none = |_| None;
    let (step, passed) = next(&free, &Progress::default(), none, &[], at());
    let step = step.unwrap();
    assert_eq!((step.source.as_str(), step.fields.len()), ("first", 2));
    assert!(passed.is_empty());
    // What is known well enough is not asked for; what is known badly is.
    let known = |field| {
        Some(Confidence::saturating(if field == EnrichField::Email {
            80
        } else {
            30
        }))
    };
    let (step, _) = next(&free, &Progress::default(), known, &[], at());
    assert_eq!(step.unwrap().fields, [EnrichField::Phone].into());
    let sure = |_| Some(Confidence::saturating(80));
    assert_eq!(next(&free, &Progress::default(), sure, &[], at()).0, None);
    // Whoever was asked is not asked again, until long after.
    let mut progress = Progress::default();
    for field in [EnrichField::Email, EnrichField::Phone] {
        progress.asked.push((source("first"), field, at()));
    }
    let (step, _) = next(&free, &progress, none, &[], at());
    assert_eq!(step.unwrap().source, source("second"));
    let later = at() + Duration::days(91);
    let (step, _) = next(&free, &progress, none, &[], later);
    assert_eq!(step.unwrap().source, source("first"));
    // The dear one is passed over for a cheaper one that still fits.
    let ceiling = Ceiling {
        money: Some(cents(50)),
        credits: 0,
    };
    let paid = policy(
        [
            Price::Money(cents(51)),
            Price::Credits(1),
            Price::Money(cents(50)),
        ],
        ceiling,
    );
    let (step, passed) = next(&paid, &Progress::default(), none, &[], at());
    assert_eq!(step.unwrap().source, source("third"));
    let over = |name: &str| Passed {
        source: source(name),
        why: PassedOver::LeadCeiling,
    };
    assert_eq!(passed, [over("first"), over("second")]);
    let mut spent = Progress::default();
    spent.calls.insert("x".to_owned(), Price::Money(cents(1)));
    assert_eq!(next(&paid, &spent, none, &[], at()).0, None);
}

// covers: TS-1, LG-2
#[test]
fn a_provider_without_current_terms_is_not_asked() {
    let mut policy = policy([Price::Free; 3], Ceiling::default());
    policy.terms = terms(&["second"]);
    let (step, passed) = next(&policy, &Progress::default(), |_| None, &[], at());
    assert_eq!(step.unwrap().source, source("second"));
    assert!(matches!(&passed[0].why, PassedOver::Terms(why) if why.contains("no terms record")));
    let after = NaiveDate::from_ymd_opt(2031, 1, 1).unwrap();
    let after = after.and_hms_opt(0, 0, 0).unwrap().and_utc();
    let (step, passed) = next(&policy, &Progress::default(), |_| None, &[], after);
    assert_eq!(step, None);
    assert!(matches!(&passed[1].why, PassedOver::Terms(why) if why.contains("review")));
}

// covers: LG-6
#[test]
fn junk_is_seen_before_anything_is_paid() {
    let domain = |text: &str| DomainName::parse(text).unwrap();
    let email = |text: &str| EmailAddress::parse(text).unwrap();
    let good = domain("amsel.example");
    assert_eq!(prescreen(Some("Amsel"), Some(&good), None, None), []);
    assert_eq!(prescreen(None, Some(&good), None, None), [Junk::NoName]);
    assert_eq!(
        prescreen(Some("N/A"), Some(&good), None, None),
        [Junk::NoName]
    );
    for login in ["baker_84", "jdoe1984", "@amsel", "j.doe7"] {
        assert_eq!(
            prescreen(Some(login), Some(&good), None, None),
            [Junk::UsernameLike],
            "{login}"
        );
    }
    for firm in ["4711", "Studio 54", "B12 Bakery", "amazon"] {
        assert!(
            !prescreen(Some(firm), Some(&good), None, None).contains(&Junk::UsernameLike)
                || firm == "4711",
            "{firm}"
        );
    }
    let dud = domain("amsel.facebook.com");
    assert_eq!(
        prescreen(Some("Amsel"), Some(&dud), None, None),
        [Junk::DudHost, Junk::NoAnchor]
    );
    assert_eq!(
        prescreen(Some("Amsel"), None, Some(&email("amsel@gmail.com")), None),
        [Junk::MailOnly]
    );
    assert_eq!(
        prescreen(Some("Amsel"), None, None, Some("Lindenweg 4")),
        []
    );
}

#[test]
fn a_day_holds_what_is_under_way_and_forgets_nothing_that_is_open() {
    let ceiling = Ceiling {
        money: Some(cents(100)),
        credits: 3,
    };
    let mut book = DayBook::default();
    let price = Price::Money(cents(60));
    assert!(book.affords(at(), price, &ceiling));
    book.hold(at(), "a", price);
    assert!(!book.affords(at(), price, &ceiling), "what is held counts");
    assert!(book.affords(at(), Price::Credits(3), &ceiling));
    assert!(!book.affords(at(), Price::Credits(4), &ceiling));
    book.settle("a", Price::Money(cents(20)));
    assert!(book.affords(at(), price, &ceiling));
    assert_eq!(book.of(at()).money, Some(cents(20)));
    let tomorrow = at() + Duration::days(1);
    assert!(book.affords(tomorrow, Price::Money(cents(100)), &ceiling));
    // Another currency has no ceiling here, so nothing may be spent in it.
    let dollars = Money::from_minor(1, Currency::parse("USD").unwrap());
    assert!(!book.affords(at(), Price::Money(dollars), &ceiling));
    assert!(!book.affords(at(), Price::Money(cents(-5)), &ceiling));
    book.hold(at(), "open", Price::Credits(1));
    book.hold(at() + Duration::days(90), "b", Price::Credits(1));
    assert!(book.holds("open") && book.holds("b"));
}

// covers: EN-2
#[test]
fn a_page_says_where_each_value_stands_and_contradicts_itself_openly() {
    let url = PageUrl::parse("https://amsel.example/").unwrap();
    let domain = DomainName::parse("amsel.example").unwrap();
    let text = |text: &str| Untrusted::new(text.to_owned());
    let on_page = |value: &str, place| OnPage {
        value: text(value),
        passage: text(&format!("Rufen Sie an: {value}.")),
        place,
    };
    let mut facts = PageFacts::empty(url.clone(), 200, 10);
    facts.emails = vec![
        on_page("amsel@gmail.com", FoundIn::Link),
        on_page("backstube@amsel.example", FoundIn::Link),
    ];
    facts.phones = vec![on_page("030 23125 101", FoundIn::Text)];
    facts.businesses = vec![BusinessData {
        telephone: Some(text("+49 30 23125 102")),
        ..BusinessData::default()
    }];
    let snapshot = Snapshot::new(url.clone(), 200, String::new(), at());
    let page = Page::new(snapshot.clone(), Some(facts.clone()));
    let found = read_page(&page, &domain, Some(Country::DE), "lead", at());
    let shown: Vec<(EnrichField, &str, u8)> = found
        .iter()
        .map(|f| {
            let place = f.source.url().unwrap();
            (f.value.field(), place, f.confidence.percent())
        })
        .collect();
    assert_eq!(
        shown,
        [
            (EnrichField::Email, "https://amsel.example/#link", 95),
            (EnrichField::Phone, "https://amsel.example/#text", 80),
            (
                EnrichField::Phone,
                "https://amsel.example/#structured-data",
                80
            ),
        ]
    );
    assert!(found.iter().all(|f| f.source.kind() == SourceKind::Website
        && f.retrieved_at == at()
        && f.passage.is_some()));
    let passage = found[1].passage.as_ref().unwrap().reveal(Purpose::Display);
    assert!(passage.inspect(|words| words.contains("Rufen Sie an")));
    // A page that somebody else answered for says nothing of this firm.
    let moved = PageUrl::parse("https://parked.example/").unwrap();
    let away = Snapshot::new(moved, 200, String::new(), at());
    let page = Page::new(away, Some(facts));
    assert!(read_page(&page, &domain, Some(Country::DE), "lead", at()).is_empty());
}
