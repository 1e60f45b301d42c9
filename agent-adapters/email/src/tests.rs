//! Tests of rendering and lint.
