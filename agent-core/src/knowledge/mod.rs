//! What the agency knows: its services, prices, templates, playbooks and notes.
//!
//! Everything here is data that an operator writes (as TOML or JSON) and that is checked once,
//! at load: `XParams` may say anything, `X` is what [`check`](CatalogueParams::check) let
//! through, and only the latter is used. A service that does not say what it does *not* do is
//! refused, so is a template with an unknown helper, and a rate card whose floors could never
//! be met.

mod catalogue;
mod notes;
mod playbook;
mod rates;
mod slug;
mod templates;
mod words;

pub use catalogue::{
    Catalogue, CatalogueError, CatalogueParams, Criterion, DeliverableTemplate, Driver,
    DriverEffort, Effort, Need, OptionTemplate, Phase, Service, TaskTemplate, WorkerKind,
};
pub use notes::{Citation, Note, Notes, NotesError, NotesParams, Passage, Retrieval};
pub use playbook::{Playbook, PlaybookError, PlaybookParams, ReplyPlan, SequenceStep, StopRule};
pub use rates::{
    Billing, ClientKind, Discounting, PackageRule, PaymentTerms, PriceRule, PriceRuleKind,
    RateCard, RateCardError, RateCardParams, RoleRate, ServicePrice, Stacking, TaxCategory,
    TaxRule, TaxSubject, Tier, VolumeStep,
};
pub use slug::{Slug, SlugError};
pub use templates::{
    OutputKind, RenderError, TemplateError, TemplateSource, Templates, TemplatesParams, listed,
};
pub use words::{Words, WordsError};
