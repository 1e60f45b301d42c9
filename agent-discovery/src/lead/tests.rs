use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Duration;
use dealwright_core::access::{Action, Authorizer, Denied};
use dealwright_core::handoff::{self, DealClosed, LeadQualified, ListingField};
use dealwright_core::money::{Currency, Money};
use dealwright_core::page::{
    Found as OnPage, FoundIn, MemoryFetcher, Page, PageFacts, Snapshot, SourceName,
};
use dealwright_core::party::{DomainName, EmailAddress, PhoneNumber};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::{
    Actor, Claim, EffectClass, Handled, Host, MemoryStore, NoPerformer, PlainSealer, ProcessKey,
    Tenant, Work, WorkQuery,
};
use dealwright_core::text::Untrusted;
use dealwright_core::trust::{LegalBasis, Recipient, RecipientPolicy};
use futures::executor::block_on;

use super::*;
use crate::enrich::testing::{answer, profile};
use crate::enrich::tests::terms;
use crate::enrich::{
    Ceiling, EnrichField, EnrichmentProvider, MemoryProvider, PassedOver, Price, ProviderSettings,
};
use crate::market::{Market, MarketInput, MarketPolicy, MarketSignal, SignalKind};
use crate::score::{PriorParams, ScoringParams};

pub(crate) fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::days(20_000)
}

/// Lets everybody do everything, so that what still holds is held by the lead itself.
#[derive(Debug)]
struct Anybody;

impl Authorizer for Anybody {
    fn allow(&self, _: &Actor, _: Action, _: &ProcessKey) -> Result<(), Denied> {
        Ok(())
    }
}

pub(crate) fn policy() -> LeadPolicy {
    let ideal: crate::qualify::IdealClientParams = serde_json::from_str(
        r#"{"version": 1, "criteria": [
            {"id": "named", "field": "named", "when": "known", "need": "required",
             "because": "nobody else can be written to", "question": "What is it called?"},
            {"id": "sector", "field": "sector", "when": {"one_of": ["bakery", "dental"]}, "need": "required",
             "because": "we know these trades", "question": "What does it do?"}
        ]}"#,
    )
    .unwrap();
    let scoring: ScoringParams = serde_json::from_str(
        r#"{"version": 1, "rules": [
            {"id": "fit/website", "field": "has-website", "dimension": "fit", "when": {"flag": true}, "points": 20, "because": "a website to work on"},
            {"id": "fit/disagreements", "field": "disagreements", "dimension": "fit", "when": {"at_least": "1"}, "points": 25, "because": "directories disagree"},
            {"id": "intent/hiring", "field": "signal-hiring", "dimension": "intent", "when": {"flag": true}, "points": 15, "because": "they grow"}
          ],
          "tiers": [{"name": "A", "from": 40}, {"name": "B", "from": 0}],
          "services": [
            {"id": "offer/listings", "service": "listing-repair", "field": "disagreements", "when": {"at_least": "1"}, "points": 30, "because": "directories disagree"},
            {"id": "offer/audit", "service": "website-audit", "field": "named", "when": "known", "points": 20, "because": "everybody has one"}
          ]}"#,
    )
    .unwrap();
    LeadPolicy {
        ideal: ideal.check().unwrap(),
        judge: Judge::new(scoring.check().unwrap()),
        floor: 0,
        reading: None,
        read_websites: false,
        language: Language::EN,
        languages: [Language::DE].into(),
        country: Some(Country::US),
        assessment: "lia-1".to_owned(),
        regulated: [("dental".to_owned(), "SR-2".to_owned())].into(),
        market: "main".to_owned(),
        enrich: EnrichPolicy::default(),
    }
}

pub(crate) fn market_policy() -> MarketPolicy {
    MarketPolicy {
        priors: PriorParams::default(),
        learn: true,
        sample_floor: 3,
        demand_points: 10,
        signal_days: 28,
        skills: [("website-audit".to_owned(), vec!["web".to_owned()])].into(),
        spend_per_day: Ceiling::default(),
    }
}

pub(crate) fn record(source: &str, key: &str) -> IntakeRecord {
    let mut record = IntakeRecord::new(SourceName::parse(source).unwrap(), key, at());
    record.name = Some("Amsel Bakery".to_owned());
    record.sector = Some("bakery".to_owned());
    record.email = email("backstube@amsel.example");
    record.website = DomainName::parse("amsel.example").ok();
    record.source_notice = format!("We found your address in {source}.");
    record.contact_allowed = true;
    record
}

