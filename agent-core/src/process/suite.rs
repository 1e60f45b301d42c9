//! Conformance suite of stores.
