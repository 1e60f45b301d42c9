//! Bank transfer: references to pay under, statements, and which invoice a payment is for.

mod camt;
mod compare;
mod gateway;
mod matching;
mod reference;
mod statement;
mod table;

pub use camt::read_camt;
pub use gateway::{AskedTransfer, TransferGateway};
pub use matching::{
    Allocation, Match, MatchParams, MatchParamsError, MatchPolicy, OpenInvoice, Reason, Why,
    find_match,
};
pub use reference::{CreditorReference, ReferenceError};
pub use statement::{BalanceCheck, Incoming, RowError, RowProblem, Statement, StatementError};
pub use table::{TableMapping, read_table};
