use std::ops::Range;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use dealwright_core::time::easter;

use super::numbers::is_currency;
use super::{Break, Text, number_at};

/// A date in a text: the days it may mean and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dated {
    /// The first day it may mean.
    pub(crate) first: NaiveDate,
    /// The last one; the same for a plain date.
    pub(crate) last: NaiveDate,
    /// Its tokens.
    pub(crate) tokens: Range<usize>,
}

/// Reads dates as they are meant on the day a message was written.
///
/// A date without a year is the next such day. `03/04` is not read: whether the day or the
/// month stands first is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DateReader {
    today: NaiveDate,
}

/// What was read at a place: first and last day, and the token after it.
type Read = Option<(NaiveDate, NaiveDate, usize)>;

impl DateReader {
    pub(crate) fn new(today: NaiveDate) -> Self {
        Self { today }
    }

    /// Every date in a run of tokens, first to last, none within another.
    pub(crate) fn find(&self, text: &Text, range: Range<usize>) -> Vec<Dated> {
        let mut found = Vec::new();
        let mut at = range.start;
        while at < range.end {
            match self.at(text, at).filter(|(_, _, end)| *end <= range.end) {
                Some((first, last, end)) => {
                    if !is_past(text, at, end) {
                        found.push(Dated {
                            first,
                            last,
                            tokens: at..end,
                        });
                    }
                    at = end;
                }
                None => at += 1,
            }
        }
        found
    }

    fn at(&self, text: &Text, at: usize) -> Read {
        self.figures(text, at)
            .or_else(|| self.part_of_month(text, at))
            .or_else(|| self.day_and_month(text, at))
            .or_else(|| self.after_a_while(text, at))
            .or_else(|| self.coming(text, at))
            .or_else(|| self.weekday(text, at))
            .or_else(|| self.named(text, at))
            .or_else(|| self.whole_month(text, at))
    }

    /// `2026-06-15`, `15.06.`, `15.06.2026`, `15/06/26`.
    fn figures(&self, text: &Text, at: usize) -> Read {
        let word = text.word(at);
        let parts: Vec<&str> = word.split(['.', '/', '-']).collect();
        let number = |n: usize| parts.get(n).and_then(|p| p.parse::<u32>().ok());
        let one = |date: NaiveDate| Some((date, date, at + 1));
        if word.contains('-') {
            let year = parts.first().filter(|p| p.len() == 4)?.parse().ok()?;
            return one(NaiveDate::from_ymd_opt(year, number(1)?, number(2)?)?);
        }
        if !word.contains(['.', '/'])
            || parts.len() > 3
            || parts.iter().any(|p| p.is_empty() || p.len() > 4)
        {
            return None;
        }
        let (a, b) = (number(0)?, number(1)?);
        let (day, month) = match (word.contains('/'), a > 12, b > 12) {
            (true, false, true) => (b, a),
            (true, false, false) if a != b => return None,
            _ => (a, b),
        };
        if parts.len() == 2 && (is_currency(text.word(at + 1)) || parts.get(1)?.len() != 2) {
            return None;
        }
        match parts.get(2) {
            Some(year) => {
                let year: i32 = year.parse().ok()?;
                one(NaiveDate::from_ymd_opt(
                    if year < 100 { 2000 + year } else { year },
                    month,
                    day,
                )?)
            }
            None => one(self.next_day(day, month)?),
        }
    }

    /// `15 June`, `June 15th, 2026`, `15. Juni`, `1er juillet`, `15 de junio`.
    fn day_and_month(&self, text: &Text, at: usize) -> Read {
        if let Some(day) = day(text.word(at)) {
            let mut next = at + 1;
            if matches!(text.word(next), "of" | "de" | "di" | "d" | "do") {
                next += 1;
            }
            let month = any_month(text.word(next))?;
            return self.with_year(text, day, month, next + 1);
        }
        let month = any_month(text.word(at))?;
        let day = day(text.word(at + 1))
            .filter(|_| text.token(at + 1).is_some_and(|t| t.before == Break::None))?;
        // "This March 15 € a month": the number is an amount.
        if is_currency(text.word(at + 2)) {
            return None;
        }
        self.with_year(text, day, month, at + 2)
    }

