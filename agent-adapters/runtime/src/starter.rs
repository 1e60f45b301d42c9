use crate::{Business, BusinessError};

/// The starter's `agency.toml`.
pub const STARTER_AGENCY: &str = include_str!("../starter/agency.toml");
/// The starter's `services.toml`.
pub const STARTER_SERVICES: &str = include_str!("../starter/services.toml");
/// The starter's `templates.toml`.
pub const STARTER_TEMPLATES: &str = include_str!("../starter/templates.toml");

impl Business {
    /// The business that `init` writes: two services, complete letters, strict gates.
    ///
    /// # Errors
    ///
    /// None as it is shipped; the signature is that of reading any business.
    pub fn starter() -> Result<Self, BusinessError> {
        Self::read(STARTER_AGENCY, STARTER_SERVICES, STARTER_TEMPLATES)
    }
}