fn email(text: &str) -> Option<Personal<EmailAddress>> {
    EmailAddress::parse(text)
        .ok()
        .map(|e| Personal::new(e, "s"))
}

fn phone(text: &str) -> Option<Personal<PhoneNumber>> {
    let number = PhoneNumber::parse(text, Some(Country::US)).ok();
    number.map(|n| Personal::new(n, "s"))
}

/// Leads, the market and recipients on a store in memory; deals are not there and only told.
pub(crate) struct World {
    pub(crate) host: Host,
    pub(crate) now: Timestamp,
    pub(crate) refused: Vec<String>,
}

impl World {
    pub(crate) fn new(policy: LeadPolicy, market: MarketPolicy, performer: LeadPerformer) -> Self {
        Self::on(Arc::new(MemoryStore::new()), policy, market, performer)
    }

    pub(crate) fn on(
        store: Arc<MemoryStore>,
        policy: LeadPolicy,
        market: MarketPolicy,
        performer: LeadPerformer,
    ) -> Self {
        let host = Host::builder(Tenant::parse("t").unwrap(), store, PlainSealer::ZERO)
            .authorizer(Anybody)
            .process::<Lead>(policy, performer)
            .unwrap()
            .process::<Market>(market, NoPerformer)
            .unwrap()
            .process::<Recipient>(
                RecipientPolicy::default(),
                dealwright_core::trust::MessengerPerformer::new(Vec::new()),
            )
            .unwrap()
            .build();
        Self {
            host,
            now: at(),
            refused: Vec::new(),
        }
    }

    pub(crate) fn plain(policy: LeadPolicy) -> Self {
        Self::new(policy, market_policy(), offline())
    }

    pub(crate) fn take_in(&mut self, lead: LeadId, record: IntakeRecord) {
        let dedupe = format!("intake-{}", record.natural_key());
        let record = Box::new(record);
        self.give(
            lead,
            &dedupe,
            Actor::System,
            &LeadInput::Intake { lead, record },
        );
        self.run();
    }

    pub(crate) fn give(&self, lead: LeadId, dedupe: &str, actor: Actor, input: &LeadInput) {
        let offer = self
            .host
            .offer::<Lead>(lead.to_string(), dedupe, actor, self.now, input);
        block_on(offer).unwrap();
    }

    pub(crate) fn tell_market(&mut self, dedupe: &str, input: &MarketInput) {
        let offer = self
            .host
            .offer::<Market>("main", dedupe, Actor::System, self.now, input);
        block_on(offer).unwrap();
        self.run();
    }

    /// Works off everything that is due, without moving the clock.
    pub(crate) fn run(&mut self) {
        for _ in 0..20_000 {
            let claims = block_on(self.host.store().claim(Claim {
                now: self.now,
                worker: "w".to_owned(),
                kinds: ["lead", "market", "recipient"].map(str::to_owned).into(),
                shares: Vec::new(),
                lease: Duration::minutes(5),
                n: 1,
                exclusive: true,
            }))
            .unwrap();
            let Some(work) = claims.works.into_iter().next() else {
                return;
            };
            match block_on(self.host.handle(work, self.now)).unwrap() {
                Handled::Stepped {
                    refused: Some(rule),
                    ..
                } => self.refused.push(rule),
                Handled::Quarantined(key) => panic!("quarantined {key:?}"),
                _ => {}
            }
        }
        panic!("no end");
    }

    pub(crate) fn state(&self, lead: LeadId) -> LeadState {
        let key = self.host.key::<Lead>(lead.to_string());
        let state = block_on(self.host.state::<Lead>(&key)).unwrap().unwrap().1;
        let sum: i64 = state.reasons().iter().map(|r| r.points).sum();
        assert_eq!(sum, state.score(), "the reasons do not sum to the score");
        assert_eq!(block_on(self.host.redecide(&key)).unwrap(), None);
        state
    }

    pub(crate) fn market(&self) -> crate::market::MarketState {
        let key = self.host.key::<Market>("main");
        assert_eq!(block_on(self.host.redecide(&key)).unwrap(), None);
        block_on(self.host.state::<Market>(&key))
            .unwrap()
            .unwrap()
            .1
    }

