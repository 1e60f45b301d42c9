//! Where a model is asked, and with which key.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// Why a model cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No address of a server.
    #[error("`{0}` is no address of a server; give one such as https://models.example/v1")]
    Address(String),
    /// A text of clients would travel unencrypted.
    #[error(
        "`{0}` is not encrypted and not on this machine; use https, or `Server::over_plain_http`"
    )]
    PlainHttp(String),
    /// A key that cannot stand in a header.
    #[error("the key of the server is empty or has characters other than visible ascii")]
    Key,
    /// A variable of the environment that is not set.
    #[error("the variable `{0}` is not set; it must hold the key of the server")]
    NoKey(String),
    /// A model that the price table does not know.
    #[error(
        "there is no price for the model `{0}`; name one in the price table, 0 where it is free"
    )]
    NoPrice(String),
    /// A price below zero, or of more digits than are kept.
    #[error("the price of `{0}` must be 0 or more, with at most nine digits after the point")]
    Price(String),
    /// A limit outside its range.
    #[error("`{name}` is {given}, it must be {least} to {most}")]
    Limit {
        /// Which one.
        name: &'static str,
        /// What was given.
        given: u64,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// Models of a chain that are paid in different currencies.
    #[error("the models of one chain must be paid in one currency")]
    Currencies,
    /// The system has no usable TLS.
    #[error("no client for https could be made: {0}")]
    Client(String),
    /// The folder of cassettes cannot be used.
    #[error("the folder of cassettes `{0}` cannot be used: {1}")]
    Cassettes(String, String),
}

impl SetupError {
    /// Refuses a limit outside its range.
    pub(crate) fn within(
        name: &'static str,
        given: u64,
        least: u64,
        most: u64,
    ) -> Result<(), Self> {
        if (least..=most).contains(&given) {
            return Ok(());
        }
        Err(Self::Limit {
            name,
            given,
            least,
            most,
        })
    }
}

/// The secret that a server knows us by. Shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key.
    ///
    /// # Errors
    ///
    /// [`SetupError::Key`] where it cannot stand in a header.
    pub fn new(key: &str) -> Result<Self, SetupError> {
        let key = key.trim();
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_graphic()) {
            return Err(SetupError::Key);
        }
        Ok(Self(key.to_owned()))
    }

    /// Takes the key from a variable of the environment.
    ///
    /// # Errors
    ///
    /// [`SetupError::NoKey`], [`SetupError::Key`].
    pub fn from_env(variable: &str) -> Result<Self, SetupError> {
        let key = std::env::var(variable).map_err(|_| SetupError::NoKey(variable.to_owned()))?;
        Self::new(&key)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// How a server wants to be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// OpenAI's chat completions, or whoever answers exactly as it does.
    OpenAi,
    /// The same of vLLM.
    Vllm,
    /// The same of llama.cpp's `llama-server`.
    LlamaCpp,
    /// The same of Ollama.
    Ollama,
    /// Anthropic's messages.
    Anthropic,
}

impl Dialect {
    /// The word for it, as in the name of a model.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Vllm => "vllm",
            Self::LlamaCpp => "llama.cpp",
            Self::Ollama => "ollama",
            Self::Anthropic => "anthropic",
        }
    }
}

/// A server of models: its dialect and its address.
///
/// ```
/// use dealwright_models::{Dialect, Server};
/// assert!(Server::new(Dialect::LlamaCpp, "http://127.0.0.1:8080/v1").is_ok());
/// // Texts of clients do not leave the machine unencrypted.
/// assert!(Server::new(Dialect::Vllm, "http://10.0.0.7:8000/v1").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    dialect: Dialect,
    base: Url,
}

impl Server {
    /// A server at the address that ends before `chat/completions` or `messages`.
    ///
    /// # Errors
    ///
    /// [`SetupError::Address`], [`SetupError::PlainHttp`].
    pub fn new(dialect: Dialect, base: &str) -> Result<Self, SetupError> {
        Self::checked(dialect, base, false)
    }

    /// The same at an unencrypted address elsewhere: for a network that is trusted with the texts
    /// of clients and with the key.
    ///
    /// # Errors
    ///
    /// [`SetupError::Address`].
    pub fn over_plain_http(dialect: Dialect, base: &str) -> Result<Self, SetupError> {
        Self::checked(dialect, base, true)
    }

    fn checked(dialect: Dialect, base: &str, plain: bool) -> Result<Self, SetupError> {
        let wrong = || SetupError::Address(base.chars().take(200).collect());
        let mut url = Url::parse(base).map_err(|_| wrong())?;
        // A name or a password in an address ends up in logs; a query would be cut off.
        let extras = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if extras || url.host().is_none() || !matches!(url.scheme(), "http" | "https") {
            return Err(SetupError::Address("the address".to_owned()));
        }
        if url.scheme() == "http" && !plain && !is_here(&url) {
            return Err(SetupError::PlainHttp(base.to_owned()));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self { dialect, base: url })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Where requests go.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.base, self.path())
    }

    pub(crate) fn path(&self) -> &'static str {
        match self.dialect {
            Dialect::Anthropic => "messages",
            _ => "chat/completions",
        }
    }
}

/// Whether the address is on this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_the_right_path() {
        let server = Server::new(Dialect::OpenAi, "https://api.openai.com/v1").unwrap();
        assert_eq!(server.url(), "https://api.openai.com/v1/chat/completions");
        let server = Server::new(Dialect::Anthropic, "https://api.anthropic.com/v1/").unwrap();
        assert_eq!(server.url(), "https://api.anthropic.com/v1/messages");
        assert!(Server::new(Dialect::Ollama, "http://localhost:11434/v1").is_ok());
        assert!(Server::new(Dialect::Ollama, "http://[::1]:11434/v1").is_ok());
    }

    #[test]
    fn an_address_that_gives_texts_or_secrets_away_is_refused() {
        for plain in ["http://models.example/v1", "http://192.168.0.9/v1"] {
            let refused = Server::new(Dialect::Vllm, plain).unwrap_err();
            assert_eq!(refused, SetupError::PlainHttp(plain.to_owned()));
            assert!(Server::over_plain_http(Dialect::Vllm, plain).is_ok());
        }
        for wrong in [
            "",
            "models",
            "ftp://models.example/",
            "https://u:p@m.example/v1",
        ] {
            let refused = Server::new(Dialect::OpenAi, wrong).unwrap_err();
            assert!(matches!(refused, SetupError::Address(_)), "{wrong}");
            assert!(!refused.to_string().contains("u:p"), "{refused}");
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::new(" sk-canary \n").unwrap();
        assert_eq!(format!("{key:?}"), "[key]");
        assert_eq!(key.reveal(), "sk-canary");
        assert_eq!(ApiKey::new("sk canary"), Err(SetupError::Key));
        assert_eq!(ApiKey::new(""), Err(SetupError::Key));
        let unset = ApiKey::from_env("DEALWRIGHT_NO_SUCH_KEY");
        assert!(matches!(unset, Err(SetupError::NoKey(_))));
    }
}
