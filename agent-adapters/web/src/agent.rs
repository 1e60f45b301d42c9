use std::fmt;

/// Who we say we are to a site: a stable name that robots rules can address, and a way
/// to reach the person behind it.
///
/// ```
/// use dealwright_web::Agent;
/// let agent = Agent::new("https://agency.example/bot", "web@agency.example")?;
/// assert_eq!(agent.token(), "dealwright");
/// assert!(agent.to_string().ends_with("(+https://agency.example/bot; web@agency.example)"));
/// # Ok::<(), dealwright_web::AgentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    header: String,
}

/// Why a text cannot stand in the agent's header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} of the agent must be plain ascii without blanks or brackets, 3 to 120 characters")]
pub struct AgentError(&'static str);

impl Agent {
    /// The token that `User-agent` lines of a robots.txt address.
    const TOKEN: &'static str = "dealwright";

    /// Names a page that explains the agent, and an address for complaints.
    ///
    /// # Errors
    ///
    /// [`AgentError`] when one of them cannot stand in a header.
    pub fn new(page: &str, contact: &str) -> Result<Self, AgentError> {
        let plain = |text: &str| {
            (3..=120).contains(&text.len())
                && text
                    .chars()
                    .all(|c| c.is_ascii_graphic() && !"()<>;\"\\".contains(c))
        };
        if !plain(page) || !page.starts_with("http") {
            return Err(AgentError("the page"));
        }
        if !plain(contact) || !contact.contains('@') {
            return Err(AgentError("the contact"));
        }
        let (token, version) = (Self::TOKEN, env!("CARGO_PKG_VERSION"));
        Ok(Self {
            header: format!("{token}/{version} (+{page}; {contact})"),
        })
    }

    /// The product token.
    #[must_use]
    pub fn token(&self) -> &'static str {
        Self::TOKEN
    }
}

impl fmt::Display for Agent {
    /// The value of the `User-Agent` header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.header)
    }
}
