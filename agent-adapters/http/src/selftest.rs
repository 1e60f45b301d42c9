//! Whether the public address answers: a letter that sells may not leave while its opt-out leads
//! nowhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::party::Channel;
use dealwright_core::process::{EffectClass, Host, Random};
use dealwright_core::time::{Clock, Timestamp};
use dealwright_core::trust::{Messenger, Receipt, Sendable};
use tokio::sync::Mutex;
use url::Url;

const OPERATION: &str = "test public address";
/// How long an answer counts.
const COUNTS: Duration = Duration::minutes(10);
/// How long the address may take to answer.
const PATIENCE: StdDuration = StdDuration::from_secs(10);
/// The most bytes of an answer: a proof has 65.
const ANSWER: usize = 1024;

/// A word that was never said before: 32 hexadecimal digits.
pub(crate) fn nonce(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    hex::encode(bytes)
}

/// What only this agency can say to a nonce of 32 hexadecimal digits.
pub(crate) fn proof(host: &Host, nonce: &str) -> Option<String> {
    let fits = nonce.len() == 32 && nonce.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then(|| host.keyed("self-test", nonce))
}

/// The address under which the world reaches the agency.
#[derive(Clone)]
pub struct PublicAddress {
    base: Url,
    host: Host,
    random: Arc<dyn Random>,
    client: reqwest::Client,
}

impl fmt::Debug for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicAddress")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl PublicAddress {
    /// The address at whose root the routes of the agency of `host` stand: that of the opt-outs.
    /// A root certificate in PEM is trusted besides the system's.
    ///
    /// # Errors
    ///
    /// `Invalid` where the address or the certificate is none.
    pub fn new(
        base: &str,
        root_pem: Option<&[u8]>,
        host: Host,
        random: impl Random + 'static,
    ) -> Result<Self, PortError> {
        let invalid =
            |what: String| PortError::new(OPERATION, PortErrorKind::Invalid).with_source(what);
        let base = Url::parse(base).map_err(|e| invalid(format!("`{base}`: {e}")))?;
        // One provider of cryptography for the process; whoever was first stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .pool_max_idle_per_host(0);
        if let Some(pem) = root_pem {
            let root = reqwest::Certificate::from_pem(pem)
                .map_err(|e| invalid(format!("the root certificate: {e}")))?;
            builder = builder.tls_certs_merge([root]);
        }
        let client = builder.build().map_err(|e| invalid(e.to_string()))?;
        Ok(Self {
            base,
            host,
            random: Arc::new(random),
            client,
        })
    }

    /// Asks the address for a proof that it is this agency's.
    ///
    /// # Errors
    ///
    /// `Unavailable` where it does not answer or answers something else, with what to do.
    pub async fn test(&self) -> Result<(), PortError> {
        let nonce = nonce(&*self.random);
        let wanted = proof(&self.host, &nonce).unwrap_or_default();
        let mut url = self.base.clone();
        url.set_path(&format!("/self-test/{nonce}"));
        let failed = |what: String| {
            let root = self.base.origin().ascii_serialization();
            PortError::new(OPERATION, PortErrorKind::Unavailable).with_source(format!(
                "{root} {what}; let it lead to this agency's `--bind` address, until then no letter that needs an opt-out leaves"
            ))
        };
        let mut response = self
            .client
            .get(url)
            .send()
            .await
            .map_err(|e| failed(format!("does not answer ({})", plain(&e))))?;
        if !response.status().is_success() {
            return Err(failed(format!("answers {}", response.status().as_u16())));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|e| failed(format!("breaks off ({})", plain(&e))))?
        {
            answer.extend(chunk);
            if answer.len() > ANSWER {
                break;
            }
        }
        if String::from_utf8_lossy(&answer).trim() == wanted {
            Ok(())
        } else {
            Err(failed("is answered by somebody else".to_owned()))
        }
    }
}

/// The innermost reason, without the address, which stands in the message already.
fn plain(error: &reqwest::Error) -> String {
    let mut at: &dyn std::error::Error = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

/// A messenger that hands letters with an opt-out over only while the public address answers.
#[derive(Debug)]
pub struct PublicGate<M> {
    messenger: M,
    address: PublicAddress,
    clock: Arc<dyn Clock>,
    answered: Mutex<Option<Timestamp>>,
}

impl<M: Messenger> PublicGate<M> {
    /// Sends by `messenger` while `address` answers.
    #[must_use]
    pub fn new(messenger: M, address: PublicAddress, clock: impl Clock + 'static) -> Self {
        Self {
            messenger,
            address,
            clock: Arc::new(clock),
            answered: Mutex::new(None),
        }
    }

    /// Tests the address where its last answer counts no more; one at a time.
    async fn open(&self) -> Result<(), PortError> {
        let mut answered = self.answered.lock().await;
        let now = self.clock.now();
        if answered.is_some_and(|at| (Duration::zero()..COUNTS).contains(&(now - at))) {
            return Ok(());
        }
        *answered = None;
        self.address.test().await?;
        *answered = Some(now);
        Ok(())
    }
}

#[async_trait]
impl<M: Messenger> Messenger for PublicGate<M> {
    fn channel(&self) -> Channel {
        self.messenger.channel()
    }

    fn class(&self) -> EffectClass {
        self.messenger.class()
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        if sendable.letter().notices.opt_out.is_some() {
            self.open().await?;
        }
        self.messenger.send(sendable).await
    }
}
