//! Every part dropped in turn is refused by name.
