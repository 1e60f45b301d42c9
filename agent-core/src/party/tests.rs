use super::*;
use crate::id::{AccountId, ContactId};
use crate::personal::Purpose;

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn domain(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

#[test]
fn addresses_are_normalised_and_compared_by_their_identity() {
    let address = email(" Ada.Example+News@Shop.EXAMPLE. ");
    assert_eq!(address.as_str(), "Ada.Example+News@shop.example");
    assert_eq!(address.local(), "Ada.Example+News");
    assert_eq!(address.identity_key(), "ada.example@shop.example");
    assert_eq!(email("a.b+x@googlemail.com").identity_key(), "ab@gmail.com");
    assert_eq!(email("+x@shop.example").identity_key(), "+x@shop.example");
    assert_eq!(
        serde_json::to_string(&address).unwrap(),
        "\"Ada.Example+News@shop.example\""
    );
    assert_eq!(format!("{address:?}"), "[address at shop.example]");
}

#[test]
fn what_is_no_address_says_why_and_not_what_it_was() {
    for text in [
        "",
        "ada",
        "@shop.example",
        "ada@",
        "ada@shop",
        "ada@localhost",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "a b@shop.example",
        "ada@@shop.example",
        ".ada@shop.example",
        "ada.@shop.example",
        "a..b@shop.example",
        "\"ada\"@shop.example",
        "ädä@shop.example",
        "ada@shop.example\r\nBcc: x@y.example",
        "ada@shop.example,x@y.example",
        "ada%other.example@shop.example",
        "other.example!ada@shop.example",
        "<ada@shop.example>",
        &format!("{}@shop.example", "a".repeat(65)),
        &format!("ada@{}.example", "a".repeat(64)),
        &format!("ada@{}example", "a.".repeat(130)),
    ] {
        let error = EmailAddress::parse(text).unwrap_err().to_string();
        assert!(error.starts_with("not an e-mail address: "), "{text}");
        assert!(!error.contains("ada") && !error.contains("shop"), "{error}");
    }
}

#[test]
fn roles_and_free_mail_are_known() {
    for text in [
        "info@shop.example",
        "Office@shop.example",
        "customer-service@x.example",
        "KONTAKT+web@x.example",
    ] {
        assert!(email(text).is_role(), "{text}");
    }
    assert!(!email("ada@shop.example").is_role());
    assert!(email("ada@gmx.de").is_free_mail() && !email("ada@shop.example").is_free_mail());
}

#[test]
fn domains_are_ascii_and_their_owner_is_known() {
    let baker = domain("WWW.Bäckerei.example");
    assert_eq!(baker.as_str(), "www.xn--bckerei-5wa.example");
    assert_eq!(baker.site().as_str(), "xn--bckerei-5wa.example");
    assert_eq!(baker.to_unicode(), "www.bäckerei.example");
    assert_eq!(
        domain("a.b.shop.co.uk").registrable(),
        Some(domain("shop.co.uk"))
    );
    assert_eq!(domain("co.uk").registrable(), None);
    assert!(domain("mail.shop.example").same_owner(&domain("www.shop.example")));
    assert!(!domain("a.github.io").same_owner(&domain("b.github.io")));
    assert!(domain("a.shop.example").is_within(&domain("shop.example")));
    assert!(!domain("ashop.example").is_within(&domain("shop.example")));
    assert!(domain("shop.example").is_reserved() && domain("www.example.com").is_reserved());
    assert!(!domain("example.de").is_reserved());
    for text in [
        "",
        "shop",
        "a..b",
        "-a.example",
        "a-.example",
        "a b.example",
        "a.example/x",
        "a:80.example",
        "1.2.3.4",
        "a@b.example",
    ] {
        assert!(DomainName::parse(text).is_err(), "{text}");
    }
    assert_eq!(
        DomainName::of_url("https://www.Shop.example:8443/a?b#c"),
        Ok(domain("www.shop.example"))
    );
    assert_eq!(
        DomainName::of_url("shop.example/a"),
        Ok(domain("shop.example"))
    );
    for text in [
        "ftp://shop.example",
        "http://127.0.0.1/",
        "http://[::1]/",
        "javascript:alert(1)",
    ] {
        assert!(DomainName::of_url(text).is_err(), "{text}");
    }
}

#[test]
fn numbers_become_e_164_by_the_country_they_were_found_in() {
    for (text, home, number) in [
        ("(555) 555-0101", "US", "+15555550101"),
        ("1-555-555-0101", "US", "+15555550101"),
        ("+1 (555) 555 0101", "DE", "+15555550101"),
        ("030 23125-042", "DE", "+493023125042"),
        ("+49 (0)30 23125 042", "US", "+493023125042"),
        ("0049 30 23125042", "DE", "+493023125042"),
        ("011 49 30 23125042", "US", "+493023125042"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("(020) 7946 0123", "GB", "+442079460123"),
        ("01 712 34 56", "AT", "+4317123456"),
        ("044 668 18 00", "CH", "+41446681800"),
        ("01 99 00 12 34", "FR", "+33199001234"),
        ("555 0101 22", "JP", "555010122"),
    ] {
        let phone = PhoneNumber::parse(text, Some(Country::parse(home).unwrap())).unwrap();
        assert_eq!(phone.as_str(), number, "{text} in {home}");
    }
    assert_eq!(
        PhoneNumber::parse("555-0101", None).unwrap().as_str(),
        "5550101"
    );
    for (text, home) in [
        ("12", None),
        ("call me", None),
        ("555-0101", Some(Country::US)),
        ("+0 123 456", None),
        ("1234567890123456", None),
    ] {
        assert!(PhoneNumber::parse(text, home).is_err(), "{text}");
    }
}

#[test]
fn extensions_are_split_off() {
    for text in [
        "555-555-0101 x23",
        "555-555-0101 ext. 23",
        "555 555 0101, Ext 23",
        "5555550101 #23",
        "5555550101 (Durchwahl 23)",
    ] {
        let phone = PhoneNumber::parse(text, Some(Country::US)).unwrap();
        assert_eq!(
            (phone.as_str(), phone.extension()),
            ("+15555550101", Some("23")),
            "{text}"
        );
        let json = serde_json::to_string(&phone).unwrap();
        assert_eq!(json, r#"{"number":"+15555550101","extension":"23"}"#);
        assert_eq!(serde_json::from_str::<PhoneNumber>(&json).unwrap(), phone);
        assert_eq!(format!("{phone:?}"), "[telephone number]");
    }
    assert!(serde_json::from_str::<PhoneNumber>(r#"{"number":"+1"}"#).is_err());
}

#[test]
fn countries_and_languages_are_those_of_iso() {
    assert_eq!(Country::parse(" de"), Ok(Country::DE));
    assert_eq!(Country::parse_name("Deutschland"), Ok(Country::DE));
    assert_eq!(Country::parse_name("USA"), Ok(Country::US));
    assert!(Country::parse("UK").is_err() && Country::parse("XX").is_err());
    assert!(Country::parse("D E").is_err() && Country::parse("").is_err());
    assert_eq!(Country::parse_name("UK"), Ok(Country::GB));
    assert!(Country::FR.is_eu() && !Country::GB.is_eu() && !Country::CH.is_eea());
    assert!(Country::parse("NO").unwrap().is_eea());
    assert_eq!(Language::parse("de-AT"), Ok(Language::DE));
    assert!(Language::parse("german").is_err());
    assert_eq!(Language::of_country(Country::AT), Some(Language::DE));
    assert_eq!(Language::of_country(Country::CH), None);
    assert_eq!(
        serde_json::from_str::<Country>("\"gb\"").unwrap(),
        Country::GB
    );
    assert!(serde_json::from_str::<Country>("\"??\"").is_err());
    assert_eq!(serde_json::to_string(&Language::EN).unwrap(), "\"en\"");
}

#[test]
fn legal_forms_are_read_off_the_end_of_a_name() {
    for (name, form) in [
        ("Muster GmbH", LegalForm::Limited),
        ("Muster GmbH & Co. KG", LegalForm::Partnership),
        ("Muster UG (haftungsbeschränkt)", LegalForm::Limited),
        ("Muster AG", LegalForm::Corporation),
        ("Muster e.K.", LegalForm::SoleTrader),
        ("Muster e. K.", LegalForm::SoleTrader),
        ("Turnverein Muster e.V.", LegalForm::NonProfit),
        ("Muster KG", LegalForm::Partnership),
        ("Muster OHG", LegalForm::Partnership),
        ("Muster & Partner PartG mbB", LegalForm::Partnership),
        ("Sample Ltd.", LegalForm::Limited),
        ("Sample Limited", LegalForm::Limited),
        ("Sample Holdings PLC", LegalForm::Corporation),
        ("Sample & Sons LLP", LegalForm::Partnership),
        ("Sample, L.L.C.", LegalForm::Limited),
        ("Sample, Inc.", LegalForm::Corporation),
        ("SAMPLE CORP", LegalForm::Corporation),
        ("Exemple SARL", LegalForm::Limited),
        ("Springfield School District", LegalForm::Public),
        ("Sample Foundation", LegalForm::NonProfit),
        ("Ada Example", LegalForm::Unknown),
        ("Smag", LegalForm::Unknown),
        ("Café Ag", LegalForm::Unknown),
        ("GOLDEN EV", LegalForm::Unknown),
        ("GmbH", LegalForm::Unknown),
        ("", LegalForm::Unknown),
    ] {
        assert_eq!(LegalForm::from_name(name), form, "{name}");
    }
    assert!(LegalForm::Unknown.counts_as_individual());
    assert!(!LegalForm::Limited.counts_as_individual());
}

#[test]
fn envelopes_are_written_as_the_country_does() {
    let chicago = PostalAddress::new("12  Sample St ", "Chicago", "60614", Country::US)
        .and_then(|address| address.with_region("IL"))
        .unwrap();
    assert_eq!(
        chicago.to_string(),
        "12 Sample St, Chicago, IL 60614, United States"
    );
    let berlin = PostalAddress::new("Musterweg 1", "Berlin", "10115", Country::DE).unwrap();
    assert_eq!(
        berlin.lines(Language::EN),
        ["Musterweg 1", "10115 Berlin", "Germany"]
    );
    assert_eq!(
        berlin.lines(Language::DE),
        ["Musterweg 1", "10115 Berlin", "Deutschland"]
    );
    assert!(PostalAddress::new("", "Berlin", "10115", Country::DE).is_err());
    assert!(PostalAddress::new("Weg 1\nBcc: x", "Berlin", "", Country::DE).is_err());
    let json = serde_json::to_string(&chicago).unwrap();
    assert_eq!(
        serde_json::from_str::<PostalAddress>(&json).unwrap(),
        chicago
    );
}

#[test]
fn accounts_and_contacts_keep_personal_data_out_of_sight() {
    let account = Account::new(AccountId::derive(&[b"1"]), "Muster GmbH")
        .with_country(Country::DE)
        .with_website(domain("www.muster.example"));
    assert_eq!(account.legal_form(), LegalForm::Limited);
    assert_eq!(account.language(), Some(Language::DE));
    assert_eq!(account.website().unwrap().as_str(), "muster.example");
    let id = ContactId::derive(&[b"1"]);
    let point = ContactPoint::new(Reach::Email(email("ada@muster.example")), id.to_string());
    let contact = Contact::new(id, account.id())
        .with_name("Ada Example")
        .with_point(point.clone())
        .with_point(point.clone())
        .with_role(BuyingRole::Champion);
    assert_eq!(contact.points(), std::slice::from_ref(&point));
    assert_eq!(point.channel(), Channel::Email);
    assert!(point.clone().guessed().is_guessed());
    assert_eq!(
        contact.name().unwrap().reveal(Purpose::Contact),
        "Ada Example"
    );
    let seen = format!("{contact:?}{}", serde_json::to_string(&contact).unwrap());
    assert!(
        !seen.contains("Ada") && !seen.contains("muster.example"),
        "{seen}"
    );
    let text = crate::personal::stored(|| serde_json::to_string(&contact).unwrap());
    assert_eq!(serde_json::from_str::<Contact>(&text).unwrap(), contact);
}