    /// What deals were told of a lead.
    pub(crate) fn handed(&self, lead: LeadId) -> Vec<LeadQualified> {
        (1..=9_u32)
            .flat_map(|occurrence| {
                let deal =
                    DealId::derive(&[lead.to_string().as_bytes(), &occurrence.to_be_bytes()]);
                let query = WorkQuery {
                    receiver: Some(ProcessKey::new(
                        self.host.tenant(),
                        "deal",
                        deal.to_string(),
                    )),
                    n: 100,
                    ..WorkQuery::default()
                };
                let works: Vec<Work> = block_on(self.host.store().works(query)).unwrap();
                works
            })
            .map(|work| {
                let (name, version) = work.contract.clone().unwrap();
                let body = self
                    .host
                    .open(&work.receiver, &work.body)
                    .unwrap_or(work.body);
                handoff::read(&name, version, &body).unwrap()
            })
            .collect()
    }
}

pub(crate) fn offline() -> LeadPerformer {
    LeadPerformer::new(Arc::new(MemoryFetcher::new()))
}

pub(crate) fn id(n: u32) -> LeadId {
    LeadId::derive(&[&n.to_be_bytes()])
}

#[test]
fn a_lead_goes_from_its_first_record_to_deals_exactly_once() {
    let mut world = World::plain(policy());
    world.take_in(id(1), record("town-guide", "1"));
    let state = world.state(id(1));
    assert!(matches!(state.phase(), LeadPhase::HandedOver { .. }));
    let handed = world.handed(id(1));
    assert_eq!(handed.len(), 1);
    let parts = handed[0].parts();
    assert_eq!(parts.account_name.as_deref(), Some("Amsel Bakery"));
    assert_eq!(
        parts.source_notice.as_deref(),
        Some("We found your address in town-guide.")
    );
    assert_eq!(
        parts.basis,
        Some(LegalBasis::LegitimateInterest {
            assessment: "lia-1".to_owned()
        })
    );
    // The same record, another one, the market once more, a person's glance: one sale all the same.
    world.give(
        id(1),
        "again",
        Actor::System,
        &LeadInput::Intake {
            lead: id(1),
            record: Box::new(record("town-guide", "1")),
        },
    );
    world.run();
    assert_eq!(world.refused, ["LG-4"]);
    world.take_in(id(1), record("trade-list", "7"));
    world.give(id(1), "r", Actor::System, &LeadInput::Reconsider);
    let priors = LeadInput::Priors(Box::default());
    world.give(id(1), "p1", Actor::System, &priors);
    world.give(id(1), "p2", Actor::System, &priors);
    world.run();
    assert_eq!(world.handed(id(1)).len(), 1);
    assert!(matches!(
        world.state(id(1)).phase(),
        LeadPhase::HandedOver { .. }
    ));
}

#[test]
fn a_lead_that_was_lost_is_taken_up_again_only_when_it_asks_or_a_person_says_so() {
    let closed = |world: &World| {
        let LeadPhase::HandedOver { deal } = world.state(id(1)).phase().clone() else {
            panic!("{:?}", world.state(id(1)).phase());
        };
        LeadInput::Closed(Box::new(DealClosed {
            deal,
            lead: id(1),
            won: false,
            reason: "no-answer".to_owned(),
            services: Vec::new(),
            unmet: Vec::new(),
            net: None,
            at: world.now,
        }))
    };
    let mut world = World::plain(policy());
    world.take_in(id(1), record("town-guide", "1"));
    world.give(id(1), "closed", Actor::System, &closed(&world));
    world.run();
    world.take_in(id(1), record("trade-list", "7"));
    assert!(matches!(world.state(id(1)).phase(), LeadPhase::Lost { .. }));
    assert_eq!(
        world.handed(id(1)).len(),
        1,
        "a directory begins no second sale"
    );
    let mut asks = record("web-form", "f1");
    asks.inquiry = Some(Inquiry {
        at: at(),
        text: Personal::new(Untrusted::new("Please call us.".to_owned()), "s"),
    });
    world.take_in(id(1), asks);
    let handed = world.handed(id(1));
    assert_eq!(handed.len(), 2);
    assert_eq!(handed[1].parts().occurrence, 2);
    assert_eq!(
        handed[1].parts().basis,
        Some(LegalBasis::Inquiry { at: at() })
    );
    world.give(id(1), "closed-2", Actor::System, &closed(&world));
    world.run();
    let good = LeadInput::Overrule {
        verdict: Some(Verdict::Qualified),
        why: "met them at the fair".to_owned(),
    };
    world.give(id(1), "good", Actor::Person("mara".to_owned()), &good);
    world.run();
    assert_eq!(world.handed(id(1)).len(), 3);
}

