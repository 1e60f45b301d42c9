//! Statements as tables: the CSV files that banks offer, each in a form of its own.

use chrono::NaiveDate;
use dealwright_core::money::{Currency, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::statement::{
    BYTES, BalanceCheck, ENTRIES, Incoming, Maker, Raw, RowError, RowProblem, Statement,
    StatementError, decode, excerpt, unreadable,
};

/// How a bank writes its table, before it is checked.
///
/// ```
/// use dealwright_payments::bank::{TableMapping, read_table};
/// let mapping: TableMapping = serde_json::from_str(r#"{
///     "delimiter": ";", "skip": 1, "date": "Buchungstag", "date_format": "%d.%m.%Y",
///     "amount": "Betrag", "decimal_comma": true, "currency": "EUR",
///     "debtor": "Auftraggeber", "text": ["Verwendungszweck"]
/// }"#)?;
/// let file = "Umsaetze\nBuchungstag;Auftraggeber;Verwendungszweck;Betrag\n\
///             02.03.2026;Ada GmbH;Rechnung 2026-0001;1.190,00\n";
/// let statement = read_table(file.as_bytes(), &mapping)?;
/// let row = statement.rows[0].as_ref().unwrap();
/// assert_eq!(row.amount.to_string(), "1190.00 EUR");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableMapping {
    /// What stands between fields.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Lines before the one with the columns' names, at most 100.
    #[serde(default)]
    pub skip: usize,
    /// The column of the booking date.
    pub date: String,
    /// How it is written, such as `%d.%m.%Y`.
    pub date_format: String,
    /// The column of the amount, below zero for debits. Where there is none, `credit` is.
    #[serde(default)]
    pub amount: Option<String>,
    /// The column of what came in, where debits have one of their own.
    #[serde(default)]
    pub credit: Option<String>,
    /// Whether amounts are written `1.234,56`.
    #[serde(default)]
    pub decimal_comma: bool,
    /// The currency's code, or the column that has it.
    pub currency: String,
    /// The column of who paid.
    #[serde(default)]
    pub debtor: Option<String>,
    /// The column of their account.
    #[serde(default)]
    pub debtor_account: Option<String>,
    /// The column of a reference that is named as such.
    #[serde(default)]
    pub reference: Option<String>,
    /// The columns of what they wrote.
    #[serde(default)]
    pub text: Vec<String>,
    /// The column of the bank's own id of the row.
    #[serde(default)]
    pub id: Option<String>,
    /// The IBAN of the account, so that rows of two accounts differ.
    #[serde(default)]
    pub account: String,
}

fn comma() -> char {
    ','
}

