mod delivery;
mod letters;
mod mail;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::access::Staff;
use dealwright_core::handoff::ServiceLevel;
use dealwright_core::knowledge::{
    CatalogueParams, PlaybookParams, RateCardParams, Slug, TemplateSource, TemplatesParams,
};
use dealwright_core::money::UnitPrice;
use dealwright_core::orchestration::Budget;
use dealwright_core::party::{Country, DomainName, Iban, Language};
use dealwright_core::process::Tenant;
use dealwright_core::trust::rules::RulesPolicy;
use dealwright_core::trust::{
    ApprovalMode, BreakerLimits, Caps, DeskPolicy, PayerPolicy, RecipientPolicy, Sender,
};
use dealwright_deals::contract::{Clause, ClauseLibraryParams, DunningParams, Party};
use dealwright_deals::deal::{DealPolicy, Notice, ReadingPolicy};
use dealwright_deals::negotiation::AuthorityParams;
use dealwright_delivery::project::ProjectPolicy;
use dealwright_discovery::enrich::{Ceiling, EnrichPolicy};
use dealwright_discovery::lead::{LeadPolicy, PageReading};
use dealwright_discovery::market::MarketPolicy;
use dealwright_discovery::qualify::IdealClientParams;
use dealwright_discovery::score::{Judge, PriorParams, ScoringParams};
use serde::Deserialize;

pub use self::delivery::{DeliverySettings, StaffSettings, WeekSettings};
pub use self::mail::{DkimSettings, InboxSettings, MailSecurity, MailSettings};

/// A whole business, as people write it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// The name under which its data is kept apart.
    pub tenant: String,
    /// Where the agency sits.
    pub country: Country,
    /// Letters to people whose language is not known.
    pub language: Language,
    /// Whether letters are written by an AI, which is then said.
    pub made_by_ai: bool,
    /// Whether a lead's own front page is read.
    pub read_websites: bool,
    /// Whether people's tasks finish by themselves, for simulations.
    #[serde(default)]
    pub auto_people: bool,
    /// Who writes.
    pub sender: Sender,
    /// The agency in contracts and invoices.
    pub agency: Party,
    /// Who works for the agency, with their roles. Whoever is not named may do nothing.
    #[serde(default)]
    pub people: Staff,
    /// Law, consent and approval.
    pub law: LawSettings,
    /// Letters a day.
    pub caps: Caps,
    /// When bad news stops a mailbox.
    #[serde(default)]
    pub breaker: BreakerLimits,
    /// Notices by language.
    pub notices: BTreeMap<String, Notice>,
    /// The name of the [`playbook`](Self::playbook) that is used.
    #[serde(rename = "playbook")]
    pub playbook_name: Slug,
    /// When letters go out; from `playbooks/`.
    #[serde(skip)]
    pub playbook: Option<PlaybookParams>,
    /// How far a concession may go.
    pub authority: AuthorityParams,
    /// How deals are run.
    pub deal: DealSettings,
    /// How far a model may help to read answers; without it rules alone do.
    #[serde(default)]
    pub reading: Option<ReadingSettings>,
    /// When unpaid invoices are reminded of.
    pub dunning: DunningParams,
    /// What contracts are made of.
    #[serde(default)]
    pub clauses: Vec<Clause>,
    /// Who is worth a deal.
    pub ideal: IdealClientParams,
    /// What makes the score.
    pub scoring: ScoringParams,
    /// How leads are run.
    pub lead: LeadSettings,
    /// How the market is read.
    pub market: MarketSettings,
    /// How projects are run.
    #[serde(default)]
    pub delivery: DeliverySettings,
    /// Charges above this many minor units wait for a person, by currency.
    #[serde(default)]
    pub approve_charges_above: BTreeMap<String, i64>,
    /// How letters leave; without it they are written to a folder.
    #[serde(default)]
    pub mail: Option<MailSettings>,
    /// The mailbox that answers come back to; without it they are taken from files.
    #[serde(default)]
    pub inbox: Option<InboxSettings>,
    /// How the store is kept.
    #[serde(default)]
    pub store: StoreSettings,
    /// What is sold; from `services.toml`.
    #[serde(skip)]
    pub catalogue: CatalogueParams,
    /// What it costs; from `services.toml`.
    #[serde(skip)]
    pub rates: Option<RateCardParams>,
    /// How letters read; from `templates/`.
    #[serde(skip)]
    pub templates: TemplatesParams,
    /// The catalogue and the rate card in other languages; from `words/`.
    #[serde(skip)]
    words: BTreeMap<Language, words::Translation>,
    /// Where each template stands, for messages.
    #[serde(skip)]
    places: letters::Places,
}

