//! How letters leave a home in earnest.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dealwright_core::blobs::Blobs;
use dealwright_core::party::EmailAddress;
use dealwright_core::process::{Host, MemoryStore, Tenant};
use dealwright_core::trust::Messenger;
use dealwright_email::smtp::{Dkim, SmtpMessenger, SmtpSettings};
use dealwright_email::{Secret, Security};
use dealwright_http::{PublicAddress, PublicGate};
use dealwright_runtime::{Agency, Business, MailSecurity, MailSettings};
use dealwright_system::{Keyring, SystemClock, SystemRandom};

use crate::home::{MASTER_KEY, told, wire, with_messenger};

/// The agency that works and sends, and the address that must answer before letters that sell may
/// leave, where they leave at all.
pub(crate) fn wire_to_send(
    home: &Path,
    business: Business,
) -> Result<(Agency, Option<PublicAddress>), String> {
    let Some(mail) = business.mail.clone() else {
        return Ok((wire(home, business, true)?, None));
    };
    let root = certificate(home, mail.root_certificate.as_deref(), "[mail]")?;
    let public = public_address(home, &business, root.as_deref())?;
    let gate = public.clone();
    let sender = business.sender.address.clone();
    let agency = with_messenger(home, business, true, |blobs| {
        let smtp = smtp(home, &mail, &sender, root, blobs)?;
        Ok(Arc::new(PublicGate::new(smtp, gate, SystemClock)) as Arc<dyn Messenger>)
    })?;
    Ok((agency, Some(public)))
}

/// Where opt-outs are taken, known by a proof that only the keys of this home can make.
fn public_address(
    home: &Path,
    business: &Business,
    root: Option<&[u8]>,
) -> Result<PublicAddress, String> {
    let keys = Keyring::open_or_create(&home.join(MASTER_KEY)).map_err(told)?;
    let tenant = Tenant::parse(&business.tenant).map_err(|e| format!("{}: {e}", home.display()))?;
    let prover = Host::builder(tenant, MemoryStore::new(), keys).build();
    PublicAddress::new(&business.law.opt_out_base, root, prover, SystemRandom).map_err(told)
}

/// A root certificate that a section of agency.toml names.
pub(crate) fn certificate(
    home: &Path,
    name: Option<&str>,
    section: &str,
) -> Result<Option<Vec<u8>>, String> {
    let Some(name) = name else {
        return Ok(None);
    };
    let path = home.join(name);
    let told = |e| {
        format!(
            "`root_certificate` under `{section}`: `{}`: {e}",
            path.display()
        )
    };
    fs::read(&path).map(Some).map_err(told)
}

fn smtp(
    home: &Path,
    mail: &MailSettings,
    sender: &EmailAddress,
    root_pem: Option<Vec<u8>>,
    blobs: Arc<dyn Blobs>,
) -> Result<SmtpMessenger, String> {
    let login = match &mail.user {
        Some(user) => {
            let password = std::env::var(&mail.password_from).map_err(|_| {
                format!(
                    "agency.toml sends mail as `{user}`; put the password into the environment variable {}",
                    mail.password_from
                )
            })?;
            Some((user.clone(), Secret::new(password)))
        }
        None => None,
    };
    let settings = SmtpSettings {
        host: mail.host.clone(),
        port: mail.port,
        security: match mail.security {
            MailSecurity::Tls => Security::Tls,
            MailSecurity::Loopback => Security::Loopback,
            _ => Security::StartTls,
        },
        login,
        hello: mail
            .hello
            .clone()
            .unwrap_or_else(|| sender.domain().as_str().to_owned()),
        timeout: Duration::from_secs(u64::from(mail.timeout_seconds.max(1))),
        root_pem,
    };
    let smtp = SmtpMessenger::new(settings, blobs, SystemClock).map_err(told)?;
    let Some(dkim) = &mail.dkim else {
        return Ok(smtp);
    };
    let path = home.join(&dkim.key);
    let pem = fs::read_to_string(&path)
        .map_err(|e| format!("`dkim` under `[mail]`: `{}`: {e}", path.display()))?;
    let key = Dkim::rsa(sender.domain().clone(), &dkim.selector, &pem).map_err(told)?;
    Ok(smtp.with_dkim(key))
}
