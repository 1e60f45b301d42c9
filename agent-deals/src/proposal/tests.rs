use chrono::{DateTime, Duration, Utc};
use dealwright_core::document::{
    Block, Document, DocumentRenderer, Format, Identity, PlainRenderer,
};
use dealwright_core::handoff::{Requirement, RequirementKind, RequirementStatus};
use dealwright_core::id::OfferId;
use dealwright_core::party::{Country, Language};
use dealwright_core::provenance::Confidence;
use dealwright_core::time::{Calendar, Timestamp};
use dealwright_core::trust::Approval;

use super::*;
use crate::negotiation::tests::{authority, terms};
use crate::pricing::fixtures::*;
use crate::pricing::{PricingError, Quote, QuoteRequest, quote};

pub(crate) fn at(day: u32, hour: u32) -> Timestamp {
    DateTime::<Utc>::UNIX_EPOCH
        + Duration::days(20_514 + i64::from(day))
        + Duration::hours(i64::from(hour))
}

fn requirements(request: &QuoteRequest) -> Vec<Requirement> {
    let statement = |n: usize| format!("Need number {n}.");
    request
        .requirements
        .iter()
        .enumerate()
        .map(|(n, id)| Requirement {
            id: *id,
            need: "website-audit".to_owned(),
            statement: statement(n + 1),
            kind: RequirementKind::Explicit,
            evidence: Vec::new(),
            confidence: Confidence::CERTAIN,
            status: RequirementStatus::Confirmed,
            owner: None,
            drivers: [].into(),
        })
        .collect()
}

pub(crate) fn offer_in(request: &QuoteRequest, language: Language) -> Result<Offer, ContentError> {
    let quote: Quote = quote(&catalogue(), &card(), request)?;
    let calendar = Calendar::of(Some(Country::DE));
    let input = ProposalInput {
        client: "Bakery Crumb",
        language,
        requirements: &requirements(request),
        calendar: &calendar,
    };
    Ok(Offer {
        content: ProposalContent::new(&catalogue(), &quote, &terms(), &input)?,
        quote,
        terms: terms(),
        reply_by: at(10, 12),
        valid_until: at(20, 12),
    })
}

pub(crate) fn offer(request: &QuoteRequest) -> Offer {
    offer_in(request, Language::EN).unwrap()
}

pub(crate) fn cart() -> QuoteRequest {
    request(vec![
        item("website-audit", &[("pages", 120)], &[]),
        item("site-care", &[], &["weekend"]),
    ])
}

pub(crate) fn issued(proposals: &mut Proposals, offer: Offer, now: Timestamp) -> ProposalVersion {
    let draft = proposals.draft(offer).unwrap();
    let version = proposals.issue(draft, &authority(), None, now).unwrap();
    proposals.record_issued(version.clone());
    version
}

pub(crate) fn accepted(proposals: &mut Proposals, version: &ProposalVersion, now: Timestamp) {
    let acceptance = proposals
        .accept(version.id(), version.hash(), now, slug("link"))
        .unwrap();
    proposals.record_accepted(acceptance);
}

pub(crate) fn proposals() -> Proposals {
    Proposals::new(cart().deal)
}

pub(crate) fn markdown(document: &Document) -> String {
    document.check().unwrap();
    String::from_utf8(PlainRenderer.render(document, Format::Markdown).unwrap()).unwrap()
}

