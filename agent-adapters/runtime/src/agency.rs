use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::access::Authorizer;
use dealwright_core::blobs::{Blobs, ErasableBlobs, MemoryBlobs};
use dealwright_core::document::{DocumentRenderer, Format, PlainRenderer};
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::{LeadId, MessageId};
use dealwright_core::model::{LanguageModel, NoModel};
use dealwright_core::page::{FetchRequest, Page, PageFetcher, SourceName};
use dealwright_core::party::{Country, EmailAddress};
use dealwright_core::personal::Personal;
use dealwright_core::process::{
    Actor, Host, MemoryStore, NoPerformer, PlainSealer, ProcessKey, RetryPolicy, Sealer, Store,
    SubjectKeys,
};
use dealwright_core::subject::SubjectData;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    Desk, Messenger, MessengerPerformer, News, Payer, PayerInput, PayerPerformer, PaymentGateway,
    Recipient, RecipientInput,
};
use dealwright_deals::deal::{Deal, DealPerformer};
use dealwright_deals::reply::{InboundMail, ReplyReader};
use dealwright_discovery::enrich::EnrichmentProvider;
use dealwright_discovery::lead::{IntakeRecord, Lead, LeadInput, LeadPerformer};
use dealwright_discovery::market::Market;

use dealwright_delivery::execute::{Worker, WorkerIdentity};
use dealwright_delivery::project::{
    ListingRepairWorker, Project, ProjectPerformer, WebsiteAuditWorker,
};

use crate::{Business, BusinessError, CheckedBusiness};

