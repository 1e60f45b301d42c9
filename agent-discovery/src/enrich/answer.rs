use std::collections::BTreeSet;

use dealwright_core::party::{Country, DomainName};
use dealwright_core::personal::Purpose;
use dealwright_core::provenance::Source;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    About, EnrichAnswer, EnrichField, FieldValue, Found, Invalid, Price, ProviderProfile, Who,
};
use crate::resolve::{Anchor, CheckedParams, Identity, Record, Role, identify};

/// What was taken of an answer, and what was not, with the reasons.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// What is kept.
    pub found: Vec<Found>,
    /// What was no value.
    pub refused: Vec<RefusedFinding>,
    /// Where the answer speaks of another firm: what contradicts. Nothing is kept then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Vec<Anchor>>,
    /// What the call took.
    pub took: Price,
}

/// A value that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedFinding {
    /// What the provider said it is.
    pub field: EnrichField,
    /// Why it is not.
    pub why: Invalid,
}

/// Takes of an answer what is valid and speaks of the firm that was asked for.
///
/// A heading decides nothing: a text given as one field that is an address is an address, and one
/// that does not parse as its field is refused.
#[must_use]
pub fn read_answer(
    params: &CheckedParams,
    profile: &ProviderProfile,
    who: &Who,
    wanted: &BTreeSet<EnrichField>,
    answer: EnrichAnswer,
    subject: &str,
    at: Timestamp,
) -> Accepted {
    let mut accepted = Accepted {
        took: answer.took,
        ..Accepted::default()
    };
    if answer.findings.is_empty() {
        return accepted;
    }
    if let Some(anchors) = another_firm(params, who, &answer.about) {
        accepted.blocked = Some(anchors);
        return accepted;
    }
    for finding in answer.findings {
        let text = finding.value.reveal(Purpose::Matching);
        match read(finding.field, text, wanted, who.country, subject) {
            Ok(value) => {
                let mut source = Source::new(profile.source.as_str(), profile.kind);
                if let Some(url) = &finding.url {
                    source = source.with_url(url.as_str());
                }
                accepted.found.push(Found {
                    value,
                    source,
                    retrieved_at: at,
                    confidence: finding.confidence,
                    passage: finding.passage,
                });
            }
            Err(why) => accepted.refused.push(RefusedFinding {
                field: finding.field,
                why,
            }),
        }
    }
    accepted
}

fn read(
    field: EnrichField,
    text: &Untrusted<String>,
    wanted: &BTreeSet<EnrichField>,
    home: Option<Country>,
    subject: &str,
) -> Result<FieldValue, Invalid> {
    let value = FieldValue::read(field, text, home, subject);
    let misplaced = field != EnrichField::Email && wanted.contains(&EnrichField::Email);
    match value {
        // An address under another heading is an address all the same, even where the other
        // field would take any text.
        _ if misplaced && text.inspect(|text| text.contains('@')) => {
            FieldValue::read(EnrichField::Email, text, home, subject)
        }
        value => value,
    }
}

/// What says that `about` is not the firm that was asked for: contradicting anchors, or none
/// where nothing shows that it is the same. `None` where it is.
fn another_firm(params: &CheckedParams, who: &Who, about: &About) -> Option<Vec<Anchor>> {
    let mut ours = Record::new("ours");
    let mut theirs = Record::new("theirs");
    let mut add = |role, text: Option<&str>| {
        if let Some(text) = text {
            ours.add(role, text);
        }
    };
    add(Role::Name, who.name.as_deref());
    add(Role::Website, who.website.as_ref().map(DomainName::as_str));
    add(Role::City, who.locality.as_deref());
    let mut tell = |role, text: &Option<Untrusted<String>>| {
        if let Some(text) = text {
            text.inspect(|text| theirs.add(role, text));
        }
    };
    tell(Role::Name, &about.name);
    tell(Role::Website, &about.website);
    tell(Role::Registration, &about.registration);
    tell(Role::City, &about.locality);
    match identify(params, &ours, &theirs) {
        Identity::Blocked { anchors, .. } => Some(anchors),
        Identity::Same(_) => None,
        Identity::New if same_site(who, about) || same_name(who, about) => None,
        Identity::New => Some(Vec::new()),
    }
}

fn same_site(who: &Who, about: &About) -> bool {
    let theirs = about.website.as_ref().and_then(|text| {
        text.inspect(|text| DomainName::parse(text).or_else(|_| DomainName::of_url(text)))
            .ok()
    });
    match (&who.website, theirs) {
        (Some(ours), Some(theirs)) => ours.site() == theirs.site() || ours.same_owner(&theirs),
        _ => false,
    }
}

/// The same name, where neither side names a website that could contradict.
fn same_name(who: &Who, about: &About) -> bool {
    let fold = |text: &str| {
        deunicode::deunicode(text)
            .to_lowercase()
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let both = who.website.is_some() && about.website.is_some();
    match (&who.name, &about.name) {
        (Some(ours), Some(theirs)) => {
            !both && theirs.inspect(|theirs| fold(theirs) == fold(ours)) && !fold(ours).is_empty()
        }
        _ => false,
    }
}