// covers: PC-3
#[test]
fn a_superseded_or_expired_version_is_not_acceptable() {
    let mut all = proposals();
    let first = issued(&mut all, offer(&cart()), at(0, 9));
    let second = issued(
        &mut all,
        offer(&cart().with_discount(percent("5%"), slug("asked"))),
        at(1, 9),
    );
    assert_eq!((first.number(), second.number()), (1, 2));
    let accept = |version: &ProposalVersion, now| {
        all.accept(version.id(), version.hash(), now, slug("link"))
    };
    assert_eq!(
        accept(&first, at(2, 0)),
        Err(AcceptRefusal::Superseded { number: 1, by: 2 })
    );
    assert_eq!(
        accept(&second, at(20, 12)),
        Err(AcceptRefusal::Expired {
            number: 2,
            until: at(20, 12)
        })
    );
    assert!(accept(&second, at(20, 11)).is_ok());
    let other = OfferId::derive(&[b"other"]);
    assert_eq!(
        all.accept(other, second.hash(), at(2, 0), slug("link")),
        Err(AcceptRefusal::Unknown { offer: other })
    );
    assert_eq!(
        all.accept(second.id(), first.hash(), at(2, 0), slug("link")),
        Err(AcceptRefusal::OtherContent { number: 2 })
    );
    let mut withdrawn = all.clone();
    withdrawn.record_withdrawn();
    let refused = withdrawn.accept(second.id(), second.hash(), at(2, 0), slug("link"));
    assert_eq!(refused, Err(AcceptRefusal::Withdrawn));
}

// covers: NG-3
#[test]
fn a_change_after_acceptance_needs_its_own_acceptance() {
    let mut all = proposals();
    let first = issued(&mut all, offer(&cart()), at(0, 9));
    accepted(&mut all, &first, at(1, 0));
    assert_eq!(all.binding().unwrap().0.number(), 1);
    let again = all.accept(first.id(), first.hash(), at(1, 1), slug("link"));
    assert_eq!(
        again,
        Err(AcceptRefusal::Already {
            number: 1,
            at: at(1, 0)
        })
    );
    let second = issued(
        &mut all,
        offer(&cart().with_discount(percent("2%"), slug("asked"))),
        at(2, 0),
    );
    assert_eq!(
        all.binding(),
        None,
        "the old acceptance does not carry over"
    );
    accepted(&mut all, &second, at(3, 0));
    assert_eq!(all.binding().unwrap().0.number(), 2);
}

