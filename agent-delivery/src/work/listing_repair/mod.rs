//! The listing repair: finds where directories disagree about one business, decides what
//! is right by who said it, and writes the corrected data.

mod output;
mod report;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::party::Country;
use dealwright_core::provenance::SourceKind;
use dealwright_core::text::Untrusted;
use serde::{Deserialize, Serialize};

pub use self::output::{before_after_csv, corrected_csv, json_ld, json_ld_script};
pub use self::report::report;
use super::listing::{Listing, ListingField, comparable};

/// What was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairScope {
    directories: u32,
    fields: BTreeSet<ListingField>,
}

impl Default for RepairScope {
    fn default() -> Self {
        Self::of_order(&BTreeMap::new(), &[])
    }
}

impl RepairScope {
    /// From the drivers and options of an order.
    ///
    /// `directories` (or `listings`) bounds how many listings are corrected, the ones
    /// with the most mistakes first (10 where missing). The option `hours` adds opening
    /// hours and `categories` what kind of business it is; the other fields are always
    /// part of it.
    #[must_use]
    pub fn of_order(drivers: &BTreeMap<String, i64>, options: &[String]) -> Self {
        let driver = drivers
            .get("directories")
            .or_else(|| drivers.get("listings"));
        let chosen = |name: &str| options.iter().any(|option| option == name);
        let fields = ListingField::ALL.into_iter().filter(|field| match field {
            ListingField::Hours => chosen("hours") || chosen("opening-hours"),
            ListingField::Category => chosen("categories"),
            _ => true,
        });
        Self {
            directories: u32::try_from(driver.copied().unwrap_or(10).clamp(1, 1000)).unwrap_or(1),
            fields: fields.collect(),
        }
    }

    /// How many listings are corrected at most.
    #[must_use]
    pub fn directories(&self) -> u32 {
        self.directories
    }

    /// The fields that are looked at.
    #[must_use]
    pub fn fields(&self) -> &BTreeSet<ListingField> {
        &self.fields
    }
}

/// Which rule decided for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// All who say anything say the same.
    Agreement,
    /// A person or the business itself said it.
    OwnWord,
    /// It stands on the business' own website.
    OwnSite,
    /// It stands in a public register.
    Register,
    /// More directories say this than anything else.
    Majority,
    /// As many say something else; the newest was taken, and should be confirmed.
    Newest,
    /// As many say something else, and nothing tells which is right: the client is asked, and
    /// nothing is changed until they answer.
    Open,
}

/// One way in which a field is given, with all who give it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// As the best of them writes it.
    pub value: Untrusted<String>,
    /// The names of those who give it, in order.
    pub sources: Vec<String>,
}

/// What was found out about one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRepair {
    /// The field.
    pub field: ListingField,
    /// The value that is right; where the rule is [`Rule::Open`], the first of those that may be.
    pub chosen: Stated,
    /// Why.
    pub rule: Rule,
    /// The others, most often given first.
    pub others: Vec<Stated>,
}

impl FieldRepair {
    /// Whether the client should be asked before it is used.
    #[must_use]
    pub fn needs_confirmation(&self) -> bool {
        matches!(self.rule, Rule::Newest | Rule::Open)
    }
}

/// A value to change at one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The source.
    pub source: String,
    /// The field.
    pub field: ListingField,
    /// What stands there; `None` where nothing does.
    pub before: Option<Untrusted<String>>,
    /// What should stand there.
    pub after: Untrusted<String>,
}

/// The repaired listings of one business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingRepair {
    /// The country that telephone numbers were read in.
    pub country: Option<Country>,
    /// Every field that anybody gives, in the order in which they are shown.
    pub fields: Vec<FieldRepair>,
    /// Fields that were looked at and that nobody gives in a usable form.
    pub missing: Vec<ListingField>,
    /// What to change where: by source, then field.
    pub changes: Vec<Change>,
    /// Listings with mistakes beyond the ordered number, by source.
    pub left_out: Vec<String>,
    /// How many listings of others were compared.
    #[serde(default)]
    pub compared: u32,
}

