//! The rights of the people written to: to have what is kept of them, to be left alone, and to be
//! forgotten.

mod erase;
mod export;
mod find;

use dealwright_core::access::Action;
use dealwright_core::error::PortError;
use dealwright_core::process::Actor;
use dealwright_core::trust::Desk;

pub use erase::{ErasureReport, Gone, Stays};
pub use export::{
    ExportedDocument, ExportedFile, ExportedJudgement, ExportedStanding, ExportedValue,
    SubjectExport, ValuePlace,
};

use crate::Agency;

impl Agency {
    fn may(&self, by: &Actor, action: Action) -> Result<(), PortError> {
        let host = self.host();
        host.allow(by, action, &host.key::<Desk>("main"))
    }
}
