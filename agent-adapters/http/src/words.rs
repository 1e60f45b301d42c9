//! The words of the pages, in the languages that they speak.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// The words of the pages in one language.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) language: &'static str,
    pub(crate) no_more: &'static str,
    pub(crate) ask: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) done: &'static str,
    pub(crate) done_text: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) unknown_text: &'static str,
    pub(crate) unclear: &'static str,
    pub(crate) unclear_text: &'static str,
    pub(crate) later: &'static str,
    pub(crate) later_text: &'static str,
    pub(crate) write: &'static str,
    pub(crate) business: &'static str,
    pub(crate) email: &'static str,
    pub(crate) message: &'static str,
    pub(crate) send: &'static str,
    pub(crate) use_of_data: &'static str,
    pub(crate) thanks: &'static str,
    pub(crate) thanks_text: &'static str,
    pub(crate) needs_name: &'static str,
    pub(crate) needs_email: &'static str,
    pub(crate) needs_message: &'static str,
    pub(crate) old: &'static str,
}

static ENGLISH: Words = Words {
    language: "en",
    no_more: "No more letters",
    ask: "Do you want no more advertising letters from us? One press is enough.",
    yes: "Write to me no more",
    done: "Done",
    done_text: "We will send you no more advertising letters. You need do nothing else.",
    unknown: "This address is not one of ours",
    unknown_text: "It may have been cut off on its way. Please use the whole address from the letter, or answer the letter with one line; that is enough too.",
    unclear: "Nothing was changed",
    unclear_text: "The request did not say what to do. Please open the address from the letter and press the button there.",
    later: "Not just now",
    later_text: "We could not keep that just now, and nothing was changed. Please try again in a minute.",
    write: "Write to us",
    business: "Your business",
    email: "Your e-mail address",
    message: "What is it about?",
    send: "Send",
    use_of_data: "We use what you write to answer you, and for nothing else.",
    thanks: "Thank you",
    thanks_text: "Your message is here. We will answer by e-mail.",
    needs_name: "Please say what your business is called, in at most 200 characters.",
    needs_email: "Please give an e-mail address that we can answer to.",
    needs_message: "Please say what it is about, in at most 5,000 characters.",
    old: "The page was open for very long, or for less than a moment. Please send it again.",
};

static GERMAN: Words = Words {
    language: "de",
    no_more: "Keine Briefe mehr",
    ask: "Möchten Sie keine Werbebriefe mehr von uns? Ein Druck genügt.",
    yes: "Schreiben Sie mir nicht mehr",
    done: "Erledigt",
    done_text: "Wir schicken Ihnen keine Werbebriefe mehr. Mehr brauchen Sie nicht zu tun.",
    unknown: "Diese Adresse ist keine von uns",
    unknown_text: "Vielleicht wurde sie unterwegs abgeschnitten. Bitte nehmen Sie die ganze Adresse aus dem Brief, oder antworten Sie auf den Brief mit einer Zeile; auch das genügt.",
    unclear: "Nichts wurde geändert",
    unclear_text: "Die Anfrage sagte nicht, was zu tun ist. Bitte öffnen Sie die Adresse aus dem Brief und drücken Sie dort den Knopf.",
    later: "Gerade nicht",
    later_text: "Wir konnten das gerade nicht festhalten, und nichts wurde geändert. Bitte versuchen Sie es in einer Minute noch einmal.",
    write: "Schreiben Sie uns",
    business: "Ihr Betrieb",
    email: "Ihre E-Mail-Adresse",
    message: "Worum geht es?",
    send: "Senden",
    use_of_data: "Was Sie schreiben, nutzen wir, um Ihnen zu antworten, und für nichts anderes.",
    thanks: "Danke",
    thanks_text: "Ihre Nachricht ist da. Wir antworten per E-Mail.",
    needs_name: "Bitte nennen Sie Ihren Betrieb, in höchstens 200 Zeichen.",
    needs_email: "Bitte geben Sie eine E-Mail-Adresse an, an die wir antworten können.",
    needs_message: "Bitte sagen Sie, worum es geht, in höchstens 5.000 Zeichen.",
    old: "Die Seite war sehr lange offen, oder kürzer als einen Augenblick. Bitte senden Sie noch einmal.",
};

/// The words in the language that the reader prefers, of those that there are.
pub(crate) fn of(headers: &HeaderMap) -> &'static Words {
    let wanted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let first = wanted
        .split(',')
        .filter_map(|range| {
            let mut parts = range.split(';');
            let tag = parts.next()?.trim().to_ascii_lowercase();
            let weight = parts.find_map(|p| p.trim().strip_prefix("q="));
            Some((tag, per_mille(weight)))
        })
        .filter(|(tag, weight)| {
            *weight > 0 && [ENGLISH.language, GERMAN.language].contains(&main(tag))
        })
        // The first of those that weigh most.
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    match first {
        Some((tag, _)) if main(&tag) == GERMAN.language => &GERMAN,
        _ => &ENGLISH,
    }
}

fn main(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// `0.85` as 850, without floats; what cannot be read weighs nothing.
fn per_mille(weight: Option<&str>) -> u32 {
    let Some(weight) = weight else { return 1000 };
    let (whole, part) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    match whole {
        "1" => 1000,
        "0" => format!("{part:0<3}")
            .get(..3)
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_language_that_weighs_most_is_spoken() {
        for (wanted, spoken) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT, en;q=0.9", "de"),
            ("fr, en;q=0.4, de;q=0.7", "de"),
            ("en, de", "en"),
            ("de;q=0", "en"),
            ("ja", "en"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(wanted));
            assert_eq!(of(&headers).language, spoken, "{wanted}");
        }
    }
}