// covers: NG-1
#[test]
fn beyond_authority_nothing_is_issued_without_an_approval_of_that_very_draft() {
    let all = proposals();
    let draft = all
        .draft(offer(&cart().with_discount(percent("60%"), slug("asked"))))
        .unwrap();
    let error = all
        .issue(draft.clone(), &authority(), None, at(0, 9))
        .unwrap_err();
    let ProposalError::NeedsApproval { hash, excess, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(hash, draft.hash());
    assert!(!excess.is_empty());
    let approval = |hash, expires, used| Approval {
        by: "ada".to_owned(),
        at: at(0, 8),
        expires,
        hash,
        used,
    };
    let other = all
        .draft(offer(&cart().with_discount(percent("61%"), slug("asked"))))
        .unwrap();
    for wrong in [
        approval(other.hash(), at(1, 0), false),
        approval(hash, at(0, 9), false),
        approval(hash, at(1, 0), true),
    ] {
        assert!(
            all.issue(draft.clone(), &authority(), Some(&wrong), at(0, 9))
                .is_err()
        );
    }
    let version = all
        .issue(
            draft,
            &authority(),
            Some(&approval(hash, at(1, 0), false)),
            at(0, 9),
        )
        .unwrap();
    assert!(version.approval().unwrap().used);
}

// covers: NG-1
#[test]
fn random_offers_are_issued_only_inside_authority() {
    let (catalogue, card, authority) = (catalogue(), card(), authority());
    let mut dice = Dice(11);
    let template = offer(&cart()).content;
    let (mut issued, mut refused) = (0, 0);
    for number in 0..3_000 {
        let request = random_request(&mut dice);
        let quote = match quote(&catalogue, &card, &request) {
            Ok(quote) => quote,
            Err(PricingError::Discount) => continue,
            Err(error) => panic!("{error}"),
        };
        let all = Proposals::new(request.deal);
        let floor = quote.needs_approval().is_empty();
        let draft = all
            .draft(Offer {
                quote,
                terms: terms(),
                content: template.clone(),
                reply_by: at(10, 12),
                valid_until: at(20, 12),
            })
            .unwrap();
        match all.issue(draft, &authority, None, at(0, 9)) {
            Ok(version) => {
                issued += 1;
                assert!(floor, "offer {number}");
                let totals = version.quote().totals();
                assert!(
                    totals.margin.minor() * 100 >= totals.net.minor() * 40,
                    "offer {number}"
                );
            }
            Err(ProposalError::NeedsApproval { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(
        issued > 200 && refused > 200,
        "{issued} issued, {refused} refused"
    );
}

#[test]
fn a_stale_draft_and_wrong_dates_are_refused() {
    let mut all = proposals();
    let stale = all.draft(offer(&cart())).unwrap();
    issued(&mut all, offer(&cart()), at(0, 9));
    assert!(matches!(
        all.issue(stale, &authority(), None, at(0, 10)),
        Err(ProposalError::Stale { number: 1 })
    ));
    let late = all.draft(offer(&cart())).unwrap();
    assert_eq!(
        all.issue(late, &authority(), None, at(10, 12)),
        Err(ProposalError::Dates)
    );
    let mut short = offer(&cart());
    short.valid_until = at(9, 0);
    assert_eq!(all.draft(short).unwrap_err(), ProposalError::Dates);
}

#[test]
fn versions_survive_being_stored_and_a_changed_draft_does_not() {
    let mut all = proposals();
    issued(&mut all, offer(&cart()), at(0, 9));
    let stored = serde_json::to_value(&all).unwrap();
    assert_eq!(
        serde_json::from_value::<Proposals>(stored.clone()).unwrap(),
        all
    );
    let mut changed = stored;
    changed["versions"][0]["draft"]["offer"]["content"]["scope"][0]["limits"] =
        serde_json::json!([]);
    let error = serde_json::from_value::<Proposals>(changed).unwrap_err();
    assert!(error.to_string().contains("hash"), "{error}");
}

// covers: CO-9, PC-4
#[test]
fn the_document_says_what_it_does_not_include_and_every_figure_of_the_quote() {
    let mut wanted = cart();
    wanted
        .requirements
        .push(requirement("a telephone exchange"));
    let mut all = proposals();
    let version = issued(&mut all, offer(&wanted), at(0, 9));
    let document = version.document(
        Identity::new("Agency Example"),
        Identity::new("Bakery Crumb"),
    );
    let text = markdown(&document);
    for part in [
        "What this does not include",
        "It repairs nothing.",
        "It does not build new pages.",
        "Need number 3.",
        "Number of sites",
        "Weekend watch",
        "Second look",
        "8 April 2026",
    ] {
        assert!(text.replace('\u{a0}', " ").contains(part), "{part}\n{text}");
    }
    let limits = document
        .blocks()
        .iter()
        .filter(|b| matches!(b, Block::List(_)))
        .count();
    assert!(limits >= 3);
    if std::env::var_os("SHOW_DOCUMENTS").is_some() {
        println!("{text}");
    }
    let wording = dealwright_core::document::Wording::of(Language::EN);
    for amount in [
        version.quote().totals().net,
        version.quote().totals().tax,
        version.quote().totals().gross,
    ] {
        assert!(text.contains(&wording.money(amount)), "{amount}");
    }
    for line in version.quote().lines() {
        assert!(
            text.contains(&line.label) && text.contains(&wording.money(line.net)),
            "{}",
            line.label
        );
    }
    assert_eq!(
        document.content_hash(),
        version
            .document(
                Identity::new("Agency Example"),
                Identity::new("Bakery Crumb")
            )
            .content_hash()
    );
}

#[test]
fn german_clients_read_german_words() {
    let mut all = proposals();
    let offer = offer_in(&cart(), Language::DE).unwrap();
    let version = issued(&mut all, offer, at(0, 9));
    let text = markdown(&version.document(
        Identity::new("Agentur Beispiel"),
        Identity::new("Bäckerei Krume"),
    ));
    assert!(
        text.contains("Was nicht enthalten ist") && text.contains("Zahlbar")
            || text.contains("Anzahlung"),
        "{text}"
    );
}

// covers: PC-4
#[test]
fn a_line_that_answers_nothing_is_not_proposed() {
    let mut wanted = cart();
    wanted.items[0].requirements.clear();
    assert!(
        matches!(offer_in(&wanted, Language::EN), Err(ContentError::Untraced { lines }) if lines.len() == 2)
    );
}
