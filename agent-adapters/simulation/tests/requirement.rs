//! The same business played twice to the end of the work, with one word of a client different.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::LeadId;
use dealwright_core::page::{FetchRequest, Page, PageFetcher, Snapshot};
use dealwright_core::party::{DomainName, EmailAddress};
use dealwright_core::process::{Actor, EffectClass, Host};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{ApprovalMode, News};
use dealwright_deals::deal::{Deal, DealState};
use dealwright_deals::pricing::Line;
use dealwright_delivery::breakdown::Task;
use dealwright_delivery::deliverable::Manifest;
use dealwright_delivery::project::{Project, ProjectState};
use dealwright_discovery::lead::IntakeRecord;
use dealwright_runtime::{Agency, Business};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, Hook, SeededRng, SequentialDriver, SimClients,
    VirtualClock, bakery, check_world, processes, start,
};
use futures::executor::block_on;

const ADDRESS: &str = "office@amsel-bakery.example";
const SITE: &str = "amsel-bakery.example";
/// Pages of the client's website; more than anybody orders.
const PAGES: u32 = 40;

/// A website of [`PAGES`] pages, each linked from the first.
#[derive(Clone, Debug)]
struct Website(VirtualClock);

#[async_trait]
impl PageFetcher for Website {
    async fn fetch(&self, request: FetchRequest) -> Result<Page, PortError> {
        use dealwright_core::time::Clock as _;
        let url = request.url().clone();
        let number = match url.path() {
            "/" => Some(0),
            path => path.strip_prefix("/part-").and_then(|n| n.parse().ok()),
        };
        let Some(number) = number.filter(|n: &u32| *n < PAGES) else {
            return Err(PortError::new("fetch page", PortErrorKind::NotFound));
        };
        let links: String = (1..PAGES)
            .map(|n| format!("<a href=\"/part-{n}\">Part {n}</a> "))
            .collect();
        let links = if number == 0 { links } else { String::new() };
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><title>Amsel Bakery</title></head>\
             <body><h1>Part {number}</h1><p>Bread and cake, part {number}.</p>{links}</body></html>"
        );
        let snapshot = Snapshot::new(url, 200, html, self.0.now())
            .with_headers([("content-type".to_owned(), "text/html".to_owned())]);
        let facts = dealwright_web::read_page(&snapshot);
        Ok(Page::new(snapshot, facts))
    }
}

/// Says yes at every step, and `ordered` when asked how much it is.
struct Client {
    agency: Agency,
    mail: FakeMailProvider,
    ordered: &'static str,
    answered: usize,
    /// Pays, and says nothing.
    pays: SimClients,
}

impl Client {
    fn words(&self, step: &str) -> Option<&'static str> {
        let name = step.rsplit_once('-').map_or(step, |(name, _)| name);
        match name {
            "touch" => Some(
                "That sounds useful. We would like a website audit and correct directory listings. What would it cost?",
            ),
            "question" => Some(self.ordered),
            "proposal" => Some("We accept your proposal, please go ahead."),
            "contract" => Some("I sign."),
            _ if step == "contract" => Some("I sign."),
            _ if step.starts_with("handover-") => Some("Thank you, we accept the result."),
            _ => None,
        }
    }
}

#[async_trait]
impl Hook for Client {
    async fn look(&mut self, host: &Host) -> Result<(), PortError> {
        self.pays.look(host).await?;
        let books = self.mail.books();
        let mut letters: Vec<_> = books.letters().values().collect();
        letters.sort_by_key(|b| (b.at, b.letter.step.clone()));
        for booked in letters.into_iter().skip(self.answered) {
            self.answered += 1;
            let Some(text) = self.words(&booked.letter.step) else {
                continue;
            };
            let from = EmailAddress::parse(ADDRESS).unwrap();
            let id = booked.letter.message_id.clone();
            let at = booked.at + Duration::hours(1);
            let text = Some(text.to_owned());
            self.agency
                .hear(&from, &format!("re-{id}"), News::Reply, text, Some(id), at)
                .await?;
        }
        Ok(())
    }
}

