//! How letters leave, and where answers come back to.

use serde::Deserialize;

/// The mail server that letters are handed to. Without one they are written to a folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// The server's name, which its certificate must bear.
    pub host: String,
    /// Its port.
    #[serde(default = "submission")]
    pub port: u16,
    /// How the way there is protected.
    #[serde(default)]
    pub security: MailSecurity,
    /// Who we are there; nobody in particular where the server wants none.
    #[serde(default)]
    pub user: Option<String>,
    /// The environment variable that holds the password, which has no place in a file.
    #[serde(default = "password_from")]
    pub password_from: String,
    /// The name that we greet by; the domain of the sender's address where none is given.
    #[serde(default)]
    pub hello: Option<String>,
    /// Seconds that one letter may take.
    #[serde(default = "seconds")]
    pub timeout_seconds: u32,
    /// A file of the home with a root certificate in PEM, trusted besides the public ones.
    #[serde(default)]
    pub root_certificate: Option<String>,
    /// The key that letters are signed with.
    #[serde(default)]
    pub dkim: Option<DkimSettings>,
}

/// The mailbox that answers come back to. Without one they are taken from files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxSettings {
    /// The server's name, which its certificate must bear.
    pub host: String,
    /// Its port.
    #[serde(default = "imaps")]
    pub port: u16,
    /// How the way there is protected.
    #[serde(default = "tls")]
    pub security: MailSecurity,
    /// Who we are there.
    pub user: String,
    /// The environment variable that holds the password.
    #[serde(default = "imap_password_from")]
    pub password_from: String,
    /// The mailbox.
    #[serde(default = "inbox")]
    pub folder: String,
    /// A file of the home with a root certificate in PEM, trusted besides the public ones.
    #[serde(default)]
    pub root_certificate: Option<String>,
}

/// The key that letters are signed with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimSettings {
    /// Under which name of the sender's domain its public half is published.
    pub selector: String,
    /// A file of the home with the RSA key in PEM (PKCS #1).
    pub key: String,
}

/// How the way to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MailSecurity {
    /// Plain at first, TLS before anything personal.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None, for a server on this machine.
    Loopback,
}

fn submission() -> u16 {
    587
}

fn password_from() -> String {
    "SMTP_PASSWORD".to_owned()
}

fn seconds() -> u32 {
    60
}

fn imaps() -> u16 {
    993
}

fn tls() -> MailSecurity {
    MailSecurity::Tls
}

fn imap_password_from() -> String {
    "IMAP_PASSWORD".to_owned()
}

fn inbox() -> String {
    "INBOX".to_owned()
}
