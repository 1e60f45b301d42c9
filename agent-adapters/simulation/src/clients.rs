//! Simulated people: what they do about a letter follows from the seed, their address and the
//! letter's step, and from nothing else.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::PortError;
use dealwright_core::handoff::DealClosed;
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Cursor, Envelope, Host, Outcome, ProcessKey};
use dealwright_core::trust::{News, Payer, PayerEvent, Recipient, RecipientEvent};
use dealwright_deals::deal::Deal;
use dealwright_discovery::lead::Lead;
use dealwright_discovery::market::{Market, MarketEvent};
use dealwright_runtime::Agency;

use crate::market::comes_back;
use crate::world::again;
use crate::{Hook, SeededRng};

/// How a simulated person behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Persona {
    /// Never answers.
    Ignores,
    /// Asks what it is about, answers questions and accepts.
    Buys,
    /// Wants it cheaper, then accepts.
    Haggles,
    /// Says no.
    Declines,
    /// Wants no more letters.
    OptsOut,
    /// Reports the letter.
    Complains,
    /// Has no mailbox.
    Bounces,
    /// Is away, and buys later.
    Away,
    /// Wants to know whether a machine writes, then buys.
    AsksIfMachine,
    /// Buys and pays late.
    PaysLate,
}

impl Persona {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Ignores,
        Self::Buys,
        Self::Haggles,
        Self::Declines,
        Self::OptsOut,
        Self::Complains,
        Self::Bounces,
        Self::Away,
        Self::AsksIfMachine,
        Self::PaysLate,
    ];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ignores => "ignores",
            Self::Buys => "buys",
            Self::Haggles => "haggles",
            Self::Declines => "declines",
            Self::OptsOut => "opts_out",
            Self::Complains => "complains",
            Self::Bounces => "bounces",
            Self::Away => "away",
            Self::AsksIfMachine => "asks_if_machine",
            Self::PaysLate => "pays_late",
        }
    }

    /// Whether they buy in the end, given the chance.
    #[must_use]
    pub fn buys(self) -> bool {
        matches!(
            self,
            Self::Buys | Self::Haggles | Self::Away | Self::AsksIfMachine | Self::PaysLate
        )
    }

    /// In how many of a thousand cases they want no letter while one is on its way to them.
    fn regrets(self) -> u64 {
        match self {
            Self::OptsOut => 700,
            Self::Ignores | Self::Declines => 150,
            _ => 0,
        }
    }

    /// The one that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|persona| persona.word() == word)
    }

    /// Who lives at `address`.
    #[must_use]
    pub fn of(rng: SeededRng, address: &str) -> Self {
        // In parts per hundred: most ignore, a few of each of the rest.
        match rng.below(100, &["persona", address]) {
            0..40 => Self::Ignores,
            40..56 => Self::Buys,
            56..64 => Self::Haggles,
            64..72 => Self::Declines,
            72..79 => Self::OptsOut,
            79..80 => Self::Complains,
            80..82 => Self::Bounces,
            82..88 => Self::Away,
            88..94 => Self::AsksIfMachine,
            _ => Self::PaysLate,
        }
    }
}

/// The people of a simulated market, as a [`Hook`] of the driver.
#[derive(Debug)]
pub struct SimClients {
    agency: Agency,
    rng: SeededRng,
    cursor: Option<Cursor>,
    addresses: BTreeMap<ProcessKey, EmailAddress>,
    seen: BTreeMap<&'static str, u64>,
    races: u64,
    sizes: BTreeMap<String, (u32, u32)>,
    cast: Option<BTreeMap<String, Persona>>,
}

/// What somebody does about a letter: news, words, and after how many days.
type Reaction = (News, Option<String>, i64);

impl SimClients {
    /// The people of `seed`.
    #[must_use]
    pub fn new(agency: Agency, rng: SeededRng) -> Self {
        Self {
            agency,
            rng,
            cursor: None,
            addresses: BTreeMap::new(),
            seen: BTreeMap::new(),
            races: 0,
            cast: None,
            sizes: BTreeMap::new(),
        }
    }

    /// Lets the people at these addresses behave as told, and everybody else ignore what comes.
    /// Nobody comes back then.
    #[must_use]
    pub fn with_cast(mut self, cast: BTreeMap<String, Persona>) -> Self {
        self.cast = Some(cast);
        self
    }

    /// What the people at these addresses say when they are asked how large a thing is: how many
    /// pages their website has, and in how many directories they are listed. Everybody else says
    /// thirty and six.
    #[must_use]
    pub fn with_sizes(mut self, sizes: BTreeMap<String, (u32, u32)>) -> Self {
        self.sizes = sizes;
        self
    }