impl ListingRepair {
    /// The value that is right for a field; `None` where nobody gives one or the client has to
    /// say which of several it is.
    #[must_use]
    pub fn value(&self, field: ListingField) -> Option<&Untrusted<String>> {
        let decided = |repair: &&FieldRepair| repair.field == field && repair.rule != Rule::Open;
        let repair = self.fields.iter().find(decided)?;
        Some(&repair.chosen.value)
    }

    /// What the business is called, decided or not.
    #[must_use]
    pub fn name(&self) -> Option<&Untrusted<String>> {
        let name = |repair: &&FieldRepair| repair.field == ListingField::Name;
        let repair = self.fields.iter().find(name)?;
        Some(&repair.chosen.value)
    }

    /// How many fields somebody gives differently.
    #[must_use]
    pub fn conflicts(&self) -> usize {
        self.fields
            .iter()
            .filter(|repair| !repair.others.is_empty())
            .count()
    }
}

/// Finds conflicts, decides and lists the changes.
///
/// `listings` holds all that is known: the client's own word, the site and the
/// directories; the kind of each one's source says what its word counts. Decided is, in
/// this order: by the kind of source (a person, the business itself, its site, a
/// register, then all others alike), by how many say the same, by confidence, by the
/// newest, by the source's name. A value that is none (a telephone number without
/// digits) never counts. Changes are listed for sources other than the client.
#[must_use]
pub fn repair(listings: &[Listing], scope: &RepairScope) -> ListingRepair {
    let country = country(listings);
    let mut fields = Vec::new();
    let mut missing = Vec::new();
    for field in ListingField::ALL
        .into_iter()
        .filter(|field| scope.fields.contains(field))
    {
        match decide(field, listings, country) {
            Some(repair) => fields.push(repair),
            // Most countries write no region; its absence is no gap.
            None if field == ListingField::Region => {}
            None => missing.push(field),
        }
    }
    let (changes, left_out) = changes(listings, &fields, country, scope);
    ListingRepair {
        country,
        fields,
        missing,
        changes,
        left_out,
        compared: u32::try_from(listings.iter().filter(|l| is_listing(l)).count())
            .unwrap_or(u32::MAX),
    }
}

/// Whether somebody else lists the business there: its own word and its own site are none.
fn is_listing(listing: &Listing) -> bool {
    rank(listing.source().kind()) > rank(SourceKind::Website)
}

/// What the word of a kind of source counts; less is more.
fn rank(kind: SourceKind) -> u8 {
    match kind {
        SourceKind::Person => 0,
        SourceKind::Subject => 1,
        SourceKind::Website => 2,
        SourceKind::Register => 3,
        _ => 4,
    }
}

/// The country of the best source that gives one.
fn country(listings: &[Listing]) -> Option<Country> {
    let mut known: Vec<(u8, &str, Country)> = listings
        .iter()
        .filter_map(|listing| {
            let source = listing.source();
            Some((rank(source.kind()), source.name(), listing.country()?))
        })
        .collect();
    known.sort();
    known.first().map(|(_, _, country)| *country)
}

/// All listings that give a field the same way.
struct Group<'a> {
    members: Vec<&'a Listing>,
}

impl<'a> Group<'a> {
    /// The member whose word counts most.
    fn best(&self) -> Option<&'a Listing> {
        self.members
            .iter()
            .copied()
            .min_by(|a, b| order(a).cmp(&order(b)))
    }

    fn stated(&self, field: ListingField) -> Option<Stated> {
        let names: BTreeSet<String> = self
            .members
            .iter()
            .map(|one| one.source().name().to_owned())
            .collect();
        Some(Stated {
            value: self.best()?.value(field)?.clone(),
            sources: names.into_iter().collect(),
        })
    }
}

type Order<'a> = (u8, std::cmp::Reverse<(u8, i64)>, &'a str);

