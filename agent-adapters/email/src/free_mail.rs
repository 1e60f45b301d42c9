//! Mail providers for everybody, and the servers through which mail in their name may go (GY-4).

use dealwright_core::error::PortError;

use crate::prepare::invalid;

/// Domains of a provider, and what the names of its own servers end in.
const PROVIDERS: [(&[&str], &[&str]); 9] = [
    (
        &["gmail.com", "googlemail.com"],
        &["gmail.com", "google.com", "googlemail.com"],
    ),
    (
        &[
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "outlook.de",
            "hotmail.de",
            "hotmail.co.uk",
            "live.de",
        ],
        &["office365.com", "outlook.com"],
    ),
    (
        &[
            "yahoo.com",
            "ymail.com",
            "yahoo.de",
            "yahoo.co.uk",
            "yahoo.fr",
            "yahoo.ca",
            "aol.com",
        ],
        &["yahoo.com", "aol.com"],
    ),
    (
        &["icloud.com", "me.com", "mac.com"],
        &["me.com", "icloud.com"],
    ),
    (
        &["gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch"],
        &["gmx.net", "gmx.com"],
    ),
    (&["web.de"], &["web.de"]),
    (&["t-online.de"], &["t-online.de"]),
    (
        // Its bridge runs on the sender's own machine.
        &["proton.me", "protonmail.com", "pm.me"],
        &["proton.me", "protonmail.ch", "127.0.0.1"],
    ),
    (
        &["mail.ru", "yandex.ru", "yandex.com"],
        &["mail.ru", "yandex.ru", "yandex.com"],
    ),
];

/// Refuses mail from `domain` that may not leave through `host`.
pub(crate) fn check(domain: &str, host: &str) -> Result<(), PortError> {
    if may_leave(domain, host) {
        return Ok(());
    }
    Err(invalid(format!(
        "GY-4: mail from `{domain}` does not leave through `{host}`: receivers take it for forged; send from a domain of yours"
    )))
}

/// Whether mail from an address at `domain` may leave through `host`: that of a provider for
/// everybody only through the provider's own servers, since all else is taken for forged.
fn may_leave(domain: &str, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let of = |end: &&str| host == **end || host.ends_with(&format!(".{end}"));
    PROVIDERS
        .iter()
        .find(|(domains, _)| domains.contains(&domain))
        .is_none_or(|(_, servers)| servers.iter().any(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GY-4: a free-mail sender through another's transport is refused.
    // covers: GY-4
    #[test]
    fn gy_4_free_mail_leaves_through_its_own_servers_only() {
        for (domain, host, may) in [
            ("gmail.com", "smtp.gmail.com", true),
            ("gmail.com", "smtp-relay.gmail.com", true),
            ("gmail.com", "mail.agency.example", false),
            ("gmail.com", "notgmail.com", false),
            ("outlook.com", "SMTP.office365.com", true),
            ("web.de", "smtp.gmail.com", false),
            ("agency.example", "mail.agency.example", true),
        ] {
            assert_eq!(may_leave(domain, host), may, "{domain} through {host}");
        }
    }
}
