//! What came from outside is no sentence of ours, and shows itself nowhere by accident.
use dealwright_core::text::Untrusted;
use dealwright_core::trust::Paragraph;

fn clause(said: Untrusted<String>) -> Paragraph {
    Paragraph { text: said, promotional: false }
}

fn print(said: &Untrusted<String>) -> String {
    format!("{said}")
}

fn borrow(said: &Untrusted<String>) -> &str {
    said.as_ref()
}

fn main() {}