/// What one play came to.
struct Play {
    deal: DealState,
    project: ProjectState,
    /// What clients were handed, by service, with the bytes of each part.
    handed: BTreeMap<String, (Manifest, BTreeMap<String, Vec<u8>>)>,
}

impl Play {
    fn lines(&self) -> BTreeMap<String, Line> {
        let offer = self.deal.current_offer().expect("an offer");
        let lines = offer.quote().lines().iter();
        lines
            .map(|line| (format!("{}/{}", line.service, line.rule), line.clone()))
            .collect()
    }

    fn tasks(&self) -> BTreeMap<String, Task> {
        let tasks = self.project.tasks().iter();
        tasks
            .map(|task| {
                (
                    format!("{}/{}", task.service(), task.template()),
                    task.clone(),
                )
            })
            .collect()
    }

    /// How much was ordered, by need and driver.
    fn ordered(&self) -> BTreeMap<String, BTreeMap<String, i64>> {
        let requirements = self.deal.requirements().iter();
        requirements
            .map(|r| (r.need.clone(), r.drivers.clone()))
            .collect()
    }
}

fn record() -> IntakeRecord {
    let mut record = bakery(1, &EmailAddress::parse(ADDRESS).unwrap()).unwrap();
    record.website = DomainName::parse(SITE).ok();
    record
}

fn play(ordered: &'static str) -> Play {
    let clock = VirtualClock::new(start());
    let mail = FakeMailProvider::new(EffectClass::Idempotent);
    let money = FakePaymentProvider::new(EffectClass::Idempotent);
    let mut business = Business::starter().unwrap();
    business.auto_people = true;
    business.law.approval = ApprovalMode::Autonomous;
    let agency = Agency::builder(business.clone())
        .fetcher(Website(clock.clone()))
        .messenger(mail.clone())
        .gateway(money.clone())
        .build()
        .unwrap();
    let lead = LeadId::derive(&[record().natural_key().as_bytes()]);
    let mut client = Client {
        agency: agency.clone(),
        mail: mail.clone(),
        ordered,
        answered: 0,
        pays: SimClients::new(agency.clone(), SeededRng::new(1)).with_cast(BTreeMap::new()),
    };
    block_on(async {
        let host = agency.host();
        let by = Actor::System;
        agency.intake(&by, lead, record(), start()).await.unwrap();
        let end: Timestamp = start() + Duration::days(45);
        let mut driver = SequentialDriver::new(host.clone(), clock);
        driver.run_until(end, &mut client).await.unwrap();
        let keys = processes(host).await.unwrap();
        let checked = business.check().unwrap();
        let (letters, charges) = (mail.books(), money.books());
        let violations = check_world(&agency, &checked, &keys, &letters, &charges);
        assert_eq!(violations.await.unwrap(), Vec::<String>::new());
        let of = |kind: &str| keys.iter().find(|k| k.kind() == kind).cloned();
        let deal = host
            .state::<Deal>(&of("deal").expect("a deal"))
            .await
            .unwrap();
        let key = of("project").expect("a project");
        let (_, project) = host.state::<Project>(&key).await.unwrap().unwrap();
        let mut handed = BTreeMap::new();
        for made in project.made().values() {
            let released = made.released.as_ref().expect("released to the client");
            let manifest = released.manifest().clone();
            let mut parts = BTreeMap::new();
            for (name, part) in manifest.parts() {
                let bytes = agency.blobs().get(part.digest).await.unwrap().unwrap();
                parts.insert(name.clone(), bytes);
            }
            handed.insert(made.service.clone(), (manifest, parts));
        }
        Play {
            deal: deal.unwrap().1,
            project,
            handed,
        }
    })
}

fn fewer() -> &'static Play {
    static PLAY: OnceLock<Play> = OnceLock::new();
    PLAY.get_or_init(|| play("About 12 pages, and we are listed in 6 directories."))
}

fn more() -> &'static Play {
    static PLAY: OnceLock<Play> = OnceLock::new();
    PLAY.get_or_init(|| play("About 25 pages, and we are listed in 6 directories."))
}

