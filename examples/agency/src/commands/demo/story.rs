//! What came of the demo's business, gathered from its store and its providers' books.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dealwright_core::document::{
    Chart, ChartData, Document, DocumentKind, DocumentRenderer as _, Format, Stage,
};
use dealwright_core::party::Language;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Host, ProcessKey};
use dealwright_core::time::{Clock as _, Timestamp};
use dealwright_core::trust::{Letter, News, Payer, Recipient, RecipientEvent, RecipientInput};
use dealwright_deals::deal::{Deal, DealState};
use dealwright_delivery::project::Project;
use dealwright_discovery::lead::Lead;
use dealwright_discovery::market::{Market, MarketPolicy};
use dealwright_discovery::research::MarketReport;
use dealwright_documents::Typesetter;
use dealwright_runtime::Agency;
use dealwright_simulation::{Funnel, MailBooks, VirtualClock};
use serde_json::json;

use super::told;

/// A directory that was read.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) name: &'static str,
    pub(super) rows: usize,
    pub(super) refused: Vec<String>,
}

/// Sums in minor units.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) contracted: i64,
    /// What there was less of than was ordered.
    pub(super) taken_off: i64,
    pub(super) invoiced: i64,
    pub(super) paid: i64,
}

impl Sums {
    pub(super) fn lines(self) -> [(&'static str, i64); 5] {
        [
            ("contracted", self.contracted),
            ("taken off", self.taken_off),
            ("invoiced", self.invoiced),
            ("paid", self.paid),
            ("outstanding", self.invoiced - self.paid),
        ]
    }
}

/// Something that happened between the agency and somebody.
#[derive(Debug)]
pub(super) enum Item {
    Letter {
        letter: Box<Letter>,
        eml: Vec<u8>,
        files: Vec<String>,
    },
    Heard {
        news: News,
        text: Option<String>,
    },
}

/// Somebody the agency wrote to.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) country: String,
    pub(super) website: Option<String>,
    pub(super) score: i64,
    pub(super) reasons: Vec<(String, i64)>,
    pub(super) stage: &'static str,
    pub(super) rank: u8,
    pub(super) ended: Option<String>,
    pub(super) items: Vec<(Timestamp, Item)>,
    /// By the name of the file.
    pub(super) documents: BTreeMap<String, Vec<u8>>,
}

/// What came of it all.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) funnel: Funnel,
    pub(super) violations: Vec<String>,
    pub(super) behaviours: BTreeMap<&'static str, u64>,
    pub(super) hash: String,
    pub(super) directories: Vec<Directory>,
    pub(super) signals: BTreeMap<String, u64>,
    pub(super) sites: u64,
    pub(super) money: BTreeMap<String, Sums>,
    /// Letters that a rule refused, by rule with its reason.
    pub(super) refused: BTreeMap<String, u64>,
    pub(super) reasons: BTreeMap<String, String>,
    /// Best stage first.
    pub(super) clients: Vec<Client>,
    /// The funnel as a picture, and the market's report.
    pub(super) funnel_svg: Vec<u8>,
    pub(super) market_pdf: Vec<u8>,
}

/// Minor units as an amount with two digits.
pub(super) fn cents(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, (minor % 100).abs())
}

/// What a behaviour's word says of people, for people.
pub(super) fn said(behaviour: &str) -> &'static str {
    match behaviour {
        "ignores" => "times nobody answered",
        "buys" => "answers of people who bought",
        "haggles" => "answers of people who wanted it cheaper",
        "declines" => "times somebody declined",
        "opts_out" => "times somebody wanted no more letters",
        "regrets" => "times somebody wanted no more letters while one was on its way",
        "complains" => "times somebody complained",
        "bounces" => "letters that came back",
        "away" => "answers of people who were away first",
        "asks_if_machine" => "answers of people who asked whether a machine writes",
        "pays_late" => "answers of people who paid late",
        _ => "answers",
    }
}

