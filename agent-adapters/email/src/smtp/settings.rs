use std::time::Duration;

use crate::Secret;
use crate::settings::Security;

/// Where letters are handed over.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The server's name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: Security,
    /// Who we are there, with the password; nothing for a server that wants none.
    pub login: Option<(String, Secret)>,
    /// The name that we greet by: a domain of ours.
    pub hello: String,
    /// The longest that one letter may take, all steps together.
    pub timeout: Duration,
    /// A root certificate in PEM, trusted besides the public ones.
    pub root_pem: Option<Vec<u8>>,
}

impl SmtpSettings {
    /// Submission at `host` with STARTTLS on port 587, a minute a letter.
    #[must_use]
    pub fn submission(host: impl Into<String>, hello: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 587,
            security: Security::StartTls,
            login: None,
            hello: hello.into(),
            timeout: Duration::from_secs(60),
            root_pem: None,
        }
    }
}
