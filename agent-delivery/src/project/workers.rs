//! Workers that need no model: the website audit and the listing repair.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::blobs::Blobs;
use dealwright_core::document::{Document, DocumentRenderer, Format, Meta};
use dealwright_core::error::{PortError, PortErrorKind, Retry};
use dealwright_core::money::Money;
use dealwright_core::page::{FetchPurpose, FetchRequest, Page, PageFetcher, PageUrl, SourceName};
use dealwright_core::party::Language;
use dealwright_core::personal::Purpose;
use dealwright_core::provenance::{Confidence, Source, SourceKind};
use dealwright_core::text::Untrusted;

use crate::execute::{
    Facts, Method, ProducedPart, Spent, TaskOrder, TaskResult, Worker, WorkerIdentity,
    WorkerProfile,
};
use crate::review::{audit_facts, repair_facts};
use crate::work::crawl::{CrawlLimits, Presence, SiteCrawl, Transport, Visit, extend, next_urls};
use crate::work::listing::{Listing, ListingField};
use crate::work::listing_repair::{self, RepairScope};
use crate::work::website_audit::{self, AuditScope};

/// What both workers make their files with.
#[derive(Clone, Debug)]
struct Press {
    renderer: Arc<dyn DocumentRenderer>,
    format: Format,
    blobs: Arc<dyn Blobs>,
}

impl Press {
    async fn file(
        &self,
        deliverable: &str,
        name: String,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<ProducedPart, PortError> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(ProducedPart {
            deliverable: deliverable.to_owned(),
            name,
            media_type: media_type.to_owned(),
            digest: self.blobs.put(bytes).await?,
            bytes: size,
        })
    }

    async fn document(
        &self,
        deliverable: &str,
        document: &Document,
    ) -> Result<ProducedPart, PortError> {
        let bytes = self.renderer.render(document, self.format)?;
        let name = format!("{deliverable}.{}", self.format.extension());
        self.file(deliverable, name, self.format.media_type(), bytes)
            .await
    }
}

fn profile(identity: &str, skills: &BTreeSet<String>) -> WorkerProfile {
    WorkerProfile {
        identity: WorkerIdentity::tool(identity, env!("CARGO_PKG_VERSION")),
        skills: skills.clone(),
        parallel: 4,
    }
}

/// An order that cannot be done is refused before any work.
fn accept(order: &TaskOrder, skills: &BTreeSet<String>) -> Result<(), PortError> {
    let refused = |why: String| PortError::new("work", PortErrorKind::Invalid).with_source(why);
    if !skills.contains(&order.skill) {
        return Err(refused(format!(
            "this worker has no skill `{}`",
            order.skill
        )));
    }
    match order.missing().into_iter().next() {
        Some(name) => Err(refused(format!("the order lacks `{name}`"))),
        None => Ok(()),
    }
}

fn language(order: &TaskOrder) -> Language {
    Language::parse(&order.language).unwrap_or(Language::EN)
}

fn result(order: &TaskOrder, parts: Vec<ProducedPart>, facts: Facts, method: Method) -> TaskResult {
    TaskResult {
        parts,
        facts,
        method,
        spent: Spent {
            money: Money::zero(order.limit.currency()),
            minutes: 1,
            tokens: 0,
        },
    }
}

/// Reads the client's website and measures it.
///
/// Its name in the catalogue is `website-audit`. The fact `website` names the site. The task that
/// produces a deliverable gets the report; others get facts alone.
#[derive(Clone, Debug)]
pub struct WebsiteAuditWorker {
    fetcher: Arc<dyn PageFetcher>,
    source: SourceName,
    press: Press,
    skills: BTreeSet<String>,
}

impl WebsiteAuditWorker {
    /// Fetches by `fetcher` under the terms of `source`, the client's order; renders by
    /// `renderer` in `format`, keeps in `blobs`. It has the skill `web`.
    #[must_use]
    pub fn new(
        fetcher: Arc<dyn PageFetcher>,
        source: SourceName,
        renderer: Arc<dyn DocumentRenderer>,
        format: Format,
        blobs: Arc<dyn Blobs>,
    ) -> Self {
        Self {
            fetcher,
            source,
            press: Press {
                renderer,
                format,
                blobs,
            },
            skills: ["web".to_owned()].into(),
        }
    }

    /// Takes tasks of these skills instead, by the catalogue's names.
    #[must_use]
    pub fn with_skills(mut self, skills: impl IntoIterator<Item = String>) -> Self {
        self.skills = skills.into_iter().collect();
        self
    }

