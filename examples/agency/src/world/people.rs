//! Who answers letters in the demo's world, and how.

use std::collections::BTreeMap;

use dealwright_simulation::Persona;

use super::files::FILES;

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

/// How large each of them knows their own things to be, by address: the pages of the website that
/// their mail is at, and the directories that list them.
pub(crate) fn sizes() -> Result<BTreeMap<String, (u32, u32)>, String> {
    let mut directories = Vec::new();
    for (_, path, _) in super::DIRECTORIES {
        // One of them is not in UTF-8; addresses are plain in any encoding.
        directories.push(String::from_utf8_lossy(super::file(path)?));
    }
    let mut sizes = BTreeMap::new();
    for address in cast()?.into_keys() {
        let host = address.rsplit('@').next().unwrap_or_default();
        let folder = format!("sites/{host}/");
        let pages = FILES
            .iter()
            .filter(|(path, _)| path.starts_with(&folder) && path.ends_with(".html"));
        let pages = pages.count();
        let own = |text: &str| text.contains(&address) || (pages > 0 && text.contains(host));
        let listings = directories.iter().filter(|text| own(text)).count();
        let number = |count: usize| u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        sizes.insert(address.clone(), (number(pages), number(listings)));
    }
    Ok(sizes)
}