    fn with_year(&self, text: &Text, day: u32, month: u32, next: usize) -> Read {
        let skip = usize::from(matches!(text.word(next), "de" | "del"));
        let year = text.word(next + skip);
        if year.len() == 4
            && year.starts_with("20")
            && let Ok(year) = year.parse()
        {
            let date = NaiveDate::from_ymd_opt(year, month, day)?;
            return Some((date, date, next + skip + 1));
        }
        let date = self.next_day(day, month)?;
        Some((date, date, next))
    }

    /// `end of May`, `Mitte Juni`, `fin de mois`, `Jahresende`, `end of next week`.
    fn part_of_month(&self, text: &Text, at: usize) -> Read {
        let part = match text.word(at) {
            "end" | "ende" | "fin" | "finales" | "final" | "fine" | "eind" | "einde" | "koniec"
            | "konca" | "koncu" | "late" => 2,
            "mid" | "middle" | "mitte" | "mi" | "mediados" | "meta" | "half" | "polowy"
            | "polowie" | "meados" | "medio" => 1,
            "beginning" | "start" | "anfang" | "debut" | "principios" | "inizio" | "begin"
            | "inicio" | "poczatku" | "poczatek" | "early" => 0,
            "monatsende" => return self.end_of_month(at + 1),
            "jahresende" => return self.end_of_year(at + 1),
            _ => return None,
        };
        let mut next = at + 1;
        while matches!(
            text.word(next),
            "of" | "the"
                | "de"
                | "du"
                | "des"
                | "der"
                | "di"
                | "del"
                | "van"
                | "do"
                | "da"
                | "d"
                | "la"
                | "l"
                | "this"
                | "dieses"
                | "diesen"
                | "el"
                | "het"
                | "dem"
                | "le"
        ) && next < at + 4
        {
            next += 1;
        }
        match (part, text.word(next)) {
            (2, "month" | "monats" | "mois" | "mes" | "mese" | "maand" | "miesiaca") => {
                return self.end_of_month(next + 1);
            }
            (2, "year" | "jahres" | "annee" | "ano" | "anno" | "jaar" | "roku") => {
                return self.end_of_year(next + 1);
            }
            (2, "week" | "woche" | "semaine" | "semana" | "settimana") => {
                let friday = self.in_week(0, Weekday::Fri)?;
                return Some((friday, friday, next + 1));
            }
            _ => {}
        }
        if part == 2
            && let Some((first, last, end)) = self.coming(text, next)
        {
            return Some((first.max(last - Days::new(4)), last, end));
        }
        let month = any_month(text.word(next))?;
        let (first, last, end) = self.month_span(text, month, next)?;
        Some(match part {
            0 => (first, first + Days::new(6), end),
            1 => (first + Days::new(14), first + Days::new(14), end),
            _ => (last, last, end),
        })
    }

    fn end_of_month(&self, end: usize) -> Read {
        let last = last_of(self.today.year(), self.today.month())?;
        Some((last, last, end))
    }

    fn end_of_year(&self, end: usize) -> Read {
        let last = NaiveDate::from_ymd_opt(self.today.year(), 12, 31)?;
        Some((last, last, end))
    }

    /// `in three weeks`, `innerhalb von 14 Tagen`, `dans un mois`, `in a couple of months`.
    fn after_a_while(&self, text: &Text, at: usize) -> Read {
        let leads = matches!(
            text.word(at),
            "in" | "within"
                | "innerhalb"
                | "binnen"
                | "dans"
                | "en"
                | "entro"
                | "tra"
                | "fra"
                | "over"
                | "em"
                | "dentro"
                | "daqui"
                | "za"
                | "ciagu"
                | "sous"
                | "next"
                | "nachsten"
        );
        if !leads {
            return None;
        }
        let mut next = at + 1;
        while matches!(
            text.word(next),
            "von" | "de" | "the" | "next" | "den" | "nachsten" | "a" | "about" | "etwa" | "ca"
        ) && number_at(text.tokens(), next).is_none()
            && unit(text.word(next + 1)).is_none()
            && next < at + 4
        {
            next += 1;
        }
        let (count, used) = match number_at(text.tokens(), next) {
            Some((milli, used)) if milli % 1_000 == 0 => (u32::try_from(milli / 1_000).ok()?, used),
            Some(_) => return None,
            None => match text.word(next) {
                "a" | "one" | "einer" | "einem" | "un" | "une" | "una" | "uno" | "een" | "um"
                | "uma" => (1, 1),
                "ein" if text.word(next + 1) == "paar" => (3, 2),
                "few" => (3, 1),
                _ => return None,
            },
        };
        let date = unit(text.word(next + used))?.after(self.today, count)?;
        Some((date, date, next + used + 1))
    }

