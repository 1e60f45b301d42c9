//! A mailbox on a real server: Dovecot, by TLS and STARTTLS, with IDLE.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use dealwright_core::error::PortErrorKind;
use dealwright_core::mail::inbox_conformance::Mailbox;
use dealwright_core::mail::{Inbox, MemoryInbox, Unreadable};
use dealwright_email::imap::{ImapInbox, ImapSettings};
use dealwright_email::{Secret, Security};

use crate::servers::{LOGIN, MailServers};

/// Servers, or a mailbox in memory where there are none; the test says then that it was skipped.
enum Place {
    Real(Box<(MailServers, ImapInbox)>),
    Memory(MemoryInbox),
}

impl Place {
    fn start() -> Self {
        match MailServers::start("none none") {
            Some(servers) => {
                let inbox = ImapInbox::new(settings(&servers)).unwrap();
                Self::Real(Box::new((servers, inbox)))
            }
            None => Self::Memory(MemoryInbox::new()),
        }
    }
}

#[async_trait]
impl Mailbox for Place {
    fn inbox(&self) -> &dyn Inbox {
        match self {
            Self::Real(real) => &real.1,
            Self::Memory(inbox) => inbox,
        }
    }

    async fn deliver(&self, text: &str) {
        match self {
            Self::Real(real) => real.0.post(LOGIN.0, &mail(text)),
            Self::Memory(inbox) => inbox.deliver(Ok(text.as_bytes().to_vec())),
        }
    }
}

fn mail(text: &str) -> String {
    format!(
        "From: kim@bakery.example\nTo: {}\nSubject: s\n\n{text}\n",
        LOGIN.0
    )
}

fn settings(servers: &MailServers) -> ImapSettings {
    ImapSettings {
        port: servers.imaps,
        timeout: Duration::from_secs(20),
        root_pem: Some(servers.root_certificate()),
        ..ImapSettings::tls("localhost", LOGIN.0, Secret::new(LOGIN.1))
    }
}

dealwright_core::inbox_conformance!(
    #[tokio::test(flavor = "multi_thread")]
    async {
        Place::start()
    }
);

#[tokio::test(flavor = "multi_thread")]
async fn idle_wakes_and_starttls_reads_and_what_is_too_large_is_left_there() {
    let Some(servers) = MailServers::start("none none") else {
        return;
    };
    let mut starttls = settings(&servers);
    (starttls.port, starttls.security) = (servers.imap, Security::StartTls);
    starttls.limit = 20_000;
    let inbox = ImapInbox::new(starttls).unwrap();
    servers.post(LOGIN.0, &mail("one"));
    let all = inbox.after(None, 10).await.unwrap();
    let place = all.last().map(|a| a.place);
    let begun = Instant::now();
    let post = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        servers.post(LOGIN.0, &mail(&"too large\n".repeat(4_000)));
        servers.post(LOGIN.0, &mail("three"));
    };
    let (waited, ()) = tokio::join!(inbox.wait(place, Duration::from_secs(60)), post);
    waited.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    let later = inbox.after(place, 10).await.unwrap();
    let [large, three] = later.as_slice() else {
        panic!("{later:?}")
    };
    assert!(
        matches!(large.mail, Err(Unreadable::TooLarge { size, limit: 20_000 }) if size > 40_000),
        "{:?}",
        large.mail
    );
    assert!(three.mail.as_ref().is_ok_and(|m| m.ends_with(b"three\r\n")));
    // Nothing is marked as read: all still lie where the server put them.
    let kept = servers.kept(LOGIN.0);
    let new = |path: &PathBuf| path.parent().is_some_and(|p| p.ends_with("new"));
    assert!(kept.len() == 3 && kept.iter().all(new), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_kind_and_a_server_that_comes_back_is_read_on() {
    let Some(mut servers) = MailServers::start("none none") else {
        return;
    };
    let told = async |settings: ImapSettings| {
        let inbox = ImapInbox::new(settings).unwrap();
        let error = inbox.after(None, 1).await.unwrap_err();
        (error.kind(), error.chain())
    };
    let mut wrong = settings(&servers);
    wrong.password = Secret::new("not-the-word");
    let (kind, text) = told(wrong).await;
    assert_eq!(kind, PortErrorKind::PermissionDenied, "{text}");
    assert!(
        text.contains("localhost") && !text.contains("not-the-word"),
        "{text}"
    );
    let mut wrong = settings(&servers);
    wrong.folder = "Nowhere".to_owned();
    let (kind, text) = told(wrong).await;
    assert_eq!(kind, PortErrorKind::NotFound, "{text}");
    let mut stranger = settings(&servers);
    stranger.root_pem = None;
    let (kind, text) = told(stranger).await;
    assert_eq!(kind, PortErrorKind::Unavailable, "{text}");
    let mut plain = settings(&servers);
    (plain.security, plain.host) = (Security::Loopback, "mail.agency.example".to_owned());
    let text = ImapInbox::new(plain).unwrap_err().chain();
    assert!(text.contains("TLS"), "{text}");

    let inbox = ImapInbox::new(settings(&servers)).unwrap();
    servers.post(LOGIN.0, &mail("one"));
    let place = inbox.after(None, 10).await.unwrap().last().map(|a| a.place);
    servers.stop_dovecot();
    let error = inbox.after(place, 10).await.unwrap_err();
    assert_eq!(
        error.kind(),
        PortErrorKind::Unavailable,
        "{}",
        error.chain()
    );
    servers.start_dovecot();
    servers.post(LOGIN.0, &mail("two"));
    let later = inbox.after(place, 10).await.unwrap();
    assert_eq!(later.len(), 1, "the one that came since");
}
