//! Which pages of a site to look at next, and what came of it.
//!
//! The planner is pure; an adapter fetches what it names and brings the pages back.

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::page::{Page, PageFacts, PageUrl};
use serde::{Deserialize, Serialize};

/// How far a crawl goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CrawlParams", into = "CrawlParams")]
pub struct CrawlLimits(CrawlParams);

/// [`CrawlLimits`] before they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CrawlParams {
    /// The most pages, 1 to 500.
    pub pages: u32,
    /// The most steps from the start, 0 to 10.
    pub depth: u8,
    /// The most variants of one path that differ in their query only, 0 to 20: calendars
    /// and shops have endless ones.
    pub variants: u8,
}

impl Default for CrawlParams {
    fn default() -> Self {
        Self {
            pages: 20,
            depth: 4,
            variants: 3,
        }
    }
}

/// Why the limits are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` of a crawl is {given}, it must be at most {most} and, for pages, at least 1")]
pub struct CrawlParamsError {
    name: &'static str,
    given: u32,
    most: u32,
}

impl CrawlParams {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`CrawlParamsError`] names the first parameter outside its range.
    pub fn check(self) -> Result<CrawlLimits, CrawlParamsError> {
        for (name, given, least, most) in [
            ("pages", self.pages, 1, 500),
            ("depth", u32::from(self.depth), 0, 10),
            ("variants", u32::from(self.variants), 0, 20),
        ] {
            if !(least..=most).contains(&given) {
                return Err(CrawlParamsError { name, given, most });
            }
        }
        Ok(CrawlLimits(self))
    }
}

impl CrawlLimits {
    /// The default with this number of pages, brought into 1 to 500.
    #[must_use]
    pub fn of_pages(pages: i64) -> Self {
        let pages = u32::try_from(pages.clamp(1, 500)).unwrap_or(1);
        Self(CrawlParams {
            pages,
            ..CrawlParams::default()
        })
    }

    /// The most pages.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.0.pages
    }
}

impl TryFrom<CrawlParams> for CrawlLimits {
    type Error = CrawlParamsError;

    fn try_from(params: CrawlParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<CrawlLimits> for CrawlParams {
    fn from(limits: CrawlLimits) -> Self {
        limits.0
    }
}

/// The addresses to look at next: those of the frontier that were not seen, nearest to
/// the start first, pages about contact and imprint before others, then by address.
///
/// `frontier` says how many steps each address is from the start. Together with `seen`
/// the answer never exceeds the limit of pages, so a crawl that takes one round after
/// the other ends, whatever the site links to.
#[must_use]
pub fn next_urls(
    seen: &BTreeSet<PageUrl>,
    frontier: &BTreeMap<PageUrl, u8>,
    limits: &CrawlLimits,
) -> Vec<PageUrl> {
    let room = (limits.0.pages as usize).saturating_sub(seen.len());
    let mut variants: BTreeMap<(String, &str), u8> = BTreeMap::new();
    for url in seen.iter().filter(|url| url.has_query()) {
        *variants.entry((url.origin(), url.path())).or_default() += 1;
    }
    let mut open: Vec<(&u8, u8, &PageUrl)> = frontier
        .iter()
        .filter(|(url, depth)| **depth <= limits.0.depth && !seen.contains(url))
        .filter(|(url, _)| !is_file(url.path()))
        .map(|(url, depth)| (depth, unimportance(url), url))
        .collect();
    open.sort();
    let mut next = Vec::new();
    for (_, _, url) in open {
        if next.len() == room {
            break;
        }
        if url.has_query() {
            let count = variants.entry((url.origin(), url.path())).or_default();
            if *count >= limits.0.variants {
                continue;
            }
            *count += 1;
        }
        next.push(url.clone());
    }
    next
}

/// Adds the links of a page that lies `depth` steps from the start to the frontier; the
/// shortest way to an address counts.
pub fn extend(frontier: &mut BTreeMap<PageUrl, u8>, facts: &PageFacts, depth: u8) {
    let inner = facts
        .links
        .iter()
        .filter(|link| link.internal && !link.nofollow);
    for link in inner {
        let steps = frontier.entry(link.to.clone()).or_insert(u8::MAX);
        *steps = (*steps).min(depth.saturating_add(1));
    }
}

/// 0 for the pages that say who is behind the site.
fn unimportance(url: &PageUrl) -> u8 {
    let path = url.path().to_ascii_lowercase();
    let words = [
        "kontakt",
        "contact",
        "impressum",
        "imprint",
        "about",
        "legal",
        "ueber-uns",
    ];
    u8::from(!words.iter().any(|word| path.contains(word)))
}

/// Whether a path ends like a file that is no page.
fn is_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((_, end)) = name.rsplit_once('.') else {
        return false;
    };
    let end = end.to_ascii_lowercase();
    !matches!(
        end.as_str(),
        "html" | "htm" | "php" | "asp" | "aspx" | "jsp" | "xhtml" | "shtml"
    ) && end.len() <= 5
        && end.chars().all(|c| c.is_ascii_alphanumeric())
}

/// What came of looking at one address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Visit {
    /// The server answered; the answer may well be an error.
    Answered(Box<Page>),
    /// The site's rules forbid us to look.
    Forbidden,
    /// There was no answer.
    Unreachable,
}

