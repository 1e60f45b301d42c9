//! Personal data that no model needs in order to understand a text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use dealwright_core::text::{Context, Untrusted};
use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};

/// Anything around an `@` that a mail program would take for an address, and the disguises that
/// people write; wider than the grammar, since a text may have been cut inside an address.
const MAIL: &str =
    r#"(?x) [^\s@<>()\[\]{},;:"|]+ (?: @ | \s?[(\[](?i:at)[)\]]\s? ) [^\s@<>()\[\]{},;:"|]+ "#;
/// An international bank account number.
const ACCOUNT: &str = r"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30}\b";
/// A day as ISO 8601 writes it, which is no number of a telephone.
const DAY: &str = r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b";
/// Digits with what people put between them, unseen characters included.
const DIGITS: &str = r"(?:\+|\b|\()\p{Nd}(?:[\s\p{Cf}().\-/\u{2010}-\u{2015}]{0,3}\p{Nd}){6,24}\b";

static KINDS: LazyLock<Option<[Regex; 2]>> = LazyLock::new(|| {
    let all =
        format!("(?P<mail>{MAIL})|(?P<account>{ACCOUNT})|(?P<day>{DAY})|(?P<digits>{DIGITS})");
    Some([Regex::new(&all).ok()?, Regex::new(r"\[(x*)[a-z]+-").ok()?])
});

/// A text without addresses and numbers of people, and what stood in their places.
#[derive(Clone, Debug)]
pub(crate) struct Redacted {
    pub(crate) text: Untrusted<String>,
    /// Placeholder to what it stands for.
    held: BTreeMap<String, Untrusted<String>>,
}

/// Puts placeholders in the places of mail addresses, telephone, account and card numbers.
///
/// The same value has the same placeholder, so that a text still hangs together; a text that has
/// such words of its own gets others. Names, streets and what somebody tells of themselves stay:
/// there is no telling them from the matter.
pub(crate) fn redact(text: &Untrusted<String>) -> Redacted {
    // As the model will see it: an address must not come together only after this.
    let clean = text.render_for(Context::PlainText);
    let Some([all, own]) = KINDS.as_ref() else {
        // Never with the patterns above, as the tests show; nothing is given away if it is.
        return Redacted {
            text: Untrusted::new(String::new()),
            held: BTreeMap::new(),
        };
    };
    let longest = own.captures_iter(&clean).filter_map(|c| c.get(1));
    let fence = longest.map(|x| x.len() + 1).max().unwrap_or(0);
    let mut names = BTreeMap::new();
    let mut counts = BTreeMap::new();
    let changed = all.replace_all(&clean, |found: &Captures<'_>| {
        let value = found.get(0).map_or("", |m| m.as_str());
        let kind = if found.name("mail").is_some() {
            "mail"
        } else if found.name("account").is_some() {
            "account"
        } else if found.name("digits").is_some() {
            kind_of_digits(value)
        } else {
            return value.to_owned();
        };
        let name = names.entry(value.to_owned()).or_insert_with(|| {
            let count = counts.entry(kind).and_modify(|n| *n += 1).or_insert(1_u32);
            format!("[{}{kind}-{count}]", "x".repeat(fence))
        });
        name.clone()
    });
    let text = Untrusted::new(changed.into_owned());
    let held = names.into_iter();
    Redacted {
        text,
        held: held.map(|(v, name)| (name, Untrusted::new(v))).collect(),
    }
}

/// A number of a payment card has 13 to 19 digits and a sum that is right (Luhn).
fn kind_of_digits(text: &str) -> &'static str {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, twice @ 0..=9) => twice,
            (_, twice) => twice - 9,
        })
        .sum();
    if (13..=19).contains(&digits.len()) && sum.is_multiple_of(10) {
        "card"
    } else {
        "phone"
    }
}

/// The answer that is asked for, as far as placeholders may stand in it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    intent: String,
    #[serde(default)]
    needs: Vec<Need>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Need {
    need: String,
    quote: String,
}

