//! CAMT.053, the bank-to-customer statement of ISO 20022, in its versions 2 to 13.

use chrono::NaiveDate;
use dealwright_core::money::{Currency, Money};
use quick_xml::Reader;
use quick_xml::events::Event;
use rust_decimal::Decimal;

use super::statement::{
    BYTES, BalanceCheck, ENTRIES, Incoming, Maker, Raw, RowError, RowProblem, Statement,
    StatementError, decode, excerpt, unreadable,
};

/// A statement's elements nest about fifteen deep.
const DEPTH: usize = 48;
/// Elements of a file.
const NODES: usize = 4_000_000;

/// Reads every statement of a CAMT.053 file.
///
/// Rows that are booked and credited are income; a batch is read by its parts. Namespaces and
/// versions do not matter, document types and entities are refused or left as they are, and
/// nothing outside the file is read.
///
/// # Errors
///
/// [`StatementError`] where the file is none at all; a row that cannot be read stands in its
/// place as an error.
pub fn read_camt(bytes: &[u8]) -> Result<Vec<Statement>, StatementError> {
    if bytes.len() > BYTES {
        return Err(StatementError::TooLarge);
    }
    let root = tree(bytes)?;
    let message = root.child("BkToCstmrStmt").ok_or(StatementError::NotCamt {
        missing: "BkToCstmrStmt",
    })?;
    let mut rows = 0;
    let mut statements = Vec::new();
    for node in message.children("Stmt") {
        let statement = statement(node);
        rows += statement.rows.len() + statement.passed_over;
        if rows > ENTRIES {
            return Err(StatementError::TooMany);
        }
        statements.push(statement);
    }
    if statements.is_empty() {
        return Err(StatementError::NotCamt { missing: "Stmt" });
    }
    Ok(statements)
}

fn statement(node: &Node) -> Statement {
    let account = node
        .at(&["Acct", "Id", "IBAN"])
        .or_else(|| node.at(&["Acct", "Id", "Othr", "Id"]));
    let account = account.map(|found| found.chars().take(40).collect::<String>());
    let mut maker = Maker::default();
    let mut statement = Statement {
        rows: Vec::new(),
        passed_over: 0,
        balance: BalanceCheck::Untold,
        card_numbers: 0,
        account,
    };
    let name = statement.account.clone().unwrap_or_default();
    let mut booked: Option<Vec<Money>> = Some(Vec::new());
    for (row, entry) in (1..).zip(node.children("Ntry")) {
        match read_entry(entry) {
            Ok(entry) => {
                if let Some(all) = &mut booked
                    && entry.is_booked
                {
                    all.push(entry.signed);
                }
                if !entry.is_booked || !entry.signed.is_positive() {
                    statement.passed_over += 1;
                    continue;
                }
                for part in entry.parts {
                    let incoming: Result<Incoming, RowProblem> =
                        part.map(|(amount, raw)| maker.make(&name, entry.date, amount, raw));
                    statement
                        .rows
                        .push(incoming.map_err(|what| RowError { row, what }));
                }
            }
            Err(what) => {
                booked = None;
                statement.rows.push(Err(RowError { row, what }));
            }
        }
    }
    statement.card_numbers = maker.card_numbers;
    if let Some(booked) = booked {
        statement.balance = balance(node, &booked);
    }
    statement
}

struct Entry {
    is_booked: bool,
    date: NaiveDate,
    signed: Money,
    parts: Vec<Result<(Money, Raw), RowProblem>>,
}

