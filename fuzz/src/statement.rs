//! Statements of any bytes: reading them never panics, reads the same twice, makes no row of
//! nothing and leaves no card number; and what is said of a payment neither makes nor loses a cent.

use chrono::NaiveDate;
use dealwright_core::id::InvoiceId;
use dealwright_core::money::{Currency, Money};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_payments::bank::{
    CreditorReference, Incoming, MatchPolicy, OpenInvoice, Statement, TableMapping, find_match,
    read_camt, read_table,
};
use dealwright_payments::pan;

fn mapping() -> TableMapping {
    let some = |name: &str| Some(name.to_owned());
    TableMapping {
        delimiter: ';',
        skip: 1,
        date: "date".to_owned(),
        date_format: "%d.%m.%Y".to_owned(),
        amount: some("amount"),
        credit: None,
        decimal_comma: true,
        currency: "currency".to_owned(),
        debtor: some("from"),
        debtor_account: some("iban"),
        reference: some("reference"),
        text: vec!["text".to_owned()],
        id: some("id"),
        account: String::new(),
    }
}

fn open() -> Vec<OpenInvoice> {
    let day = |n| NaiveDate::from_ymd_opt(2026, 3, n).expect("a day");
    (1..=3)
        .map(|n: u8| {
            let (invoice, number) = (InvoiceId::derive(&[&[n]]), format!("2026-000{n}"));
            let reference = CreditorReference::for_invoice(&number, invoice).expect("a reference");
            let amount = Money::from_minor(50_000 * i64::from(n), Currency::EUR);
            OpenInvoice::new(invoice, number, reference, amount, (day(2), day(16)))
                .with_payer(Personal::new("Ada GmbH".to_owned(), "contact_1"))
        })
        .collect()
}

/// Reads `data` as CAMT.053, as a table and as a reference.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let clean = pan::redact(&text).text;
    assert_eq!(pan::redact(&clean).removed, 0, "a card number is left");
    if let Ok(reference) = CreditorReference::parse(&text) {
        let again = CreditorReference::parse(&reference.to_string());
        assert_eq!(again.as_ref(), Ok(&reference));
    }
    let (camt, table) = (read_camt(data), read_table(data, &mapping()));
    for statement in camt.iter().flatten().chain(&table) {
        look(statement);
    }
    let ids = |all: &[Statement]| -> Vec<String> {
        let rows = all.iter().flat_map(|s| s.rows.iter().flatten());
        rows.map(|row| row.id.clone()).collect()
    };
    if let (Ok(first), Ok(again)) = (&camt, &read_camt(data)) {
        assert_eq!(ids(first), ids(again));
    }
}

fn look(statement: &Statement) {
    let open = open();
    let mut seen = std::collections::BTreeSet::new();
    for row in &statement.rows {
        match row {
            Ok(row) => {
                assert!(row.amount.is_positive(), "a row of nothing");
                assert!(seen.insert(&row.id), "two rows of one id");
                let text = row.text.reveal(Purpose::Invoice);
                assert_eq!(text.inspect(|text| pan::redact(text).removed), 0);
                conserved(row, &open);
            }
            Err(error) => assert!(error.to_string().len() < 1_000),
        }
    }
}

fn conserved(row: &Incoming, open: &[OpenInvoice]) {
    let found = find_match(MatchPolicy::default(), row, open);
    let parts = found.allocations().iter().map(|part| part.amount);
    let whole = Money::sum(row.amount.currency(), parts.chain([found.over()]));
    assert_eq!(whole, Ok(row.amount));
    assert!(!found.is_sure() || found.confidence() >= 75);
    assert_eq!(found.facts(row).is_empty(), !found.is_sure());
}

/// Statements of both forms, with references, numbers, card numbers and batches.
pub fn seeds() -> Vec<Vec<u8>> {
    let camt = |rows: &str| {
        format!(
            "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\
             <BkToCstmrStmt><Stmt><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>\
             <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">1.00</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd></Bal>{rows}</Stmt></BkToCstmrStmt></Document>"
        )
    };
    let entry = |amount: &str, details: &str| {
        format!(
            "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><Dt>2026-03-12</Dt></BookgDt><AcctSvcrRef>A1B2C3D4</AcctSvcrRef>\
             <NtryDtls>{details}</NtryDtls></Ntry>"
        )
    };
    let part = |amount: &str, text: &str, reference: &str| {
        format!(
            "<TxDtls><Amt Ccy=\"EUR\">{amount}</Amt><RltdPties><Dbtr><Pty><Nm>Ada &amp; Co</Nm></Pty>\
             </Dbtr><DbtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></DbtrAcct></RltdPties>\
             <RmtInf><Ustrd>{text}</Ustrd><Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf>\
             </Strd></RmtInf></TxDtls>"
        )
    };
    let whole = part("500.00", "2026-0001 thanks &#228;", "RF18539007547034");
    let two = part("1.00", "4242 4242 4242 4242", "") + &part("2.50", "2026-0002", "5555");
    let table = "x\nid;date;from;iban;reference;text;amount;currency\n\
                 A1;12.03.2026;Ada;DE89370400440532013000;RF18539007547034;2026-0001;1.500,00;EUR\n\
                 ;13.03.2026;Bo;;;\"4242 4242 4242 4242\";-3,50;USD\n;14.03.2026;Bo;;;x;7;JPY\n";
    vec![
        camt(&entry("500.00", &whole)).into_bytes(),
        camt(&(entry("3.50", &two) + &entry("7.00", ""))).into_bytes(),
        camt("").into_bytes(),
        table.as_bytes().to_vec(),
        b"RF18 5390 0754 7034".to_vec(),
        b"4242-4242-4242-4242 5555555555554444".to_vec(),
    ]
}