/// How the store is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Where it is.
    #[serde(default)]
    pub kind: StoreKind,
    /// The environment variable that holds a server's URI, which may hold a password and so has no
    /// place in a file.
    #[serde(default = "uri_from")]
    pub uri_from: String,
    /// The most pages (of 4 KiB) that the store may have; as many as the disk holds where none is
    /// given. What does not fit is refused and nothing of it is kept.
    #[serde(default)]
    pub max_pages: Option<u32>,
    /// The folder of signed checkpoints of the log, from the home. It belongs where whoever can
    /// change the store cannot.
    #[serde(default = "checkpoints")]
    pub checkpoints: String,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            kind: StoreKind::default(),
            uri_from: uri_from(),
            max_pages: None,
            checkpoints: checkpoints(),
        }
    }
}

fn checkpoints() -> String {
    "checkpoints".to_owned()
}

fn uri_from() -> String {
    "MONGODB_URI".to_owned()
}

/// Where a store is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StoreKind {
    /// In a file beside the configuration.
    #[default]
    Embedded,
    /// In a MongoDB database.
    MongoDb,
}

/// Law, consent and approval.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawSettings {
    /// Domains that are proven to be ours.
    pub verified_domains: BTreeSet<DomainName>,
    /// Recorded interest assessments.
    pub assessments: BTreeSet<String>,
    /// Who must say yes.
    pub approval: ApprovalMode,
    /// Promotional share in percent above which a letter counts as marketing.
    pub promotional_percent: u32,
    /// How long an approval and a wait for one last.
    pub approval_hours: u32,
    /// Marketing letters to one person within the days.
    pub marketing_cap: u32,
    /// The days that the cap is counted over.
    pub marketing_cap_days: u32,
    /// Where opt-outs are taken.
    pub opt_out_base: String,
    /// Where the data-use notice stands.
    pub data_use: String,
}

/// How deals are run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DealSettings {
    /// Questions before a proposal rests on assumptions.
    pub questions: u32,
    /// Versions of an offer before a person takes over.
    pub versions: u32,
    /// Messages of a client within a day that are answered; beyond them a person reads on.
    #[serde(default = "messages_a_day")]
    pub messages_a_day: u32,
    /// Working days after which a silent client is taken for lost.
    pub patience_days: u16,
    /// Days until work begins after an offer.
    pub start_days: u16,
    /// Where clients pay to.
    pub pay_to: BankAccount,
    /// What is promised about how the work is done.
    pub service_levels: Vec<ServiceLevel>,
}

/// An account, as it stands on invoices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    /// Whose it is.
    pub holder: String,
    /// Its number; the check digits are verified.
    pub iban: Iban,
    /// The bank's code, for payments from abroad.
    #[serde(default)]
    pub bic: Option<String>,
}

impl BankAccount {
    /// The account of the starter's example, which is nobody's.
    const EXAMPLE: &'static str = "DE89370400440532013000";

    /// Whether it is still the starter's example: money sent there would be lost.
    #[must_use]
    pub fn is_example(&self) -> bool {
        self.iban.as_str() == Self::EXAMPLE
    }

