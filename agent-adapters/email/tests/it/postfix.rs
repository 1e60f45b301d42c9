//! Letters to real mail servers: Postfix with STARTTLS and AUTH, a greylist, and a verifier of
//! signatures.

use std::process::Command;
use std::time::Duration as StdDuration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dealwright_core::error::PortErrorKind;
use dealwright_core::mail::BounceClass;
use dealwright_core::party::DomainName;
use dealwright_email::Secret;
use dealwright_email::smtp::{Dkim, Security, SmtpSettings, SmtpStep};

use crate::servers::{LOGIN, MAILBOX, MailServers};
use crate::smtp::{messenger, play_with};

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().stdout
}

/// A fresh RSA key in PEM, and its record under `s1` of the sender's domain.
fn key() -> (String, String) {
    let pem = openssl(&["genrsa", "-traditional", "2048"], b"");
    let public = openssl(&["rsa", "-pubout", "-outform", "DER"], &pem);
    let record = format!(
        "s1._domainkey.agency.example v=DKIM1; k=rsa; p={}",
        STANDARD.encode(public)
    );
    (String::from_utf8(pem).unwrap(), record)
}

fn settings(servers: &MailServers, port: u16, security: Security) -> SmtpSettings {
    SmtpSettings {
        port,
        security,
        timeout: StdDuration::from_secs(20),
        root_pem: Some(servers.root_certificate()),
        ..SmtpSettings::submission("localhost", "agency.example")
    }
}

fn signed_in(mut settings: SmtpSettings, password: &str) -> SmtpSettings {
    settings.login = Some((LOGIN.0.to_owned(), Secret::new(password)));
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn postfix_takes_letters_by_starttls_by_tls_and_refuses_a_wrong_password() {
    let (_, record) = key();
    let Some(servers) = MailServers::start(&record) else {
        return;
    };
    for (n, (port, security)) in [
        (servers.submission, Security::StartTls),
        (servers.submissions, Security::Tls),
    ]
    .into_iter()
    .enumerate()
    {
        let settings = signed_in(settings(&servers, port, security), LOGIN.1);
        let play = play_with(messenger(settings), MAILBOX, 2).await;
        let first = play.tries.first().unwrap();
        let receipt = first
            .outcome
            .as_ref()
            .unwrap_or_else(|_| panic!("{first:?}\n{}", servers.logs()));
        assert!(receipt.provider_id.contains("queued as"), "{receipt:?}");
        assert_eq!(servers.mailbox(n + 1).len(), n + 1);
    }
    let wrong = signed_in(
        settings(&servers, servers.submission, Security::StartTls),
        "wrong",
    );
    let play = play_with(messenger(wrong), MAILBOX, 2).await;
    let first = play.tries.first().unwrap();
    assert_eq!(
        first.outcome.as_ref().unwrap_err(),
        &PortErrorKind::PermissionDenied,
        "{first:?}"
    );
    assert_eq!(first.refusal.as_ref().unwrap().step, SmtpStep::Auth);
    assert!(
        !first.said.contains("wrong"),
        "no password in an error: {}",
        first.said
    );
    // Who shows another certificate is not spoken to.
    let mut stranger = signed_in(
        settings(&servers, servers.submission, Security::StartTls),
        LOGIN.1,
    );
    stranger.root_pem = None;
    let play = play_with(messenger(stranger), MAILBOX, 2).await;
    let first = play.tries.first().unwrap();
    assert_eq!(
        first.outcome.as_ref().unwrap_err(),
        &PortErrorKind::Unavailable,
        "{first:?}"
    );
    assert_eq!(servers.mailbox(2).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_finds_the_signature_good() {
    let (pem, record) = key();
    let Some(servers) = MailServers::start(&record) else {
        return;
    };
    let dkim = Dkim::rsa(DomainName::parse("agency.example").unwrap(), "s1", &pem).unwrap();
    let settings = settings(&servers, servers.mx, Security::StartTls);
    let make = |clock| messenger(settings)(clock).with_dkim(dkim);
    let play = play_with(make, MAILBOX, 2).await;
    assert!(
        play.tries.first().unwrap().outcome.is_ok(),
        "{:?}",
        play.tries
    );
    let mails = servers.mailbox(1);
    let text = String::from_utf8_lossy(mails.first().unwrap())
        .replace("\r\n\t", " ")
        .replace("\n\t", " ");
    assert!(text.contains("dkim=pass"), "{text}\n{}", servers.logs());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greylisted_letter_is_taken_later_and_once_and_an_unknown_user_is_hard() {
    let (_, record) = key();
    let Some(servers) = MailServers::start(&record) else {
        return;
    };
    let slow = settings(&servers, servers.grey, Security::StartTls);
    let play = play_with(messenger(slow), MAILBOX, 2).await;
    let (last, before) = play.tries.split_last().unwrap();
    assert!(last.outcome.is_ok(), "{:?}\n{}", play.tries, servers.logs());
    assert!(!before.is_empty());
    for refused in before {
        assert_eq!(
            refused.outcome.as_ref().unwrap_err(),
            &PortErrorKind::Unavailable,
            "{refused:?}"
        );
        assert_eq!(
            refused.refusal.as_ref().unwrap().class,
            Some(BounceClass::Soft)
        );
    }
    assert_eq!(servers.mailbox(1).len(), 1, "once");

    let mx = settings(&servers, servers.mx, Security::StartTls);
    let play = play_with(messenger(mx), "nobody@mail.test", 2).await;
    let first = play.tries.first().unwrap();
    assert_eq!(
        first.outcome.as_ref().unwrap_err(),
        &PortErrorKind::Invalid,
        "{first:?}"
    );
    assert_eq!(
        first.refusal.as_ref().unwrap().class,
        Some(BounceClass::Hard)
    );
    assert_eq!(play.tries.len(), 1, "never again");
}