    fn size(&self, address: &str) -> String {
        let (pages, listings) = self.sizes.get(address).copied().unwrap_or((30, 6));
        format!("About {pages} pages, and we are listed in {listings} directories.")
    }

    fn persona(&self, address: &str) -> Persona {
        match &self.cast {
            Some(cast) => cast.get(address).copied().unwrap_or(Persona::Ignores),
            None => Persona::of(self.rng, address),
        }
    }

    /// How often each behaviour was shown, by its word.
    #[must_use]
    pub fn behaviours(&self) -> &BTreeMap<&'static str, u64> {
        &self.seen
    }

    /// How many opt-outs were offered while another letter to the same person was on its way.
    #[must_use]
    pub fn races(&self) -> u64 {
        self.races
    }

    async fn look_at(&mut self, host: &Host, envelope: &Envelope) -> Result<(), PortError> {
        match envelope.process.kind() {
            "recipient" if says(envelope, &["sent", "booked"]) => {
                for event in host.events::<Recipient>(envelope)? {
                    self.about_letter(host, envelope, &event).await?;
                }
            }
            "payer" if says(envelope, &["requested"]) => {
                for event in host.events::<Payer>(envelope)? {
                    self.about_money(host, &envelope.process, &event).await?;
                }
            }
            "market" if says(envelope, &["closed"]) => {
                for event in host.events::<Market>(envelope)? {
                    if let MarketEvent::Closed(closed) = event {
                        self.about_sale(host, &closed).await?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn address(
        &mut self,
        host: &Host,
        recipient: &ProcessKey,
    ) -> Result<Option<EmailAddress>, PortError> {
        if let Some(known) = self.addresses.get(recipient) {
            return Ok(Some(known.clone()));
        }
        let state = again(|| host.state::<Recipient>(recipient)).await?;
        let found = state.and_then(|(_, s)| Some(s.address()?.reveal(Purpose::Contact).clone()));
        if let Some(address) = &found {
            self.addresses.insert(recipient.clone(), address.clone());
        }
        Ok(found)
    }

    async fn about_letter(
        &mut self,
        host: &Host,
        envelope: &Envelope,
        event: &RecipientEvent,
    ) -> Result<(), PortError> {
        if !matches!(
            event,
            RecipientEvent::Sent { .. } | RecipientEvent::Booked { .. }
        ) {
            return Ok(());
        }
        let Some(address) = self.address(host, &envelope.process).await? else {
            return Ok(());
        };
        let persona = self.persona(address.as_str());
        match event {
            RecipientEvent::Sent {
                intent,
                at,
                message_id,
                ..
            } => {
                let step = intent.split('/').nth(2).unwrap_or("");
                let Some((news, text, days)) = self.reaction(persona, step, address.as_str())
                else {
                    return Ok(());
                };
                *self.seen.entry(persona.word()).or_default() += 1;
                let minutes = self.rng.below(600, &["minutes", message_id]);
                let due = *at
                    + Duration::days(days)
                    + Duration::minutes(i64::try_from(minutes).unwrap_or(0));
                let key = format!("re-{message_id}");
                self.agency
                    .hear(&address, &key, news, text, Some(message_id.clone()), due)
                    .await?;
            }
            // Some change their minds while a letter is already being handed over.
            RecipientEvent::Booked { intent, .. }
                if self
                    .rng
                    .chance(persona.regrets(), &["race", address.as_str(), intent]) =>
            {
                self.races += 1;
                *self.seen.entry("regrets").or_default() += 1;
                let key = format!("race-{intent}");
                self.agency
                    .hear(&address, &key, News::OptOut, None, None, envelope.at)
                    .await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Pays what was asked for, in time or late. The payer of a deal has the deal's id.
    async fn about_money(
        &mut self,
        host: &Host,
        payer: &ProcessKey,
        event: &PayerEvent,
    ) -> Result<(), PortError> {
        let PayerEvent::Requested { invoice, receipt } = event else {
            return Ok(());
        };
        let Some((_, state)) = again(|| host.state::<Payer>(payer)).await? else {
            return Ok(());
        };
        let Some(instalment) = state.instalments().get(invoice) else {
            return Ok(());
        };
        let deal = host.key::<Deal>(payer.id());
        let lead = again(|| host.state::<Deal>(&deal)).await?;
        let late = lead
            .and_then(|(_, d)| Some(d.lead()?.address().reveal(Purpose::Invoice).clone()))
            .is_some_and(|a| self.persona(a.as_str()) == Persona::PaysLate);
        let days = if late { 30 } else { 3 };
        let days = days + i64::try_from(self.rng.below(5, &["pay", invoice])).unwrap_or(0);
        self.agency
            .paid(
                payer.id(),
                invoice,
                instalment.bill.amount,
                &format!("payment-{}", receipt.provider_id),
                receipt.at + Duration::days(days),
            )
            .await?;
        Ok(())
    }

    /// Some who were well served come back weeks later.
    async fn about_sale(&mut self, host: &Host, closed: &DealClosed) -> Result<(), PortError> {
        let lead = closed.lead.to_string();
        if !closed.won || self.cast.is_some() || !self.rng.chance(250, &["comes back", &lead]) {
            return Ok(());
        }
        let key = host.key::<Lead>(lead.clone());
        let Some((_, state)) = again(|| host.state::<Lead>(&key)).await? else {
            return Ok(());
        };
        let days = 14 + i64::try_from(self.rng.below(14, &["back after", &lead])).unwrap_or(0);
        let at = closed.at + Duration::days(days);
        let first = state.records().iter().find(|r| r.email.is_some());
        if let Some(record) = first.and_then(|first| comes_back(first, at)) {
            self.agency
                .intake(&Actor::System, closed.lead, record, at)
                .await?;
        }
        Ok(())
    }

    fn reaction(&self, persona: Persona, step: &str, address: &str) -> Option<Reaction> {
        let days = 1 + i64::try_from(self.rng.below(3, &["days", address, step])).unwrap_or(0);
        let say = |text: &str| Some((News::Reply, Some(text.to_owned()), days));
        if let Some(words) = self.about_work(persona, step, address) {
            return say(&words);
        }
        let buys = persona.buys();
        let (name, place) = step.rsplit_once('-').unwrap_or((step, ""));
        match (name, persona) {
            ("touch", Persona::OptsOut) => Some((News::OptOut, None, days)),
            ("touch", Persona::Complains) => Some((News::Complaint, None, days)),
            ("touch", Persona::Bounces) => Some((News::HardBounce, None, 0)),
            ("touch", Persona::Declines) => say("No thank you, not interested."),
            ("touch", Persona::Away) if place == "0" => Some((News::OutOfOffice, None, 0)),
            ("touch", Persona::AsksIfMachine) => say("Before I answer: are you a bot?"),
            ("touch", _) if buys => say(
                "That sounds useful. We would like a website audit and correct directory listings. What would it cost?",
            ),
            ("about-ai", _) if buys => {
                say("Thank you for being honest. We need a website audit, please send a proposal.")
            }
            ("question", _) if buys => say(&self.size(address)),
            ("proposal", Persona::Haggles) if place == "1" => {
                // Some ask for more than may be given for anything.
                match self.rng.below(3, &["asks for", address]) {
                    0 => say("That is too expensive for us. Could you give us a 14% discount?"),
                    _ => say("That is too expensive for us. Could you give us a 10% discount?"),
                }
            }
            ("proposal", _) if buys => say("We accept your proposal, please go ahead."),
            ("contract", _) if buys => say("I sign."),
            _ => None,
        }
    }

    /// What a client writes about running work.
    fn about_work(&self, persona: Persona, step: &str, address: &str) -> Option<String> {
        if !persona.buys() {
            return None;
        }
        let mood = self.rng.below(1_000, &["mood", address, step]);
        if let Some(rest) = step.strip_prefix("handover-") {
            let round = rest.rsplit('-').next().unwrap_or("1");
            return match (round, mood) {
                ("1", 0..150) => Some(
                    "Thank you. Please correct the order of the findings, it is missing a summary."
                        .to_owned(),
                ),
                ("1", 150..200) => Some("Thanks! Who reads this with us?".to_owned()),
                // Some say nothing: it counts as accepted after a while.
                ("1", 200..280) => None,
                _ => Some("Thank you, we accept the result.".to_owned()),
            };
        }
        match step {
            "report" if mood < 200 => None,
            "report" | "feedback-reminder" => {
                let score = match mood {
                    0..230 => 3,
                    230..600 => 4,
                    _ => 5,
                };
                Some(format!("{score} out of 5. Thank you."))
            }
            _ => None,
        }
    }
}

/// Whether an envelope records an event of one of these names. Looking costs little, reading the
/// events costs more.
fn says(envelope: &Envelope, names: &[&str]) -> bool {
    let Outcome::Decided(events) = &envelope.outcome else {
        return false;
    };
    events
        .iter()
        .any(|event| names.iter().any(|name| event.body.get(name).is_some()))
}

#[async_trait]
impl Hook for SimClients {
    async fn look(&mut self, host: &Host) -> Result<(), PortError> {
        loop {
            let (page, next) = host.store().feed(self.cursor.clone(), 200).await?;
            if page.is_empty() {
                return Ok(());
            }
            // A page that could not be looked at to its end is looked at again: what was offered
            // of it is known by its key.
            for envelope in &page {
                self.look_at(host, envelope).await?;
            }
            self.cursor = next;
        }
    }
}