fn read_entry(node: &Node) -> Result<Entry, RowProblem> {
    let whole = amount(node.child("Amt"))?;
    let credit = is_credit(node)?;
    let signed = if credit { whole } else { whole.checked_neg()? };
    let status = node.at(&["Sts", "Cd"]).or_else(|| node.at(&["Sts"]));
    let status = status.ok_or(RowProblem::Missing("status"))?;
    let date = date(node)?;
    let reversal = node
        .at(&["RvslInd"])
        .is_some_and(|text| matches!(text, "true" | "1"));
    let details: Vec<&Node> = node
        .children("NtryDtls")
        .flat_map(|details| details.children("TxDtls"))
        .collect();
    let mut parts = Vec::new();
    match details.as_slice() {
        [] => parts.push(Ok((whole, raw(node, node, reversal)))),
        // The only part of a row is the row, whatever it came from in another currency.
        [only] => parts.push(Ok((whole, raw(node, only, reversal)))),
        several => {
            let mut sum = Money::zero(whole.currency());
            for part in several {
                let found = part.child("Amt").or_else(|| {
                    let amount = part.child("AmtDtls")?;
                    amount.child("TxAmt")?.child("Amt")
                });
                let found = amount(found)?;
                sum = sum.checked_add(found)?;
                parts.push(Ok((found, raw(node, part, reversal))));
            }
            if sum != whole {
                return Err(RowProblem::Parts { parts: sum, whole });
            }
        }
    }
    Ok(Entry {
        is_booked: status == "BOOK",
        date,
        signed,
        parts,
    })
}

fn raw(entry: &Node, part: &Node, reversal: bool) -> Raw {
    let text = |node: &Node, path: &[&str]| node.at(path).unwrap_or_default().to_owned();
    let debtor = part
        .at(&["RltdPties", "Dbtr", "Pty", "Nm"])
        .or_else(|| part.at(&["RltdPties", "Dbtr", "Nm"]))
        .or_else(|| part.at(&["RltdPties", "UltmtDbtr", "Pty", "Nm"]))
        .or_else(|| part.at(&["RltdPties", "UltmtDbtr", "Nm"]));
    let mut words: Vec<&str> = part
        .child("RmtInf")
        .into_iter()
        .flat_map(|info| info.children("Ustrd"))
        .map(|node| node.text.trim())
        .collect();
    if words.is_empty() {
        words.extend(entry.at(&["AddtlNtryInf"]));
    }
    // The payer's own reference is where many put the invoice's number.
    words.extend(
        part.at(&["Refs", "EndToEndId"])
            .filter(|id| *id != "NOTPROVIDED"),
    );
    let own = part.at(&["Refs", "AcctSvcrRef"]);
    let bank_id = own.or_else(|| entry.at(&["AcctSvcrRef"]));
    Raw {
        bank_id: bank_id.unwrap_or_default().to_owned(),
        debtor: debtor.unwrap_or_default().to_owned(),
        debtor_account: text(part, &["RltdPties", "DbtrAcct", "Id", "IBAN"]),
        reference: text(part, &["RmtInf", "Strd", "CdtrRefInf", "Ref"]),
        text: words.join(" "),
        reversal,
    }
}

fn amount(node: Option<&Node>) -> Result<Money, RowProblem> {
    let node = node.ok_or(RowProblem::Missing("amount"))?;
    let currency = node.currency.as_deref();
    let currency = Currency::parse(currency.ok_or(RowProblem::Missing("currency"))?)?;
    let text = node.text.trim();
    let number = Decimal::from_str_exact(text).map_err(|_| unreadable("amount", text))?;
    // The direction stands in its own element, never in the amount.
    if number.is_sign_negative() && !number.is_zero() {
        return Err(unreadable("amount", text));
    }
    Ok(Money::new(number, currency)?)
}

fn is_credit(node: &Node) -> Result<bool, RowProblem> {
    match node.at(&["CdtDbtInd"]) {
        Some("CRDT") => Ok(true),
        Some("DBIT") => Ok(false),
        Some(other) => Err(unreadable("direction", other)),
        None => Err(RowProblem::Missing("direction")),
    }
}

fn date(node: &Node) -> Result<NaiveDate, RowProblem> {
    let found = ["BookgDt", "ValDt"].iter().find_map(|name| {
        let node = node.child(name)?;
        node.at(&["Dt"]).or_else(|| node.at(&["DtTm"]))
    });
    let text = found.ok_or(RowProblem::Missing("date"))?;
    let day = text.get(..10).unwrap_or(text);
    NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| unreadable("date", text))
}

