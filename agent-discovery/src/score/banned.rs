use serde::{Deserialize, Serialize};

/// An input that no score may use, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BannedInput {
    /// The trait it is or stands for.
    pub because: String,
    /// Names that are banned as a whole, such as `age`; compared without case, blanks read as `_`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Words that ban every name they are part of, such as `religion` in `owner_religion`.
    #[serde(default)]
    pub words: Vec<String>,
}

/// The protected traits and their listed proxies. The standard list can be added to, never shortened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BannedInputs(Vec<BannedInput>);

impl Default for BannedInputs {
    fn default() -> Self {
        Self::standard()
    }
}

impl BannedInputs {
    /// Traits protected by EU, UK, US and Canadian equality and data protection law, with names that stand for them.
    #[must_use]
    pub fn standard() -> Self {
        let row = |because: &str, names: &[&str], words: &[&str]| BannedInput {
            because: because.to_owned(),
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            words: words.iter().map(|w| (*w).to_owned()).collect(),
        };
        Self(vec![
            row(
                "age",
                &[
                    "age",
                    "age_group",
                    "age_band",
                    "owner_age",
                    "contact_age",
                    "person_age",
                    "year_of_birth",
                ],
                &["birthday", "birthdate", "birth", "dob"],
            ),
            row(
                "sex or gender",
                &["mr_mrs"],
                &["sex", "gender", "salutation", "pronouns", "pronoun"],
            ),
            row(
                "ethnic or national origin",
                &[
                    "owner_country_of_origin",
                    "mother_tongue",
                    "skin_color",
                    "skin_colour",
                ],
                &[
                    "race",
                    "ethnicity",
                    "ethnic",
                    "nationality",
                    "citizenship",
                    "caste",
                ],
            ),
            row(
                "religion or belief",
                &[],
                &["religion", "religious", "faith", "creed", "denomination"],
            ),
            row(
                "political opinion",
                &["party_membership"],
                &["political", "politics"],
            ),
            row(
                "trade union membership",
                &["union_member", "union_membership", "trade_union"],
                &[],
            ),
            row(
                "health or disability",
                &["health", "owner_health", "health_status"],
                &[
                    "disability",
                    "disabled",
                    "illness",
                    "diagnosis",
                    "pregnancy",
                    "pregnant",
                    "maternity",
                ],
            ),
            row(
                "sexual orientation",
                &["orientation"],
                &["sexuality", "sexual"],
            ),
            row(
                "marital or family status",
                &["family_status", "children", "number_of_children"],
                &["marital", "married", "divorced"],
            ),
            row(
                "genetic or biometric data",
                &[],
                &["genetic", "biometric", "dna"],
            ),
            row(
                "a proxy for origin or sex: names and faces of people",
                &[
                    "first_name",
                    "given_name",
                    "surname",
                    "last_name",
                    "family_name",
                    "maiden_name",
                    "contact_name",
                ],
                &["photo", "portrait", "accent"],
            ),
            row(
                "a proxy for origin: the neighbourhood a person lives in",
                &["home_postcode", "home_address", "home_zip"],
                &["neighbourhood", "neighborhood"],
            ),
        ])
    }

    /// The same with more banned.
    #[must_use]
    pub fn with(mut self, more: impl IntoIterator<Item = BannedInput>) -> Self {
        self.0.extend(more);
        self
    }

    /// Why an input of that name is banned; `None` where it is not.
    #[must_use]
    pub fn why(&self, input: &str) -> Option<&str> {
        let name = normalised(input);
        self.0
            .iter()
            .find(|banned| {
                banned.names.iter().any(|n| normalised(n) == name)
                    || banned
                        .words
                        .iter()
                        .any(|w| name.split('_').any(|part| part == normalised(w)))
            })
            .map(|banned| banned.because.as_str())
    }
}

/// `Owner Age`, `owner.age` and `ownerAge` all become `owner_age`.
fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before_lower = false;
    for c in name.trim().chars() {
        if !c.is_alphanumeric() {
            if !out.ends_with('_') {
                out.push('_');
            }
            before_lower = false;
            continue;
        }
        if c.is_uppercase() && before_lower {
            out.push('_');
        }
        before_lower = c.is_lowercase();
        out.extend(c.to_lowercase());
    }
    out.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_and_proxies_are_banned_under_every_spelling() {
        let banned = BannedInputs::standard();
        for name in [
            "age",
            "Age",
            "ownerAge",
            "owner.age",
            "Contact Gender",
            "marital",
            "first name",
            "owner-religion",
        ] {
            assert!(banned.why(name).is_some(), "{name} should be banned");
        }
        for name in [
            "company_age",
            "domain.age",
            "sector",
            "webpage",
            "country",
            "employees",
            "city",
            "language",
        ] {
            assert_eq!(banned.why(name), None, "{name}");
        }
    }

    #[test]
    fn the_list_can_be_added_to() {
        let banned = BannedInputs::standard().with([BannedInput {
            because: "our own policy".into(),
            names: vec!["postcode".into()],
            words: Vec::new(),
        }]);
        assert_eq!(banned.why("Postcode"), Some("our own policy"));
        assert!(banned.why("age").is_some());
    }
}
