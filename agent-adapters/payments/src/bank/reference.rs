use std::fmt;
use std::str::FromStr;

use dealwright_core::id::InvoiceId;

/// A creditor reference by ISO 11649: `RF`, two check digits, and up to 21 letters and digits.
///
/// ```
/// use dealwright_payments::bank::CreditorReference;
/// let reference = CreditorReference::parse("RF18 5390 0754 7034")?;
/// assert_eq!(reference.as_str(), "RF18539007547034");
/// assert_eq!(reference.to_string(), "RF18 5390 0754 7034");
/// assert_eq!(CreditorReference::new("539007547034")?, reference);
/// assert!(CreditorReference::parse("RF18 5390 0754 7043").is_err());
/// # Ok::<(), dealwright_payments::bank::ReferenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditorReference(String);

/// Why a text is no creditor reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// Not `RF`, digits and a body.
    #[error("a creditor reference is `RF`, two digits and 1 to 21 letters and digits")]
    Form,
    /// Mistyped.
    #[error("the check digits of the creditor reference are wrong; it was mistyped")]
    CheckDigits,
}

const BODY: usize = 21;

impl CreditorReference {
    /// The reference with this body; small letters are made large.
    ///
    /// # Errors
    ///
    /// [`ReferenceError::Form`] for other characters or lengths.
    pub fn new(body: &str) -> Result<Self, ReferenceError> {
        let body = body.to_ascii_uppercase();
        let clean = body.bytes().all(|b| b.is_ascii_alphanumeric());
        if !(1..=BODY).contains(&body.len()) || !clean {
            return Err(ReferenceError::Form);
        }
        let rest = remainder(&format!("{body}RF00")).ok_or(ReferenceError::Form)?;
        Ok(Self(format!("RF{:02}{body}", 98 - rest)))
    }

    /// Reads a reference; blanks do not count.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`].
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        // Printed in groups of four, it has 31 characters.
        if text.len() > 64 {
            return Err(ReferenceError::Form);
        }
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let rest = text.strip_prefix("RF").ok_or(ReferenceError::Form)?;
        let (digits, body) = rest.split_at_checked(2).ok_or(ReferenceError::Form)?;
        let numeric = digits.bytes().all(|b| b.is_ascii_digit());
        let clean = body.bytes().all(|b| b.is_ascii_alphanumeric());
        if !numeric || !clean || !(1..=BODY).contains(&body.len()) {
            return Err(ReferenceError::Form);
        }
        if remainder(&format!("{body}RF{digits}")) != Some(1) {
            return Err(ReferenceError::CheckDigits);
        }
        Ok(Self(text))
    }

    /// The reference of an invoice: its number without its separators, so that people know it
    /// again, and four characters of its id, so that `1-11` and `11-1` differ.
    ///
    /// # Errors
    ///
    /// [`ReferenceError::Form`], which no invoice number brings about.
    pub fn for_invoice(number: &str, invoice: InvoiceId) -> Result<Self, ReferenceError> {
        let id = invoice.uuid().as_u128() % 36_u128.pow(4);
        let tail: String = (0..4)
            .rev()
            .filter_map(|place| {
                let digit = u32::try_from(id / 36_u128.pow(place) % 36).ok()?;
                char::from_digit(digit, 36)
            })
            .collect();
        let head = number
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(BODY - tail.len());
        Self::new(&format!("{}{tail}", head.collect::<String>()))
    }

    /// Without blanks, as it stands in a payment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CreditorReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for CreditorReference {
    /// In groups of four, as it is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, c) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

/// ISO 7064, MOD 97-10: letters count 10 to 35.
fn remainder(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        let scale = if value < 10 { 10 } else { 100 };
        Some((rest * scale + value) % 97)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_examples_are_read_and_made() {
        // ISO 11649 and the European Payments Council's guidance.
        for text in [
            "RF18539007547034",
            "RF18000000000539007547034",
            "RF712348231",
            "rf45G72UUR",
        ] {
            let reference = CreditorReference::parse(text).unwrap();
            let body = &reference.as_str()[4..];
            assert_eq!(CreditorReference::new(body).as_ref(), Ok(&reference));
            assert_eq!(
                CreditorReference::parse(&reference.to_string()),
                Ok(reference)
            );
        }
        for text in [
            "",
            "RF",
            "RF18",
            "XX18539007547034",
            "RF1853900754703ü",
            "RF1A5390",
        ] {
            assert_eq!(
                CreditorReference::parse(text),
                Err(ReferenceError::Form),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_that_differ_only_in_separators_have_references_of_their_own() {
        let id = |n: &str| InvoiceId::derive(&[n.as_bytes()]);
        let of = |n: &str| CreditorReference::for_invoice(n, id(n)).unwrap();
        assert_ne!(of("2026-1/11"), of("2026-11/1"));
        assert!(of("2026-0001").as_str()[4..].starts_with("20260001"));
        assert_eq!(of("2026-0001"), of("2026-0001"));
        assert!(of("ABCDEFGHIJKLMNOPQRST").as_str().len() <= 25);
    }

    proptest! {
        #[test]
        fn a_wrong_character_or_two_swapped_of_one_kind_are_found(
            body in "[0-9A-Z]{2,21}",
            at in 0_usize..25,
            to in "[0-9A-Z]",
        ) {
            let reference = CreditorReference::new(&body).unwrap();
            let read = CreditorReference::parse(reference.as_str());
            prop_assert_eq!(read, Ok(reference.clone()));
            let chars: Vec<char> = reference.as_str().chars().collect();
            let at = 2 + at % (chars.len() - 2);
            let mut wrong = chars.clone();
            wrong[at] = to.chars().next().unwrap();
            // A letter counts two places and a digit one: MOD 97-10 promises nothing of one taken
            // for the other.
            let same_kind = |l: char, r: char| l.is_ascii_digit() == r.is_ascii_digit();
            if wrong != chars && same_kind(wrong[at], chars[at]) {
                let wrong: String = wrong.into_iter().collect();
                prop_assert!(CreditorReference::parse(&wrong).is_err(), "{}", wrong);
            }
            let mut swapped = chars.clone();
            swapped.swap(at, at - 1);
            if at > 2 && swapped != chars && same_kind(chars[at], chars[at - 1]) {
                let swapped: String = swapped.into_iter().collect();
                prop_assert!(CreditorReference::parse(&swapped).is_err(), "{}", swapped);
            }
        }
    }
}