fn balance(node: &Node, booked: &[Money]) -> BalanceCheck {
    let of = |codes: [&str; 2]| {
        let mut all = node.children("Bal");
        let found = all.find(|balance| {
            balance
                .at(&["Tp", "CdOrPrtry", "Cd"])
                .is_some_and(|code| codes.contains(&code))
        })?;
        let whole = amount(found.child("Amt")).ok()?;
        match is_credit(found).ok()? {
            true => Some(whole),
            false => whole.checked_neg().ok(),
        }
    };
    let (Some(opening), Some(closing)) = (of(["OPBD", "PRCD"]), of(["CLBD", "CLBD"])) else {
        return BalanceCheck::Untold;
    };
    let reckoned = booked
        .iter()
        .try_fold(opening, |sum, amount| sum.checked_add(*amount));
    match reckoned.and_then(|sum| closing.checked_sub(sum)) {
        Ok(by) if by.is_zero() => BalanceCheck::Fits,
        Ok(by) => BalanceCheck::Off { by },
        Err(_) => BalanceCheck::Untold,
    }
}

/// One element, without its namespace.
#[derive(Debug, Default)]
struct Node {
    name: String,
    currency: Option<String>,
    text: String,
    nodes: Vec<Node>,
}

impl Node {
    fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().filter(move |node| node.name == name)
    }

    fn child(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The text at the end of a path, where there is any.
    fn at(&self, path: &[&str]) -> Option<&str> {
        let node = path.iter().try_fold(self, |node, name| node.child(name))?;
        Some(node.text.trim()).filter(|text| !text.is_empty())
    }
}

fn tree(bytes: &[u8]) -> Result<Node, StatementError> {
    let broken = |why: &str, at: u64| StatementError::Xml {
        why: format!("{} at byte {at}", excerpt(why)),
    };
    let text = decode(bytes);
    let mut reader = Reader::from_str(&text);
    let mut open: Vec<Node> = Vec::new();
    let mut nodes = 0_usize;
    loop {
        let at = reader.buffer_position();
        let event = reader
            .read_event()
            .map_err(|error| broken(&error.to_string(), at))?;
        match event {
            Event::Start(start) | Event::Empty(start) if open.len() >= DEPTH || nodes >= NODES => {
                let _ = start;
                return Err(broken("too many elements", at));
            }
            Event::Start(start) => {
                nodes += 1;
                open.push(begin(&start));
            }
            Event::Empty(start) => {
                nodes += 1;
                match open.last_mut() {
                    Some(parent) => parent.nodes.push(begin(&start)),
                    None => return Ok(begin(&start)),
                }
            }
            Event::End(_) => {
                let Some(done) = open.pop() else {
                    return Err(broken("an element ends that did not begin", at));
                };
                match open.last_mut() {
                    Some(parent) => parent.nodes.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(text) => {
                append(&mut open, &text);
            }
            Event::CData(text) => {
                append(&mut open, &text);
            }
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                let plain = match name {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => "",
                };
                match reference.resolve_char_ref() {
                    Ok(Some(c)) => append(&mut open, &c.to_string()),
                    // Entities of the file's own are not expanded.
                    _ => append(&mut open, plain),
                }
            }
            Event::DocType(_) => return Err(broken("a document type is not taken", at)),
            Event::Eof => return Err(broken("it ends too early", at)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn begin(start: &quick_xml::events::BytesStart<'_>) -> Node {
    let currency = start.attributes().flatten().find_map(|attribute| {
        let is = attribute.key.local_name().as_ref() == "Ccy";
        is.then(|| attribute.value.into_owned())
    });
    Node {
        name: start.local_name().as_ref().to_owned(),
        currency,
        text: String::new(),
        nodes: Vec::new(),
    }
}

fn append(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}