// covers: QL-1
#[test]
fn what_is_missing_is_named_and_what_fails_says_why() {
    let mut world = World::plain(policy());
    let mut unknown = record("town-guide", "1");
    unknown.sector = None;
    world.take_in(id(1), unknown);
    let state = world.state(id(1));
    assert_eq!(state.phase(), &LeadPhase::NeedsReview);
    let Some(Verdict::NeedsReview { questions }) = state.judgement().verdict() else {
        panic!("{:?}", state.judgement().verdict());
    };
    assert_eq!(questions[0].text(), "What does it do?");
    // A second record answers the question.
    world.take_in(id(1), record("trade-list", "7"));
    assert!(matches!(
        world.state(id(1)).phase(),
        LeadPhase::HandedOver { .. }
    ));

    let mut other = record("town-guide", "2");
    other.sector = Some("mining".to_owned());
    world.take_in(id(2), other);
    let state = world.state(id(2));
    assert_eq!(state.phase(), &LeadPhase::NotQualified);
    let assessment = state.judgement().assessment().unwrap();
    let failed = &assessment.answers()[1];
    assert_eq!(failed.outcome(), crate::qualify::Outcome::Fail);
    assert!(failed.evidence().unwrap().contains("town-guide"));

    let mut silent = record("town-guide", "3");
    silent.email = None;
    world.take_in(id(3), silent);
    assert_eq!(world.state(id(3)).phase(), &LeadPhase::NoAddress);
    assert!(world.handed(id(3)).is_empty());

    let mut sector = record("town-guide", "4");
    sector.sector = Some("Dental".to_owned());
    world.take_in(id(4), sector);
    assert_eq!(
        world.state(id(4)).phase(),
        &LeadPhase::NeedsReview,
        "a person looks first"
    );
    assert!(world.handed(id(4)).is_empty());

    let mut floor = policy();
    floor.floor = 1_000;
    let mut strict = World::plain(floor);
    strict.take_in(id(5), record("town-guide", "5"));
    assert_eq!(strict.state(id(5)).phase(), &LeadPhase::Waits);
}

