//! Statements as banks write them. The files are made up.

use chrono::NaiveDate;
use dealwright_core::money::{Currency, Money};
use dealwright_core::personal::Purpose;
use dealwright_payments::bank::{
    BalanceCheck, CreditorReference, Incoming, StatementError, TableMapping, read_camt, read_table,
};

const OLD: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02";

pub(crate) fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn camt(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{OLD}\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id>\
         </Acct>{body}</Stmt></BkToCstmrStmt></Document>"
    )
}

fn balance(code: &str, amount: &str) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
         <CdtDbtInd>CRDT</CdtDbtInd></Bal>"
    )
}

pub(crate) fn entry(amount: &str, direction: &str, status: &str, details: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>\
         <Sts>{status}</Sts><BookgDt><Dt>2026-03-12</Dt></BookgDt>\
         <NtryDtls>{details}</NtryDtls></Ntry>"
    )
}

pub(crate) fn details(text: &str, reference: &str) -> String {
    format!(
        "<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties><Dbtr>\
         <Nm>Ada &amp; Söhne GmbH</Nm></Dbtr><DbtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id>\
         </DbtrAcct></RltdPties><RmtInf><Ustrd>{text}</Ustrd><Strd><CdtrRefInf><Ref>{reference}\
         </Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
    )
}

fn words(row: &Incoming) -> String {
    row.text.reveal(Purpose::Invoice).inspect(String::clone)
}

#[test]
fn a_camt_statement_is_read_row_by_row_and_reckoned() {
    let rows = [
        entry(
            "1190.00",
            "CRDT",
            "BOOK",
            &details("Rechnung 2026-0001", "RF18539007547034"),
        ),
        entry("50.00", "DBIT", "BOOK", ""),
        entry("7.00", "CRDT", "PDNG", ""),
    ];
    let whole = |closing: &str| {
        let balances = balance("OPBD", "100.00") + &balance("CLBD", closing);
        camt(&(balances + &rows.concat()))
    };
    let statements = read_camt(whole("1240.00").as_bytes()).unwrap();
    let statement = &statements[0];
    assert_eq!(statement.account.as_deref(), Some("DE89370400440532013000"));
    assert_eq!(statement.balance, BalanceCheck::Fits);
    assert_eq!((statement.rows.len(), statement.passed_over), (1, 2));
    let row = statement.rows[0].as_ref().unwrap();
    assert_eq!((row.amount, row.booked), (eur(119_000), day("2026-03-12")));
    assert_eq!(
        row.debtor.as_ref().unwrap().reveal(Purpose::Invoice),
        "Ada & Söhne GmbH"
    );
    let iban = row
        .debtor_account
        .as_ref()
        .unwrap()
        .reveal(Purpose::Invoice);
    assert_eq!(iban, "GB29NWBK60161331926819");
    assert_eq!(
        row.reference,
        CreditorReference::parse("RF18539007547034").ok()
    );
    assert_eq!(words(row), "Rechnung 2026-0001");
    // What a person wrote and who they are never shows by itself.
    assert!(!format!("{row:?}").contains("Ada"));
    let off = read_camt(whole("1240.01").as_bytes()).unwrap();
    assert_eq!(off[0].balance, BalanceCheck::Off { by: eur(1) });
}

