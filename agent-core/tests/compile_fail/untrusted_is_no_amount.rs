//! What came from outside is no amount.
use dealwright_core::text::Untrusted;
use dealwright_core::trust::Bill;

fn reprice(bill: &mut Bill, said: Untrusted<i64>) {
    bill.amount = said;
}

fn main() {}
