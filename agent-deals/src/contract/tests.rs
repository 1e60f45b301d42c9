use std::collections::BTreeMap;

use dealwright_core::document::{DocumentRenderer, Format, PlainRenderer, Wording};
use dealwright_core::money::Money;
use dealwright_core::party::{Country, Language, PostalAddress};
use dealwright_core::personal::Personal;
use dealwright_core::time::Calendar;
use serde_json::json;

use super::*;
use crate::pricing::fixtures::*;
use crate::pricing::{Invoice, InvoiceNumber};
use crate::proposal::Proposals;
use crate::proposal::tests::{accepted, at, cart, issued, markdown, offer, proposals};

fn party(name: &str, street: &str, vat_id: Option<&str>, country: Country) -> Party {
    Party {
        name: name.to_owned(),
        address: PostalAddress::new(street, "Musterstadt", "12345", country).unwrap(),
        vat_id: vat_id.map(str::to_owned),
        signatory: Some(Personal::new("Ada Example".to_owned(), "contact_1")),
    }
}

fn parties() -> ContractParties {
    ContractParties {
        agency: party("Agency Example", "Lane 1", Some("DE000000001"), Country::DE),
        client: party("Bakery Crumb", "Mill Road 2", None, Country::DE),
    }
}

fn library() -> ClauseLibrary {
    serde_json::from_value(json!({"clauses": [
        {"id": "liability", "title": "Liability", "text": "Each side is liable by law.\n\nNothing here limits that.",
         "language": "en", "standing": true},
        {"id": "late-delivery-credit", "title": "Late delivery", "text": "Two percent a week.", "language": "en"},
        {"id": "reference-right", "title": "Reference", "text": "We may name you.", "language": "en", "laws": ["FR"]}
    ]}))
    .unwrap()
}

fn bound() -> Proposals {
    let mut all = proposals();
    let mut offer = offer(&cart());
    offer.terms.clauses.insert(slug("late-delivery-credit"));
    let version = issued(&mut all, offer, at(0, 9));
    accepted(&mut all, &version, at(1, 9));
    all
}

fn contract() -> ContractContent {
    ContractContent::new(
        &bound(),
        parties(),
        &library(),
        Country::DE,
        "2026-03-05".parse().unwrap(),
    )
    .unwrap()
}

fn bytes(contract: &ContractContent) -> Vec<u8> {
    PlainRenderer
        .render(&contract.document(), Format::Markdown)
        .unwrap()
}

// covers: CO-9
#[test]
fn the_contract_carries_limits_price_plan_and_approved_clauses() {
    let contract = contract();
    let text = markdown(&contract.document());
    let wording = Wording::of(Language::EN);
    for part in [
        "What this does not include",
        "It repairs nothing.",
        "It does not build new pages.",
        "Each side is liable by law.",
        "Two percent a week.",
        "Lane 1, 12345 Musterstadt",
        "Ada Example",
        &wording.money(contract.quote().totals().gross),
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        !text.contains("We may name you."),
        "neither agreed nor for this law"
    );
    assert!(text.contains(&contract.offer_hash().to_hex()));
}

// covers: NG-3
#[test]
fn only_an_accepted_latest_version_becomes_a_contract() {
    let on = "2026-03-05".parse().unwrap();
    let make = |all: &Proposals| ContractContent::new(all, parties(), &library(), Country::DE, on);
    let mut all = bound();
    assert!(make(&all).is_ok());
    issued(&mut all, offer(&cart()), at(2, 9));
    assert_eq!(make(&all).unwrap_err(), ContractError::NotAccepted);
}

#[test]
fn a_clause_that_is_not_approved_here_is_refused() {
    let mut all = proposals();
    let mut offer = offer(&cart());
    offer.terms.clauses.insert(slug("reference-right"));
    let version = issued(&mut all, offer, at(0, 9));
    accepted(&mut all, &version, at(1, 9));
    let on = "2026-03-05".parse().unwrap();
    let make = |law| ContractContent::new(&all, parties(), &library(), law, on);
    assert!(matches!(
        make(Country::DE),
        Err(ContractError::Clause(ClauseError::NotApproved { .. }))
    ));
    assert!(make(Country::FR).is_ok());
}

fn signature(bytes: &[u8]) -> SignatureRecord {
    SignatureRecord::new(
        contract().id(),
        bytes,
        Signer::Client,
        Personal::new("Ada Example".to_owned(), "contact_1"),
        at(3, 0),
        SignatureMethod::Simple,
        BTreeMap::from([("channel".to_owned(), "link".to_owned())]),
    )
    .unwrap()
}