fn order(listing: &Listing) -> Order<'_> {
    let source = listing.source();
    let trust = (
        listing.confidence().percent(),
        listing.retrieved_at().timestamp(),
    );
    (rank(source.kind()), std::cmp::Reverse(trust), source.name())
}

fn decide(
    field: ListingField,
    listings: &[Listing],
    country: Option<Country>,
) -> Option<FieldRepair> {
    let mut by_form: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for listing in listings {
        if let Some(value) = listing.value(field)
            && let Some(form) = comparable(field, value, country)
        {
            let group = by_form.entry(form).or_insert(Group {
                members: Vec::new(),
            });
            group.members.push(listing);
        }
    }
    let mut groups: Vec<Group<'_>> = by_form.into_values().collect();
    // Kind of source, then votes, then confidence, newest, name.
    groups.sort_by(|a, b| {
        let key = |group: &Group<'_>| group.best().map(|best| order(best).0);
        let rest = |group: &Group<'_>| {
            group
                .best()
                .map(|best| (order(best).1, order(best).2.to_owned()))
        };
        key(a)
            .cmp(&key(b))
            .then(b.members.len().cmp(&a.members.len()))
            .then_with(|| rest(a).cmp(&rest(b)))
    });
    let (first, others) = groups.split_first()?;
    let rule = match (first.best()?.source().kind(), others.first()) {
        (_, None) => Rule::Agreement,
        (SourceKind::Person | SourceKind::Subject, _) => Rule::OwnWord,
        (SourceKind::Website, _) => Rule::OwnSite,
        (SourceKind::Register, _) => Rule::Register,
        (_, Some(second)) if second.members.len() < first.members.len() => Rule::Majority,
        (_, Some(second)) if newer(first, second) => Rule::Newest,
        _ => Rule::Open,
    };
    Some(FieldRepair {
        field,
        chosen: first.stated(field)?,
        rule,
        others: others
            .iter()
            .filter_map(|group| group.stated(field))
            .collect(),
    })
}

/// Whether the best of the one was read after the best of the other.
fn newer(one: &Group<'_>, other: &Group<'_>) -> bool {
    let at = |group: &Group<'_>| group.best().map(Listing::retrieved_at);
    at(one) > at(other)
}

fn changes(
    listings: &[Listing],
    fields: &[FieldRepair],
    country: Option<Country>,
    scope: &RepairScope,
) -> (Vec<Change>, Vec<String>) {
    let mut by_source: BTreeMap<&str, Vec<Change>> = BTreeMap::new();
    for listing in listings
        .iter()
        .filter(|listing| rank(listing.source().kind()) >= 2)
    {
        let site = listing.source().kind() == SourceKind::Website;
        for repair in fields.iter().filter(|repair| repair.rule != Rule::Open) {
            let after = &repair.chosen.value;
            let before = listing.value(repair.field);
            let form = |value| comparable(repair.field, value, country);
            // Nobody asks a directory for a region that it does not show, nor a site for more
            // than it says of itself.
            let wanted = before.is_some() || !(site || repair.field == ListingField::Region);
            if wanted && before.and_then(form) != form(after) {
                by_source
                    .entry(listing.source().name())
                    .or_default()
                    .push(Change {
                        source: listing.source().name().to_owned(),
                        field: repair.field,
                        before: before.cloned(),
                        after: after.clone(),
                    });
            }
        }
    }
    // Wrong values weigh more than missing ones.
    let mistakes = |list: &Vec<Change>| {
        let wrong = list.iter().filter(|change| change.before.is_some()).count();
        (wrong, list.len())
    };
    let mut order: Vec<(&str, Vec<Change>)> = by_source.into_iter().collect();
    order.sort_by(|a, b| mistakes(&b.1).cmp(&mistakes(&a.1)).then(a.0.cmp(b.0)));
    let left = order.split_off(order.len().min(scope.directories as usize));
    order.sort_by(|a, b| a.0.cmp(b.0));
    (
        order.into_iter().flat_map(|(_, list)| list).collect(),
        left.into_iter().map(|(name, _)| name.to_owned()).collect(),
    )
}
