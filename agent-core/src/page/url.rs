use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// The most bytes a page's address may have.
const LONGEST: usize = 2048;

/// The absolute address of a page: `http` or `https`, a host, no user name or password,
/// no fragment. Two texts for the same address are equal after parsing.
///
/// Being a `PageUrl` says nothing about whether the address may be fetched; the
/// fetcher's egress guard decides that.
///
/// ```
/// use dealwright_core::page::PageUrl;
/// let url = PageUrl::parse("HTTP://Amsel.example:80/a/../b?x#top")?;
/// assert_eq!(url.as_str(), "http://amsel.example/b?x");
/// assert_eq!(url.join("/kontakt")?.path(), "/kontakt");
/// # Ok::<(), dealwright_core::page::PageUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageUrl(Url);

impl PageUrl {
    /// Parses an absolute address by the URL standard, and stricter: control characters
    /// and inner blanks are refused instead of stripped.
    ///
    /// # Errors
    ///
    /// [`PageUrlError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, PageUrlError> {
        check_text(text)?;
        Self::check(Url::parse(text).map_err(|_| PageUrlError::new(text, "is not absolute"))?)
    }

    /// Resolves a reference that stood on this page.
    ///
    /// # Errors
    ///
    /// [`PageUrlError`] when the result is not the address of a page, for example a
    /// `mailto:` link.
    pub fn join(&self, reference: &str) -> Result<Self, PageUrlError> {
        let reference = reference.trim();
        check_text(reference)?;
        let joined = self
            .0
            .join(reference)
            .map_err(|_| PageUrlError::new(reference, "cannot be resolved"))?;
        Self::check(joined)
    }

    fn check(mut url: Url) -> Result<Self, PageUrlError> {
        url.set_fragment(None);
        let why = if !matches!(url.scheme(), "http" | "https") {
            "is neither http nor https"
        } else if url.host_str().is_none_or(str::is_empty) {
            "names no host"
        } else if !url.username().is_empty() || url.password().is_some() {
            "carries a user name or password"
        } else if url.as_str().len() > LONGEST {
            "is longer than 2048 bytes"
        } else {
            return Ok(Self(url));
        };
        Err(PageUrlError::new(url.as_str(), why))
    }

    /// The whole address in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Whether the transport is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host: a lower-case ASCII name, an IPv4 address, or an IPv6 one in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port, 80 or 443 where the address names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(80)
    }

    /// Whether the port is the one its scheme implies.
    #[must_use]
    pub fn has_default_port(&self) -> bool {
        self.0.port().is_none()
    }

    /// Scheme, host and, where it is not the default, port.
    #[must_use]
    pub fn origin(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}://{}:{port}", self.scheme(), self.host()),
            None => format!("{}://{}", self.scheme(), self.host()),
        }
    }

    /// The path, at least `/`, percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Path and query, as robots rules see them.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        match self.0.query() {
            Some(query) => format!("{}?{query}", self.0.path()),
            None => self.0.path().to_owned(),
        }
    }

    /// Whether a query follows the path.
    #[must_use]
    pub fn has_query(&self) -> bool {
        self.0.query().is_some()
    }

    /// The same origin with another path and no query.
    #[must_use]
    pub fn at_path(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(path);
        url.set_query(None);
        Self(url)
    }

    /// The same address over the other scheme, at that scheme's own port.
    #[must_use]
    pub fn with_https(&self, https: bool) -> Self {
        let mut url = self.0.clone();
        // Neither call can fail: both schemes are special and the host is there.
        let _ = url.set_port(None);
        let _ = url.set_scheme(if https { "https" } else { "http" });
        Self(url)
    }

    /// Whether both lie on one site: the same host, a leading `www.` aside.
    #[must_use]
    pub fn same_site(&self, other: &Self) -> bool {
        bare(self.host()) == bare(other.host())
    }
}

fn bare(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

fn check_text(text: &str) -> Result<(), PageUrlError> {
    if text.len() > LONGEST * 2 {
        Err(PageUrlError::new(text, "is longer than 4096 bytes"))
    } else if text.chars().any(char::is_control) {
        Err(PageUrlError::new(text, "contains control characters"))
    } else {
        Ok(())
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for PageUrl {
    type Error = PageUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PageUrl> for String {
    fn from(url: PageUrl) -> Self {
        url.0.into()
    }
}

/// Why a text is not the address of a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("address `{given}` {why}")]
pub struct PageUrlError {
    given: String,
    why: &'static str,
}

impl PageUrlError {
    fn new(given: &str, why: &'static str) -> Self {
        let given = given
            .chars()
            .filter(|c| !c.is_control())
            .take(120)
            .collect();
        Self { given, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_web_addresses_only() {
        for bad in [
            "",
            "/kontakt",
            "//amsel.example/",
            "mailto:a@amsel.example",
            "ftp://amsel.example/",
            "http://",
            "http://user@amsel.example/",
            "http://:pw@amsel.example/",
            "http://amsel.example\r\nHost: x/",
            "http://ex\tample.example/",
        ] {
            assert!(PageUrl::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_address_has_one_form() {
        let url = PageUrl::parse("https://BÜCHER.example:443/a b?q=ä#x").unwrap();
        assert_eq!(url.as_str(), "https://xn--bcher-kva.example/a%20b?q=%C3%A4");
        assert_eq!(url.port(), 443);
        assert!(url.has_default_port() && url.is_https() && url.has_query());
        assert_eq!(url.origin(), "https://xn--bcher-kva.example");
        assert_eq!(url.with_https(false).port(), 80);
        assert_eq!(url.at_path("/robots.txt").path_and_query(), "/robots.txt");
    }

    #[test]
    fn a_site_is_a_host_without_www() {
        let a = PageUrl::parse("http://www.amsel.example/").unwrap();
        let b = PageUrl::parse("https://amsel.example/x").unwrap();
        let c = PageUrl::parse("https://shop.amsel.example/x").unwrap();
        assert!(a.same_site(&b) && !b.same_site(&c));
        assert!(a.join("mailto:x@amsel.example").is_err());
        assert_eq!(
            a.join(" ../x#y ").unwrap().as_str(),
            "http://www.amsel.example/x"
        );
    }
}
