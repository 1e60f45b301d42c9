use super::normal::sound;
use super::prepared::Prepared;
use super::words::{Asked, Map, hash_of};

/// Records by the keys they share. Only records that share a strong key or two weak ones are
/// compared, and a key counts only where few enough share it.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    bound: u32,
    heads: Map<u64, Head>,
    links: Vec<Link>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    link: u32,
    size: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    record: u32,
    next: u32,
}

const END: u32 = u32::MAX;

impl Blocks {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            bound: u32::try_from(bound).unwrap_or(END),
            heads: Map::default(),
            links: Vec::new(),
        }
    }

    /// Enters a record. A block that is over its bound is closed for good.
    pub(super) fn enter(&mut self, record: u32, keys: &[u64]) {
        for key in keys {
            let head = self
                .heads
                .entry(*key)
                .or_insert(Head { link: END, size: 0 });
            head.size = head.size.saturating_add(1);
            if head.size > self.bound {
                continue;
            }
            let link = u32::try_from(self.links.len()).unwrap_or(END);
            self.links.push(Link {
                record,
                next: head.link,
            });
            head.link = link;
        }
    }

    /// The records that share a strong key or two weak ones, ordered, each once.
    pub(super) fn neighbours(&self, keys: &[u64]) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        for key in keys {
            let Some(head) = self.heads.get(key).filter(|head| head.size <= self.bound) else {
                continue;
            };
            let mut at = head.link;
            while let Some(link) = self.links.get(at as usize) {
                found.push(link.record);
                if is_strong(*key) {
                    found.push(link.record);
                }
                at = link.next;
            }
        }
        found.sort_unstable();
        let mut before = (END, 0);
        let mut near = Vec::with_capacity(found.len() / 2);
        for record in found {
            before = if record == before.0 {
                (record, before.1 + 1)
            } else {
                (record, 1)
            };
            if before.1 == 2 {
                near.push(record);
            }
        }
        near
    }
}

/// A key by which alone two records are worth a look.
fn strong(kind: u8, parts: &[&str]) -> u64 {
    hash_of(kind, parts) | 1
}

/// A key that many strangers share: two of them are worth a look.
fn weak(kind: u8, parts: &[&str]) -> u64 {
    hash_of(kind, parts) & !1
}

fn is_strong(key: u64) -> bool {
    key & 1 == 1
}

/// The keys of a record: what two records of one site are likely to share.
pub(super) fn keys(asked: &Asked<'_>, record: &Prepared) -> Vec<u64> {
    let mut keys = Vec::with_capacity(32);
    let mut sounds: Vec<String> = Vec::new();
    for name in &record.names {
        let texts: Vec<&str> = name.iter().map(|word| asked.text(*word)).collect();
        for text in texts.iter().filter(|text| text.len() >= 3) {
            keys.push(weak(b'w', &[text]));
            sounds.push(sound(text));
        }
        for pair in texts.windows(2) {
            if let [first, second] = pair {
                let (low, high) = if first <= second {
                    (first, second)
                } else {
                    (second, first)
                };
                keys.push(strong(b'2', &[low, high]));
                let (first, second) = (sound(first), sound(second));
                let (low, high) = if first <= second {
                    (&first, &second)
                } else {
                    (&second, &first)
                };
                keys.push(weak(b'3', &[low, high]));
            }
        }
        let run: String = texts.concat();
        if let Some(start) = run.get(..7) {
            keys.push(weak(b'r', &[start]));
        }
        let mut whole = texts.clone();
        whole.sort_unstable();
        keys.push(strong(b'N', &whole));
    }
    sounds.sort_unstable();
    sounds.dedup();
    for address in &record.addresses {
        let words: Vec<&str> = address
            .street
            .iter()
            .map(|word| asked.text(*word))
            .collect();
        let Some((low, high)) = address.houses else {
            keys.push(strong(b's', &words));
            continue;
        };
        for house in if low == high {
            vec![low]
        } else {
            vec![low, high]
        } {
            let house = house.to_string();
            for word in &words {
                keys.push(strong(b'h', &[&house, word]));
                keys.push(weak(b'i', &[&house, &sound(word)]));
            }
            for post in &record.posts {
                keys.push(weak(b'j', &[&house, asked.text(*post)]));
            }
            for sound in &sounds {
                keys.push(weak(b'k', &[&house, sound]));
            }
        }
    }
    let places = record.posts.iter().chain(&record.places);
    for place in places {
        for sound in &sounds {
            keys.push(weak(b'z', &[asked.text(*place), sound]));
        }
    }
    for phone in &record.phones {
        let text = asked.text(*phone);
        let from = text.len().saturating_sub(7);
        keys.push(strong(b'p', &[text.get(from..).unwrap_or(text)]));
    }
    for email in &record.emails {
        let text = asked.text(*email);
        keys.push(strong(b'e', &[text]));
        if let Some((local, domain)) = text.split_once('@') {
            keys.push(strong(b'l', &[local]));
            keys.push(weak(b'm', &[local.get(..3).unwrap_or(local), domain]));
        }
    }
    for domain in &record.domains {
        keys.push(weak(b'd', &[asked.text(*domain)]));
    }
    for (word, (year, month, day)) in &record.days {
        keys.push(strong(b'b', &[asked.text(*word)]));
        let (low, high) = if month <= day {
            (month, day)
        } else {
            (day, month)
        };
        keys.push(weak(
            b'c',
            &[&year.to_string(), &low.to_string(), &high.to_string()],
        ));
        for sound in &sounds {
            keys.push(weak(b'y', &[&year.to_string(), sound]));
            keys.push(weak(b'f', &[&format!("{month}.{day}"), sound]));
        }
    }
    for number in &record.numbers {
        keys.push(strong(b'n', &[asked.text(*number)]));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}
