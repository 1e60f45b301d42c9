//! Tests of the deal.
