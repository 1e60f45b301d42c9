use super::normal::{day, email, fold, is_street_word, website, words};
use super::record::Role;
use super::words::{Map, hash_of};

/// What the values of one column look like.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    rows: usize,
    filled: usize,
    values: Map<u64, usize>,
    years: (u16, u16),
    lengths: Map<usize, usize>,
    words: usize,
    characters: usize,
    emails: usize,
    websites: usize,
    days: usize,
    phones: usize,
    numbers: usize,
    small: usize,
    calendar: usize,
    codes: usize,
    streets: usize,
    housed: usize,
    letters: usize,
    single: usize,
}

impl Profile {
    /// Looks at a cell.
    pub(super) fn see(&mut self, cell: &str) {
        self.rows += 1;
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        let folded = fold(cell);
        *self.values.entry(hash_of(b'v', &[&folded])).or_default() += 1;
        *self.lengths.entry(folded.len()).or_default() += 1;
        let parts = words(&folded);
        self.words += parts.len();
        self.characters += folded.len();
        let digits = folded.bytes().filter(u8::is_ascii_digit).count();
        let alphabetic = folded.bytes().filter(u8::is_ascii_alphabetic).count();
        if let Some((year, _, _)) = day(cell) {
            self.days += 1;
            self.years = match self.years {
                (0, 0) => (year, year),
                (from, to) => (from.min(year), to.max(year)),
            };
        }
        self.emails += usize::from(email(cell).is_some());
        self.websites += usize::from(website(cell, false).is_some());
        self.phones += usize::from(is_phone(cell, digits, alphabetic));
        self.letters += usize::from(digits == 0 && alphabetic >= 2);
        self.single += usize::from(digits == 0 && parts.len() == 1 && alphabetic >= 2);
        if alphabetic == 0 && parts.len() == 1 {
            self.numbers += usize::from(digits >= 5);
            self.small += usize::from(digits <= 5);
            self.codes += usize::from((4..=5).contains(&digits));
            let year = folded.parse::<u32>().unwrap_or(0);
            self.calendar += usize::from((1900..=2035).contains(&year));
        } else if (5..=8).contains(&folded.len()) && digits >= 1 && alphabetic >= 1 {
            // SW1A 1AA, 1012 AB; of one shape within a column.
            self.codes += usize::from(parts.len() <= 2 && digits + alphabetic >= 5);
        }
        let first = parts.first().map_or("", String::as_str);
        let numbered = first.bytes().next().is_some_and(|b| b.is_ascii_digit());
        let kind = parts.iter().skip(1).any(|word| is_street_word(word));
        let ending = parts
            .first()
            .is_some_and(|word| word.len() > 6 && is_street_word(word));
        let housed = numbered && parts.len() >= 2 && alphabetic >= 3;
        self.housed += usize::from(housed);
        self.streets += usize::from(housed || kind || ending);
    }

    fn share(&self, count: usize) -> usize {
        100 * count / self.filled.max(1)
    }

    fn coverage(&self) -> usize {
        100 * self.filled / self.rows.max(1)
    }

    fn distinct(&self) -> usize {
        self.values.len()
    }

    /// How many cells hold one of the `n` commonest values, where there are more than that
    /// and some stand often.
    fn commonest(&self, n: usize) -> usize {
        let mut counts: Vec<usize> = self.values.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts.iter().take(n).filter(|count| **count > 1).sum()
    }

    /// How many of a hundred cells hold the commonest value.
    fn top(&self) -> usize {
        self.share(self.commonest(1))
    }

    /// No value stands twice: a row's own number, by which nothing can agree.
    fn unique(&self) -> bool {
        self.filled >= 20 && self.distinct() == self.filled
    }

    /// Whether nearly all cells are of one length.
    fn one_length(&self) -> bool {
        self.share(self.lengths.values().copied().max().unwrap_or(0)) >= 90
    }

    fn words_by_cell(&self) -> usize {
        10 * self.words / self.filled.max(1)
    }

    fn length(&self) -> usize {
        self.characters / self.filled.max(1)
    }
}