    fn lines(&self) -> Vec<String> {
        let bic = self.bic.iter().map(|bic| format!("BIC {bic}"));
        [self.holder.clone(), format!("IBAN {}", self.iban)]
            .into_iter()
            .chain(bic)
            .collect()
    }
}

/// For deals and for projects: no person writes more often.
fn messages_a_day() -> u32 {
    6
}

/// How leads are run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadSettings {
    /// The lowest score that is handed to deals.
    pub floor: i64,
    /// The interest assessment that first letters rest on.
    pub assessment: String,
    /// Sectors that a person looks at first, with the rule's id.
    #[serde(default)]
    pub regulated: BTreeMap<String, String>,
    /// Who is asked for what is missing, and what that may cost.
    #[serde(default)]
    pub enrich: EnrichPolicy,
}

/// How the market is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketSettings {
    /// Signals of a sector below which nothing is said of it.
    pub sample_floor: u32,
    /// Points that the busiest sector gains.
    pub demand_points: i64,
    /// Days that a signal counts.
    pub signal_days: u32,
    /// Whether what delivery taught counts.
    pub learn: bool,
    /// The most that enrichment and research may spend a day.
    #[serde(default)]
    pub spend_per_day: Ceiling,
    /// How results move the rank of services.
    #[serde(default)]
    pub priors: PriorParams,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Services {
    catalogue: CatalogueParams,
    rates: RateCardParams,
}

/// Templates that know where they stand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Letters {
    #[serde(default)]
    templates: Vec<toml::Spanned<TemplateSource>>,
}

fn file<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, BusinessError> {
    toml::from_str(text).map_err(|error| {
        let (line, column) =
            letters::line_and_column(text, error.span().map_or(0, |span| span.start));
        BusinessError::File {
            file: file.to_owned(),
            line,
            column,
            what: error.message().lines().collect::<Vec<_>>().join(" "),
        }
    })
}

/// Why a business cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusinessError {
    /// A file does not read.
    #[error("`{file}`, line {line}, column {column}: {what}; correct the line")]
    File {
        /// Which.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// Why.
        what: String,
    },
    /// A letter cannot be written.
    #[error("{place}: {what}; correct it there")]
    Template {
        /// File, line and column.
        place: String,
        /// Why.
        what: String,
    },
    /// A part does not hold together.
    #[error("`{part}` does not hold: {what}")]
    Part {
        /// Which.
        part: &'static str,
        /// What does not fit.
        what: String,
    },
}

fn part(part: &'static str) -> impl Fn(&dyn std::fmt::Display) -> BusinessError {
    move |what| BusinessError::Part {
        part,
        what: what.to_string(),
    }
}

/// A business all of whose parts hold, as the policies that run it.
#[derive(Clone, Debug)]
pub struct CheckedBusiness {
    /// The name under which its data is kept apart.
    pub tenant: Tenant,
    /// For leads.
    pub lead: LeadPolicy,
    /// For the market.
    pub market: MarketPolicy,
    /// For deals.
    pub deal: DealPolicy,
    /// For projects.
    pub project: ProjectPolicy,
    /// For recipients.
    pub recipient: RecipientPolicy,
    /// For the desk.
    pub desk: DeskPolicy,
    /// For payers.
    pub payer: PayerPolicy,
    /// Who works for the agency.
    pub people: Staff,
    /// Whether people's tasks finish by themselves.
    pub auto_people: bool,
}

/// How far a model may help to read what clients write and what stands on their websites.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingSettings {
    /// What reading the answers of one client may cost, in money, tokens and calls.
    pub budget: Budget,
    /// What a thousand tokens cost at most.
    pub per_thousand_tokens: UnitPrice,
    /// The most tokens that reading a lead's front page may take; without it pages are read by
    /// rules alone.
    #[serde(default)]
    pub page_tokens: Option<u64>,
}