    /// `next week`, `nächsten Monat`, `l'année prochaine`.
    fn coming(&self, text: &Text, at: usize) -> Read {
        let adjective = |word: &str| {
            matches!(
                word,
                "next"
                    | "following"
                    | "nachste"
                    | "nachsten"
                    | "nachster"
                    | "nachstes"
                    | "kommende"
                    | "kommenden"
                    | "kommendes"
                    | "prochain"
                    | "prochaine"
                    | "proxima"
                    | "proximo"
                    | "prossima"
                    | "prossimo"
                    | "volgende"
                    | "volgend"
                    | "przyszlym"
                    | "przyszly"
                    | "viene"
                    | "vem"
            )
        };
        let (word, end) = if adjective(text.word(at)) {
            (text.word(at + 1), at + 2)
        } else if unit(text.word(at)).is_some() && adjective(text.word(at + 1)) {
            (text.word(at), at + 2)
        } else if unit(text.word(at)).is_some()
            && text.word(at + 1) == "que"
            && adjective(text.word(at + 2))
        {
            (text.word(at), at + 3)
        } else {
            return None;
        };
        match unit(word)? {
            Unit::Day => None,
            Unit::Week => Some((
                self.in_week(1, Weekday::Mon)?,
                self.in_week(1, Weekday::Fri)?,
                end,
            )),
            Unit::Month => {
                let first = self.today.with_day(1)?.checked_add_months(Months::new(1))?;
                Some((first, last_of(first.year(), first.month())?, end))
            }
            Unit::Year => {
                let year = self.today.year() + 1;
                Some((
                    NaiveDate::from_ymd_opt(year, 1, 1)?,
                    NaiveDate::from_ymd_opt(year, 12, 31)?,
                    end,
                ))
            }
        }
    }

    /// `Friday`, `next Friday` and `Friday next week` (both of the week to come).
    fn weekday(&self, text: &Text, at: usize) -> Read {
        let (day, mut end, mut next_week) = match (text.word(at), weekday(text.word(at))) {
            (_, Some(day)) => (day, at + 1, false),
            ("next" | "nachsten" | "proximo" | "prossimo", None) => {
                (weekday(text.word(at + 1))?, at + 2, true)
            }
            _ => return None,
        };
        if text.word(end) == "next" && text.word(end + 1) == "week"
            || text.word(end) == "nachster" && text.word(end + 1) == "woche"
            || text.word(end) == "nachste" && text.word(end + 1) == "woche"
        {
            (end, next_week) = (end + 2, true);
        } else if matches!(text.word(end), "prochain") {
            end += 1;
        }
        // "Monday 15 June": the date says it better.
        if !next_week {
            let skip = usize::from(matches!(text.word(end), "the" | "den" | "le" | "el"));
            if let Some(read) = self
                .day_and_month(text, end + skip)
                .or_else(|| self.figures(text, end + skip))
            {
                return Some(read);
            }
        }
        let date = if next_week {
            self.in_week(1, day)?
        } else {
            (1..=7)
                .map(|n| self.today + Days::new(n))
                .find(|d| d.weekday() == day)?
        };
        Some((date, date, end))
    }