/// A telephone number by its shape: written with signs, with `+` or a leading 0, or of the
/// seven, ten or eleven digits that numbers of North America have.
fn is_phone(cell: &str, digits: usize, alphabetic: usize) -> bool {
    let written = |c: char| c.is_ascii_digit() || " \u{a0}-–./()+\t\n\r".contains(c);
    if alphabetic > 0 || !cell.chars().all(written) || day(cell).is_some() {
        return false;
    }
    let first = cell.chars().find(char::is_ascii_digit).unwrap_or('0');
    match digits {
        7 | 10 => !matches!(first, '0' | '1') || (digits == 10 && first == '0'),
        11 if first == '1' => true,
        8..=15 if cell.starts_with(['+', '0', '(']) => true,
        8..=13 => cell.contains(['/', '-', ' ', '.']),
        _ => false,
    }
}

/// What each column holds, by the shares of its cells that are valid as something.
pub(super) fn infer(profiles: &[Profile]) -> Vec<Role> {
    let mut roles: Vec<Role> = profiles.iter().map(sure).collect();
    let inner = profiles
        .iter()
        .zip(&roles)
        .any(|(profile, role)| *role == Role::Street && profile.share(profile.housed) < 30);
    for role in &mut roles {
        if *role == Role::HouseNumber && !inner {
            *role = Role::Other;
        }
    }
    name(profiles, &mut roles);
    roles
}

fn sure(profile: &Profile) -> Role {
    let share = |count| profile.share(count);
    let covers = |percent| profile.coverage() >= percent;
    match () {
        () if profile.filled == 0 => Role::Other,
        () if share(profile.emails) >= 50 => Role::Email,
        () if share(profile.websites) >= 50 => Role::Website,
        () if share(profile.days) >= 80 => {
            // Days of a few years are dates of entries, not of birth.
            let span = profile.years.1 - profile.years.0;
            if span >= 15 && covers(30) {
                Role::BirthDate
            } else {
                Role::Other
            }
        }
        () if share(profile.phones) >= 90 => Role::Phone,
        () if share(profile.calendar) >= 95 => Role::Other,
        () if share(profile.codes) >= 90
            && profile.one_length()
            && !profile.unique()
            && covers(20) =>
        {
            Role::PostalCode
        }
        () if share(profile.small) >= 90 && !profile.unique() && covers(50) => Role::HouseNumber,
        () if share(profile.numbers) >= 90
            && profile.one_length()
            && !profile.unique()
            && covers(30) =>
        {
            Role::Registration
        }
        () if share(profile.commonest(20)) >= 90 => Role::Category,
        () if share(profile.streets) >= 50 && covers(20) => Role::Street,
        () if !covers(30) || share(profile.letters) < 60 => Role::Other,
        () if share(profile.single) >= 85 && profile.top() <= 5 => Role::NamePart,
        () if profile.distinct() * 2 <= profile.filled && profile.length() <= 30 => Role::City,
        () => Role::Other,
    }
}

/// The name is the text that tells most: that of several words, else the single words
/// together, else whatever differs most.
fn name(profiles: &[Profile], roles: &mut [Role]) {
    let open = |role: Role| matches!(role, Role::Other | Role::City | Role::NamePart);
    let candidate = |profile: &Profile| {
        profile.share(profile.letters) >= 60 && profile.coverage() >= 50 && profile.length() <= 80
    };
    // Two and more columns of single words are a person's name, unless a text says more.
    let parts = roles.iter().filter(|role| **role == Role::NamePart).count();
    let long = profiles
        .iter()
        .zip(roles.iter())
        .enumerate()
        .filter(|(_, (profile, role))| open(**role) && candidate(profile))
        .filter(|(_, (profile, _))| {
            if parts >= 2 {
                profile.words_by_cell() >= 20 && profile.distinct() * 10 >= profile.filled * 6
            } else {
                profile.words_by_cell() >= 16 && profile.distinct() * 4 >= profile.filled
            }
        })
        .max_by_key(|(at, (profile, _))| (profile.distinct(), usize::MAX - at))
        .map(|(at, _)| at);
    let fallback = || {
        profiles
            .iter()
            .zip(roles.iter())
            .enumerate()
            .filter(|(_, (profile, role))| open(**role) && profile.share(profile.letters) >= 60)
            .max_by_key(|(at, (profile, _))| (profile.distinct(), usize::MAX - at))
            .map(|(at, _)| at)
    };
    let chosen = match long {
        None if parts > 0 => return,
        None => fallback(),
        found => found,
    };
    for (at, role) in roles.iter_mut().enumerate() {
        if Some(at) == chosen {
            *role = Role::Name;
        } else if *role == Role::NamePart {
            *role = Role::Other;
        }
    }
}