/// The texts of the files that make a business.
#[derive(Clone, Debug, Default)]
pub struct BusinessFiles {
    /// `agency.toml`: who the agency is and what it may.
    pub agency: String,
    /// `services.toml`: what it sells and for how much.
    pub services: String,
    /// The files of `templates/`, name (as it is shown in messages) and text: how letters read.
    pub templates: Vec<(String, String)>,
    /// The files of `playbooks/`, name and text: who is written to when.
    pub playbooks: Vec<(String, String)>,
    /// The files of `words/`, named for their languages: services and prices in those.
    pub words: Vec<(String, String)>,
}

impl Business {
    /// Reads a business from its files.
    ///
    /// # Errors
    ///
    /// [`BusinessError::File`] names the file, the place and what is expected there;
    /// [`BusinessError::Part`] where no playbook has the name that is asked for.
    pub fn read(files: &BusinessFiles) -> Result<Self, BusinessError> {
        let mut business: Self = file("agency.toml", &files.agency)?;
        let services: Services = file("services.toml", &files.services)?;
        business.catalogue = services.catalogue;
        business.rates = Some(services.rates);
        for (name, text) in &files.playbooks {
            let playbook: PlaybookParams = file(name, text)?;
            if playbook.id == business.playbook_name {
                business.playbook = Some(playbook);
            }
        }
        if business.playbook.is_none() {
            return Err(part("playbook")(&format!(
                "no file of playbooks/ has the id `{}`",
                business.playbook_name
            )));
        }
        for (name, text) in &files.words {
            let language = words::language_of(name)?;
            business.words.insert(language, file(name, text)?);
        }
        for (name, text) in &files.templates {
            business.read_templates(name, text)?;
        }
        Ok(business)
    }

    fn read_templates(&mut self, name: &str, text: &str) -> Result<(), BusinessError> {
        let written: Letters = file(name, text)?;
        // A span is that of a heading; what is under it reaches to the next.
        let starts: Vec<usize> = written.templates.iter().map(|t| t.span().start).collect();
        for source in written.templates {
            let start = source.span().start;
            let next = starts.iter().copied().filter(|other| *other > start).min();
            let source = source.into_inner();
            self.places.insert(
                (source.id.to_string(), source.kind),
                letters::Place {
                    file: name.to_owned(),
                    text: text.to_owned(),
                    start,
                    end: next.unwrap_or(text.len()),
                },
            );
            self.templates.templates.push(source);
        }
        Ok(())
    }