#[test]
fn what_directories_disagree_about_stands_in_the_hand_off_with_who_says_what() {
    let mut world = World::plain(policy());
    let mut first = record("town-guide", "1");
    first.email = None;
    first.phone = phone("(555) 555-0142");
    first.street = Some("12 N. Main St".to_owned());
    world.take_in(id(1), first);
    let before = world.state(id(1)).score();
    let mut second = record("trade-list", "7");
    second.name = Some("AMSEL BAKERY Ltd".to_owned());
    second.phone = phone("555-555-0117");
    second.street = Some("12 North Main Street".to_owned());
    world.take_in(id(1), second);
    let state = world.state(id(1));
    assert_eq!(
        state.profile().disputed(),
        ["phone"],
        "spellings are no disagreement"
    );
    assert_eq!(state.score(), before + 25, "scored again on the new record");
    assert_eq!(state.services()[0].service, "listing-repair");
    let handed = world.handed(id(1));
    let parts = handed[0].parts();
    let shown =
        "phone: town-guide says a number ending in 42, trade-list says a number ending in 17";
    assert!(
        parts.reasons.iter().any(|r| r.because.ends_with(shown)),
        "{:?}",
        parts.reasons
    );
    assert!(parts.services[0].reasons[0].because.ends_with(shown));
    let fact = |name: &str| {
        let found = parts.facts.iter().find(|(fact, _)| fact == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(fact("disputed"), Some("phone"));
    assert_eq!(
        fact("disagreement-phone-sources"),
        Some("town-guide and trade-list")
    );
    assert!(fact("disagreement-phone").unwrap().contains("2024-10-04"));
    let text = format!("{:?}", parts.facts);
    assert!(
        !text.contains("5550142"),
        "no whole number stands in what may be cited"
    );
    let listings = parts.listings.as_ref().unwrap().reveal(Purpose::Delivery);
    let guide = listings
        .iter()
        .find(|l| l.source.name() == "town-guide")
        .unwrap();
    assert!(guide.values[&ListingField::Phone].ends_with("0142"));
    assert_eq!(guide.read_at, at());
}

#[test]
fn what_a_website_lacks_and_says_comes_with_its_passage() {
    let url = PageUrl::parse("https://amsel.example/").unwrap();
    let mut facts = PageFacts::empty(url.clone(), 200, 900);
    facts.title = Some(Untrusted::new("Amsel".to_owned()));
    facts.emails = vec![OnPage {
        value: Untrusted::new("hello@amsel.example".to_owned()),
        passage: Untrusted::new("Write to hello@amsel.example.".to_owned()),
        place: FoundIn::Text,
    }];
    let snapshot = Snapshot::new(url, 200, String::new(), at());
    let fetcher = MemoryFetcher::new().with_page(Page::new(snapshot, Some(facts)));
    let mut policy = policy();
    policy.read_websites = true;
    let performer = LeadPerformer::new(Arc::new(fetcher));
    let mut world = World::new(policy, market_policy(), performer);
    let mut bare = record("town-guide", "1");
    bare.email = None;
    world.take_in(id(1), bare);
    let state = world.state(id(1));
    let profile = state.profile();
    let chosen = profile.email.choose().unwrap();
    assert_eq!(
        chosen.value().source().url(),
        Some("https://amsel.example/#text")
    );
    assert!(
        chosen
            .value()
            .passage()
            .unwrap()
            .inspect(|p| p.contains("Write to"))
    );
    let handed = world.handed(id(1));
    let parts = handed[0].parts();
    assert_eq!(
        parts.source_notice.as_deref(),
        Some("Your address stands on your website amsel.example.")
    );
    let lacks = parts.facts.iter().find(|(name, _)| name == "website-lacks");
    assert_eq!(
        lacks.unwrap().1,
        "a description for search results, a layout for telephones, opening hours and address in \
         a form that search engines read and a mark of its language"
    );
}

// covers: QL-4
#[test]
fn a_persons_word_stands_over_ten_runs_and_both_are_in_the_history() {
    let mut world = World::plain(policy());
    let mut other = record("town-guide", "1");
    other.sector = Some("mining".to_owned());
    world.take_in(id(1), other);
    let word = |verdict| LeadInput::Overrule {
        verdict,
        why: "they do want us".to_owned(),
    };
    let no = word(Some(Verdict::NotQualified));
    world.give(
        id(1),
        "agent",
        Actor::Agent,
        &word(Some(Verdict::Qualified)),
    );
    world.run();
    assert_eq!(world.refused, ["I14"], "only a person overrules");
    world.give(id(1), "no", Actor::Person("mara".to_owned()), &no);
    world.run();
    for run in 0..10 {
        world.now += Duration::days(1);
        world.give(
            id(1),
            &format!("run-{run}"),
            Actor::System,
            &LeadInput::Reconsider,
        );
        world.run();
        assert_eq!(world.state(id(1)).phase(), &LeadPhase::NotQualified);
    }
    // Better facts do not lift it either.
    world.take_in(id(1), record("trade-list", "7"));
    let state = world.state(id(1));
    assert_eq!(state.judgement().standing().unwrap().by(), "mara");
    assert!(world.handed(id(1)).is_empty());
    assert!(state.judgement().history().len() >= 3);
    world.give(id(1), "back", Actor::Person("mara".to_owned()), &word(None));
    world.run();
    assert!(state.judgement().verdict().is_some());
}

fn signal(key: &str, kind: SignalKind, days: i64) -> MarketSignal {
    MarketSignal {
        key: format!("feed#{key}"),
        kind,
        sector: Some("bakery".to_owned()),
        source: SourceName::parse("feed").unwrap(),
        observed_at: at(),
        expires_at: at() + Duration::days(days),
        evidence: dealwright_core::canonical::Digest32::of(key.as_bytes()),
        rule: "rule".to_owned(),
        link: None,
        passage: None,
    }
}

// covers: MR-1
#[test]
fn a_signal_moves_the_score_while_it_counts_and_nothing_after() {
    let mut policy = policy();
    policy.floor = 1_000;
    let mut world = World::plain(policy);
    world.take_in(id(1), record("town-guide", "1"));
    let before = world.state(id(1)).score();
    let mut post = record("feed", "p1");
    post.signals = vec![signal("p1", SignalKind::Hiring, 30)];
    world.take_in(id(1), post);
    let during = world.state(id(1));
    assert_eq!(during.score(), before + 15);
    let reason = during
        .reasons()
        .iter()
        .find(|r| r.rule == "intent/hiring")
        .unwrap();
    assert!(reason.because.contains("feed#p1"), "{}", reason.because);
    assert_eq!(
        during.profile().disputed(),
        Vec::<&str>::new(),
        "a post is no listing"
    );
    world.now += Duration::days(31);
    world.run();
    assert_eq!(world.state(id(1)).score(), before);
    // The market's demand moves it as well, from the sample floor on.
    world.now = at() + Duration::days(1);
    for n in 0..3 {
        let signal = signal(&format!("d{n}"), SignalKind::Demand, 20);
        world.tell_market(&format!("s{n}"), &MarketInput::Signal(Box::new(signal)));
    }
    world.give(id(1), "moved", Actor::System, &LeadInput::Reconsider);
    world.run();
    assert_eq!(world.state(id(1)).score(), before + 15 + 10);
}

fn cents(minor: i64) -> Money {
    Money::from_minor(minor, Currency::parse("EUR").unwrap())
}

/// Three providers at a cent, two cents and three cents a call, and the policy that orders them.
struct Paid {
    providers: Vec<Arc<MemoryProvider>>,
    policy: LeadPolicy,
    market: MarketPolicy,
}

fn paid(answers: [&[(EnrichField, &str, u8)]; 3], lead: i64, day: i64) -> Paid {
    let wanted: BTreeSet<EnrichField> = [EnrichField::Mobile, EnrichField::Email].into();
    let site = DomainName::parse("amsel.example").unwrap();
    let names = ["first", "second", "third"];
    let mut policy = policy();
    policy.country = Some(Country::DE);
    policy.enrich.wanted = wanted.clone();
    policy.enrich.terms = terms(&names);
    policy.enrich.per_lead.money = Some(cents(lead));
    let mut providers = Vec::new();
    for ((name, values), price) in names.into_iter().zip(answers).zip(1_i64..) {
        let price = Price::Money(cents(price));
        let mut profile = profile(name, price);
        profile.fields = wanted.clone();
        policy.enrich.providers.push(ProviderSettings {
            source: profile.source.clone(),
            fields: wanted.clone(),
            price,
            class: EffectClass::AtMostOnce,
        });
        let mut provider = MemoryProvider::new(profile);
        if !values.is_empty() {
            provider = provider.knowing(&site, answer("Amsel Bakery", "amsel.example", values));
        }
        providers.push(Arc::new(provider));
    }
    let mut market = market_policy();
    market.spend_per_day.money = Some(cents(day));
    Paid {
        providers,
        policy,
        market,
    }
}

impl Paid {
    fn world(&self) -> World {
        let mut performer = offline();
        for provider in &self.providers {
            let provider: Arc<dyn EnrichmentProvider> = provider.clone();
            performer = performer.with_provider(provider);
        }
        World::new(self.policy.clone(), self.market.clone(), performer)
    }

    fn calls(&self) -> Vec<u64> {
        self.providers.iter().map(|p| p.calls()).collect()
    }

    fn taken(&self) -> i64 {
        let money = |p: &Arc<MemoryProvider>| p.taken().money.map_or(0, Money::minor);
        self.providers.iter().map(money).sum()
    }
}

fn silent(source: &str, key: &str) -> IntakeRecord {
    let mut record = record(source, key);
    record.email = None;
    record
}

// covers: EN-1
#[test]
fn providers_are_asked_until_a_valid_value_and_never_twice() {
    let landline: &[_] = &[(EnrichField::Mobile, "030 23125 101", 90)];
    let both: &[_] = &[
        (EnrichField::Mobile, "0151 2312 5101", 80),
        (EnrichField::Email, "backstube@amsel.example", 80),
    ];
    let paid = paid([landline, both, both], 100, 100);
    let mut world = paid.world();
    world.take_in(id(1), silent("town-guide", "1"));
    let state = world.state(id(1));
    assert_eq!(
        paid.calls(),
        [1, 1, 0],
        "a landline is no hit, and the second ends it"
    );
    assert!(matches!(state.phase(), LeadPhase::HandedOver { .. }));
    assert_eq!(state.enrichment().spent().money, Some(cents(3)));
    assert_eq!(
        world.market().spending().of(world.now).money,
        Some(cents(3))
    );
    let profile = state.profile();
    let mobile = profile.phone.choose().unwrap().value();
    assert_eq!(mobile.source().name(), "second");
    assert!(mobile.passage().is_some());
    let handed = world.handed(id(1));
    assert_eq!(handed[0].parts().source.as_deref(), Some("second"));
    assert_eq!(
        handed[0].parts().source_notice.as_deref(),
        Some("Ihre Adresse fanden wir hier: second.")
    );

    // What nobody knows is asked of everybody once; a second run, and a new record, cost nothing.
    let nobody = self::paid([landline, &[], &[]], 100, 100);
    let mut world = nobody.world();
    world.take_in(id(1), silent("town-guide", "1"));
    assert_eq!(nobody.calls(), [1, 1, 1]);
    assert_eq!(world.state(id(1)).phase(), &LeadPhase::NoAddress);
    let after = nobody.taken();
    world.give(id(1), "second-run", Actor::System, &LeadInput::Reconsider);
    world.run();
    world.take_in(id(1), silent("trade-list", "7"));
    assert_eq!((nobody.calls(), nobody.taken()), (vec![1, 1, 1], after));
    assert_eq!(world.state(id(1)).phase(), &LeadPhase::NoAddress);
}

// covers: EN-1, OR-5
#[test]
fn no_call_is_made_beyond_the_ceiling_of_a_lead_or_a_day() {
    // Nobody knows anything, so all would be asked: a cent, two cents, three cents.
    let lead = paid([&[], &[], &[]], 4, 1_000);
    let mut world = lead.world();
    world.take_in(id(1), silent("town-guide", "1"));
    assert_eq!((lead.calls(), lead.taken()), (vec![1, 1, 0], 3));
    let passed = world.state(id(1)).enrichment().passed.clone();
    assert_eq!(passed[0].why, PassedOver::LeadCeiling);
    for day in [0, 1, 5, 6, 7, 20] {
        let paid = paid([&[], &[], &[]], 100, day);
        let mut world = paid.world();
        for n in 0..10 {
            let mut record = silent("town-guide", &n.to_string());
            record.website = DomainName::parse(&format!("shop{n}.example")).ok();
            let input = LeadInput::Intake {
                lead: id(n),
                record: Box::new(record),
            };
            world.give(id(n), "intake", Actor::System, &input);
        }
        world.run();
        assert!(paid.taken() <= day, "{} of {day}", paid.taken());
        assert!(paid.taken() >= day.min(60) - 2, "{} of {day}", paid.taken());
        assert_eq!(
            world
                .market()
                .spending()
                .of(world.now)
                .money
                .map_or(0, Money::minor),
            paid.taken()
        );
        for n in 0..10 {
            assert_eq!(world.state(id(n)).phase(), &LeadPhase::NoAddress);
        }
    }
}

// covers: LG-6
#[test]
fn a_hundred_junk_rows_cost_nothing() {
    let paid = paid([&[], &[], &[]], 1_000, 1_000);
    let mut world = paid.world();
    for n in 0..100_u32 {
        let mut junk = silent("town-guide", &n.to_string());
        match n % 5 {
            0 => junk.name = Some(format!("user{n}{n}")),
            1 => junk.name = Some("n/a".to_owned()),
            2 => junk.website = DomainName::parse(&format!("shop{n}.facebook.com")).ok(),
            3 => {
                junk.website = None;
                junk.email = email(&format!("someone{n}@gmail.com"));
            }
            _ => junk.sector = Some("mining".to_owned()),
        }
        world.take_in(id(n), junk);
    }
    assert_eq!((paid.calls(), paid.taken()), (vec![0, 0, 0], 0));
    let passed = &world.state(id(0)).enrichment().passed.clone();
    assert!(passed[0].why.to_string().contains("login"));
    world.take_in(id(200), silent("town-guide", "good"));
    assert_eq!(paid.calls(), [1, 1, 1], "and a good one is worth it");
}

// covers: EN-2
#[test]
fn providers_that_disagree_stand_side_by_side_and_a_person_is_never_overwritten() {
    let one: &[_] = &[(EnrichField::Email, "old@amsel.example", 50)];
    let two: &[_] = &[(EnrichField::Email, "new@amsel.example", 70)];
    let paid = paid([one, two, &[]], 100, 100);
    let mut world = paid.world();
    let mut held = silent("town-guide", "1");
    held.sector = None;
    world.take_in(id(1), held);
    let state = world.state(id(1));
    let profile = state.profile();
    assert_eq!(profile.email.values().len(), 2);
    let choice = profile.email.choose().unwrap();
    let text = |e: &Personal<EmailAddress>| e.reveal(Purpose::Display).as_str().to_owned();
    assert_eq!(text(choice.value().value()), "new@amsel.example");
    assert_eq!(
        choice.to_string(),
        "`second` is surer (70 %) than `first` (50 %)"
    );
    let values = profile.email.values();
    assert!(
        values
            .iter()
            .all(|v| v.retrieved_at() == at() && v.passage().is_some())
    );
    // Only a person corrects; what comes later is a proposal against them.
    let own = FieldValue::Email(email("mara-says@amsel.example").unwrap());
    let correct = LeadInput::Correct(Box::new(own));
    world.give(id(1), "agent", Actor::Agent, &correct);
    world.run();
    assert_eq!(world.refused, ["EN-2"]);
    world.give(id(1), "mara", Actor::Person("mara".to_owned()), &correct);
    world.run();
    world.now += Duration::days(200);
    let mut later = record("trade-list", "7");
    later.read_at = world.now;
    later.email = email("other@amsel.example");
    world.take_in(id(1), later);
    let profile = world.state(id(1)).profile();
    let choice = profile.email.choose().unwrap();
    assert_eq!(text(choice.value().value()), "mara-says@amsel.example");
    let proposals: Vec<String> = profile.email.proposals().map(|p| text(p.value())).collect();
    assert_eq!(proposals, ["other@amsel.example"]);
    assert_eq!(profile.email.values().len(), 4);
}

// covers: EN-3
#[test]
fn an_answer_about_another_firm_writes_nothing() {
    let site = DomainName::parse("amsel.example").unwrap();
    let mut paid = paid([&[], &[], &[]], 100, 100);
    let values: &[_] = &[(EnrichField::Email, "info@amsel-wien.example", 99)];
    let other = answer("Amsel Bakery", "amsel-wien.example", values);
    let profile = paid.providers[0].profile();
    paid.providers[0] = Arc::new(MemoryProvider::new(profile).knowing(&site, other));
    let mut world = paid.world();
    world.take_in(id(1), silent("town-guide", "1"));
    let state = world.state(id(1));
    assert!(state.found().is_empty());
    assert!(state.profile().email.is_empty());
    let key = world.host.key::<Lead>(id(1).to_string());
    let history = block_on(world.host.store().history(&key)).unwrap();
    let blocked = history
        .iter()
        .flat_map(|envelope| world.host.events::<Lead>(envelope).unwrap())
        .find_map(|event| match event {
            LeadEvent::Enriched { accepted, .. } => accepted.blocked,
            _ => None,
        })
        .unwrap();
    assert_eq!(blocked[0].role, crate::resolve::Role::Website);
}

#[test]
fn a_provider_that_became_dearer_or_is_not_there_is_not_called() {
    let both: &[_] = &[(EnrichField::Email, "backstube@amsel.example", 80)];
    let mut paid = paid([both, both, both], 100, 100);
    let mut dear = paid.providers[0].profile();
    dear.price = Price::Money(cents(90));
    paid.providers[0] = Arc::new(MemoryProvider::new(dear));
    paid.providers.remove(1);
    let mut world = paid.world();
    world.take_in(id(1), silent("town-guide", "1"));
    assert_eq!((paid.calls(), paid.taken()), (vec![0, 1], 3));
    assert_eq!(
        world.market().spending().of(world.now).money,
        Some(cents(3))
    );
}

// covers: DB-3
#[test]
fn two_writers_lose_nothing_of_each_other() {
    let store = Arc::new(MemoryStore::new());
    let world = || World::on(Arc::clone(&store), policy(), market_policy(), offline());
    let (first, second) = (world(), world());
    for (world, source) in [(&first, "town-guide"), (&second, "trade-list")] {
        let record = Box::new(record(source, "1"));
        let lead = id(1);
        world.give(
            lead,
            source,
            Actor::System,
            &LeadInput::Intake { lead, record },
        );
    }
    // Both claim before either commits.
    let claim = |world: &World, worker: &str| {
        let claims = block_on(world.host.store().claim(Claim {
            now: at(),
            worker: worker.to_owned(),
            kinds: vec!["lead".to_owned()],
            shares: Vec::new(),
            lease: Duration::minutes(5),
            n: 1,
            exclusive: false,
        }));
        claims.unwrap().works.into_iter().next()
    };
    let (one, two) = (claim(&first, "a"), claim(&second, "b"));
    for (world, work) in [(&first, one), (&second, two)] {
        if let Some(work) = work {
            block_on(world.host.handle(work, at())).unwrap();
        }
    }
    let mut rest = first;
    rest.run();
    assert_eq!(rest.state(id(1)).records().len(), 2);
}
