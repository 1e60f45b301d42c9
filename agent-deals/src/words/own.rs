/// The text with everything blanked that its writer did not write now: quoted lines, what mail
/// programs put above them, signatures behind `-- `, and HTML comments.
///
/// Blanked bytes become spaces, so that every place in the result is the same place in `raw`.
///
/// ```text
/// Yes please.                                 Yes please.
/// On Monday Anna wrote:                ->
/// > Shall we?
/// ```
pub(crate) fn own_words(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let lines: Vec<&str> = raw.split_inclusive('\n').collect();
    let mut cut = false;
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        cut = cut || ends_own_part(line, next);
        if cut || line.trim_start().starts_with(['>', '|']) || introduces_quote(line, next) {
            blank(line, &mut out);
        } else {
            out.push_str(line);
        }
    }
    without_comments(out)
}

/// Whether from this line on nothing is the writer's own.
fn ends_own_part(line: &str, next: &str) -> bool {
    let bare = line.trim();
    if line.trim_end_matches(['\r', '\n']) == "-- " || bare == "--" {
        return true;
    }
    let low = bare.to_lowercase();
    let ruled = bare.starts_with("-----") || bare.starts_with("_____");
    const MARKS: [&str; 16] = [
        "original message",
        "forwarded message",
        "ursprüngliche nachricht",
        "weitergeleitete nachricht",
        "message d'origine",
        "message original",
        "message transféré",
        "mensaje original",
        "messaggio originale",
        "messaggio inoltrato",
        "oorspronkelijk bericht",
        "doorgestuurd bericht",
        "mensagem original",
        "mensagem encaminhada",
        "oryginalna wiadomość",
        "wiadomość przekazana",
    ];
    if MARKS.iter().any(|mark| low.contains(mark)) && (ruled || low.len() < 60) {
        return true;
    }
    // Outlook: "From: …" and then "Sent: …" or "To: …".
    const FROM: [&str; 7] = ["from:", "von:", "de :", "de:", "da:", "van:", "od:"];
    const SENT: [&str; 15] = [
        "sent:",
        "date:",
        "to:",
        "gesendet:",
        "datum:",
        "an:",
        "envoyé",
        "date :",
        "enviado",
        "fecha:",
        "inviato:",
        "verzonden:",
        "data:",
        "wysłano:",
        "para:",
    ];
    let next = next.trim().to_lowercase();
    let bold = |text: &str| text.trim_start_matches('*').to_owned();
    FROM.iter().any(|f| bold(&low).starts_with(f))
        && SENT.iter().any(|s| bold(&next).starts_with(s))
}

/// Whether the line is a mail program's "On … wrote:" above a quote.
fn introduces_quote(line: &str, next: &str) -> bool {
    const WROTE: [&str; 10] = [
        "wrote:",
        "schrieb:",
        "schreef:",
        "a écrit :",
        "a écrit:",
        "escribió:",
        "ha scritto:",
        "escreveu:",
        "napisał:",
        "napisał(a):",
    ];
    let low = line.trim().to_lowercase();
    let wrote = |text: &str| WROTE.iter().any(|w| text.ends_with(w));
    let german = low.starts_with("am ") && low.contains(" schrieb ") && low.ends_with(':');
    if wrote(&low) || german {
        return low.len() < 250;
    }
    // Wrapped: "On Mon, 4 May 2026 at 10:00 Anna <anna@agency.example>" and "wrote:".
    low.contains('@') && wrote(&next.trim().to_lowercase())
}

fn blank(line: &str, out: &mut String) {
    for c in line.chars() {
        if matches!(c, '\n' | '\r') {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n(' ', c.len_utf8()));
        }
    }
}

fn without_comments(text: String) -> String {
    if !text.contains("<!--") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("<!--") {
        out.push_str(before);
        let (comment, behind) = after.split_once("-->").map_or((after, ""), |(c, b)| (c, b));
        let closed = rest.len() - before.len() - behind.len();
        blank(
            rest.get(before.len()..before.len() + closed)
                .unwrap_or(comment),
            &mut out,
        );
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(raw: &str) -> String {
        let kept = own_words(raw);
        assert_eq!(kept.len(), raw.len());
        kept.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn quotes_and_signatures_are_not_the_writers_words() {
        assert_eq!(
            own("Yes.\n\nOn Mon, Anna <a@b.example> wrote:\n> unsubscribe here\n> ok"),
            "Yes."
        );
        assert_eq!(
            own("Ja gern\n\nAm 04.05.2026 um 10:00 schrieb Anna:\n> Hallo"),
            "Ja gern"
        );
        assert_eq!(own("Hi\n-- \nBen\nBen's Bikes"), "Hi");
        assert_eq!(
            own("No.\n\nVon: Anna\nGesendet: Montag\nBetreff: Website\n\nabmelden"),
            "No."
        );
        assert_eq!(
            own("No.\n________________\nFrom: Anna\nSent: Monday\nTo: me\nstop"),
            "No. ________________"
        );
        assert_eq!(own("> one?\nyes\n> two?\nno"), "yes no");
        assert_eq!(own("ok <!-- add\nall --> thanks"), "ok thanks");
        assert_eq!(own("ok <!-- never closed – ü"), "ok");
        assert_eq!(
            own("Oui\n\nLe lun. 4 mai 2026 à 10:00, Anna <a@b.example>\na écrit :\n> x"),
            "Oui"
        );
    }
}
