//! Card numbers have no place in this system: they are taken out of every text that comes in or
//! goes out, and whoever reads is told.

/// What stands where a card number stood.
pub const REDACTED: &str = "[card number removed]";

/// A text without card numbers, and how many were taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// The text.
    pub text: String,
    /// How many card numbers it had. Anything above 0 is to be reported to a person.
    pub removed: usize,
}

/// Takes out what is a card number: 13 to 19 digits that begin as the card schemes' numbers do and
/// carry the right check digit, with or without single blanks and hyphens between them.
///
/// ```
/// use dealwright_payments::pan::redact;
/// let cleaned = redact("pay with 4242 4242 4242 4242, invoice 2026-0001");
/// assert_eq!(cleaned.text, "pay with [card number removed], invoice 2026-0001");
/// assert_eq!(cleaned.removed, 1);
/// ```
#[must_use]
pub fn redact(text: &str) -> Cleaned {
    let chars: Vec<char> = text.chars().collect();
    let mut cleaned = Cleaned {
        text: String::with_capacity(text.len()),
        removed: 0,
    };
    let mut at = 0;
    let mut before: Option<char> = None;
    while let Some(c) = chars.get(at).copied() {
        // A number inside a longer word, such as an IBAN or a reference, is none.
        let begins = c.is_ascii_digit() && !before.is_some_and(char::is_alphanumeric);
        let length = if begins { run(&chars, at) } else { 0 };
        if length > 0 {
            cleaned.text.push_str(REDACTED);
            cleaned.removed += 1;
            before = chars.get(at + length - 1).copied();
            at += length;
        } else {
            cleaned.text.push(c);
            before = Some(c);
            at += 1;
        }
    }
    cleaned
}

/// The text without card numbers.
pub(crate) fn clean(text: &str) -> String {
    redact(text).text
}

/// How many characters from `at` on are a card number; 0 where none begins there. The longest
/// wins, so that a number is not left with a tail of its digits.
fn run(chars: &[char], at: usize) -> usize {
    let mut digits: Vec<u32> = Vec::new();
    let mut found = 0;
    let mut gap = false;
    for (place, c) in chars.iter().enumerate().skip(at) {
        match c.to_digit(10) {
            Some(digit) if digits.len() < 19 => {
                digits.push(digit);
                gap = false;
            }
            Some(_) => return found,
            None if matches!(c, ' ' | '-') && !gap => {
                gap = true;
                continue;
            }
            None => break,
        }
        let next = chars.get(place + 1);
        let ends = !next.is_some_and(|c| c.is_alphanumeric());
        if ends && is_card(&digits) {
            found = place + 1 - at;
        }
    }
    found
}

fn is_card(digits: &[u32]) -> bool {
    // Visa, Mastercard, American Express, Diners, JCB, Discover, Maestro and UnionPay.
    let scheme = matches!(digits.first(), Some(2..=6));
    let distinct = digits.iter().any(|d| Some(d) != digits.first());
    scheme && distinct && (13..=19).contains(&digits.len()) && luhn(digits)
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, twice) if twice > 9 => twice - 9,
            (_, twice) => twice,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: FI-5
    #[test]
    fn planted_card_numbers_are_taken_out_and_told() {
        let cards = [
            "4242424242424242",
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
            "30569309025904",
            "3566002020360505",
            "6200000000000005",
            "4222222222222",
        ];
        for card in cards {
            for (before, after) in [("", ""), ("card ", " thanks"), ("(", ")."), ("no:", "\n")] {
                let cleaned = redact(&format!("{before}{card}{after}"));
                assert_eq!(cleaned.text, format!("{before}{REDACTED}{after}"), "{card}");
                assert_eq!(cleaned.removed, 1);
            }
        }
        let two = redact("4242424242424242 5555555555554444");
        assert_eq!(two.removed, 2, "{}", two.text);
    }

    #[test]
    fn what_is_no_card_number_stays() {
        for text in [
            "",
            "invoice 2026-0001",
            "RF18 5390 0754 7034",
            "DE89370400440532013000",
            "4242424242424243",
            "0000000000000000",
            "+49 30 901820 12345",
            "1234567890123",
            "4242424242424242X",
            "12.03.2026 1.234,56 EUR",
        ] {
            let cleaned = redact(text);
            assert_eq!((cleaned.text.as_str(), cleaned.removed), (text, 0));
        }
    }
}