/// Why an agency cannot be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgencyError {
    /// The business does not hold together.
    #[error(transparent)]
    Business(#[from] BusinessError),
    /// A port or a policy was refused.
    #[error("the agency cannot be wired")]
    Port(#[from] PortError),
    /// A port is missing that nothing can stand in for.
    #[error("no {0} was given; hand one to the builder")]
    Missing(&'static str),
}

/// A whole agency: every process with its performers, on one store.
#[derive(Clone, Debug)]
pub struct Agency {
    host: Host,
    blobs: Arc<dyn Blobs>,
    pub(crate) rights: Rights,
}

/// What the rights of a person reach.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) keys: Option<Arc<dyn SubjectKeys>>,
    pub(crate) erasable: Option<Arc<dyn ErasableBlobs>>,
    pub(crate) holders: Vec<Arc<dyn SubjectData>>,
    /// Under whose law papers are kept.
    pub(crate) law: Country,
}

/// Puts an [`Agency`] together.
#[derive(Debug)]
pub struct AgencyBuilder {
    business: Result<Box<CheckedBusiness>, BusinessError>,
    store: Arc<dyn Store>,
    sealer: Arc<dyn Sealer>,
    blobs: Arc<dyn Blobs>,
    messengers: Vec<Arc<dyn Messenger>>,
    gateway: Option<Arc<dyn PaymentGateway>>,
    fetcher: Arc<dyn PageFetcher>,
    providers: Vec<Arc<dyn EnrichmentProvider>>,
    renderer: (Arc<dyn DocumentRenderer>, Format),
    workers: Vec<Arc<dyn Worker>>,
    retry: RetryPolicy,
    authorizer: Option<Arc<dyn Authorizer>>,
    model: Arc<dyn LanguageModel>,
    keys: Option<Arc<dyn SubjectKeys>>,
    erasable: Option<Arc<dyn ErasableBlobs>>,
    holders: Vec<Arc<dyn SubjectData>>,
}

impl Agency {
    /// Begins with a business in memory, without a way out: no messenger, no gateway, no web.
    #[must_use]
    pub fn builder(business: Business) -> AgencyBuilder {
        Self::on(business.check().map(Box::new))
    }

    /// Begins as [`builder`](Self::builder) does, with a business that was checked before: for
    /// whoever builds many agencies of one.
    #[must_use]
    pub fn builder_of(business: CheckedBusiness) -> AgencyBuilder {
        Self::on(Ok(Box::new(business)))
    }

    fn on(business: Result<Box<CheckedBusiness>, BusinessError>) -> AgencyBuilder {
        AgencyBuilder {
            business,
            store: Arc::new(MemoryStore::new()),
            sealer: Arc::new(PlainSealer::default()),
            blobs: Arc::new(MemoryBlobs::default()),
            messengers: Vec::new(),
            gateway: None,
            fetcher: Arc::new(NoFetcher),
            providers: Vec::new(),
            renderer: (Arc::new(PlainRenderer), Format::Markdown),
            workers: Vec::new(),
            retry: RetryPolicy::default(),
            authorizer: None,
            model: Arc::new(NoModel),
            keys: None,
            erasable: None,
            holders: Vec::new(),
        }
    }

    /// The host that runs its processes.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Its documents.
    #[must_use]
    pub fn blobs(&self) -> &Arc<dyn Blobs> {
        &self.blobs
    }

    /// Takes one record of a source in for `by`; a record of the same source and key is taken
    /// once. Answers whether it is new.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn intake(
        &self,
        by: &Actor,
        lead: LeadId,
        record: IntakeRecord,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let dedupe = format!("intake-{}", record.natural_key());
        let input = LeadInput::Intake {
            lead,
            record: Box::new(record),
        };
        self.host
            .offer::<Lead>(lead.to_string(), &dedupe, by.clone(), now, &input)
            .await
    }

    /// Takes in what came back from an address: an answer, a bounce, an opt-out. `key` is the
    /// message's own id, so that hearing it twice is hearing it once. An answer whose words are an
    /// opt-out, a complaint or a note of absence is heard as that.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn hear(
        &self,
        from: &EmailAddress,
        key: &str,
        news: News,
        text: Option<String>,
        answers: Option<String>,
        at: Timestamp,
    ) -> Result<bool, PortError> {
        let (news, until) = match (&news, &text) {
            (News::Reply, Some(text)) => read_answer(text, key, at),
            _ => (news, None),
        };
        self.tell_recipient(Told {
            recipient: self.host.recipient(from),
            from: from.clone(),
            key: key.to_owned(),
            news,
            until,
            text: text.map(Untrusted::new),
            answers,
            source: "email".to_owned(),
            at,
        })
        .await
    }

    /// Hands what came back to its recipient.
    pub(crate) async fn tell_recipient(&self, told: Told) -> Result<bool, PortError> {
        let subject = told.recipient.id().to_owned();
        let input = RecipientInput::Received {
            news: told.news,
            address: Personal::new(told.from, subject.clone()),
            answers: told.answers,
            text: told.text.map(|t| Personal::new(t, subject.clone())),
            message_id: Some(told.key.clone()),
            source: told.source.clone(),
            until: told.until,
        };
        self.host
            .offer::<Recipient>(
                subject,
                &format!("heard-{}", told.key),
                Actor::Outside(told.source),
                told.at,
                &input,
            )
            .await
    }

    /// Takes in a payment, as the provider's own object says. `event` is the provider's id of it.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn paid(
        &self,
        payer: &str,
        invoice: &str,
        amount: dealwright_core::money::Money,
        event: &str,
        at: Timestamp,
    ) -> Result<bool, PortError> {
        let input = PayerInput::Received {
            invoice: invoice.to_owned(),
            amount,
            event: event.to_owned(),
            at,
        };
        self.host
            .offer::<Payer>(
                payer,
                &format!("paid-{event}"),
                Actor::Outside("payments".to_owned()),
                at,
                &input,
            )
            .await
    }
}

impl AgencyBuilder {
    /// Keeps everything in `store`.
    #[must_use]
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// Seals personal fields by `sealer`.
    #[must_use]
    pub fn sealer(mut self, sealer: impl Sealer + 'static) -> Self {
        self.sealer = Arc::new(sealer);
        self
    }

    /// Seals personal fields by `keys`, which can be destroyed: without that nobody can be erased.
    #[must_use]
    pub fn keys(mut self, keys: impl SubjectKeys + 'static) -> Self {
        let keys: Arc<dyn SubjectKeys> = Arc::new(keys);
        self.sealer = Arc::clone(&keys) as Arc<dyn Sealer>;
        self.keys = Some(keys);
        self
    }

