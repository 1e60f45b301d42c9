//! What came from outside is no address until it is parsed.
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Personal;
use dealwright_core::text::Untrusted;
use dealwright_core::trust::Letter;

fn redirect(letter: &mut Letter, said: Untrusted<String>) {
    letter.to = Personal::new(said, "subject-1");
}

fn convert(said: Untrusted<String>) -> EmailAddress {
    said.into()
}

fn main() {}
