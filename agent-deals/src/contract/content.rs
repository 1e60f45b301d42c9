use chrono::NaiveDate;
use dealwright_core::canonical::Digest32;
use dealwright_core::document::{
    Block, Document, DocumentKind, Heading, Identity, Inline, List, Meta, Signature,
};
use dealwright_core::id::{ContractId, DealId, OfferId};
use dealwright_core::party::{Country, Language, PostalAddress};
use dealwright_core::personal::{Personal, Purpose};
use serde::{Deserialize, Serialize};

use super::{Clause, ClauseError, ClauseLibrary};
use crate::pricing::{PaymentPlan, Quote};
use crate::proposal::words::{Word, word};
use crate::proposal::{OfferTerms, ProposalContent, Proposals};

/// A party to a contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Party {
    /// Its legal name.
    pub name: String,
    /// Where it is established; its country is that of its seat.
    pub address: PostalAddress,
    /// Its VAT number or, for the seller, its tax number.
    pub vat_id: Option<String>,
    /// Who signs for it.
    pub signatory: Option<Personal<String>>,
}

impl Party {
    /// As it stands in a letterhead.
    #[must_use]
    pub fn identity(&self, vat_label: &str, language: Language) -> Identity {
        let identity = Identity::new(self.name.clone()).with_address(&self.address, language);
        match &self.vat_id {
            Some(id) => identity.with_detail(format!("{vat_label}: {id}")),
            None => identity,
        }
    }
}

/// Both parties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContractParties {
    /// We.
    pub agency: Party,
    /// They.
    pub client: Party,
}

/// Why no contract can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// The latest version was not accepted.
    #[error("the latest version of the proposal was not accepted; a contract needs that first")]
    NotAccepted,
    /// A clause that is not approved.
    #[error(transparent)]
    Clause(#[from] ClauseError),
}

/// What a contract says. It is made of an accepted version, so its price, scope and limits are
/// those the client saw, and of approved clauses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContractContent {
    id: ContractId,
    deal: DealId,
    offer: OfferId,
    offer_hash: Digest32,
    version: u32,
    on: NaiveDate,
    parties: ContractParties,
    content: ProposalContent,
    quote: Quote,
    terms: OfferTerms,
    clauses: Vec<Clause>,
    law: Country,
}

impl ContractContent {
    /// The contract of the binding version.
    ///
    /// # Errors
    ///
    /// [`ContractError::NotAccepted`] where the latest version has no acceptance of its own,
    /// [`ContractError::Clause`] where an agreed clause is not approved for this law and
    /// language.
    pub fn new(
        proposals: &Proposals,
        parties: ContractParties,
        library: &ClauseLibrary,
        law: Country,
        on: NaiveDate,
    ) -> Result<Self, ContractError> {
        let (version, _) = proposals.binding().ok_or(ContractError::NotAccepted)?;
        let language = version.content().language;
        Ok(Self {
            id: ContractId::derive(&[version.deal().uuid().as_bytes(), version.hash().as_bytes()]),
            deal: version.deal(),
            offer: version.id(),
            offer_hash: version.hash(),
            version: version.number(),
            on,
            parties,
            content: version.content().clone(),
            quote: version.quote().clone(),
            terms: version.terms().clone(),
            clauses: library.select(&version.terms().clauses, language, law)?,
            law,
        })
    }

    /// Its id: the same accepted version gives the same.
    #[must_use]
    pub fn id(&self) -> ContractId {
        self.id
    }

    /// The deal.
    #[must_use]
    pub fn deal(&self) -> DealId {
        self.deal
    }

    /// The accepted version.
    #[must_use]
    pub fn offer(&self) -> OfferId {
        self.offer
    }

    /// The hash of the accepted version.
    #[must_use]
    pub fn offer_hash(&self) -> Digest32 {
        self.offer_hash
    }

    /// Both parties.
    #[must_use]
    pub fn parties(&self) -> &ContractParties {
        &self.parties
    }

    /// The price.
    #[must_use]
    pub fn quote(&self) -> &Quote {
        &self.quote
    }

    /// The terms.
    #[must_use]
    pub fn terms(&self) -> &OfferTerms {
        &self.terms
    }

    /// Scope, limits, dates and payments.
    #[must_use]
    pub fn content(&self) -> &ProposalContent {
        &self.content
    }

    /// The payments.
    #[must_use]
    pub fn plan(&self) -> &PaymentPlan {
        &self.content.plan
    }

