use dealwright_core::money::{Currency, Money};

use super::{Text, Token};

/// An amount of money in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    /// In thousandths of the unit.
    pub(crate) milli: i64,
    /// The currency, where it stands there.
    pub(crate) currency: Option<Currency>,
    /// Its first token.
    pub(crate) start: usize,
    /// The token after it.
    pub(crate) end: usize,
}

impl Amount {
    /// As money; `None` where the currency has too few digits for it.
    pub(crate) fn money(&self, currency: Currency) -> Option<Money> {
        let scale = 10i64.checked_pow(currency.digits())?;
        let minor = self.milli.checked_mul(scale)?;
        (minor % 1000 == 0).then(|| Money::from_minor(minor / 1000, currency))
    }

    /// The amounts in a run of tokens. A number counts where a currency stands beside it, or
    /// `grand` behind it.
    pub(crate) fn find(text: &Text, range: std::ops::Range<usize>) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let Some((milli, len)) =
                number_at(text.tokens(), at).filter(|(_, len)| at + len <= range.end)
            else {
                at += 1;
                continue;
            };
            let end = at + len;
            let before = at
                .checked_sub(1)
                .filter(|place| *place >= range.start)
                .and_then(|place| currency(text.word(place)));
            let after = (end < range.end)
                .then(|| currency(text.word(end)))
                .flatten();
            let grand = text.word(end.saturating_sub(1)) == "grand";
            if before.is_some() || after.is_some() || grand {
                found.push(Self {
                    milli,
                    currency: before.or(after).flatten(),
                    start: if before.is_some() { at - 1 } else { at },
                    end: if before.is_none() && after.is_some() {
                        end + 1
                    } else {
                        end
                    },
                });
            }
            at = end;
        }
        found
    }
}

/// Whether a word says that a number beside it is money.
pub(super) fn is_currency(word: &str) -> bool {
    currency(word).is_some()
}

/// `Some(None)` for a word of money that leaves the currency open.
fn currency(word: &str) -> Option<Option<Currency>> {
    let code = match word {
        "€" | "eur" | "euro" | "euros" => "EUR",
        "£" | "gbp" | "pound" | "pounds" | "quid" => "GBP",
        "usd" => "USD",
        "cad" => "CAD",
        "chf" | "franken" | "stutz" => "CHF",
        "zl" | "pln" | "zloty" | "zlotych" => "PLN",
        "brl" | "reais" => "BRL",
        // Which dollar it is depends on the country.
        "$" | "dollar" | "dollars" | "bucks" | "dolares" => return Some(None),
        _ => return None,
    };
    Some(Currency::parse(code).ok())
}

/// The number that begins at a token, in thousandths, and how many tokens it takes.
///
/// Reads `1.200`, `1,200`, `2'500`, `2 000`, `1.5k`, `3 grand`, and words up to the thousands
/// in English, German, French and Spanish (`twenty-five`, `fünfundzwanzig`, `a dozen`).
pub(crate) fn number_at(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    let word = tokens.get(at)?.word.as_str();
    let (value, len) = if word.starts_with(|c: char| c.is_ascii_digit()) {
        digits_at(tokens, at)?
    } else {
        words_at(tokens, at)?
    };
    let next = tokens
        .get(at + len)
        .filter(|t| t.before <= super::Break::None);
    match next.map(|t| t.word.as_str()) {
        Some("k" | "grand" | "thousand" | "tausend" | "mille" | "mil" | "mila") => {
            Some((value.checked_mul(1_000)?, len + 1))
        }
        Some("dozen" | "dutzend") if value == 1_000 => Some((12_000, len + 1)),
        _ => Some((value, len)),
    }
}