#[test]
fn newer_versions_batches_and_broken_rows_are_read() {
    let part = |amount: &str, text: &str| {
        format!(
            "<TxDtls><Amt Ccy=\"EUR\">{amount}</Amt><RltdPties><Dbtr><Pty><Nm>Ada</Nm></Pty></Dbtr>\
             </RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
        )
    };
    let batch = |whole: &str| {
        format!(
            "<Ntry><Amt Ccy=\"EUR\">{whole}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <ValDt><DtTm>2026-03-12T08:00:00+01:00</DtTm></ValDt><NtryDtls>{}{}</NtryDtls></Ntry>",
            part("10.00", "one"),
            part("20.50", "two"),
        )
    };
    let good = read_camt(camt(&batch("30.50")).as_bytes()).unwrap();
    let amounts: Vec<Money> = good[0]
        .rows
        .iter()
        .map(|r| r.as_ref().unwrap().amount)
        .collect();
    assert_eq!(amounts, [eur(1_000), eur(2_050)]);
    let broken = [
        (
            batch("30.51"),
            "its parts come to 30.50 EUR, it says 30.51 EUR",
        ),
        (entry("1.234", "CRDT", "BOOK", ""), "more than 2 digits"),
        (entry("-5.00", "CRDT", "BOOK", ""), "`-5.00` is no amount"),
        (entry("5.00", "UP", "BOOK", ""), "`UP` is no direction"),
        (entry("5,00", "CRDT", "BOOK", ""), "`5,00` is no amount"),
    ];
    for (row, says) in broken {
        let between = [
            entry("1.00", "CRDT", "BOOK", ""),
            row,
            entry("2.00", "CRDT", "BOOK", ""),
        ];
        let statement = &read_camt(camt(&between.concat()).as_bytes()).unwrap()[0];
        assert_eq!(statement.rows.len(), 3, "{says}");
        let error = statement.rows[1].as_ref().unwrap_err();
        assert_eq!(error.row(), 2);
        assert!(error.to_string().contains(says), "{error}");
        assert!(statement.rows[0].is_ok() && statement.rows[2].is_ok());
        assert_eq!(statement.balance, BalanceCheck::Untold);
    }
}

#[test]
fn what_is_no_statement_is_refused_with_the_reason() {
    let deep = format!("<Document>{}", "<a>".repeat(10_000));
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]>\
                <Document><BkToCstmrStmt><Stmt>&b;</Stmt></BkToCstmrStmt></Document>";
    let cut = camt(&entry("1.00", "CRDT", "BOOK", ""));
    let cases: [(&[u8], &str); 8] = [
        (b"", "it ends too early"),
        (b"\xff\xfe\x00", "it ends too early"),
        (b"date,amount\n1,2\n", "it ends too early"),
        (b"<Document><Other/></Document>", "no `BkToCstmrStmt`"),
        (b"<Document><BkToCstmrStmt/></Document>", "no `Stmt`"),
        (deep.as_bytes(), "too many elements"),
        (bomb.as_bytes(), "a document type is not taken"),
        (&cut.as_bytes()[..cut.len() - 40], "no whole xml document"),
    ];
    for (bytes, says) in cases {
        let error = read_camt(bytes).unwrap_err().to_string();
        assert!(error.contains(says), "{error} is not about {says}");
    }
    let huge = vec![b' '; 17 * 1024 * 1024];
    assert_eq!(read_camt(&huge).unwrap_err(), StatementError::TooLarge);
}

fn mapping() -> TableMapping {
    serde_json::from_value(serde_json::json!({
        "delimiter": ";", "skip": 2, "date": "Buchungstag", "date_format": "%d.%m.%Y",
        "amount": "Betrag", "decimal_comma": true, "currency": "Währung",
        "debtor": "Name", "debtor_account": "IBAN", "text": ["Zweck", "Zweck 2"],
    }))
    .unwrap()
}

const TABLE: &str = "Umsätze\nKonto 1\nBuchungstag;Name;IBAN;Zweck;Zweck 2;Betrag;Währung\n\
    12.03.2026;Ada Söhne;DE89 3704 0044 0532 0130 00;Rechnung;2026-0001;1.190,00;EUR\n\
    13.03.2026;Bank;;Gebühr;;-3,50;EUR\n\
    14.03.2026;Bo;;x;;12.34;EUR\n\
    \n\
    15.03.2026;Bo;;\"two\nlines\";;1;EUR\n\
    32.03.2026;Bo;;x;;1,00;EUR\n\
    16.03.2026;Bo;;x;;1,00;XXX\n";