impl Story {
    /// The stages of the funnel, each with its count.
    pub(super) fn stages(&self) -> [(&'static str, u64); 9] {
        let f = &self.funnel;
        [
            ("found", f.found),
            ("merged", f.merged),
            ("qualified", f.qualified),
            ("contacted", f.contacted),
            ("answered", f.answered),
            ("proposed", f.proposed),
            ("won", f.won),
            ("delivered", f.delivered),
            ("paid", f.paid),
        ]
    }

    pub(super) fn json(&self, out: &Path) -> serde_json::Value {
        let money: serde_json::Map<String, serde_json::Value> = self
            .money
            .iter()
            .map(|(currency, sums)| {
                let mut lines: serde_json::Map<String, serde_json::Value> = sums
                    .lines()
                    .into_iter()
                    .map(|(what, sum)| (what.to_owned(), json!(cents(sum))))
                    .collect();
                lines.insert("refunded".to_owned(), json!("0.00"));
                (currency.clone(), lines.into())
            })
            .collect();
        json!({
            "funnel": self.funnel,
            "money": money,
            "behaviours": self.behaviours,
            "refused": self.refused,
            "violations": self.violations.len(),
            "hash": self.hash,
            "out": out.display().to_string(),
        })
    }

    /// Gathers money, letters, answers and documents.
    pub(super) async fn collect(
        &mut self,
        agency: &Agency,
        keys: &BTreeSet<ProcessKey>,
        books: &MailBooks,
    ) -> Result<(), String> {
        let host = agency.host();
        let mut clients: BTreeMap<String, Client> = BTreeMap::new();
        let mut by_recipient: BTreeMap<ProcessKey, String> = BTreeMap::new();
        let mut projects: BTreeMap<String, String> = BTreeMap::new();
        let mut leads: BTreeMap<String, String> = BTreeMap::new();
        let mut inquiries: Vec<(String, Timestamp, String)> = Vec::new();
        for key in keys {
            match key.kind() {
                "lead" => {
                    let found = host.state::<Lead>(key).await.map_err(told)?;
                    let records = found.iter().flat_map(|(_, state)| state.records());
                    for inquiry in records.filter_map(|r| r.inquiry.as_ref()) {
                        let text = inquiry.text.reveal(Purpose::Contact);
                        let text = text.inspect(|t| t.as_str().to_owned());
                        inquiries.push((key.id().to_owned(), inquiry.at, text));
                    }
                }
                "deal" => {
                    let Some((_, state)) = host.state::<Deal>(key).await.map_err(told)? else {
                        continue;
                    };
                    if let Some(lead) = state.lead() {
                        let id = lead.lead().to_string();
                        let to = host.recipient(lead.address().reveal(Purpose::Contact));
                        by_recipient.insert(to, id.clone());
                        leads.insert(key.id().to_owned(), id.clone());
                        self.deal(clients.entry(id).or_default(), &state);
                    }
                }
                "project" => {
                    let found = host.state::<Project>(key).await.map_err(told)?;
                    if let Some(deal) = found.as_ref().and_then(|(_, state)| state.deal()) {
                        projects.insert(key.id().to_owned(), deal.deal().to_string());
                    }
                }
                "payer" => {
                    let Some((_, state)) = host.state::<Payer>(key).await.map_err(told)? else {
                        continue;
                    };
                    for instalment in state.instalments().values() {
                        let currency = instalment.bill.amount.currency().code().to_owned();
                        let sums = self.money.entry(currency).or_default();
                        sums.invoiced += instalment.bill.amount.minor();
                        sums.paid += instalment.paid.minor();
                    }
                }
                _ => {}
            }
        }
        for booked in books.letters().values() {
            let mut parts = booked.letter.campaign.splitn(2, '/');
            let (family, id) = (parts.next(), parts.next().unwrap_or_default());
            let deal = match family {
                Some("project") => projects.get(id).map_or(id, String::as_str),
                _ => id,
            };
            let Some(client) = leads.get(deal).and_then(|lead| clients.get_mut(lead)) else {
                continue;
            };
            let (mut bytes, mut files) = (Vec::new(), Vec::new());
            for attachment in &booked.letter.attachments {
                let found = agency.blobs().get(attachment.blob).await.map_err(told)?;
                let found = found.unwrap_or_default();
                files.push(client.keep(&attachment.name, &found));
                bytes.push(found);
            }
            let eml = dealwright_email::render(&booked.letter, &bytes, booked.at)
                .map_err(|e| e.to_string())?;
            let letter = Box::new(booked.letter.clone());
            client
                .items
                .push((booked.at, Item::Letter { letter, eml, files }));
        }
        for (lead, at, text) in inquiries {
            if let Some(client) = clients.get_mut(&lead) {
                let (news, text) = (News::Reply, Some(text));
                client.items.push((at, Item::Heard { news, text }));
            }
        }
        self.heard(host, &by_recipient, &mut clients).await?;
        let mut taken = BTreeMap::<String, u32>::new();
        for client in clients.values_mut() {
            // An answer at the same minute is to what they said,
            // and what says no to a letter came after it.
            client.items.sort_by_key(|(at, item)| {
                let place = match item {
                    Item::Heard { news, .. } if *news == News::Reply => 0,
                    Item::Letter { .. } => 1,
                    Item::Heard { .. } => 2,
                };
                (*at, place)
            });
            let slug = slug(&client.name);
            let count = taken.entry(slug.clone()).or_default();
            *count += 1;
            client.slug = if *count == 1 {
                slug
            } else {
                format!("{slug}-{count}")
            };
        }
        self.clients = clients
            .into_values()
            .filter(|client| !client.items.is_empty())
            .collect();
        self.clients
            .sort_by(|a, b| b.rank.cmp(&a.rank).then_with(|| a.slug.cmp(&b.slug)));
        Ok(())
    }

    fn deal(&mut self, client: &mut Client, state: &DealState) {
        let Some(lead) = state.lead() else { return };
        let parts = lead.parts();
        client.name = parts.account_name.clone().unwrap_or_default();
        client.country = parts
            .country
            .map_or_else(String::new, |c| c.code().to_owned());
        client.website.clone_from(&parts.website);
        client.score = lead.score();
        client.reasons = parts
            .reasons
            .iter()
            .map(|r| (r.because.clone(), r.points))
            .collect();
        if let Some(version) = state.current_offer().filter(|_| state.signed().is_some()) {
            let gross = version.content().plan.gross();
            let currency = gross.currency().code().to_owned();
            let sums = self.money.entry(currency).or_default();
            sums.contracted += gross.minor();
            for (number, invoice) in state.invoices() {
                let planned = version.content().plan.instalment(*number);
                let planned = planned.map_or(0, |part| part.gross.minor());
                sums.taken_off += planned - invoice.gross.minor();
            }
        }
        let paid =
            !state.invoices().is_empty() && state.invoices().values().all(|i| i.paid.is_some());
        let (rank, stage) = match state {
            s if s.delivered() == Some(true) && paid => (6, "delivered and paid"),
            s if s.delivered() == Some(true) => (5, "delivered"),
            s if s.signed().is_some() => (4, "won"),
            s if s.current_offer().is_some() => (3, "proposal sent"),
            s if s.heard_count() > 0 => (2, "answered"),
            s if s.touches().values().any(|t| t.sent.is_some()) => (1, "written to"),
            _ => (0, "not written to"),
        };
        if rank >= client.rank {
            (client.rank, client.stage) = (rank, stage);
            client.ended = state
                .closed()
                .filter(|closed| !closed.won)
                .map(|closed| closed.reason.clone());
        }
    }

    /// What came back, and what was not allowed to go.
    async fn heard(
        &mut self,
        host: &Host,
        by_recipient: &BTreeMap<ProcessKey, String>,
        clients: &mut BTreeMap<String, Client>,
    ) -> Result<(), String> {
        let mut after = None;
        loop {
            let (page, next) = host.store().feed(after, 1_000).await.map_err(told)?;
            if page.is_empty() {
                return Ok(());
            }
            for envelope in page.iter().filter(|e| e.process.kind() == "recipient") {
                for event in host.events::<Recipient>(envelope).map_err(told)? {
                    if let RecipientEvent::Refused { findings, .. } = event
                        && let Some(first) = findings.first()
                    {
                        *self.refused.entry(first.rule.clone()).or_default() += 1;
                        self.reasons.insert(first.rule.clone(), first.what.clone());
                    }
                }
                let input = host.consumed::<Recipient>(envelope).map_err(told)?;
                if let RecipientInput::Received { news, text, .. } = input
                    && let Some(client) = by_recipient
                        .get(&envelope.process)
                        .and_then(|lead| clients.get_mut(lead))
                {
                    let text = text.map(|t| {
                        t.reveal(Purpose::Contact)
                            .inspect(|t| t.as_str().to_owned())
                    });
                    client.items.push((envelope.at, Item::Heard { news, text }));
                }
            }
            after = next;
        }
    }

    /// What the market said, as a report.
    pub(super) async fn market(
        &mut self,
        agency: &Agency,
        policy: &MarketPolicy,
        typesetter: &Typesetter,
        clock: &VirtualClock,
    ) -> Result<(), String> {
        let key = agency.host().key::<Market>("main");
        if let Some((_, state)) = agency.host().state::<Market>(&key).await.map_err(told)? {
            // What was live when it was read; most of it has expired since.
            let at = clock.now() - chrono::Duration::days(super::DAYS - 1);
            let report = MarketReport::of(&state, policy, at).document();
            self.market_pdf = typesetter.render(&report, Format::Pdf).map_err(told)?;
        }
        Ok(())
    }

    /// Draws the funnel.
    pub(super) fn picture(&mut self, typesetter: &Typesetter) -> Result<(), String> {
        let stages = self
            .stages()
            .into_iter()
            .filter(|(name, _)| *name != "merged")
            .map(|(name, count)| Stage::new(name, count));
        let chart = Chart::new(
            "From found to paid",
            "The funnel of the demo's business, from firms found to clients who paid",
            ChartData::Funnel(stages.collect()),
        );
        let document = Document::new(DocumentKind::Report, "Funnel", Language::EN).block(chart);
        self.funnel_svg = typesetter
            .render(&document, Format::Svg { chart: 0 })
            .map_err(told)?;
        Ok(())
    }
}

impl Client {
    /// Keeps a document under its name, or under a new one where the name is taken by another.
    fn keep(&mut self, name: &str, bytes: &[u8]) -> String {
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let mut free = name.to_owned();
        let mut number = 2;
        while self
            .documents
            .get(&free)
            .is_some_and(|known| known != bytes)
        {
            free = format!("{stem}-{number}.{end}");
            number += 1;
        }
        self.documents.insert(free.clone(), bytes.to_vec());
        free
    }
}

fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            'é' => slug.push('e'),
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_matches('-').to_owned()
}
