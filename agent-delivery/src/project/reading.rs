/// What a client's message comes to. A closed set: nothing else of the text has any effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Yes to what was handed over.
    Accepts,
    /// Something should be otherwise.
    Change,
    /// A question, or anything else.
    Question,
}

impl Said {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Accepts => "accepts",
            Self::Change => "asks for a change",
            Self::Question => "asks",
        }
    }
}

const NO_CHANGE: &[&str] = &[
    "no change",
    "nothing to change",
    "nothing is missing",
    "nothing missing",
    "nothing wrong",
    "keine änderung",
    "nichts zu ändern",
    "nichts fehlt",
    "fehlt nichts",
];
const REFUSED: &[&str] = &[
    "not accept",
    "n't accept",
    "cannot accept",
    "can't accept",
    "not approve",
    "not happy",
    "nicht annehmen",
    "nicht abnehmen",
    "nicht akzeptieren",
    "nicht einverstanden",
    "nehmen wir nicht ab",
];
const CHANGE: &[&str] = &[
    "change",
    "correct the",
    "please correct",
    "wrong",
    "mistake",
    "missing",
    "please fix",
    "revise",
    "rework",
    "redo",
    "ändern",
    "änderung",
    "falsch",
    "fehlt",
    "korrigier",
    "nachbesser",
    "überarbeit",
];
const ACCEPTED: &[&str] = &[
    "we accept",
    "i accept",
    "accepted",
    "approve",
    "looks good",
    "look good",
    "all good",
    "fine with us",
    "we are happy",
    "wir nehmen ab",
    "nehmen wir ab",
    "nehme ab",
    "abgenommen",
    "akzeptier",
    "einverstanden",
    "alles gut",
    "passt so",
];

/// Reads an answer to a hand-over. A wish for a change outweighs a yes, a question a yes that is
/// not sure.
pub(super) fn read(text: &str) -> Said {
    let mut text = text.to_lowercase().replace('’', "'");
    for phrase in NO_CHANGE {
        text = text.replace(phrase, " ");
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(REFUSED) || has(CHANGE) {
        Said::Change
    } else if text.contains('?') || !has(ACCEPTED) {
        Said::Question
    } else {
        Said::Accepts
    }
}

/// Reads an answer to the final question: the first number that stands by itself, where it is
/// from 1 to 5.
pub(super) fn score(text: &str) -> Option<u8> {
    let first = text
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| word.chars().all(|c| c.is_ascii_digit()) && !word.is_empty())?;
    first.parse().ok().filter(|score| (1..=5).contains(score))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_change_outweighs_a_yes() {
        for (text, said) in [
            ("We accept, thank you.", Said::Accepts),
            ("Looks good, no changes needed.", Said::Accepts),
            ("Wir nehmen ab, es fehlt nichts.", Said::Accepts),
            (
                "We accept, but please correct the phone number",
                Said::Change,
            ),
            ("We can’t accept this.", Said::Change),
            ("We don't accept this.", Said::Change),
            ("Die Öffnungszeiten sind falsch.", Said::Change),
            ("Is it accepted once we pay?", Said::Question),
            ("Thanks, will look at it.", Said::Question),
        ] {
            assert_eq!(read(text), said, "{text}");
        }
    }

    #[test]
    fn only_a_number_from_one_to_five_is_a_score() {
        for (text, found) in [
            ("4", Some(4)),
            ("5/5, great", Some(5)),
            ("Note: 2.", Some(2)),
            ("10 of 10", None),
            ("A4 paper", None),
            ("0", None),
            ("good", None),
            ("", None),
        ] {
            assert_eq!(score(text), found, "{text}");
        }
    }
}