    /// Checks every part against the others.
    ///
    /// # Errors
    ///
    /// [`BusinessError::Part`] names the first part that does not hold.
    pub fn check(mut self) -> Result<CheckedBusiness, BusinessError> {
        let spoken: BTreeSet<Language> = self.words.keys().copied().collect();
        for (language, words) in std::mem::take(&mut self.words) {
            self.catalogue.words.insert(language, words.catalogue);
            if let Some(rates) = &mut self.rates {
                rates.words.insert(language, words.rates);
            }
        }
        let catalogue = self.catalogue.check().map_err(|e| part("catalogue")(&e))?;
        let rates = self
            .rates
            .ok_or_else(|| part("rates")(&"no rate card is given"))?
            .check(&catalogue)
            .map_err(|e| part("rates")(&e))?;
        let template_sources = delivery::with_standard(self.templates);
        let playbook = self
            .playbook
            .ok_or_else(|| part("playbook")(&"none is given"))?
            .check()
            .map_err(|e| part("playbook")(&e))?;
        let dunning = self.dunning.check().map_err(|e| part("dunning")(&e))?;
        let templates = letters::check(&template_sources, &self.places, &playbook, &dunning)?;
        words::check(
            self.language,
            &spoken,
            &template_sources,
            &letters::needed(&playbook, &dunning),
            &self.clauses,
            &self.notices,
        )?;
        let authority = self
            .authority
            .check(&rates)
            .map_err(|e| part("authority")(&e))?;
        let clauses = ClauseLibraryParams {
            clauses: self.clauses,
        }
        .check()
        .map_err(|e| part("clauses")(&e))?;
        let ideal = self.ideal.check().map_err(|e| part("ideal")(&e))?;
        let scoring = self.scoring.check().map_err(|e| part("scoring")(&e))?;
        if !self.notices.contains_key("en") {
            return Err(part("notices")(
                &"`en` is missing; it is used where a language has none",
            ));
        }
        let page_reading = self
            .reading
            .as_ref()
            .and_then(|reading| reading.page_tokens)
            .map(|most_tokens| PageReading {
                needs: catalogue
                    .services()
                    .flat_map(|service| {
                        let needs = service.needs.iter();
                        needs.map(|n| (n.as_str().to_owned(), service.summary.clone()))
                    })
                    .collect(),
                most_tokens,
            });
        let skills = catalogue
            .services()
            .map(|service| {
                let skills: BTreeSet<String> = service
                    .tasks()
                    .map(|(_, task)| task.skill.as_str().to_owned())
                    .collect();
                (service.id.as_str().to_owned(), skills.into_iter().collect())
            })
            .collect();
        let market = "main".to_owned();
        let project = self.delivery.policy(&delivery::Shared {
            catalogue: &catalogue,
            rates: &rates,
            templates: (&templates, &template_sources),
            sender: &self.sender,
            notices: &self.notices,
            country: self.country,
            made_by_ai: self.made_by_ai,
            auto_people: self.auto_people,
            market: &market,
        })?;
        Ok(CheckedBusiness {
            tenant: Tenant::parse(&self.tenant).map_err(|e| part("tenant")(&e))?,
            lead: LeadPolicy {
                ideal,
                judge: Judge::new(scoring),
                floor: self.lead.floor,
                read_websites: self.read_websites,
                reading: page_reading,
                language: self.language,
                languages: spoken,
                country: Some(self.country),
                assessment: self.lead.assessment,
                regulated: self.lead.regulated,
                market,
                enrich: self.lead.enrich,
            },
            market: MarketPolicy {
                priors: self.market.priors,
                learn: self.market.learn,
                sample_floor: self.market.sample_floor,
                demand_points: self.market.demand_points,
                signal_days: self.market.signal_days,
                skills,
                spend_per_day: self.market.spend_per_day,
            },
            recipient: RecipientPolicy {
                rules: RulesPolicy {
                    principal: self.sender.principal.clone(),
                    verified_domains: self.law.verified_domains,
                    assessments: self.law.assessments,
                    approval: self.law.approval,
                    promotional_percent: self.law.promotional_percent,
                },
                approval: BTreeMap::new(),
                approval_hours: self.law.approval_hours,
                marketing_cap: self.law.marketing_cap,
                marketing_cap_days: self.law.marketing_cap_days,
                desk: "main".to_owned(),
            },
            desk: DeskPolicy {
                caps: self.caps,
                breaker: self.breaker,
                ..DeskPolicy::default()
            },
            payer: PayerPolicy {
                stopped: false,
                approve_above: self.approve_charges_above,
            },
            deal: DealPolicy {
                catalogue,
                rates,
                templates,
                template_sources,
                playbook,
                desk: "main".to_owned(),
                authority,
                sender: self.sender,
                notices: self.notices,
                opt_out_base: self.law.opt_out_base,
                data_use: self.law.data_use,
                service_levels: self.deal.service_levels,
                questions: self.deal.questions,
                versions: self.deal.versions,
                messages_a_day: self.deal.messages_a_day,
                patience_days: self.deal.patience_days,
                agency: self.agency,
                clauses,
                law: self.country,
                pay_to: self.deal.pay_to.lines(),
                dunning,
                start_days: self.deal.start_days,
                made_by_ai: self.made_by_ai,
                reading: self.reading.map(|reading| ReadingPolicy {
                    budget: reading.budget,
                    per_thousand_tokens: reading.per_thousand_tokens,
                }),
            },
            project,
            people: self.people,
            auto_people: self.auto_people,
        })
    }
}
