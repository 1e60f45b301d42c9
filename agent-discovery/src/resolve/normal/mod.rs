//! Values in the form in which they are compared.

mod address;
mod name;
mod reach;
mod text;

pub(super) use address::{Address, address, is_street_word};
pub(super) use name::{is_generic, name_words};
pub(super) use reach::{Day, day, digits, domain_of, email, phone, website};
pub(super) use text::{distance, fold, one_slip, signs, sound, words};
