//! Carrying out a crawl that the delivery crate plans.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dealwright_core::error::{PortError, PortErrorKind, Retry};
use dealwright_core::page::{FetchPurpose, FetchRequest, Page, PageFetcher, PageUrl, SourceName};
use dealwright_delivery::work::crawl::{
    CrawlLimits, Presence, SiteCrawl, Transport, Visit, extend, next_urls,
};

/// Crawls a site, page by page, within limits.
#[derive(Clone, Debug)]
pub struct CrawlSite {
    fetcher: Arc<dyn PageFetcher>,
    source: SourceName,
}

impl CrawlSite {
    /// A crawler that fetches under the terms of `source`: the client's order.
    #[must_use]
    pub fn new(fetcher: impl PageFetcher + 'static, source: SourceName) -> Self {
        Self {
            fetcher: Arc::new(fetcher),
            source,
        }
    }

    /// Reads the site from `start`, its robots.txt, its sitemap, and how it treats
    /// visitors without encryption.
    ///
    /// A page that cannot be read is part of the result. The same site gives the same
    /// crawl: rounds and pages are taken in the planner's order.
    ///
    /// # Errors
    ///
    /// A host that asks to slow down, and terms or a guard that refuse the start: the
    /// crawl is to be repeated, or not to be made.
    pub async fn run(&self, start: &PageUrl, limits: &CrawlLimits) -> Result<SiteCrawl, PortError> {
        let mut crawl = SiteCrawl::new(start.clone());
        let mut seen = BTreeSet::new();
        let mut frontier = BTreeMap::from([(start.clone(), 0)]);
        loop {
            let mut open = frontier.clone();
            // A redirect's target was read with the page that redirects.
            open.retain(|url, _| !crawl.visits.contains_key(url));
            let mut round = next_urls(&seen, &open, limits);
            // One depth after the other: what a round finds may be nearer than its end.
            let Some(depth) = round.iter().filter_map(|url| open.get(url)).min().copied() else {
                crawl.cut = open.keys().any(|url| !seen.contains(url))
                    && seen.len() >= limits.pages() as usize;
                break;
            };
            round.retain(|url| open.get(url) == Some(&depth));
            for url in round {
                if !seen.insert(url.clone()) || crawl.visits.contains_key(&url) {
                    continue;
                }
                let visit = self.visit(&url, seen.len() == 1).await?;
                if let Visit::Answered(page) = &visit
                    && page.snapshot().url().same_site(start)
                {
                    if let Some(facts) = page.facts() {
                        extend(&mut frontier, facts, depth);
                    }
                    let last = page.snapshot().url().clone();
                    crawl.visits.entry(last).or_insert_with(|| visit.clone());
                }
                crawl.visits.insert(url, visit);
            }
        }
        let robots = self.robots_txt(start).await?;
        crawl.robots_txt = presence(robots.as_ref());
        crawl.sitemap = self.sitemap(start, robots.as_ref()).await?;
        crawl.transport = self.transport(start).await?;
        Ok(crawl)
    }

    async fn visit(&self, url: &PageUrl, first: bool) -> Result<Visit, PortError> {
        match self.fetch(url).await {
            Ok(page) => Ok(Visit::Answered(Box::new(page))),
            // Without the first page there is nothing to judge.
            Err(error) if first => Err(error),
            Err(error) => match error.kind() {
                PortErrorKind::PermissionDenied => Ok(Visit::Forbidden),
                PortErrorKind::RateLimited => Err(error),
                _ => Ok(Visit::Unreachable),
            },
        }
    }

    async fn fetch(&self, url: &PageUrl) -> Result<Page, PortError> {
        let source = self.source.clone();
        let request = FetchRequest::new(url.clone(), FetchPurpose::ClientWork, source);
        self.fetcher.fetch(request).await
    }

    /// The answer to a side question; none where there was no answer.
    async fn ask(&self, url: &PageUrl) -> Result<Option<Page>, PortError> {
        match self.fetch(url).await {
            Ok(page) => Ok(Some(page)),
            Err(error) if matches!(error.retry(), Retry::Transient { after: Some(_) }) => {
                Err(error)
            }
            Err(_) => Ok(None),
        }
    }

    async fn robots_txt(&self, start: &PageUrl) -> Result<Option<Page>, PortError> {
        self.ask(&start.at_path("/robots.txt")).await
    }

    /// The sitemap that robots.txt names, or the one at the usual place.
    async fn sitemap(&self, start: &PageUrl, robots: Option<&Page>) -> Result<Presence, PortError> {
        let named = robots
            .filter(|page| page.snapshot().is_success())
            .and_then(|page| {
                let parse = |body: &String| crate::robots::Robots::parse(body.as_bytes());
                let robots = page.snapshot().body().inspect(parse);
                robots
                    .sitemaps()
                    .iter()
                    .find_map(|text| start.join(text).ok())
            });
        let url = named.unwrap_or_else(|| start.at_path("/sitemap.xml"));
        Ok(presence(self.ask(&url).await?.as_ref()))
    }

    async fn transport(&self, start: &PageUrl) -> Result<Transport, PortError> {
        let open = self.ask(&start.with_https(false)).await?;
        if let Some(page) = &open
            && page.snapshot().url().is_https()
        {
            return Ok(Transport::Redirects);
        }
        let closed = self.ask(&start.with_https(true)).await?;
        Ok(match (open, closed) {
            (Some(_), Some(_)) => Transport::Both,
            (Some(_), None) => Transport::HttpOnly,
            // Only https answers at all: nobody is left without encryption.
            (None, Some(_)) => Transport::Redirects,
            (None, None) => Transport::Unknown,
        })
    }
}

/// A page that answers with HTML where a file should be is an error page in disguise.
fn presence(page: Option<&Page>) -> Presence {
    match page {
        Some(page) if page.snapshot().is_success() && page.facts().is_none() => Presence::Present,
        Some(_) => Presence::Absent,
        None => Presence::Unknown,
    }
}
