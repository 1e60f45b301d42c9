use std::fmt;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::party::DomainName;
use lettre::Message;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm,
    DkimSigningKey,
};
use lettre::message::header::HeaderName;

/// What is signed. A name that a letter lacks is signed as missing, so that nobody can add it on
/// the way; both list headers are among them (RFC 8058, section 4). Content-Type is not: the mail
/// library writes it with the body, which is signed as a whole.
const SIGNED: [&str; 13] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "X-AI-Generated",
    "MIME-Version",
];

/// A key that letters are signed with (DKIM, RFC 6376 and RFC 8463), relaxed/relaxed.
pub struct Dkim {
    domain: DomainName,
    config: DkimConfig,
}

impl fmt::Debug for Dkim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dkim")
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

impl Dkim {
    /// An RSA key in PEM (PKCS #1), published under `selector` of `domain`.
    ///
    /// # Errors
    ///
    /// `Invalid` where it is none, or the selector is no label.
    pub fn rsa(domain: DomainName, selector: &str, pem: &str) -> Result<Self, PortError> {
        Self::new(domain, selector, pem, DkimSigningAlgorithm::Rsa)
    }

    /// An Ed25519 seed of 32 bytes in base64, published under `selector` of `domain`.
    ///
    /// # Errors
    ///
    /// As [`rsa`](Self::rsa).
    pub fn ed25519(domain: DomainName, selector: &str, seed: &str) -> Result<Self, PortError> {
        Self::new(domain, selector, seed, DkimSigningAlgorithm::Ed25519)
    }

    fn new(
        domain: DomainName,
        selector: &str,
        key: &str,
        algorithm: DkimSigningAlgorithm,
    ) -> Result<Self, PortError> {
        let invalid = |what: &str| {
            PortError::new("read dkim key", PortErrorKind::Invalid).with_source(what.to_owned())
        };
        let label = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if selector.is_empty() || selector.len() > 63 || !selector.bytes().all(label) {
            return Err(invalid("the selector is no label of a domain name"));
        }
        let wanted = match algorithm {
            DkimSigningAlgorithm::Rsa => {
                "the key is no RSA key in PEM (`-----BEGIN RSA PRIVATE KEY-----`); make one with `openssl genrsa -traditional 2048`"
            }
            DkimSigningAlgorithm::Ed25519 => "the key is no base64 of 32 bytes",
        };
        let key = DkimSigningKey::new(key.trim(), algorithm).map_err(|_| invalid(wanted))?;
        let relaxed = DkimCanonicalization {
            header: DkimCanonicalizationType::Relaxed,
            body: DkimCanonicalizationType::Relaxed,
        };
        let headers = SIGNED.map(HeaderName::new_from_ascii_str).to_vec();
        Ok(Self {
            config: DkimConfig::new(
                selector.to_owned(),
                domain.as_str().to_owned(),
                key,
                headers,
                relaxed,
            ),
            domain,
        })
    }

    pub(crate) fn domain(&self) -> &DomainName {
        &self.domain
    }

    pub(crate) fn sign(&self, message: &mut Message) {
        message.sign(&self.config);
    }
}