/// The keys under which two maps differ.
fn different<T: PartialEq>(a: &BTreeMap<String, T>, b: &BTreeMap<String, T>) -> Vec<String> {
    let keys = a.keys().chain(b.keys()).collect::<BTreeSet<_>>();
    keys.into_iter()
        .filter(|k| a.get(*k) != b.get(*k))
        .cloned()
        .collect()
}

#[test]
fn one_requirement_is_another_and_the_rest_is_as_it_was() {
    let (few, many) = (fewer().ordered(), more().ordered());
    assert_eq!(different(&few, &many), ["website-audit"]);
    assert_eq!(
        (
            few["website-audit"]["pages"],
            many["website-audit"]["pages"]
        ),
        (12, 25)
    );
    assert_eq!(few["listing-repair"]["listings"], 6);
}

#[test]
fn only_the_price_line_that_counts_pages_differs_and_by_their_price() {
    let (few, many) = (fewer().lines(), more().lines());
    assert_eq!(different(&few, &many), ["website-audit/pages"]);
    let (few, many) = (&few["website-audit/pages"], &many["website-audit/pages"]);
    assert_eq!(few.id, many.id, "it is the same line, priced anew");
    // Two and fifteen pages beyond the first ten, 4.75 each, less the same discount if any.
    assert_eq!((few.list.minor(), many.list.minor()), (950, 7_125));
}

#[test]
fn only_the_task_that_reads_pages_differs_and_takes_longer() {
    let (few, many) = (fewer().tasks(), more().tasks());
    assert_eq!(different(&few, &many), ["website-audit/measure"]);
    let (few, many) = (
        &few["website-audit/measure"],
        &many["website-audit/measure"],
    );
    assert_eq!(
        (few.id(), few.requirements()),
        (many.id(), many.requirements())
    );
    assert_eq!((few.drivers()["pages"], many.drivers()["pages"]), (12, 25));
    // A minute a page is likely, one to three are possible.
    let (short, long) = (few.effort(), many.effort());
    assert_eq!(long.likely - short.likely, 13);
    assert_eq!((long.min - short.min, long.max - short.max), (13, 39));
}

// covers: TB-1
#[test]
fn every_task_is_traced_to_what_was_ordered_and_to_its_price() {
    for play in [fewer(), more()] {
        let ordered: BTreeSet<_> = play.deal.requirements().iter().map(|r| r.id).collect();
        let priced: BTreeSet<_> = play.lines().values().map(|line| line.id).collect();
        let tasks = play.tasks();
        let of = |task: &Task| task.requirements().to_vec();
        let served: BTreeSet<_> = tasks.values().flat_map(of).collect();
        assert_eq!(
            served, ordered,
            "each requirement has a task, and no task another"
        );
        let paid = tasks.values().flat_map(|task| task.lines().iter().copied());
        assert_eq!(paid.collect::<BTreeSet<_>>(), priced);
    }
}

// covers: DP-1
#[test]
fn only_the_audits_report_differs_and_has_read_the_pages_that_were_ordered() {
    let (few, many) = (&fewer().handed, &more().handed);
    let digests = |handed: &BTreeMap<String, (Manifest, BTreeMap<String, Vec<u8>>)>| {
        let of = |(manifest, _): &(Manifest, _)| {
            let parts = manifest.parts().iter();
            parts
                .map(|(n, p)| (n.clone(), p.digest))
                .collect::<Vec<_>>()
        };
        handed
            .iter()
            .map(|(s, h)| (s.clone(), of(h)))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(different(&digests(few), &digests(many)), ["website-audit"]);
    let (few, many) = (&few["website-audit"], &many["website-audit"]);
    assert_ne!(few.0.hash(), many.0.hash());
    let report = |parts: &BTreeMap<String, Vec<u8>>| {
        let text = parts.iter().find(|(name, _)| name.ends_with(".md"));
        String::from_utf8(text.expect("the report").1.clone()).unwrap()
    };
    let (few, many) = (report(&few.1), report(&many.1));
    for (report, read) in [(&few, 12), (&many, 25)] {
        let said = format!("- **Pages read:** {read}\n");
        assert!(report.contains(&said), "no {read} pages read in: {report}");
        assert!(report.contains(&format!("| {read} / {read} |")), "{report}");
    }
}
