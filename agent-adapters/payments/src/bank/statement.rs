use chrono::NaiveDate;
use dealwright_core::canonical::Digest32;
use dealwright_core::money::{Money, MoneyError};
use dealwright_core::party::Iban;
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::text::Untrusted;

use super::reference::CreditorReference;
use crate::pan;

/// A statement has fewer; what has more is not one.
pub(super) const BYTES: usize = 16 * 1024 * 1024;
/// Rows of a statement.
pub(super) const ENTRIES: usize = 100_000;
/// Characters of a text that are kept.
const TEXT: usize = 2_000;

/// What a bank says of an account, row by row.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Statement {
    /// The account: its IBAN, where it is told.
    pub account: Option<String>,
    /// Its rows. One that cannot be read stands in its place as an error.
    pub rows: Vec<Result<Incoming, RowError>>,
    /// Rows that are no income: debits, and what is not booked yet.
    pub passed_over: usize,
    /// Whether the opening balance and the booked rows come to the closing balance.
    pub balance: BalanceCheck,
    /// Card numbers that were found in texts and taken out. Anything above 0 is to be reported.
    pub card_numbers: usize,
}

/// Whether a statement is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever imports must decide every case"
)]
pub enum BalanceCheck {
    /// It names no balances.
    Untold,
    /// They fit.
    Fits,
    /// They do not: rows are missing or were read wrongly.
    Off {
        /// The closing balance less what was reckoned.
        by: Money,
    },
}

/// Money that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incoming {
    /// What it is known by: the bank's own id, or a hash of all that the row says. The same row
    /// in two statements has the same id.
    pub id: String,
    /// When it was booked.
    pub booked: NaiveDate,
    /// How much.
    pub amount: Money,
    /// Who paid.
    pub debtor: Option<Personal<String>>,
    /// From which account, where it is an IBAN.
    pub debtor_account: Option<Personal<String>>,
    /// The reference that was named as such.
    pub reference: Option<CreditorReference>,
    /// What they wrote.
    pub text: Personal<Untrusted<String>>,
    /// Whether it is a payment that came back to us: no client paid it.
    pub reversal: bool,
}

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {what}")]
pub struct RowError {
    pub(super) row: usize,
    pub(super) what: RowProblem,
}

impl RowError {
    /// Its place in the statement, from 1; in a table, the line of the file.
    #[must_use]
    pub fn row(&self) -> usize {
        self.row
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &RowProblem {
        &self.what
    }
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// Something that every row has is not there.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// Something that cannot be read as what it should be.
    #[error("`{text}` is no {what}")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// How it begins.
        text: String,
    },
    /// The parts of a batch do not come to its sum.
    #[error("its parts come to {parts}, it says {whole}")]
    Parts {
        /// What they come to.
        parts: Money,
        /// What the row says.
        whole: Money,
    },
    /// An amount that cannot be.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Why a file was not read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Larger than any statement.
    #[error("the file has more than {BYTES} bytes; import statements one by one")]
    TooLarge,
    /// More rows than any statement.
    #[error("the file has more than {ENTRIES} rows; import statements one by one")]
    TooMany,
    /// Not XML, or cut off.
    #[error("the file is no whole xml document: {why}")]
    Xml {
        /// What is wrong and where.
        why: String,
    },
    /// XML, and no bank statement.
    #[error("the file is no camt.053 statement: it has no `{missing}`")]
    NotCamt {
        /// What is not there.
        missing: &'static str,
    },
    /// The table does not have what the mapping names.
    #[error("the table has no column `{column}`; its columns are {columns}")]
    Column {
        /// What was looked for.
        column: String,
        /// What there is.
        columns: String,
    },
    /// A mapping that cannot be used.
    #[error("the mapping {0}")]
    Mapping(&'static str),
}

/// The text of a file: by its byte order mark, else UTF-8 where it is, else Windows-1252, which
/// is what banks write where they do not write UTF-8.
pub(super) fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let rest = bytes.get(mark..).unwrap_or_default();
        return encoding.decode_without_bom_handling(rest).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}

pub(super) fn excerpt(text: &str) -> String {
    let plain = text.chars().filter(|c| !c.is_control()).take(40);
    pan::clean(&plain.collect::<String>())
}

pub(super) fn unreadable(what: &'static str, text: &str) -> RowProblem {
    RowProblem::Unreadable {
        what,
        text: excerpt(text),
    }
}

/// What a row says, as text.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) bank_id: String,
    pub(super) debtor: String,
    pub(super) debtor_account: String,
    pub(super) reference: String,
    pub(super) text: String,
    pub(super) reversal: bool,
}

/// Makes rows, and ids that tell two equal rows of one statement apart.
#[derive(Debug, Default)]
pub(super) struct Maker {
    seen: std::collections::BTreeMap<String, u64>,
    pub(super) card_numbers: usize,
}

impl Maker {
    pub(super) fn make(
        &mut self,
        account: &str,
        booked: NaiveDate,
        amount: Money,
        raw: Raw,
    ) -> Incoming {
        let mut text = |text: &str| {
            let kept: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let cleaned = pan::redact(&kept.chars().take(TEXT).collect::<String>());
            self.card_numbers += cleaned.removed;
            cleaned.text
        };
        let reference = CreditorReference::parse(&raw.reference).ok();
        // A structured reference of another form is a text like any other; joined before card
        // numbers are looked for, since one may stand across the two.
        let words = match &reference {
            Some(_) => text(&raw.text),
            None => text(&format!("{} {}", raw.reference, raw.text)),
        };
        let (debtor, bank_id) = (text(&raw.debtor), text(&raw.bank_id));
        let iban: String = raw
            .debtor_account
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .take(40)
            .collect();
        let (amount_text, booked_text) = (amount.to_string(), booked.to_string());
        // A bank's own id is unique in its account; `NOTPROVIDED` and the like are none.
        let named = bank_id.len() >= 6 && bank_id.bytes().any(|b| b.is_ascii_digit());
        let parts: Vec<&str> = if named {
            vec!["bank", account, &bank_id, &amount_text]
        } else {
            vec![
                "row",
                account,
                &booked_text,
                &amount_text,
                &debtor,
                &iban,
                &raw.reference,
                &words,
            ]
        };
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        let hash = Digest32::of_parts(&parts).to_hex();
        let again = self.seen.entry(hash.clone()).or_insert(0);
        let id = format!("{}-{again}", hash.get(..32).unwrap_or(&hash));
        *again += 1;
        // Whose a payment is, is known by its row alone.
        let subject = format!("payment-{id}");
        let personal = |value: String| {
            Some(value)
                .filter(|value| !value.is_empty())
                .map(|value| Personal::new(value, subject.as_str()).only_for([Purpose::Invoice]))
        };
        Incoming {
            booked,
            amount,
            debtor: personal(debtor),
            debtor_account: personal(iban)
                .filter(|iban| Iban::parse(iban.reveal(Purpose::Invoice)).is_ok()),
            reference,
            text: Personal::new(Untrusted::new(words), subject.as_str())
                .only_for([Purpose::Invoice]),
            reversal: raw.reversal,
            id,
        }
    }
}