// covers: CF-1
#[test]
fn a_flipped_byte_of_the_document_breaks_the_signature() {
    let bytes = bytes(&contract());
    let record = signature(&bytes);
    record.verify(&bytes).unwrap();
    let step = (bytes.len() / 2_000).max(1);
    for place in (0..bytes.len()).step_by(step) {
        let mut changed = bytes.clone();
        changed[place] ^= 1 << (place % 8);
        assert_eq!(
            record.verify(&changed),
            Err(SignatureError::OtherBytes),
            "byte {place}"
        );
    }
    let mut longer = bytes.clone();
    longer.push(b' ');
    assert!(record.verify(&longer).is_err());
    assert!(matches!(
        record.require(SignatureMethod::Advanced),
        Err(SignatureError::TooWeak { .. })
    ));
}

// covers: CF-1
#[test]
fn a_changed_record_breaks_the_signature() {
    let bytes = bytes(&contract());
    let record = signature(&bytes);
    let stored = dealwright_core::personal::stored(|| serde_json::to_value(&record).unwrap());
    let read = |value| serde_json::from_value::<SignatureRecord>(value).unwrap();
    read(stored.clone()).verify(&bytes).unwrap();
    for (path, value) in [
        ("/at", json!("2026-03-06T00:00:00Z")),
        ("/method", json!("qualified")),
        ("/signer", json!("agency")),
        ("/evidence/channel", json!("reply")),
        ("/name/$personal/value", json!("Eve Example")),
    ] {
        let mut changed = stored.clone();
        *changed.pointer_mut(path).unwrap() = value;
        assert_eq!(
            read(changed).verify(&bytes),
            Err(SignatureError::Altered),
            "{path}"
        );
    }
}

// covers: CF-1
#[test]
fn the_certificate_verifies_offline_and_shows_every_change() {
    let bytes = bytes(&contract());
    let record = signature(&bytes);
    let mut certificate = EventCertificate::begin(contract().id(), &bytes, at(1, 0)).unwrap();
    let signed = CertificateEvent::Signed {
        signer: Signer::Client,
        record: record.hash(),
    };
    for (when, event) in [
        (at(1, 1), CertificateEvent::Sent),
        (at(3, 0), signed),
        (at(3, 1), CertificateEvent::Completed),
    ] {
        certificate.append(when, event).unwrap();
    }
    let head = certificate.head();
    let stored = serde_json::to_string(&certificate).unwrap();
    let offline: EventCertificate = serde_json::from_str(&stored).unwrap();
    offline.verify(&bytes, head).unwrap();
    assert!(matches!(
        certificate.append(at(2, 0), CertificateEvent::Sent),
        Err(CertificateError::Backwards { .. })
    ));
    assert_eq!(
        offline.verify(b"other", head),
        Err(CertificateError::OtherBytes)
    );

    let value: serde_json::Value = serde_json::from_str(&stored).unwrap();
    let broken = |edit: &dyn Fn(&mut Vec<serde_json::Value>)| {
        let mut value = value.clone();
        edit(value["entries"].as_array_mut().unwrap());
        let certificate: EventCertificate = serde_json::from_value(value).unwrap();
        certificate.verify(&bytes, head).unwrap_err()
    };
    assert_eq!(broken(&|e| drop(e.pop())), CertificateError::Truncated);
    assert_eq!(
        broken(&|e| drop(e.remove(1))),
        CertificateError::Broken { number: 2 }
    );
    assert_eq!(
        broken(&|e| e.swap(1, 2)),
        CertificateError::Broken { number: 2 }
    );
    assert_eq!(
        broken(&|e| e[1]["at"] = json!("2026-03-01T00:00:00Z")),
        CertificateError::Broken { number: 2 }
    );
    assert_eq!(
        broken(&|e| e[2]["event"] = json!({"event": "declined"})),
        CertificateError::Broken { number: 3 }
    );
}

fn first_invoice(contract: &ContractContent) -> Invoice {
    let number = InvoiceNumber::parse("2026-0001").unwrap();
    let issued = "2026-03-06".parse().unwrap();
    Invoice::for_instalment(
        contract.id(),
        contract.quote(),
        contract.plan(),
        1,
        number,
        issued,
    )
    .unwrap()
}

