//! Websites that follow from a seed: no network, the same pages in every run.

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::page::{
    BusinessData, FetchRequest, Found, FoundIn, Heading, ImageFacts, Link, Page, PageFacts,
    PageFetcher, PageUrl, Redirect, Snapshot,
};
use dealwright_core::party::DomainName;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Clock;

use crate::market::{phone_of, spoken_name};
use crate::{SeededRng, VirtualClock};

/// A web in which every domain has a small site. How good it is follows from seed and domain: from
/// sites without titles, encryption and structured data to sites with nothing to mend. A few
/// domains do not answer.
#[derive(Clone, Debug)]
pub struct SyntheticSites {
    rng: SeededRng,
    clock: VirtualClock,
}

impl SyntheticSites {
    /// The web of a seed; pages are read at what `clock` shows.
    #[must_use]
    pub fn new(rng: SeededRng, clock: VirtualClock) -> Self {
        Self { rng, clock }
    }

    fn site<'a>(&self, host: &'a str) -> Site<'a> {
        let below = |what: &str, of: u64| self.rng.below(of, &["site", what, host]);
        Site {
            host,
            quality: below("quality", 4),
            pages: 2 + below("pages", 12),
            broken: below("broken", 3),
            phone: DomainName::parse(host)
                .ok()
                .and_then(|domain| phone_of(self.rng, &domain)),
        }
    }
}

#[async_trait]
impl PageFetcher for SyntheticSites {
    async fn fetch(&self, request: FetchRequest) -> Result<Page, PortError> {
        let url = request.url().clone();
        let host = url.host().to_owned();
        if self.rng.chance(20, &["site", "gone", &host]) {
            return Err(PortError::new("fetch page", PortErrorKind::NotFound)
                .with_source("nothing answers at this address"));
        }
        let site = self.site(&host);
        // Good sites lead everybody to the encrypted page.
        let redirects = if !url.is_https() && site.quality >= 2 {
            vec![Redirect {
                from: url.clone(),
                status: 301,
                to: url.with_https(true),
            }]
        } else {
            Vec::new()
        };
        let last = redirects.last().map_or(url, |r| r.to.clone());
        Ok(site.page(&last, redirects, self.clock.now()))
    }
}

struct Site<'a> {
    host: &'a str,
    quality: u64,
    pages: u64,
    broken: u64,
    phone: Option<String>,
}

impl Site<'_> {
    fn page(
        &self,
        url: &PageUrl,
        redirects: Vec<Redirect>,
        at: dealwright_core::time::Timestamp,
    ) -> Page {
        let path = url.path().to_owned();
        let file = match path.as_str() {
            "/robots.txt" if self.quality >= 1 => Some("User-agent: *\nAllow: /\n".to_owned()),
            "/sitemap.xml" if self.quality >= 2 => Some("<urlset></urlset>".to_owned()),
            _ => None,
        };
        if let Some(body) = file {
            let snapshot = Snapshot::new(url.clone(), 200, body, at)
                .with_headers([("content-type".to_owned(), "text/plain".to_owned())])
                .with_redirects(redirects);
            return Page::new(snapshot, None);
        }
        let place = self.place(&path);
        let status = if place.is_some() { 200 } else { 404 };
        let facts = self.facts(url, place, status);
        let body = html(&facts);
        let snapshot = Snapshot::new(url.clone(), status, body, at)
            .with_headers([("content-type".to_owned(), "text/html".to_owned())])
            .with_redirects(redirects);
        Page::new(snapshot, Some(facts))
    }

    /// Which of the site's pages a path is.
    fn place(&self, path: &str) -> Option<u64> {
        if path == "/" {
            return Some(0);
        }
        let number = path.strip_prefix("/page-")?.parse::<u64>().ok()?;
        (number >= 1 && number < self.pages).then_some(number)
    }

    fn facts(&self, url: &PageUrl, place: Option<u64>, status: u16) -> PageFacts {
        let text = |text: String| Untrusted::new(text);
        let name = spoken_name(self.host);
        let good = self.quality;
        let number = place.unwrap_or(0);
        let weight = 9_000 + 60_000 * (3 - good.min(3)) + 100 * number;
        let mut facts = PageFacts::empty(url.clone(), status, weight);
        let Some(place) = place else {
            facts.text = text("There is no such page.".to_owned());
            return facts;
        };
        let topic = if place == 0 {
            "Welcome".to_owned()
        } else {
            format!("What we do, part {place}")
        };
        facts.language = (good >= 1).then(|| text("en".to_owned()));
        facts.title = match good {
            0 => None,
            // One title for all pages is a fault that many sites have.
            1 => Some(text(name.clone())),
            _ => Some(text(format!("{name}: {topic}"))),
        };
        facts.description = (good >= 2).then(|| {
            text(format!(
                "{name} and what we do for you, on page {place}: opening hours, prices and how to reach us."
            ))
        });
        facts.viewport =
            (good >= 1).then(|| text("width=device-width, initial-scale=1".to_owned()));
        facts.canonical = (good >= 2).then(|| url.clone());
        facts.headings = vec![Heading {
            level: if good == 0 { 2 } else { 1 },
            text: text(topic.clone()),
        }];
        facts.images = vec![ImageFacts {
            src: text(format!("/picture-{place}.jpg")),
            alt: (good >= 2).then(|| text(format!("A picture of {name}"))),
        }];
        facts.links = self.links(url, place);
        if place == 0 {
            facts.emails = vec![found(format!("office@{}", self.host), FoundIn::Link)];
            facts.phones = self
                .phone
                .iter()
                .map(|phone| found(phone.clone(), FoundIn::Text))
                .collect();
        }
        if good >= 3 && place == 0 {
            let business = BusinessData {
                types: vec!["LocalBusiness".to_owned()],
                name: Some(text(name.clone())),
                telephone: self.phone.clone().map(text),
                url: Some(text(format!("https://{}/", self.host))),
                opening_hours: vec![text("Mo-Fr 09:00-18:00".to_owned())],
                ..BusinessData::default()
            };
            facts.businesses = vec![business];
        }
        facts.text = text(format!("{topic}. {name} is glad that you are here."));
        facts
    }

    /// Every page links to the front page and to the next one; some to a page that is gone.
    fn links(&self, url: &PageUrl, place: u64) -> Vec<Link> {
        let mut paths = vec!["/".to_owned()];
        if place == 0 {
            paths.extend((1..self.pages).map(|n| format!("/page-{n}")));
        }
        if place < self.broken {
            paths.push(format!("/gone-{place}"));
        }
        paths
            .into_iter()
            .map(|path| Link {
                to: url.at_path(&path),
                text: Untrusted::new(path),
                internal: true,
                nofollow: false,
            })
            .collect()
    }
}

fn found(value: String, place: FoundIn) -> Found {
    Found {
        passage: Untrusted::new(value.clone()),
        value: Untrusted::new(value),
        place,
    }
}

/// A page as a server would send it: enough that its hash stands for what was read.
fn html(facts: &PageFacts) -> String {
    let title = facts.title.as_ref();
    format!(
        "<!doctype html><title>{}</title><p>{}</p>",
        title.map_or_else(String::new, |t| t.inspect(String::clone)),
        facts.text.inspect(String::clone)
    )
}
