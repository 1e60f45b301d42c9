use crate::{Business, BusinessError, BusinessFiles};

/// The starter's `agency.toml`.
pub const STARTER_AGENCY: &str = include_str!("../starter/agency.toml");
/// The starter's `services.toml`.
pub const STARTER_SERVICES: &str = include_str!("../starter/services.toml");
/// The files of the starter's `templates/`, by name.
pub const STARTER_TEMPLATES: [(&str, &str); 2] = [
    (
        "templates/de.toml",
        include_str!("../starter/templates/de.toml"),
    ),
    (
        "templates/en.toml",
        include_str!("../starter/templates/en.toml"),
    ),
];
/// The files of the starter's `playbooks/`, by name.
pub const STARTER_PLAYBOOKS: [(&str, &str); 1] = [(
    "playbooks/outreach.toml",
    include_str!("../starter/playbooks/outreach.toml"),
)];

/// The files of the starter's `words/`, by name.
pub const STARTER_WORDS: [(&str, &str); 1] =
    [("words/de.toml", include_str!("../starter/words/de.toml"))];

impl BusinessFiles {
    /// What `init` writes.
    #[must_use]
    pub fn starter() -> Self {
        let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        Self {
            agency: STARTER_AGENCY.to_owned(),
            services: STARTER_SERVICES.to_owned(),
            templates: STARTER_TEMPLATES.map(owned).to_vec(),
            playbooks: STARTER_PLAYBOOKS.map(owned).to_vec(),
            words: STARTER_WORDS.map(owned).to_vec(),
        }
    }
}

impl Business {
    /// The business that `init` writes: two services, complete letters, strict gates.
    ///
    /// # Errors
    ///
    /// None as it is shipped; the signature is that of reading any business.
    pub fn starter() -> Result<Self, BusinessError> {
        Self::read(&BusinessFiles::starter())
    }
}