    async fn crawl(&self, start: &PageUrl, limits: &CrawlLimits) -> Result<SiteCrawl, PortError> {
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
                let full = u32::try_from(seen.len()).is_ok_and(|n| n >= limits.pages());
                crawl.cut = full && open.keys().any(|url| !seen.contains(url));
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
        crawl.robots_txt = presence(self.ask(&start.at_path("/robots.txt")).await?.as_ref());
        crawl.sitemap = presence(self.ask(&start.at_path("/sitemap.xml")).await?.as_ref());
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

#[async_trait]
impl Worker for WebsiteAuditWorker {
    fn describe(&self) -> WorkerProfile {
        profile("website-audit", &self.skills)
    }

    async fn work(&self, order: TaskOrder) -> Result<TaskResult, PortError> {
        accept(&order, &self.skills)?;
        let invalid =
            |why: String| PortError::new("audit", PortErrorKind::Invalid).with_source(why);
        let site = order
            .facts
            .get("website")
            .ok_or_else(|| invalid("the order lacks `website`".to_owned()))?;
        let start = if site.contains("://") {
            PageUrl::parse(site)
        } else {
            PageUrl::parse(&format!("https://{site}/"))
        }
        .map_err(|e| invalid(e.to_string()))?;
        let scope = AuditScope::of_order(&order.drivers, &order.options);
        let crawl = self.crawl(&start, scope.limits()).await?;
        let audit = website_audit::audit(&crawl, &listings(&order), &scope);
        let document = website_audit::report(&audit, Meta::new(), language(&order));
        let mut parts = Vec::with_capacity(order.produces.len());
        for deliverable in &order.produces {
            parts.push(self.press.document(deliverable, &document).await?);
        }
        let method = Method {
            name: "crawl-and-measure".to_owned(),
            why: "every check is a rule over what the site answers, so no model is needed"
                .to_owned(),
            instead_of: vec![
                "reading by a person".to_owned(),
                "a language model".to_owned(),
            ],
        };
        Ok(result(&order, parts, audit_facts(&audit, &scope), method))
    }
}

/// Decides what is right where directories disagree, and writes the corrected data.
///
/// Its name in the catalogue is `listing-repair`. It reads listings from the order's
/// [`listings`](TaskOrder::listings)
/// and the client's own word from its facts `own.<field>`. Fields are
/// `name`, `street`, `postal_code`, `city`, `region`, `country`, `phone`, `email`, `website`,
/// `hours` and `category`.
#[derive(Clone, Debug)]
pub struct ListingRepairWorker {
    press: Press,
    skills: BTreeSet<String>,
}

impl ListingRepairWorker {
    /// Renders by `renderer` in `format`, keeps in `blobs`. It has the skill `data`.
    #[must_use]
    pub fn new(renderer: Arc<dyn DocumentRenderer>, format: Format, blobs: Arc<dyn Blobs>) -> Self {
        Self {
            press: Press {
                renderer,
                format,
                blobs,
            },
            skills: ["data".to_owned()].into(),
        }
    }

    /// Takes tasks of these skills instead, by the catalogue's names.
    #[must_use]
    pub fn with_skills(mut self, skills: impl IntoIterator<Item = String>) -> Self {
        self.skills = skills.into_iter().collect();
        self
    }
}

#[async_trait]
impl Worker for ListingRepairWorker {
    fn describe(&self) -> WorkerProfile {
        profile("listing-repair", &self.skills)
    }

    async fn work(&self, order: TaskOrder) -> Result<TaskResult, PortError> {
        accept(&order, &self.skills)?;
        let scope = RepairScope::of_order(&order.drivers, &order.options);
        let listings = listings(&order);
        if listings.is_empty() {
            return Err(PortError::new("repair", PortErrorKind::Invalid)
                .with_source("the order names no listing, so there is nothing to compare"));
        }
        let repair = listing_repair::repair(&listings, &scope);
        let document = listing_repair::report(&repair, Meta::new(), language(&order));
        let mut parts = Vec::new();
        for deliverable in &order.produces {
            let file = |name: &str, media_type: &'static str, text: String| {
                let name = format!("{deliverable}-{name}");
                self.press
                    .file(deliverable, name, media_type, text.into_bytes())
            };
            let json = format!("{:#}\n", listing_repair::json_ld(&repair));
            let csv = listing_repair::corrected_csv(&repair);
            let changes = listing_repair::before_after_csv(&repair);
            parts.push(file("business.jsonld", "application/ld+json", json).await?);
            parts.push(file("corrected.csv", "text/csv; charset=utf-8", csv).await?);
            parts.push(file("before-after.csv", "text/csv; charset=utf-8", changes).await?);
            parts.push(self.press.document(deliverable, &document).await?);
        }
        let method = Method {
            name: "decide-by-source".to_owned(),
            why: "who said it decides, so each value can be traced".to_owned(),
            instead_of: vec!["the newest value".to_owned()],
        };
        Ok(result(&order, parts, repair_facts(&repair, &scope), method))
    }
}

/// What the order says that public sources and the client themselves say.
fn listings(order: &TaskOrder) -> Vec<Listing> {
    let listed = order.listings.iter();
    let listed = listed.flat_map(|listed| listed.reveal(Purpose::Delivery));
    let mut all: Vec<Listing> = listed.map(Listing::of_listed).collect();
    let latest = all.iter().map(Listing::retrieved_at).max();
    let own = Listing::new(
        Source::new("client", SourceKind::Subject),
        // Their word counts first whatever its date.
        latest.unwrap_or_default(),
        Confidence::saturating(95),
    );
    let fields = ListingField::ALL.into_iter();
    let said: Vec<(ListingField, &String)> = fields
        .filter_map(|field| {
            let name = format!("own.{}", field.key());
            Some((field, order.facts.get(&name)?))
        })
        .collect();
    if !said.is_empty() {
        let with = |listing: Listing, (field, value): (ListingField, &String)| {
            listing.with(field, Untrusted::new(value.clone()))
        };
        all.push(said.into_iter().fold(own, with));
    }
    all
}