    /// Feasts, seasons, quarters, tomorrow.
    fn named(&self, text: &Text, at: usize) -> Read {
        let day = |month, day| self.next_day(day, month).map(|d| (d, d, at + 1));
        let season = |from: u32| {
            let first = self.next_day(1, from)?;
            let last = first.checked_add_months(Months::new(3))?.pred_opt()?;
            Some((first, last, at + 1))
        };
        let before = at.checked_sub(1).map_or("", |b| text.word(b));
        match text.word(at) {
            "christmas" | "xmas" | "weihnachten" | "noel" | "navidad" | "navidades" | "natale"
            | "kerst" | "natal" => day(12, 24),
            "easter" | "ostern" | "paques" | "pascua" | "pasqua" | "pasen" | "pascoa"
            | "wielkanoc" => {
                let year = self.today.year();
                let sunday = easter(year)
                    .filter(|d| *d >= self.today)
                    .or_else(|| easter(year + 1))?;
                let saturday = sunday.pred_opt()?;
                Some((saturday, saturday, at + 1))
            }
            "tomorrow" | "demain" | "domani" | "amanha" | "jutro" => {
                let date = self.today.succ_opt()?;
                Some((date, date, at + 1))
            }
            "morgen" if !matches!(before, "guten" | "goede" | "goeden" | "schonen") => {
                let date = self.today.succ_opt()?;
                Some((date, date, at + 1))
            }
            "spring" | "fruhjahr" | "fruhling" | "printemps" | "primavera" | "voorjaar"
            | "lente" | "wiosna" | "wiosne" => season(3),
            "summer" | "sommer" | "verano" | "zomer" | "verao" | "lato" => season(6),
            "autumn" | "herbst" | "automne" | "otono" | "autunno" | "herfst" | "outono"
            | "jesien" | "jesienia" => season(9),
            "fall" if matches!(before, "the" | "this" | "in" | "next") => season(9),
            "winter" | "hiver" | "invierno" | "inverno" | "zima" => season(12),
            "q1" => season(1),
            "q2" => season(4),
            "q3" => season(7),
            "q4" => season(10),
            _ => None,
        }
    }

    /// `June`, `im Juni 2027`.
    fn whole_month(&self, text: &Text, at: usize) -> Read {
        let before = at.checked_sub(1).map_or("", |b| text.word(b));
        let month = month(text.word(at)).or_else(|| {
            let led = matches!(
                before,
                "in" | "by"
                    | "before"
                    | "until"
                    | "till"
                    | "bis"
                    | "im"
                    | "en"
                    | "from"
                    | "since"
                    | "w"
                    | "em"
                    | "per"
            );
            shaky_month(text.word(at)).filter(|_| led)
        })?;
        // "31. Februar" is no day, and not the month either.
        if day(before).is_some() && text.token(at).is_some_and(|t| t.before == Break::None) {
            return None;
        }
        self.month_span(text, month, at)
    }

    /// The month whose name stands at `at`, with its year where one follows.
    fn month_span(&self, text: &Text, month: u32, at: usize) -> Read {
        let skip = usize::from(matches!(text.word(at + 1), "de" | "del"));
        let named = Some(text.word(at + 1 + skip)).filter(|y| y.len() == 4 && y.starts_with("20"));
        let (year, end) = match named.and_then(|y| y.parse::<i32>().ok()) {
            Some(year) => (year, at + 2 + skip),
            None => (
                self.today.year() + i32::from(month < self.today.month()),
                at + 1,
            ),
        };
        Some((
            NaiveDate::from_ymd_opt(year, month, 1)?,
            last_of(year, month)?,
            end,
        ))
    }

    /// The next such day, today included.
    fn next_day(&self, day: u32, month: u32) -> Option<NaiveDate> {
        (0..=8)
            .filter_map(|ahead| NaiveDate::from_ymd_opt(self.today.year() + ahead, month, day))
            .find(|date| *date >= self.today)
    }

    fn in_week(&self, ahead: u64, day: Weekday) -> Option<NaiveDate> {
        let monday = self.today.checked_sub_days(Days::new(u64::from(
            self.today.weekday().num_days_from_monday(),
        )))?;
        monday.checked_add_days(Days::new(7 * ahead + u64::from(day.num_days_from_monday())))
    }
}

/// "last summer", "seit Mai", "el mes pasado": behind us, so not the next one of its name.
fn is_past(text: &Text, at: usize, end: usize) -> bool {
    const BEFORE: [&str; 13] = [
        "last",
        "since",
        "letzten",
        "letzter",
        "letztes",
        "letzte",
        "letztem",
        "seit",
        "depuis",
        "desde",
        "sinds",
        "afgelopen",
        "od",
    ];
    const AFTER: [&str; 8] = [
        "dernier", "derniere", "pasado", "pasada", "scorso", "scorsa", "passado", "ago",
    ];
    at.checked_sub(1)
        .is_some_and(|before| BEFORE.contains(&text.word(before)))
        || AFTER.contains(&text.word(end))
}

fn last_of(year: i32, month: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, 1)?
        .checked_add_months(Months::new(1))?
        .pred_opt()
}

