//! Market research: what feeds and posts say, as typed signals, and what follows from them.
//!
//! An entry is recognised by rules that stand in a lexicon: which words make it a need that is
//! voiced, a post to fill, an opening, a complaint, a tender; which make it a sector; and for how
//! long it counts. No model is asked. Every figure of a [`MarketReport`] names the signals it
//! rests on and can be counted again from them.

mod lexicon;
mod named;
mod phrase;
mod read;
mod recognise;
mod report;
#[cfg(test)]
mod tests;

pub use lexicon::{KindParams, Lexicon, LexiconError, LexiconParams, SectorParams};
pub use named::{NamedFirm, named_firm};
pub use read::{
    NotReady, ReadReport, ReadSignals, Readiness, ResearchSource, SourceReport, readiness,
};
pub use recognise::recognise;
pub use report::{Figure, MarketReport, SectorLine, Unresolved};
