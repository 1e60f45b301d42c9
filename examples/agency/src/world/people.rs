//! Who answers letters in the demo's world, and how.

use std::collections::BTreeMap;

use dealwright_simulation::Persona;

/// The people by address. Whoever is not named does not answer.
pub(crate) fn cast() -> Result<BTreeMap<String, Persona>, String> {
    let told: BTreeMap<String, Vec<String>> =
        toml::from_str(super::text("people.toml")?).map_err(|e| format!("`people.toml`: {e}"))?;
    let mut cast = BTreeMap::new();
    for (word, addresses) in told {
        let persona = Persona::from_word(&word)
            .ok_or_else(|| format!("`people.toml`: nobody behaves like `{word}`"))?;
        cast.extend(addresses.into_iter().map(|address| (address, persona)));
    }
    Ok(cast)
}
