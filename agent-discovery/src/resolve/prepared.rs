use super::normal::{
    self, Day, address, day, digits, email, fold, name_words, phone, website, words,
};
use super::record::{Record, Role};
use super::words::{Asked, Kind, Word, Words, hash_of};

/// A record in the form in which it is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    /// The words of each name, in order.
    pub(super) names: Vec<Vec<Word>>,
    pub(super) addresses: Vec<Address>,
    pub(super) places: Vec<Word>,
    pub(super) posts: Vec<Word>,
    pub(super) phones: Vec<Word>,
    pub(super) emails: Vec<Word>,
    pub(super) domains: Vec<Word>,
    pub(super) days: Vec<(Word, Day)>,
    pub(super) numbers: Vec<Word>,
    /// What stands for the site when values are counted.
    pub(super) site: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) houses: Option<(u32, u32)>,
    pub(super) direction: Option<Box<str>>,
    pub(super) street: Vec<Word>,
}

impl Prepared {
    /// Prepares and counts a record that is kept.
    pub(super) fn keep(record: &Record, words: &mut Words) -> Self {
        let prepared = Self::make(record, |kind, text| words.intern(kind, text));
        words.count_site(prepared.site);
        for word in prepared.words() {
            words.count(word, prepared.site);
        }
        prepared
    }

    /// Prepares a record that is only asked about.
    pub(super) fn ask(record: &Record, asked: &mut Asked<'_>) -> Self {
        Self::make(record, |kind, text| asked.number(kind, text))
    }

    fn make(record: &Record, mut number: impl FnMut(Kind, &str) -> Word) -> Self {
        let mut made = Self::default();
        let mut names: Vec<Vec<String>> = record
            .values(Role::Name)
            .iter()
            .map(|name| name_words(name))
            .collect();
        if !record.values(Role::NamePart).is_empty() {
            names.push(name_words(&record.values(Role::NamePart).join(" ")));
        }
        names.retain(|name| !name.is_empty());
        let addresses: Vec<normal::Address> = addresses(record);
        made.site = site(record, &names, &addresses);
        made.names = names
            .iter()
            .map(|name| name.iter().map(|word| number(Kind::Name, word)).collect())
            .collect();
        for address in addresses {
            made.addresses.push(Address {
                houses: address.houses,
                direction: address.direction.map(String::into_boxed_str),
                street: address
                    .street
                    .iter()
                    .map(|word| number(Kind::Street, word))
                    .collect(),
            });
        }
        for place in record.values(Role::City) {
            for word in words(&fold(place)) {
                add(&mut made.places, number(Kind::Place, &word));
            }
        }
        for code in record.values(Role::PostalCode) {
            add(&mut made.posts, number(Kind::Post, &post(code)));
        }
        for text in record.values(Role::Phone) {
            if let Some(line) = phone(text) {
                add(&mut made.phones, number(Kind::Phone, &line));
            }
        }
        for text in record.values(Role::Email) {
            if let Some(mailbox) = email(text) {
                add(
                    &mut made.emails,
                    number(Kind::Email, &mailbox.identity_key()),
                );
                if !mailbox.is_free_mail() {
                    let domain = normal::domain_of(mailbox.domain());
                    add(&mut made.domains, number(Kind::Domain, &domain));
                }
            } else if text.contains('@') {
                // Not to be written to, but it may still be the same misspelling.
                add(
                    &mut made.emails,
                    number(Kind::Email, &text.trim().to_ascii_lowercase()),
                );
            }
        }
        for text in record.values(Role::Website) {
            if let Some(domain) = website(text, true) {
                add(&mut made.domains, number(Kind::Domain, &domain));
            }
        }
        for text in record.values(Role::BirthDate) {
            if let Some(day) = day(text) {
                let word = number(Kind::Day, &format!("{:04}{:02}{:02}", day.0, day.1, day.2));
                made.days.push((word, day));
            }
        }
        for text in record.values(Role::Registration) {
            let plain: String = fold(text).replace(' ', "");
            if !plain.is_empty() {
                add(&mut made.numbers, number(Kind::Number, &plain));
            }
        }
        made
    }

    /// Every value once.
    fn words(&self) -> Vec<Word> {
        let mut all: Vec<Word> = self
            .names
            .iter()
            .flatten()
            .chain(self.addresses.iter().flat_map(|address| &address.street))
            .chain(&self.places)
            .chain(&self.posts)
            .chain(&self.phones)
            .chain(&self.emails)
            .chain(&self.domains)
            .chain(self.days.iter().map(|(word, _)| word))
            .chain(&self.numbers)
            .copied()
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn add(list: &mut Vec<Word>, word: Word) {
    if !list.contains(&word) {
        list.push(word);
    }
}

/// Streets, with the house number that stands in a column of its own.
fn addresses(record: &Record) -> Vec<normal::Address> {
    let apart = record
        .values(Role::HouseNumber)
        .first()
        .and_then(|number| digits(number).parse::<u32>().ok());
    record
        .values(Role::Street)
        .iter()
        .filter_map(|text| address(text))
        .map(|mut address| {
            if address.houses.is_none() {
                address.houses = apart.map(|number| (number, number));
            }
            address
        })
        .collect()
}

/// Letters and digits; of an American nine-digit code the first five.
fn post(code: &str) -> String {
    let plain = fold(code);
    let first = plain.split(' ').next().unwrap_or_default();
    if first.len() == 5 && first.bytes().all(|b| b.is_ascii_digit()) {
        first.to_owned()
    } else {
        plain.replace(' ', "")
    }
}

fn site(record: &Record, names: &[Vec<String>], addresses: &[normal::Address]) -> u64 {
    let numbered = addresses
        .iter()
        .find_map(|address| Some((address.houses?, &address.street)));
    if let Some((houses, street)) = numbered {
        let street = street.first().map_or("", String::as_str);
        return hash_of(b'A', &[&houses.0.to_string(), street]);
    }
    match names.first() {
        Some(name) => {
            let mut sorted: Vec<&str> = name.iter().map(String::as_str).collect();
            sorted.sort_unstable();
            hash_of(b'N', &sorted)
        }
        None => hash_of(b'I', &[record.id()]),
    }
}