    /// Keeps documents in `blobs`, which can be taken away: without that nobody can be erased.
    #[must_use]
    pub fn erasable_blobs(mut self, blobs: impl ErasableBlobs + 'static) -> Self {
        let blobs: Arc<dyn ErasableBlobs> = Arc::new(blobs);
        self.blobs = Arc::clone(&blobs) as Arc<dyn Blobs>;
        self.erasable = Some(blobs);
        self
    }

    /// Counts `holder` among what a person's export and erasure reach.
    #[must_use]
    pub fn holder(mut self, holder: impl SubjectData + 'static) -> Self {
        self.holders.push(Arc::new(holder));
        self
    }

    /// Keeps documents in `blobs`.
    #[must_use]
    pub fn blobs(mut self, blobs: impl Blobs + 'static) -> Self {
        self.blobs = Arc::new(blobs);
        self
    }

    /// Sends by `messenger`; the first that serves a channel wins.
    #[must_use]
    pub fn messenger(mut self, messenger: impl Messenger + 'static) -> Self {
        self.messengers.push(Arc::new(messenger));
        self
    }

    /// Asks for money by `gateway`.
    #[must_use]
    pub fn gateway(mut self, gateway: impl PaymentGateway + 'static) -> Self {
        self.gateway = Some(Arc::new(gateway));
        self
    }

    /// Asks `provider` for what is missing about a lead, where the business names its source.
    #[must_use]
    pub fn provider(mut self, provider: impl EnrichmentProvider + 'static) -> Self {
        self.providers.push(Arc::new(provider));
        self
    }

    /// Reads websites by `fetcher`.
    #[must_use]
    pub fn fetcher(mut self, fetcher: impl PageFetcher + 'static) -> Self {
        self.fetcher = Arc::new(fetcher);
        self
    }

    /// Makes documents by `renderer` in `format`.
    #[must_use]
    pub fn renderer(mut self, renderer: impl DocumentRenderer + 'static, format: Format) -> Self {
        self.renderer = (Arc::new(renderer), format);
        self
    }

    /// Gives tasks to `worker` as well, under the name it describes itself by. One that has the
    /// name of a shipped worker takes its place.
    #[must_use]
    pub fn worker(mut self, worker: impl Worker + 'static) -> Self {
        self.workers.push(Arc::new(worker));
        self
    }

    /// Tries failed effects by this plan.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Has `model` read what rules cannot, as far as the business's `reading` allows. Without one,
    /// or without that, rules read alone.
    #[must_use]
    pub fn model(mut self, model: impl LanguageModel + 'static) -> Self {
        self.model = Arc::new(model);
        self
    }

    /// Asks `authorizer` who may do what, in place of the people that the business names.
    #[must_use]
    pub fn authorizer(mut self, authorizer: impl Authorizer + 'static) -> Self {
        self.authorizer = Some(Arc::new(authorizer));
        self
    }