#[test]
fn a_table_is_read_by_its_mapping_in_either_encoding() {
    let utf8 = read_table(TABLE.as_bytes(), &mapping()).unwrap();
    let latin: Vec<u8> = TABLE
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let old = read_table(&latin, &mapping()).unwrap();
    for statement in [&utf8, &old] {
        assert_eq!(statement.passed_over, 1, "a fee is no income");
        let good: Vec<&Incoming> = statement.rows.iter().flatten().collect();
        assert_eq!(good.len(), 2);
        assert_eq!(good[0].amount, eur(119_000));
        assert_eq!(words(good[0]), "Rechnung 2026-0001");
        assert_eq!(
            good[0].debtor.as_ref().unwrap().reveal(Purpose::Invoice),
            "Ada Söhne"
        );
        assert!(good[0].debtor_account.is_some());
        assert_eq!(words(good[1]), "two lines");
        let bad: Vec<String> = statement
            .rows
            .iter()
            .filter_map(|row| row.as_ref().err().map(ToString::to_string))
            .collect();
        assert_eq!(
            bad,
            [
                "row 6: `12.34` is no amount",
                "row 10: `32.03.2026` is no date",
                "row 11: `XXX` is not a currency of ISO 4217; use a three-letter code such as EUR",
            ]
        );
    }
    let ids = |s: &dealwright_payments::bank::Statement| -> Vec<String> {
        s.rows.iter().flatten().map(|row| row.id.clone()).collect()
    };
    assert_eq!(ids(&utf8), ids(&old));
}

#[test]
fn equal_rows_are_two_and_the_same_row_twice_is_one() {
    let rows = "date,from,text,amount\n2026-03-12,Ada,x,5.00\n2026-03-12,Ada,x,5.00\n";
    let mapping: TableMapping = serde_json::from_value(serde_json::json!({
        "date": "date", "date_format": "%Y-%m-%d", "amount": "amount", "currency": "EUR",
        "debtor": "from", "text": ["text"],
    }))
    .unwrap();
    let ids = |text: &str| -> Vec<String> {
        let statement = read_table(text.as_bytes(), &mapping).unwrap();
        statement
            .rows
            .iter()
            .flatten()
            .map(|row| row.id.clone())
            .collect()
    };
    let both = ids(rows);
    assert_ne!(both[0], both[1]);
    assert_eq!(ids(&format!("{rows}2026-03-13,Bo,y,1.00\n"))[..2], both);
}

#[test]
fn a_mapping_that_does_not_fit_says_what_there_is() {
    let mut wrong = mapping();
    wrong.date = "Datum".to_owned();
    let error = read_table(TABLE.as_bytes(), &wrong)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no column `Datum`") && error.contains("`Buchungstag`"),
        "{error}"
    );
    let mut both = mapping();
    both.credit = Some("Haben".to_owned());
    assert!(matches!(
        read_table(TABLE.as_bytes(), &both),
        Err(StatementError::Mapping(_))
    ));
}

// covers: FI-5
#[test]
fn card_numbers_in_statements_are_taken_out_and_counted() {
    let row = details("paid with 4242 4242 4242 4242 thanks", "5555555555554444");
    let file = camt(&entry("1.00", "CRDT", "BOOK", &row));
    let statement = &read_camt(file.as_bytes()).unwrap()[0];
    assert_eq!(statement.card_numbers, 2);
    let text = words(statement.rows[0].as_ref().unwrap());
    assert!(!text.contains("4242") && !text.contains("5555"), "{text}");
    let broken = entry("4242424242424242x", "CRDT", "BOOK", "");
    let statement = &read_camt(camt(&broken).as_bytes()).unwrap()[0];
    let error = statement.rows[0].as_ref().unwrap_err().to_string();
    assert!(!error.contains("42424242424242421"), "{error}");
}