/// Reads a table of bank rows by a mapping: UTF-8 where it is, else Windows-1252.
///
/// # Errors
///
/// [`StatementError`] where the file does not have what the mapping names; a row that cannot be
/// read stands in its place as an error, with the line of the file.
pub fn read_table(bytes: &[u8], mapping: &TableMapping) -> Result<Statement, StatementError> {
    if bytes.len() > BYTES {
        return Err(StatementError::TooLarge);
    }
    if mapping.skip > 100 {
        return Err(StatementError::Mapping("skips more than 100 lines"));
    }
    if mapping.amount.is_some() == mapping.credit.is_some() {
        return Err(StatementError::Mapping(
            "needs one of `amount` and `credit`, and not both",
        ));
    }
    let delimiter = u8::try_from(mapping.delimiter)
        .ok()
        .filter(|b| b.is_ascii() && !matches!(b, b'"' | b'\r' | b'\n'))
        .ok_or(StatementError::Mapping(
            "needs a plain character between fields",
        ))?;
    let text = decode(bytes);
    let mut rest = text.as_str();
    for _ in 0..mapping.skip {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(rest.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let columns = Columns::find(&header, mapping)?;
    let mut maker = Maker::default();
    let mut statement = Statement {
        account: Some(mapping.account.clone()).filter(|a| !a.is_empty()),
        rows: Vec::new(),
        passed_over: 0,
        balance: BalanceCheck::Untold,
        card_numbers: 0,
    };
    let mut record = csv::StringRecord::new();
    loop {
        let before = reader.position().line();
        let line = |line: u64| usize::try_from(line).unwrap_or(usize::MAX) + mapping.skip;
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => {
                let row = line(before);
                let what = RowProblem::Missing("end of a quoted field");
                statement.rows.push(Err(RowError { row, what }));
                break;
            }
        }
        if statement.rows.len() + statement.passed_over >= ENTRIES {
            return Err(StatementError::TooMany);
        }
        let row = line(record.position().map_or(before, csv::Position::line));
        match columns.read(&record, mapping, &mut maker) {
            Ok(Some(incoming)) => statement.rows.push(Ok(incoming)),
            Ok(None) => statement.passed_over += 1,
            Err(what) => statement.rows.push(Err(RowError { row, what })),
        }
    }
    statement.card_numbers = maker.card_numbers;
    Ok(statement)
}

/// Where the mapping's columns stand.
struct Columns {
    date: usize,
    amount: usize,
    /// None where the mapping names the currency itself.
    currency: Option<usize>,
    debtor: Option<usize>,
    debtor_account: Option<usize>,
    reference: Option<usize>,
    text: Vec<usize>,
    id: Option<usize>,
}

impl Columns {
    fn find(header: &csv::StringRecord, mapping: &TableMapping) -> Result<Self, StatementError> {
        let place = |column: &str| {
            let mut names = header.iter();
            names
                .position(|name| name.eq_ignore_ascii_case(column.trim()))
                .ok_or_else(|| StatementError::Column {
                    column: excerpt(column),
                    columns: header
                        .iter()
                        .take(30)
                        .map(|name| format!("`{}`", excerpt(name)))
                        .collect::<Vec<_>>()
                        .join(", "),
                })
        };
        let optional = |column: &Option<String>| column.as_deref().map(place).transpose();
        let amount = mapping.amount.as_deref().or(mapping.credit.as_deref());
        Ok(Self {
            date: place(&mapping.date)?,
            amount: place(amount.unwrap_or_default())?,
            currency: match Currency::parse(&mapping.currency) {
                Ok(_) => None,
                Err(_) => Some(place(&mapping.currency)?),
            },
            debtor: optional(&mapping.debtor)?,
            debtor_account: optional(&mapping.debtor_account)?,
            reference: optional(&mapping.reference)?,
            text: mapping
                .text
                .iter()
                .map(|c| place(c))
                .collect::<Result<_, _>>()?,
            id: optional(&mapping.id)?,
        })
    }

    /// A row of income; `None` for a debit and for a line of nothing.
    fn read(
        &self,
        record: &csv::StringRecord,
        mapping: &TableMapping,
        maker: &mut Maker,
    ) -> Result<Option<Incoming>, RowProblem> {
        let field = |place: usize| record.get(place).unwrap_or_default().trim();
        let some = |place: Option<usize>| place.map(field).unwrap_or_default();
        if record.iter().all(|field| field.trim().is_empty()) {
            return Ok(None);
        }
        let amount = field(self.amount);
        // Where debits have a column of their own, theirs is the row.
        if amount.is_empty() && mapping.credit.is_some() {
            return Ok(None);
        }
        let number = number(amount, mapping.decimal_comma)?;
        let currency = match self.currency {
            None => mapping.currency.as_str(),
            Some(place) => field(place),
        };
        let amount = Money::new(number, Currency::parse(currency)?)?;
        let date = field(self.date);
        let booked = NaiveDate::parse_from_str(date, &mapping.date_format)
            .map_err(|_| unreadable("date", date))?;
        if !amount.is_positive() {
            return Ok(None);
        }
        let words: Vec<&str> = self.text.iter().map(|place| field(*place)).collect();
        let raw = Raw {
            bank_id: some(self.id).to_owned(),
            debtor: some(self.debtor).to_owned(),
            debtor_account: some(self.debtor_account).to_owned(),
            reference: some(self.reference).to_owned(),
            text: words.join(" "),
            reversal: false,
        };
        Ok(Some(maker.make(&mapping.account, booked, amount, raw)))
    }
}

/// Reads `1.234,56`, `1,234.56`, `1'234.56`, `+12`, `-3.50` and `3.50-`. What could be read in two
/// ways is refused: a thousand must have three digits after it.
fn number(text: &str, decimal_comma: bool) -> Result<Decimal, RowProblem> {
    let wrong = || unreadable("amount", text);
    let (minus, digits) = match (text.strip_prefix('-'), text.strip_suffix('-')) {
        (Some(rest), _) | (None, Some(rest)) => (true, rest),
        (None, None) => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.trim();
    let (point, group) = if decimal_comma {
        (',', '.')
    } else {
        ('.', ',')
    };
    let (whole, part) = match digits.split_once(point) {
        Some((whole, part)) => (whole, Some(part)),
        None => (digits, None),
    };
    let groups: Vec<&str> = whole
        .split([group, '\'', ' ', '\u{a0}', '\u{202f}', '\u{2019}'])
        .collect();
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let first = groups.first().is_some_and(|first| plain(first));
    let grouped = groups.len() == 1
        || groups.first().is_some_and(|first| first.len() <= 3)
            && groups
                .iter()
                .skip(1)
                .all(|group| plain(group) && group.len() == 3);
    if !first || !grouped || part.is_some_and(|part| !plain(part)) {
        return Err(wrong());
    }
    let text = match part {
        Some(part) => format!("{}.{part}", groups.concat()),
        None => groups.concat(),
    };
    let number = Decimal::from_str_exact(&text).map_err(|_| wrong())?;
    Ok(if minus { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_banks_write_them_or_not_at_all() {
        let rows = [
            ("1.234,56", true, Some("1234.56")),
            ("1234,56", true, Some("1234.56")),
            ("-1.234.567,8", true, Some("-1234567.8")),
            ("12,00-", true, Some("-12.00")),
            ("1,234.56", false, Some("1234.56")),
            ("+7", false, Some("7")),
            ("1'234.50", false, Some("1234.50")),
            ("1 234,50", true, Some("1234.50")),
            // A point where a comma was said to be: 12.34 is not 1234.
            ("12.34", true, None),
            ("1,23", false, None),
            ("1234.567,00", true, None),
            ("", true, None),
            ("-", true, None),
            ("1,2,3", true, None),
            ("1e5", false, None),
            ("0x10", false, None),
            ("NaN", false, None),
            ("99999999999999999999999999999999", false, None),
        ];
        for (text, comma, wanted) in rows {
            let read = number(text, comma).ok().map(|n| n.to_string());
            assert_eq!(read.as_deref(), wanted, "{text}");
        }
    }
}
