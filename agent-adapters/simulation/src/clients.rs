//! Simulated people: what they do about a letter follows from the seed, their address and the
//! letter's step, and from nothing else.

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::PortError;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Cursor, Host, ProcessKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{News, Payer, PayerEvent, Recipient, RecipientEvent};
use dealwright_runtime::Agency;
use std::collections::BTreeMap;

use crate::world::again;
use crate::{Hook, SeededRng, Step};

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
    seen: BTreeMap<&'static str, u64>,
    races: u64,
}

impl SimClients {
    /// The people of `seed`.
    #[must_use]
    pub fn new(agency: Agency, rng: SeededRng) -> Self {
        Self {
            agency,
            rng,
            cursor: None,
            seen: BTreeMap::new(),
            races: 0,
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

    async fn look(&mut self, host: &Host) -> Result<(), PortError> {
        loop {
            let (page, next) = host.store().feed(self.cursor.clone(), 200).await?;
            if page.is_empty() {
                return Ok(());
            }
            self.cursor = next;
            for envelope in &page {
                match envelope.process.kind() {
                    "recipient" => {
                        for event in host.events::<Recipient>(envelope)? {
                            self.about_letter(host, &envelope.process, &event).await?;
                        }
                    }
                    "payer" => {
                        for event in host.events::<Payer>(envelope)? {
                            self.about_money(host, &envelope.process, &event).await?;
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    async fn about_letter(
        &mut self,
        host: &Host,
        recipient: &ProcessKey,
        event: &RecipientEvent,
    ) -> Result<(), PortError> {
        let Some((_, state)) = again(|| host.state::<Recipient>(recipient)).await? else {
            return Ok(());
        };
        let Some(address) = state.address() else {
            return Ok(());
        };
        let address = address.reveal(Purpose::Contact).clone();
        let persona = Persona::of(self.rng, address.as_str());
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
                let text = text.map(str::to_owned);
                let key = format!("re-{message_id}");
                self.agency
                    .hear(&address, &key, news, text, Some(message_id.clone()), due)
                    .await?;
            }
            // Some change their minds while a letter is already being handed over.
            RecipientEvent::Booked { intent, .. }
                if persona == Persona::OptsOut
                    && self.rng.chance(700, &["race", address.as_str(), intent]) =>
            {
                self.races += 1;
                let now = self.booked_at(host, recipient).await?;
                let key = format!("race-{intent}");
                self.agency
                    .hear(&address, &key, News::OptOut, None, None, now)
                    .await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn booked_at(&self, host: &Host, recipient: &ProcessKey) -> Result<Timestamp, PortError> {
        let history = host.store().history(recipient).await?;
        Ok(history.last().map_or(Timestamp::MIN_UTC, |e| e.at))
    }

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
        let late = self.rng.chance(120, &["late", payer.id()]);
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

    /// What a person does about the letter of a step: news, words, and after how many days.
    fn reaction(
        &self,
        persona: Persona,
        step: &str,
        address: &str,
    ) -> Option<(News, Option<&'static str>, i64)> {
        let buys = matches!(
            persona,
            Persona::Buys
                | Persona::Haggles
                | Persona::Away
                | Persona::AsksIfMachine
                | Persona::PaysLate
        );
        let days = 1 + i64::try_from(self.rng.below(3, &["days", address, step])).unwrap_or(0);
        let say = |text| Some((News::Reply, Some(text), days));
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
            ("question", _) if buys => say("About 30 pages, and we are listed in 6 directories."),
            ("proposal", Persona::Haggles) if place == "1" => {
                say("That is too expensive for us. Could you give us a 10% discount?")
            }
            ("proposal", _) if buys => say("We accept your proposal, please go ahead."),
            ("contract", _) if buys => say("I sign."),
            _ if step == "contract" && buys => say("I sign."),
            ("result" | "delivery", _) if buys => say("Thank you, we accept the result."),
            ("report", _) if buys => say("5 out of 5, very good."),
            _ => None,
        }
    }
}

#[async_trait]
impl Hook for SimClients {
    async fn after(&mut self, host: &Host, _now: Timestamp, step: &Step) -> Result<(), PortError> {
        if matches!(step, Step::Handled(_)) {
            self.look(host).await?;
        }
        Ok(())
    }

    async fn before_time_moves(
        &mut self,
        host: &Host,
        _now: Timestamp,
        _next: Timestamp,
    ) -> Result<bool, PortError> {
        self.look(host).await?;
        Ok(false)
    }
}