#[derive(Clone, Copy)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    fn after(self, today: NaiveDate, count: u32) -> Option<NaiveDate> {
        if count > 1_000 {
            return None;
        }
        match self {
            Self::Day => today.checked_add_days(Days::new(u64::from(count))),
            Self::Week => today.checked_add_days(Days::new(7 * u64::from(count))),
            Self::Month => today.checked_add_months(Months::new(count)),
            Self::Year => today.checked_add_months(Months::new(count.checked_mul(12)?)),
        }
    }
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "day" | "days" | "tag" | "tage" | "tagen" | "jour" | "jours" | "dia" | "dias"
        | "giorno" | "giorni" | "dag" | "dagen" | "dni" | "dzien" => Unit::Day,
        "week" | "weeks" | "woche" | "wochen" | "semaine" | "semaines" | "semana" | "semanas"
        | "settimana" | "settimane" | "weken" | "tydzien" | "tygodnie" | "tygodni" | "tygodniu" => {
            Unit::Week
        }
        "month" | "months" | "monat" | "monate" | "monaten" | "mois" | "mes" | "meses" | "mese"
        | "mesi" | "maand" | "maanden" | "miesiac" | "miesiace" | "miesiecy" | "miesiacu" => {
            Unit::Month
        }
        "year" | "years" | "jahr" | "jahre" | "jahren" | "an" | "ans" | "annee" | "ano"
        | "anos" | "anno" | "anni" | "jaar" | "jaren" | "rok" | "roku" | "lata" => Unit::Year,
        _ => return None,
    })
}

/// A day of the month: `15`, `15th`, `1er`, `2.`; never a number with more to it.
fn day(word: &str) -> Option<u32> {
    let end = word
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(word.len());
    let (digits, tail) = word.split_at(end);
    if digits.is_empty()
        || digits.len() > 2
        || !matches!(tail, "" | "st" | "nd" | "rd" | "th" | "er" | "o" | "e")
    {
        return None;
    }
    digits.parse().ok().filter(|d| (1..=31).contains(d))
}

/// A month by a name that means nothing else.
fn month(word: &str) -> Option<u32> {
    const NAMES: [&[&str]; 12] = [
        &[
            "january", "jan", "januar", "janner", "janvier", "enero", "gennaio", "januari",
            "janeiro", "stycznia", "styczen", "styczniu",
        ],
        &[
            "february",
            "feb",
            "februar",
            "fevrier",
            "febrero",
            "febbraio",
            "februari",
            "fevereiro",
            "lutego",
            "luty",
            "lutym",
        ],
        &[
            "march", "marz", "mars", "marzo", "maart", "marco", "marca", "marzec", "marcu",
        ],
        &[
            "april", "apr", "avril", "abril", "aprile", "kwietnia", "kwiecien", "kwietniu",
        ],
        &["mai", "mayo", "maggio", "mei", "maio", "maja"],
        &[
            "june", "jun", "juni", "juin", "junio", "giugno", "junho", "czerwca", "czerwiec",
            "czerwcu",
        ],
        &[
            "july", "jul", "juli", "juillet", "julio", "luglio", "julho", "lipca", "lipiec",
            "lipcu",
        ],
        &[
            "august", "aug", "aout", "agosto", "augustus", "sierpnia", "sierpien", "sierpniu",
        ],
        &[
            "september",
            "sep",
            "septembre",
            "septiembre",
            "settembre",
            "setembro",
            "wrzesnia",
            "wrzesien",
            "wrzesniu",
        ],
        &[
            "october",
            "oct",
            "oktober",
            "okt",
            "octobre",
            "octubre",
            "ottobre",
            "outubro",
            "pazdziernika",
            "pazdziernik",
            "pazdzierniku",
        ],
        &[
            "november",
            "nov",
            "novembre",
            "noviembre",
            "novembro",
            "listopada",
            "listopad",
            "listopadzie",
        ],
        &[
            "december",
            "dec",
            "dezember",
            "dez",
            "decembre",
            "diciembre",
            "dicembre",
            "dezembro",
            "grudnia",
            "grudzien",
            "grudniu",
        ],
    ];
    let place = NAMES.iter().position(|names| names.contains(&word))?;
    u32::try_from(place + 1).ok()
}