impl Redacted {
    /// What the placeholders stand for, in the quotations of an answer and nowhere else: a
    /// quotation is held against the client's own text, so it can name nobody who is not in it. An
    /// answer of any other shape stays as it is, placeholders and all.
    pub(crate) fn put_back(&self, answer: String) -> String {
        let names_any = self.held.keys().any(|name| answer.contains(name.as_str()));
        if !names_any {
            return answer;
        }
        let Ok(mut read) = serde_json::from_str::<Answer>(answer.trim()) else {
            return answer;
        };
        for need in &mut read.needs {
            for (name, value) in &self.held {
                if need.quote.contains(name.as_str()) {
                    need.quote = value.inspect(|value| need.quote.replace(name.as_str(), value));
                }
            }
        }
        serde_json::to_string(&read).unwrap_or(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> (String, Redacted) {
        let redacted = redact(&Untrusted::new(text.to_owned()));
        (redacted.text.inspect(Clone::clone), redacted)
    }

    #[test]
    fn addresses_and_numbers_of_people_are_taken_out() {
        for (text, expected) in [
            ("Mail jane.doe+x@amsel.example.", "Mail [mail-1]"),
            (
                "a@b.de, c@d.de, a@b.de, ok",
                "[mail-1], [mail-2], [mail-1], ok",
            ),
            ("<jane@amsel.example>", "<[mail-1]>"),
            ("jane [at] amsel.example now", "[mail-1] now"),
            ("jürgen@bäckerei.example!", "[mail-1]"),
            ("cut: jane@ams", "cut: [mail-1]"),
            ("hid\u{200b}den@am\u{200b}sel.example", "[mail-1]"),
            ("Call +49 (0)30 901820-11 now", "Call [phone-1] now"),
            ("call 030/90 18 20.", "call [phone-1]."),
            ("(555) 010-9999", "[phone-1]"),
            ("+1\u{2011}555\u{2011}010\u{2011}9999", "[phone-1]"),
            ("٠١٢٣٤٥٦٧٨٩", "[phone-1]"),
            ("pay 4111 1111 1111 1111 now", "pay [card-1] now"),
            ("to DE89 3704 0044 0532 0130 00!", "to [account-1]!"),
        ] {
            assert_eq!(redacted(text).0, expected, "{text}");
        }
    }

    #[test]
    fn what_a_reader_needs_stays() {
        for text in [
            "Our site had 12,500 visits on 2026-03-02, at 14:30, for 1,200.00 EUR.",
            "Meet @ 5? We pay 300 per month, 3 pages, 99 % of it.",
            "Version 1.2.3 of 10.0.0",
        ] {
            assert_eq!(redacted(text).0, text);
        }
    }

    #[test]
    fn a_text_with_such_words_of_its_own_is_not_misread() {
        let text = "[mail-1] and [xxphone-9] and [mail-2] say jane@amsel.example";
        let (seen, redacted) = redacted(text);
        assert_eq!(
            seen,
            "[mail-1] and [xxphone-9] and [mail-2] say [xxxmail-1]"
        );
        let answer = r#"{"intent":"interested","needs":[{"need":"n","quote":"[mail-1] say"}]}"#;
        assert_eq!(redacted.put_back(answer.to_owned()), answer);
    }

    #[test]
    fn names_come_back_in_quotations_only() {
        let (_, redacted) = redacted("write to jane@amsel.example or +49 30 901820");
        let answer = |quote: &str| {
            format!(r#"{{"intent":"interested","needs":[{{"need":"n","quote":"{quote}"}}]}}"#)
        };
        assert_eq!(
            redacted.put_back(answer("to [mail-1] or [phone-1]")),
            answer("to jane@amsel.example or +49 30 901820")
        );
        for elsewhere in [
            r#"{"intent":"[mail-1]","needs":[]}"#,
            r#"{"intent":"interested","needs":[{"need":"[mail-1]","quote":"x"}]}"#,
            r#"{"intent":"interested","needs":[],"to":"[mail-1]"}"#,
            r#"{"intent":"a","intent":"interested","needs":[{"need":"n","quote":"[mail-1]"}]}"#,
            "Write to [mail-1]!",
        ] {
            let back = redacted.put_back(elsewhere.to_owned());
            assert!(!back.contains("jane"), "{back}");
        }
        // Another text's placeholder names nobody here.
        assert_eq!(redacted.put_back(answer("[mail-7]")), answer("[mail-7]"));
    }
}
