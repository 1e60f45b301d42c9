use dealwright_core::id::InvoiceId;
use dealwright_core::money::Money;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::PayerInput;

/// Whether money that was to go back went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the books must decide every state")]
pub enum RefundState {
    /// It is on its way.
    Pending,
    /// It went.
    Done,
    /// It did not go, and will not.
    Off,
}

/// Something that is true of money, as the provider's own object or the bank's statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoneyFact {
    /// A payment came in for an invoice.
    Paid {
        /// The invoice.
        invoice: InvoiceId,
        /// The provider's id of the payment, which counts once.
        payment: String,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// A payment for an invoice goes back, in part or as a whole.
    Returned {
        /// The invoice.
        invoice: InvoiceId,
        /// The provider's id of the refund.
        refund: String,
        /// How much.
        amount: Money,
        /// When it was ordered.
        at: Timestamp,
        /// Where it stands.
        state: RefundState,
    },
}

impl MoneyFact {
    /// What the payer is to hear, where it is a payment. The payer counts each payment once, and
    /// refuses what is more than was asked for.
    #[must_use]
    pub fn input(&self) -> Option<PayerInput> {
        match self {
            Self::Paid {
                invoice,
                payment,
                amount,
                at,
            } => Some(PayerInput::Received {
                invoice: invoice.to_string(),
                amount: *amount,
                event: payment.clone(),
                at: *at,
            }),
            Self::Returned { .. } => None,
        }
    }
}