pub(super) fn any_month(word: &str) -> Option<u32> {
    month(word).or_else(|| shaky_month(word))
}

/// A month by a name that means something else as well.
fn shaky_month(word: &str) -> Option<u32> {
    match word {
        "may" | "maj" | "maju" => Some(5),
        "mar" => Some(3),
        "sept" => Some(9),
        _ => None,
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "montag" | "lundi" | "lunes" | "lunedi" | "maandag" | "poniedzialek"
        | "poniedzialku" => Weekday::Mon,
        "tuesday" | "dienstag" | "mardi" | "martes" | "martedi" | "dinsdag" | "wtorek"
        | "wtorku" => Weekday::Tue,
        "wednesday" | "mittwoch" | "mercredi" | "miercoles" | "mercoledi" | "woensdag"
        | "sroda" | "srode" => Weekday::Wed,
        "thursday" | "donnerstag" | "jeudi" | "jueves" | "giovedi" | "donderdag" | "czwartek"
        | "czwartku" => Weekday::Thu,
        "friday" | "freitag" | "vendredi" | "viernes" | "venerdi" | "vrijdag" | "piatek"
        | "piatku" => Weekday::Fri,
        "saturday" | "samstag" | "sonnabend" | "samedi" | "sabado" | "sabato" | "zaterdag"
        | "sobota" | "sobote" => Weekday::Sat,
        "sunday" | "sonntag" | "dimanche" | "domingo" | "domenica" | "zondag" | "niedziela"
        | "niedziele" => Weekday::Sun,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Vec<String> {
        // A Monday.
        let today = NaiveDate::from_ymd_opt(2026, 4, 13).unwrap();
        let text = Text::read(raw);
        DateReader::new(today)
            .find(&text, 0..text.tokens().len())
            .into_iter()
            .map(|d| {
                if d.first == d.last {
                    d.last.to_string()
                } else {
                    format!("{}..{}", d.first, d.last)
                }
            })
            .collect()
    }

    #[test]
    fn dates_as_people_write_them() {
        let table = [
            ("by 15 June", "2026-06-15"),
            ("June 15th, 2027", "2027-06-15"),
            ("bis zum 15.06.", "2026-06-15"),
            ("15.06.2027", "2027-06-15"),
            ("2026-06-15", "2026-06-15"),
            ("am 3. März", "2027-03-03"),
            ("le 1er juillet", "2026-07-01"),
            ("antes del 30 de junio", "2026-06-30"),
            ("il 5 maggio", "2026-05-05"),
            ("do 15 czerwca", "2026-06-15"),
            ("tot 3 mei", "2026-05-03"),
            ("until the 2nd of May", "2026-05-02"),
            ("by the end of May", "2026-05-31"),
            ("Ende Februar", "2027-02-28"),
            ("mid June", "2026-06-15"),
            ("fin du mois", "2026-04-30"),
            ("bis Jahresende", "2026-12-31"),
            ("within two weeks", "2026-04-27"),
            ("innerhalb von 14 Tagen", "2026-04-27"),
            ("dans un mois", "2026-05-13"),
            ("in 3 months", "2026-07-13"),
            ("by Friday", "2026-04-17"),
            ("Friday next week", "2026-04-24"),
            ("next Friday", "2026-04-24"),
            ("Freitag, 15. Mai", "2026-05-15"),
            ("before Christmas", "2026-12-24"),
            ("vor Ostern", "2027-03-27"),
            ("next week", "2026-04-20..2026-04-24"),
            ("in June", "2026-06-01..2026-06-30"),
            ("tomorrow", "2026-04-14"),
            ("06/15/2026", "2026-06-15"),
            ("in autumn", "2026-09-01..2026-11-30"),
            ("l'année prochaine", "2027-01-01..2027-12-31"),
            ("in May", "2026-05-01..2026-05-31"),
        ];
        for (raw, expected) in table {
            assert_eq!(read(raw), [expected], "{raw}");
        }
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for raw in [
            "03/04",
            "it may be 4.7 stars",
            "you may come",
            "31. Februar",
            "12.50 €",
            "Guten Morgen",
            "99.99.",
            "in 5000 years",
            "last summer",
            "seit Mai",
        ] {
            assert_eq!(read(raw), Vec::<String>::new(), "{raw}");
        }
    }
}
