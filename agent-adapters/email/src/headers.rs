//! Headers that the mail library has no type for.

use std::error::Error;

use lettre::message::header::{Header, HeaderName, HeaderValue};

macro_rules! header {
    ($(#[$doc:meta])* $type:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $type(pub(crate) String);

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(text: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
                Ok(Self(text.to_owned()))
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}

header!(
    /// Where to opt out (RFC 2369, RFC 8058).
    ListUnsubscribe,
    "List-Unsubscribe"
);
header!(
    /// That one POST there is enough (RFC 8058).
    ListUnsubscribePost,
    "List-Unsubscribe-Post"
);
header!(
    /// That no person had a hand in it (RFC 3834).
    AutoSubmitted,
    "Auto-Submitted"
);
header!(
    /// That an AI wrote it, for machines to read.
    AiGenerated,
    "X-AI-Generated"
);
header!(
    /// For whom it is sent.
    Principal,
    "X-Principal"
);
