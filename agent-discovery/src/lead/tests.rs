//! Tests of the lead.
