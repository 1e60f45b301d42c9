#![doc = include_str!("../README.md")]

mod agency;
mod business;
mod gates;
mod lineage;
mod post;
mod runtime;
mod services;
mod starter;
mod subject;
mod views;

#[cfg(test)]
mod tests;

pub use agency::{Agency, AgencyBuilder, AgencyError, CLIENT_ORDER, NoFetcher};
pub use business::{
    BankAccount, Business, BusinessError, BusinessFiles, CheckedBusiness, DealSettings,
    DeliverySettings, DkimSettings, InboxSettings, LawSettings, LeadSettings, MailSecurity,
    MailSettings, MarketSettings, ReadingSettings, StaffSettings, StoreKind, StoreSettings,
    WeekSettings,
};
pub use gates::unknown_works;
pub use lineage::{Lineage, LineageStep};
pub use post::{OptOutToken, Stray, Taken};
pub use runtime::{Progress, Runtime, RuntimeOptions};
pub use starter::{
    STARTER_AGENCY, STARTER_PLAYBOOKS, STARTER_SERVICES, STARTER_TEMPLATES, STARTER_WORDS,
};
pub use subject::{
    ErasureReport, ExportedDocument, ExportedFile, ExportedJudgement, ExportedStanding,
    ExportedValue, Gone, Stays, SubjectExport, ValuePlace,
};
pub use views::{
    AddressOrigin, Case, CaseEnd, CaseLinks, CaseStep, GivenWord, LetterCounts, LetterStanding,
    LetterView, Match, MatchKind,
};