fn digits_at(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    let first = tokens.get(at)?;
    let word = first.word.as_str();
    let digits_end = word
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))
        .unwrap_or(word.len());
    let (digits, tail) = word.split_at(digits_end);
    let times = match tail {
        "" => 1,
        "k" => 1_000,
        _ => return None,
    };
    let value = decimal(digits)?.checked_mul(times)?;
    // "2 000", as written in French: groups of three behind a short first one.
    if times == 1 && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit()) {
        let mut len = 1;
        let mut whole = value;
        while let Some(group) = tokens.get(at + len) {
            let joined = group.before == super::Break::None
                && group.word.len() == 3
                && group.word.bytes().all(|b| b.is_ascii_digit());
            if !joined || len > 2 {
                break;
            }
            whole = whole
                .checked_mul(1_000)?
                .checked_add(group.word.parse::<i64>().ok()?.checked_mul(1_000)?)?;
            len += 1;
        }
        if len > 1 {
            return Some((whole, len));
        }
    }
    Some((value, 1))
}

/// Reads digits with separators into thousandths. One separator before exactly three digits
/// groups thousands, as do several alike; the last of two kinds is the decimal one.
fn decimal(digits: &str) -> Option<i64> {
    let signs: Vec<char> = digits.chars().filter(|c| !c.is_ascii_digit()).collect();
    let last = digits.rfind(['.', ',']);
    let tail = last.and_then(|at| digits.get(at + 1..)).unwrap_or_default();
    let fraction = match (signs.first(), signs.last()) {
        (Some(a), Some(b)) if a != b => true,
        (Some(_), Some(_)) if signs.len() == 1 => tail.len() != 3,
        _ => false,
    };
    let (whole, part) = match last {
        Some(at) if fraction => (digits.get(..at)?, tail),
        _ => (digits, ""),
    };
    if part.len() > 3 {
        return None;
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    if whole.is_empty() || whole.len() > 12 {
        return None;
    }
    let part: i64 = format!("{part:0<3}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(1_000)?
        .checked_add(part)
}

fn words_at(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    let word = |n: usize| {
        tokens
            .get(at + n)
            .filter(|t| t.before == super::Break::None || n == 0)
            .map_or("", |t| t.word.as_str())
    };
    match (word(0), word(1), word(2)) {
        ("half", "a", "dozen") => return Some((6_000, 3)),
        ("a" | "one" | "ein" | "une", "dozen" | "dutzend" | "douzaine", _)
        | ("una", "docena", _) => {
            return Some((12_000, 2));
        }
        ("une", "dizaine", _) | ("una", "decena", _) => return Some((10_000, 2)),
        ("a" | "one", "couple", "of") => return Some((2_000, 3)),
        ("a" | "one", "hundred", _) => return Some((100_000, 2)),
        ("a" | "one", "thousand", _) => return Some((1_000_000, 2)),
        _ => {}
    }
    let first = named(word(0))?;
    // "twenty-five", "treinta y cinco", "two hundred"
    if (20..100).contains(&first) && first % 10 == 0 {
        if let Some(unit) = named(word(1)).filter(|u| (1..10).contains(u)) {
            return Some(((first + unit) * 1_000, 2));
        }
        if matches!(word(1), "y" | "et")
            && let Some(unit) = named(word(2)).filter(|u| (1..10).contains(u))
        {
            return Some(((first + unit) * 1_000, 3));
        }
    }
    if (1..10).contains(&first) && matches!(word(1), "hundred" | "hundert" | "cents" | "cent") {
        return Some((first * 100_000, 2));
    }
    Some((first * 1_000, 1))
}

/// A number written as one word. `ein`, `une` and the like are articles, not numbers.
fn named(word: &str) -> Option<i64> {
    const SMALL: [(i64, &[&str]); 30] = [
        (1, &["one", "eins"]),
        (
            2,
            &[
                "two", "zwei", "zwo", "beide", "beiden", "deux", "dos", "both",
            ],
        ),
        (3, &["three", "drei", "trois", "tres"]),
        (4, &["four", "vier", "quatre", "cuatro"]),
        (5, &["five", "funf", "cinq", "cinco"]),
        (6, &["six", "sechs", "seis"]),
        (7, &["seven", "sieben", "sept", "siete"]),
        (8, &["eight", "acht", "huit", "ocho"]),
        (9, &["nine", "neun", "neuf", "nueve"]),
        (10, &["ten", "zehn", "dix", "diez"]),
        (11, &["eleven", "elf", "onze", "once"]),
        (12, &["twelve", "zwolf", "douze", "doce"]),
        (13, &["thirteen", "dreizehn", "treize", "trece"]),
        (14, &["fourteen", "vierzehn", "quatorze", "catorce"]),
        (15, &["fifteen", "funfzehn", "quinze", "quince"]),
        (16, &["sixteen", "sechzehn", "seize", "dieciseis"]),
        (17, &["seventeen", "siebzehn", "diecisiete"]),
        (18, &["eighteen", "achtzehn", "dieciocho"]),
        (19, &["nineteen", "neunzehn", "diecinueve"]),
        (20, &["twenty", "zwanzig", "vingt", "veinte"]),
        (30, &["thirty", "dreissig", "trente", "treinta"]),
        (40, &["forty", "fourty", "vierzig", "quarante", "cuarenta"]),
        (50, &["fifty", "funfzig", "cinquante", "cincuenta"]),
        (60, &["sixty", "sechzig", "soixante", "sesenta"]),
        (70, &["seventy", "siebzig", "setenta"]),
        (80, &["eighty", "achtzig", "ochenta"]),
        (90, &["ninety", "neunzig", "noventa"]),
        (100, &["hundred", "hundert", "cien"]),
        (200, &["zweihundert", "doscientos", "doscientas"]),
        (1000, &["thousand", "tausend"]),
    ];
    let exact = |word: &str| {
        SMALL
            .iter()
            .find(|(_, names)| names.contains(&word))
            .map(|(n, _)| *n)
    };
    if let Some(value) = exact(word) {
        return Some(value);
    }
    // "fünfundzwanzig"
    let (unit, tens) = word.split_once("und")?;
    let unit = if unit == "ein" {
        1
    } else {
        exact(unit).filter(|u| *u < 10)?
    };
    let tens = exact(tens).filter(|t| (20..100).contains(t))?;
    Some(tens + unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(raw: &str) -> Option<(i64, usize)> {
        number_at(Text::read(raw).tokens(), 0)
    }

    #[test]
    fn numbers_as_people_write_them() {
        let table = [
            ("1.200", 1_200_000),
            ("1,200", 1_200_000),
            ("2'500", 2_500_000),
            ("2 000 euros", 2_000_000),
            ("1.5k", 1_500_000),
            ("3k", 3_000_000),
            ("3 grand", 3_000_000),
            ("12,50", 12_500),
            ("1.234,56", 1_234_560),
            ("1,234.56", 1_234_560),
            ("1.234.567", 1_234_567_000),
            ("twenty-five pages", 25_000),
            ("fünfundzwanzig", 25_000),
            ("a dozen pages", 12_000),
            ("une dizaine", 10_000),
            ("forty", 40_000),
            ("two hundred", 200_000),
            ("treinta y cinco", 35_000),
        ];
        for (raw, milli) in table {
            assert_eq!(number(raw).map(|n| n.0), Some(milli), "{raw}");
        }
        for raw in ["a page", "15th", "09:30", "ein Haus", "x2", "und"] {
            assert_eq!(number(raw), None, "{raw}");
        }
    }

    #[test]
    fn a_number_is_an_amount_beside_a_currency() {
        let amounts = |raw: &str| {
            let text = Text::read(raw);
            Amount::find(&text, 0..text.tokens().len())
                .into_iter()
                .map(|a| (a.milli / 1_000, a.currency.map(Currency::code)))
                .collect::<Vec<_>>()
        };
        assert_eq!(amounts("£1,500 or 30 pages"), [(1500, Some("GBP"))]);
        assert_eq!(
            amounts("CAD 4,000 bis 800 €"),
            [(4000, Some("CAD")), (800, Some("EUR"))]
        );
        assert_eq!(amounts("about $900, 3 grand"), [(900, None), (3000, None)]);
    }

    #[test]
    fn absurd_numbers_are_no_numbers() {
        assert_eq!(number("99999999999999999999"), None);
        assert_eq!(number("1,234567"), None);
    }
}