fn frame<'a>(parties: &'a ContractParties, pay_to: &'a [String]) -> InvoiceFrame<'a> {
    InvoiceFrame {
        seller: &parties.agency,
        client: &parties.client,
        language: Language::EN,
        supplied: "2026-03-06".parse().unwrap(),
        pay_to,
    }
}

// covers: PC-1, CF-3
#[test]
fn invoices_of_a_contract_sum_to_its_total_in_the_documents_too() {
    let (contract, parties) = (contract(), parties());
    let wording = Wording::of(Language::EN);
    let mut sum = Money::zero(contract.quote().currency());
    for instalment in contract.plan().instalments() {
        let number = InvoiceNumber::parse(&format!("2026-{:04}", instalment.number)).unwrap();
        let issued = "2026-03-06".parse().unwrap();
        let (quote, plan) = (contract.quote(), contract.plan());
        let invoice = Invoice::for_instalment(
            contract.id(),
            quote,
            plan,
            instalment.number,
            number,
            issued,
        )
        .unwrap();
        sum = sum.checked_add(invoice.gross()).unwrap();
        let document = invoice_document(&invoice, &frame(&parties, &[])).unwrap();
        let text = markdown(&document);
        for amount in [invoice.net(), invoice.tax(), invoice.gross()] {
            assert!(text.contains(&wording.money(amount)), "{amount}\n{text}");
        }
    }
    assert_eq!(sum, contract.quote().totals().gross);
}

#[test]
fn an_invoice_has_what_the_directive_wants() {
    let (contract, mut parties) = (contract(), parties());
    let invoice = first_invoice(&contract);
    let pay_to = ["Bank transfer to the account you know.".to_owned()];
    let text = markdown(&invoice_document(&invoice, &frame(&parties, &pay_to)).unwrap());
    for part in [
        "2026-0001",
        "DE000000001",
        "Agency Example",
        "Lane 1",
        "Bakery Crumb",
        "Mill Road 2",
        "6\u{a0}March 2026",
        "19 %",
        "7 %",
        "Website audit",
        "Service date",
        "Bank transfer",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let note = invoice
        .credit_note(
            InvoiceNumber::parse("2026-0002").unwrap(),
            "2026-03-09".parse().unwrap(),
        )
        .unwrap();
    let text = markdown(&invoice_document(&note, &frame(&parties, &pay_to)).unwrap());
    assert!(
        text.contains("cancels invoice 2026-0001") && !text.contains("Bank transfer"),
        "{text}"
    );
    parties.agency.vat_id = None;
    let error = invoice_document(&invoice, &frame(&parties, &pay_to)).unwrap_err();
    assert!(error.to_string().contains("no. 3"), "{error}");
}

#[test]
fn reverse_charge_needs_the_clients_number_and_says_so() {
    let mut wanted = cart();
    wanted.tax.country = Country::FR;
    let mut all = proposals();
    let version = issued(&mut all, offer(&wanted), at(0, 9));
    accepted(&mut all, &version, at(1, 0));
    let mut parties = parties();
    let on = "2026-03-05".parse().unwrap();
    let contract =
        ContractContent::new(&all, parties.clone(), &library(), Country::DE, on).unwrap();
    let invoice = first_invoice(&contract);
    assert!(invoice.tax().is_zero());
    let error = invoice_document(&invoice, &frame(&parties, &[])).unwrap_err();
    assert!(error.to_string().contains("no. 4"), "{error}");
    parties.client.vat_id = Some("FR00000000000".to_owned());
    let text = markdown(&invoice_document(&invoice, &frame(&parties, &[])).unwrap());
    assert!(text.contains("Reverse charge"), "{text}");
}

#[test]
fn dunning_ends_with_a_person() {
    let schedule: DunningSchedule = serde_json::from_value(json!({"steps": [
        {"id": "friendly", "after": 3, "template": "remind-1"},
        {"id": "last", "after": 13, "template": "remind-2", "person": true}
    ]}))
    .unwrap();
    let calendar = Calendar::of(Some(Country::DE));
    let days: Vec<String> = schedule
        .days("2026-03-20".parse().unwrap(), &calendar)
        .map(|(d, _)| d.to_string())
        .collect();
    // Good Friday and Easter Monday are no working days.
    assert_eq!(days, ["2026-03-25", "2026-04-10"]);
    let robot = json!({"steps": [{"id": "only", "after": 3, "template": "remind"}]});
    assert!(serde_json::from_value::<DunningSchedule>(robot).is_err());
}
