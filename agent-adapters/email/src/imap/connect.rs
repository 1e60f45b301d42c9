use std::fmt;
use std::sync::Arc;

use async_imap::Client;
use dealwright_core::error::{PortError, PortErrorKind};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::ImapSettings;
use crate::settings::{Security, is_loopback};

/// A way to the server, protected or on this machine.
pub(super) trait Way: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Way for T {}

pub(super) type Session = async_imap::Session<Box<dyn Way>>;

/// Makes connections that are as protected as the settings ask.
pub(super) struct Connector {
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    pub(super) fn new(settings: &ImapSettings) -> Result<Self, PortError> {
        let wrong =
            |what: String| PortError::new("set up imap", PortErrorKind::Invalid).with_source(what);
        if settings.security == Security::Loopback {
            if !is_loopback(&settings.host) {
                return Err(wrong(format!(
                    "mail is read from `{}` without TLS only where it is this machine; use TLS or STARTTLS",
                    settings.host
                )));
            }
            return Ok(Self { tls: None });
        }
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(pem) = &settings.root_pem {
            let mut own = 0;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let added = certificate
                    .map_err(|e| e.to_string())
                    .and_then(|certificate| roots.add(certificate).map_err(|e| e.to_string()));
                added.map_err(|e| wrong(format!("the root certificate: {e}")))?;
                own += 1;
            }
            if own == 0 {
                return Err(wrong(
                    "the root certificate is none in PEM (`-----BEGIN CERTIFICATE-----`)"
                        .to_owned(),
                ));
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong(format!("TLS cannot be set up: {e}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(settings.host.clone())
            .map_err(|_| wrong(format!("`{}` is no name of a server", settings.host)))?;
        Ok(Self {
            tls: Some((TlsConnector::from(Arc::new(config)), name)),
        })
    }

    /// A connection that was greeted; else what went wrong.
    pub(super) async fn connect(
        &self,
        settings: &ImapSettings,
    ) -> Result<Client<Box<dyn Way>>, String> {
        let tcp = TcpStream::connect((settings.host.as_str(), settings.port))
            .await
            .map_err(|e| e.to_string())?;
        let Some((tls, name)) = &self.tls else {
            return greeted(Box::new(tcp)).await;
        };
        let tcp = if settings.security == Security::StartTls {
            let mut plain = greeted_by(tcp).await?;
            plain
                .run_command_and_check_ok("STARTTLS", None)
                .await
                .map_err(|e| format!("it does not speak TLS here: {e}"))?;
            // What came unprotected is thrown away with the client's buffer.
            plain.into_inner()
        } else {
            tcp
        };
        let protected = tls.connect(name.clone(), tcp).await;
        let protected = protected.map_err(|e| format!("TLS: {e}"))?;
        let protected: Box<dyn Way> = Box::new(protected);
        if settings.security == Security::StartTls {
            // The server greets once, before TLS.
            return Ok(Client::new(protected));
        }
        greeted(protected).await
    }
}

async fn greeted(way: Box<dyn Way>) -> Result<Client<Box<dyn Way>>, String> {
    greeted_by(way).await
}

async fn greeted_by<T: Way>(way: T) -> Result<Client<T>, String> {
    let mut client = Client::new(way);
    match client.read_response().await {
        Ok(Some(_)) => Ok(client),
        Ok(None) => Err("it hung up before it said anything".to_owned()),
        Err(e) => Err(format!("it does not greet as an IMAP server: {e}")),
    }
}
