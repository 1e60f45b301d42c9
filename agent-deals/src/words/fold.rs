use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word as phrases are compared: lower case, without accents and apostrophes.
///
/// `Überprüfung` becomes `uberprufung`, `don't` becomes `dont`, `Straße` becomes `strasse`.
pub(crate) fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' | 'ẞ' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' => out.push('d'),
            'ı' => out.push('i'),
            '\'' | '’' | '‘' | 'ʼ' | '\u{200d}' => {}
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_compare_whatever_their_accents() {
        assert_eq!(fold("Überprüfung"), "uberprufung");
        assert_eq!(fold("DON’T"), "dont");
        assert_eq!(fold("Straße"), "strasse");
        // The same word, composed and decomposed.
        assert_eq!(fold("caf\u{e9}"), fold("cafe\u{301}"));
        assert_eq!(fold("wrócę"), "wroce");
    }
}
