//! The websites of the demo's world, as the simulation's server serves them.

use std::collections::BTreeMap;

use dealwright_simulation::{Encryption, Site};
use serde::Deserialize;

use super::files::FILES;

/// How a site is served; stands in its `site.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Served {
    https: String,
    headers: BTreeMap<String, String>,
    redirects: BTreeMap<String, String>,
    pictures: BTreeMap<String, usize>,
    padding: BTreeMap<String, usize>,
}

/// The sites by host, and the two hosts of the feeds.
pub(crate) fn sites() -> Result<BTreeMap<String, Site>, String> {
    let mut hosts: BTreeMap<&str, Vec<(&str, &[u8])>> = BTreeMap::new();
    for (path, bytes) in FILES {
        if let Some((host, name)) = path
            .strip_prefix("sites/")
            .and_then(|rest| rest.split_once('/'))
        {
            hosts.entry(host).or_default().push((name, bytes));
        }
    }
    let mut sites = BTreeMap::new();
    for (host, files) in hosts {
        sites.insert(host.to_owned(), site(host, &files)?);
    }
    for (host, feed) in [
        ("merrow-courier.example", "feeds/courier.xml"),
        ("trade-board.example", "feeds/trade-board.xml"),
    ] {
        let site = Site::new(Encryption::Led).with_file("feed.xml", super::file(feed)?);
        sites.insert(host.to_owned(), site);
    }
    Ok(sites)
}

fn site(host: &str, files: &[(&str, &[u8])]) -> Result<Site, String> {
    let told = files.iter().find(|(name, _)| *name == "site.toml");
    let (_, told) = told.ok_or_else(|| format!("`{host}` has no site.toml"))?;
    let served: Served = toml::from_str(&String::from_utf8_lossy(told))
        .map_err(|e| format!("`{host}/site.toml`: {e}"))?;
    let mut site = Site::new(match served.https.as_str() {
        "both" => Encryption::Both,
        _ => Encryption::Led,
    });
    for (name, bytes) in files.iter().filter(|(name, _)| *name != "site.toml") {
        site = site.with_file(name, *bytes);
    }
    for (name, value) in &served.headers {
        site = site.with_header(name, value);
    }
    for (from, to) in &served.redirects {
        site = site.with_redirect(from, to);
    }
    for (path, bytes) in &served.pictures {
        site = site.with_picture(path, *bytes);
    }
    for (path, bytes) in &served.padding {
        site = site.with_padding(path, *bytes);
    }
    Ok(site)
}