    /// The agency.
    ///
    /// # Errors
    ///
    /// [`AgencyError`] names the part of the business, the port or the policy that does not hold.
    pub fn build(self) -> Result<Agency, AgencyError> {
        let business = *self.business?;
        let gateway = self
            .gateway
            .ok_or(AgencyError::Missing("payment gateway"))?;
        if self.messengers.is_empty() {
            return Err(AgencyError::Missing("messenger"));
        }
        let people = Arc::new(business.people);
        let authorizer = self.authorizer.unwrap_or(people);
        let (renderer, format) = self.renderer;
        let deals = DealPerformer::new(Arc::clone(&renderer), format, Arc::clone(&self.blobs))
            .with_model(Arc::clone(&self.model));
        let shipped: [Arc<dyn Worker>; 2] = [
            Arc::new(WebsiteAuditWorker::new(
                Arc::clone(&self.fetcher),
                SourceName::parse(CLIENT_ORDER).map_err(|e| {
                    PortError::new("name source", PortErrorKind::Invalid).with_source(e)
                })?,
                Arc::clone(&renderer),
                format,
                Arc::clone(&self.blobs),
            )),
            Arc::new(ListingRepairWorker::new(
                Arc::clone(&renderer),
                format,
                Arc::clone(&self.blobs),
            )),
        ];
        let workers = shipped
            .into_iter()
            .chain(self.workers)
            .map(|worker| (name_of(&*worker), worker))
            .collect::<BTreeMap<_, _>>();
        let projects = ProjectPerformer::new(workers, renderer, format, Arc::clone(&self.blobs));
        let law = business.deal.law;
        let leads = LeadPerformer::new(self.fetcher).with_model(self.model);
        let leads = self
            .providers
            .into_iter()
            .fold(leads, LeadPerformer::with_provider);
        let host = Host::builder(business.tenant, self.store, SharedSealer(self.sealer))
            .retry(self.retry)
            .authorizer(authorizer)
            .process::<Lead>(business.lead, leads)?
            .process::<Market>(business.market, NoPerformer)?
            .process::<Deal>(business.deal, deals)?
            .process::<Project>(business.project, projects)?
            .process::<Recipient>(business.recipient, MessengerPerformer::new(self.messengers))?
            .process::<Desk>(business.desk, NoPerformer)?
            .process::<Payer>(business.payer, PayerPerformer::new(gateway))?
            .build();
        Ok(Agency {
            host,
            blobs: self.blobs,
            rights: Rights {
                keys: self.keys,
                erasable: self.erasable,
                holders: self.holders,
                law,
            },
        })
    }
}

/// What came back, and for whom.
pub(crate) struct Told {
    pub(crate) recipient: ProcessKey,
    pub(crate) from: EmailAddress,
    pub(crate) key: String,
    pub(crate) news: News,
    pub(crate) until: Option<Timestamp>,
    pub(crate) text: Option<Untrusted<String>>,
    pub(crate) answers: Option<String>,
    pub(crate) source: String,
    pub(crate) at: Timestamp,
}

/// The source under whose terms a client's own pages are read: their order.
pub const CLIENT_ORDER: &str = "client-order";

/// The name that the catalogue calls a worker by.
fn name_of(worker: &dyn Worker) -> String {
    match worker.describe().identity {
        WorkerIdentity::Person { name }
        | WorkerIdentity::Model { name, .. }
        | WorkerIdentity::Tool { name, .. } => name,
        other => other.to_string(),
    }
}

/// What an answer is by its words: only what makes us write less is taken from them here, the
/// rest is for the process that wrote.
pub(crate) fn read_answer(text: &str, key: &str, at: Timestamp) -> (News, Option<Timestamp>) {
    let Some(reader) = ReplyReader::standard() else {
        return (News::Reply, None);
    };
    let mail = InboundMail::new(MessageId::derive(&[key.as_bytes()]), at, "", text);
    let reading = reader.read(&mail);
    match reading.class().news() {
        Some(news @ (News::OptOut | News::Complaint | News::OutOfOffice)) => {
            (news, reading.class().back_from())
        }
        _ => (News::Reply, None),
    }
}

/// A sealer behind a pointer.
#[derive(Debug)]
struct SharedSealer(Arc<dyn Sealer>);

impl Sealer for SharedSealer {
    fn seal(
        &self,
        subject: &str,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<dealwright_core::process::Sealed, PortError> {
        self.0.seal(subject, aad, plain)
    }

    fn open(
        &self,
        subject: &str,
        aad: &[u8],
        sealed: &dealwright_core::process::Sealed,
    ) -> Result<Vec<u8>, PortError> {
        self.0.open(subject, aad, sealed)
    }

    fn commit(&self, plain: &[u8]) -> [u8; 32] {
        self.0.commit(plain)
    }
}

/// A fetcher for agencies that read no websites: refuses every page.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFetcher;

#[async_trait]
impl PageFetcher for NoFetcher {
    async fn fetch(&self, _request: FetchRequest) -> Result<Page, PortError> {
        Err(
            PortError::new("fetch page", PortErrorKind::PermissionDenied)
                .with_source("this agency was built without a fetcher"),
        )
    }
}