/// Whether a file that every site should have is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Presence {
    /// It is there.
    Present,
    /// It is not.
    Absent,
    /// We could not tell.
    #[default]
    Unknown,
}

/// How a site treats visitors who come without encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transport {
    /// They are led to `https`.
    Redirects,
    /// Both are served side by side.
    Both,
    /// Only `http` is served.
    HttpOnly,
    /// We could not tell.
    #[default]
    Unknown,
}

/// All that was seen of a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteCrawl {
    /// Where it began.
    pub start: PageUrl,
    /// What came of each address that was looked at.
    pub visits: BTreeMap<PageUrl, Visit>,
    /// Its robots.txt.
    pub robots_txt: Presence,
    /// Its sitemap.
    pub sitemap: Presence,
    /// Its transport.
    pub transport: Transport,
    /// Whether the limit of pages left some unseen.
    pub cut: bool,
}

impl SiteCrawl {
    /// A crawl that has not begun.
    #[must_use]
    pub fn new(start: PageUrl) -> Self {
        Self {
            start,
            visits: BTreeMap::new(),
            robots_txt: Presence::Unknown,
            sitemap: Presence::Unknown,
            transport: Transport::Unknown,
            cut: false,
        }
    }

    /// The pages that answered with success and HTML, each once by its final address.
    #[must_use]
    pub fn pages(&self) -> Vec<&PageFacts> {
        let mut by_url = BTreeMap::new();
        for visit in self.visits.values() {
            if let Visit::Answered(page) = visit
                && page.snapshot().is_success()
                && let Some(facts) = page.facts()
            {
                by_url.entry(&facts.url).or_insert(facts);
            }
        }
        by_url.into_values().collect()
    }

    /// What came of looking at an address, where we looked.
    #[must_use]
    pub fn visit(&self, url: &PageUrl) -> Option<&Visit> {
        self.visits.get(url)
    }
}

#[cfg(test)]
mod tests {
    use dealwright_core::page::Link;
    use dealwright_core::text::Untrusted;
    use proptest::prelude::*;

    use super::*;

    fn url(path: &str) -> PageUrl {
        PageUrl::parse(&format!("http://amsel.example{path}")).unwrap()
    }

    #[test]
    fn takes_near_and_important_pages_first() {
        let frontier: BTreeMap<_, _> = [
            ("/z", 1),
            ("/a", 1),
            ("/kontakt", 1),
            ("/", 0),
            ("/far", 9),
            ("/menu.pdf", 1),
            ("/b.html", 2),
        ]
        .map(|(path, depth)| (url(path), depth))
        .into();
        let limits = CrawlLimits::of_pages(10);
        let next = next_urls(&BTreeSet::new(), &frontier, &limits);
        let paths: Vec<&str> = next.iter().map(PageUrl::path).collect();
        assert_eq!(paths, ["/", "/kontakt", "/a", "/z", "/b.html"]);
        let few = next_urls(&[url("/")].into(), &frontier, &CrawlLimits::of_pages(2));
        assert_eq!(few, [url("/kontakt")]);
    }

    #[test]
    fn a_calendar_does_not_eat_the_crawl() {
        let frontier = (0..50)
            .map(|day| (url(&format!("/cal?day={day}")), 1))
            .collect();
        let limits = CrawlLimits::of_pages(40);
        let seen = [url("/cal?day=1")].into();
        assert_eq!(next_urls(&seen, &frontier, &limits).len(), 2);
    }

    #[test]
    fn the_shortest_way_counts() {
        let mut facts = PageFacts::empty(url("/"), 200, 0);
        let link = |to: &str, internal| Link {
            to: url(to),
            text: Untrusted::new(String::new()),
            internal,
            nofollow: false,
        };
        facts.links = vec![link("/a", true), link("/out", false)];
        let mut frontier = BTreeMap::new();
        extend(&mut frontier, &facts, 3);
        extend(&mut frontier, &facts, 1);
        assert_eq!(frontier, BTreeMap::from([(url("/a"), 2)]));
    }

    proptest! {
        #[test]
        fn a_crawl_is_bounded(
            paths in proptest::collection::vec("/[a-c]{0,3}(\\?[ab]{0,2})?", 0..60),
            pages in 1i64..12,
        ) {
            let limits = CrawlLimits::of_pages(pages);
            let frontier: BTreeMap<_, _> = paths.iter().map(|path| (url(path), 1)).collect();
            let mut seen = BTreeSet::new();
            for _ in 0..20 {
                let next = next_urls(&seen, &frontier, &limits);
                prop_assert!(next.iter().all(|url| !seen.contains(url)));
                seen.extend(next);
            }
            prop_assert!(seen.len() <= usize::try_from(pages).unwrap());
            prop_assert!(next_urls(&seen, &frontier, &limits).is_empty());
        }
    }
}
