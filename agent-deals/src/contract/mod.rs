//! Contracts: made of an accepted version and approved clauses, signed by the byte, billed by
//! the plan.

mod clauses;
mod content;
mod dunning;
mod invoice;
mod signature;

pub use clauses::{Clause, ClauseError, ClauseLibrary, ClauseLibraryParams};
pub use content::{ContractContent, ContractError, ContractParties, Party};
pub use dunning::{DunningError, DunningParams, DunningSchedule, DunningStep};
pub use invoice::{InvoiceContentError, InvoiceFrame, invoice_document};
pub use signature::{
    CertificateEntry, CertificateError, CertificateEvent, EventCertificate, SignatureError,
    SignatureMethod, SignatureRecord, Signer,
};

#[cfg(test)]
mod tests;