    /// The clauses.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// The governing law.
    #[must_use]
    pub fn law(&self) -> Country {
        self.law
    }

    /// The contract as it is signed. The same content gives the same document; signatures are
    /// bound to the hash of the exact bytes it is rendered to.
    #[must_use]
    pub fn document(&self) -> Document {
        let language = self.content.language;
        let say = |w| word(w, language);
        let names: Vec<&str> = self.content.scope.iter().map(|s| s.name.as_str()).collect();
        let vat = say(Word::VatId);
        let meta = Meta::new()
            .with_sender(self.parties.agency.identity(vat, language))
            .with_recipient(self.parties.client.identity(vat, language))
            .with_number(format!("C-{}", self.id.short()))
            .with_date(self.on)
            .with_version(self.version)
            .with_fact(say(Word::Law), self.law.name(language))
            .with_reference(self.offer.to_string(), self.offer_hash);
        let mut document = Document::new(DocumentKind::Contract, names.join(" · "), language)
            .with_meta(meta)
            .numbered()
            .heading(1, say(Word::Parties))
            .block(
                List::numbered()
                    .item(party_line(&self.parties.agency, language))
                    .item(party_line(&self.parties.client, language)),
            )
            .paragraph(say(Word::ContractIntro))
            .heading(1, say(Word::Scope));
        for entry in &self.content.scope {
            document.push(Heading::new(2, entry.name.clone()));
            document.push(Block::Paragraph(entry.summary.as_str().into()));
            let mut list = List::bullets();
            for deliverable in &entry.deliverables {
                let name = Inline::new().strong(deliverable.name.as_str());
                list = list.item_with(name, deliverable.criteria.iter().map(String::as_str));
            }
            for driver in &entry.drivers {
                list = list.item(format!("{}: {}", driver.name, driver.value));
            }
            list = entry
                .options
                .iter()
                .map(String::as_str)
                .fold(list, List::item);
            document.push(list);
            if entry.ai_made {
                document.push(Block::Paragraph(say(Word::AiMade).into()));
            }
        }
        document.push(Heading::new(1, say(Word::Excluded)));
        document.push(Block::Paragraph(say(Word::ExcludedIntro).into()));
        let mut limits = List::bullets();
        for entry in &self.content.scope {
            let name = Inline::new().strong(entry.name.as_str());
            limits = limits.item_with(name, entry.limits.iter().map(String::as_str));
        }
        if !self.content.unanswered.is_empty() {
            let statements = self.content.unanswered.iter().map(|u| u.statement.as_str());
            limits = limits.item_with(Inline::new().strong(say(Word::Unanswered)), statements);
        }
        document.push(limits);
        document.push(Heading::new(1, say(Word::Price)));
        document.push(crate::proposal::price_table(&self.quote, language));
        crate::proposal::tax_notes(&mut document, &self.quote);
        document.push(Heading::new(1, say(Word::Payment)));
        document.push(crate::proposal::plan_table(self.plan(), language));
        document.push(Heading::new(1, say(Word::Timeline)));
        let start = Inline::new()
            .text(format!("{}: ", say(Word::Start)))
            .date(self.terms.start);
        let mut dates = List::bullets().item(start);
        for entry in &self.content.timeline {
            let due = Inline::new()
                .text(format!("{}: ", entry.name))
                .date(entry.due);
            dates = dates.item(due);
        }
        document.push(dates);
        document.push(Heading::new(1, say(Word::Clauses)));
        for clause in &self.clauses {
            document.push(Heading::new(2, clause.title.clone()));
            for paragraph in clause.text.split("\n\n").filter(|p| !p.trim().is_empty()) {
                document.push(Block::Paragraph(paragraph.trim().into()));
            }
        }
        document.push(Heading::new(1, say(Word::Signatures)));
        document.push(Block::Signatures(
            [&self.parties.agency, &self.parties.client]
                .into_iter()
                .map(signature_line)
                .collect(),
        ));
        document
    }
}

fn party_line(party: &Party, language: Language) -> Inline {
    let address = party.address.lines(language).join(", ");
    Inline::new()
        .strong(party.name.as_str())
        .text(format!(", {address}"))
}

fn signature_line(party: &Party) -> Signature {
    let line = Signature::new(party.name.clone());
    match &party.signatory {
        Some(name) => line.with_signatory(name.reveal(Purpose::Contract).clone()),
        None => line,
    }
}
