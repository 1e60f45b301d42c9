//! Letters to a mail server that says what the test wants, at each step of the conversation.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration as StdDuration;

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::LeadId;
use dealwright_core::mail::BounceClass;
use dealwright_core::party::{Channel, DomainName, EmailAddress};
use dealwright_core::process::{Actor, EffectClass};
use dealwright_core::trust::{ApprovalMode, Messenger, Receipt, Sendable};
use dealwright_discovery::lead::IntakeRecord;
use dealwright_email::Secret;
use dealwright_email::inbound::{InboundLimits, InboundMail};
use dealwright_email::smtp::{Dkim, Security, SmtpMessenger, SmtpRefusal, SmtpSettings, SmtpStep};
use dealwright_runtime::{Agency, Business, unknown_works};
use dealwright_simulation::{
    FakePaymentProvider, NoHook, SequentialDriver, VirtualClock, bakery, start,
};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// What the server does at a command, by its first word; the next of the list each time.
type Script = Vec<(&'static str, &'static str)>;

/// A mail server that follows a script, and says `250 ok` where the script says nothing.
/// `CLOSE` closes the connection, `SILENT` never answers.
#[derive(Clone, Debug)]
struct Server {
    port: u16,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            taken: Arc::default(),
            heard: Arc::default(),
            connections: Arc::default(),
        };
        let script: Arc<Mutex<VecDeque<_>>> = Arc::new(Mutex::new(script.into()));
        let this = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *this.connections.lock().unwrap() += 1;
                tokio::spawn(this.clone().talk(stream, Arc::clone(&script)));
            }
        });
        server
    }

    async fn talk(
        self,
        stream: tokio::net::TcpStream,
        script: Arc<Mutex<VecDeque<(&'static str, &'static str)>>>,
    ) {
        let answer = |command: &str| {
            let mut script = script.lock().unwrap();
            let found = script.iter().position(|(at, _)| *at == command)?;
            script.remove(found).map(|(_, answer)| answer)
        };
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        let mut say = answer("CONNECT").unwrap_or("220 mx.test ESMTP").to_owned();
        loop {
            match say.as_str() {
                "CLOSE" => return,
                "SILENT" => {
                    tokio::time::sleep(StdDuration::from_secs(3_600)).await;
                    return;
                }
                text => {
                    if write
                        .write_all(format!("{text}\r\n").as_bytes())
                        .await
                        .is_err()
                    {
                        return;
                    }
                }
            }
            let mut line = String::new();
            if read.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let word = line
                .split([' ', '\r'])
                .next()
                .unwrap_or_default()
                .to_uppercase();
            self.heard.lock().unwrap().push(line.trim_end().to_owned());
            say = match (word.as_str(), answer(&word)) {
                (_, Some(said)) => said.to_owned(),
                ("EHLO", None) => {
                    "250-mx.test\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1000000".to_owned()
                }
                ("AUTH", None) => "235 ok".to_owned(),
                ("QUIT", None) => "221 bye".to_owned(),
                ("DATA", None) => "354 go on".to_owned(),
                _ => "250 ok".to_owned(),
            };
            if say.starts_with("354") {
                if write
                    .write_all(format!("{say}\r\n").as_bytes())
                    .await
                    .is_err()
                {
                    return;
                }
                let mut mail = Vec::new();
                while !mail.ends_with(b"\r\n.\r\n") {
                    let Ok(byte) = read.read_u8().await else {
                        return;
                    };
                    mail.push(byte);
                }
                mail.truncate(mail.len() - 3);
                self.taken.lock().unwrap().push(mail);
                say = answer("DOT")
                    .unwrap_or("250 2.0.0 queued as 4711")
                    .to_owned();
            }
        }
    }

    fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            port: self.port,
            security: Security::Loopback,
            login: Some(("mara".to_owned(), Secret::new("hush"))),
            timeout: StdDuration::from_millis(700),
            ..SmtpSettings::submission("127.0.0.1", "agency.example")
        }
    }
}

/// What came of one try.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    pub(crate) outcome: Result<Receipt, PortErrorKind>,
    pub(crate) refusal: Option<SmtpRefusal>,
    pub(crate) said: String,
}

/// Writes down what the messenger answers.
#[derive(Debug)]
struct Watched {
    messenger: SmtpMessenger,
    tries: Arc<Mutex<Vec<Try>>>,
}

#[async_trait]
impl Messenger for Watched {
    fn channel(&self) -> Channel {
        self.messenger.channel()
    }

    fn class(&self) -> EffectClass {
        self.messenger.class()
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        let outcome = self.messenger.send(sendable).await;
        if outcome
            .as_ref()
            .is_err_and(|e| e.chain().contains("reylist"))
        {
            // A greylist goes by its own clock, the agency's leaps.
            tokio::time::sleep(StdDuration::from_millis(2_500)).await;
        }
        let error = outcome.as_ref().err();
        self.tries.lock().unwrap().push(Try {
            outcome: outcome.as_ref().map(Clone::clone).map_err(PortError::kind),
            refusal: error.and_then(SmtpRefusal::of).cloned(),
            said: error.map(PortError::chain).unwrap_or_default(),
        });
        outcome
    }
}

/// What became of first letters to `n` bakeries.
pub(crate) struct Play {
    pub(crate) tries: Vec<Try>,
    unknown: usize,
}

async fn play(messenger: impl FnOnce(VirtualClock) -> SmtpMessenger, n: u32, days: i64) -> Play {
    run(messenger, (0..n).map(|i| record(i, None)).collect(), days).await
}

/// A letter to one address.
pub(crate) async fn play_with(
    messenger: impl FnOnce(VirtualClock) -> SmtpMessenger,
    address: &str,
    days: i64,
) -> Play {
    run(messenger, vec![record(0, Some(address))], days).await
}

async fn run(
    messenger: impl FnOnce(VirtualClock) -> SmtpMessenger,
    records: Vec<IntakeRecord>,
    days: i64,
) -> Play {
    let clock = VirtualClock::new(start());
    let tries = Arc::default();
    let mut business = Business::starter().unwrap();
    business.law.approval = ApprovalMode::Autonomous;
    business.read_websites = false;
    let agency = Agency::builder(business)
        .messenger(Watched {
            messenger: messenger(clock.clone()),
            tries: Arc::clone(&tries),
        })
        .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
        .build()
        .unwrap();
    for record in records {
        let lead = LeadId::derive(&[record.natural_key().as_bytes()]);
        agency
            .intake(&Actor::System, lead, record, start())
            .await
            .unwrap();
    }
    let mut driver = SequentialDriver::new(agency.host().clone(), clock);
    driver
        .run_until(start() + Duration::days(days), &mut NoHook)
        .await
        .unwrap();
    let unknown = unknown_works(agency.host()).await.unwrap().len();
    let tries = tries.lock().unwrap().clone();
    Play { tries, unknown }
}

fn record(n: u32, address: Option<&str>) -> IntakeRecord {
    let made_up = format!("office@bakery-{n}.example");
    let address = EmailAddress::parse(address.unwrap_or(&made_up)).unwrap();
    bakery(n + 1, &address).unwrap()
}

pub(crate) fn messenger(settings: SmtpSettings) -> impl FnOnce(VirtualClock) -> SmtpMessenger {
    |clock| SmtpMessenger::new(settings, Arc::new(MemoryBlobs::default()), clock).unwrap()
}

#[tokio::test]
async fn a_letter_is_handed_over_with_its_envelope_and_the_server_s_word_kept() {
    let server = Server::start(Vec::new()).await;
    let play = play(messenger(server.settings()), 1, 2).await;
    let [one] = play.tries.as_slice() else {
        panic!("{:?}", play.tries)
    };
    assert!(
        one.outcome
            .as_ref()
            .unwrap()
            .provider_id
            .contains("queued as 4711")
    );
    let heard = server.heard.lock().unwrap().clone();
    assert!(
        heard.contains(&"EHLO agency.example".to_owned()),
        "{heard:?}"
    );
    assert!(
        heard.contains(&"MAIL FROM:<mara@agency.example>".to_owned()),
        "{heard:?}"
    );
    assert!(
        heard.contains(&"RCPT TO:<office@bakery-0.example>".to_owned()),
        "{heard:?}"
    );
    let taken = server.taken.lock().unwrap().clone();
    let mail = InboundMail::read(taken.first().unwrap(), &InboundLimits::default()).unwrap();
    assert_eq!(mail.from.unwrap().as_str(), "mara@agency.example");
}

#[tokio::test]
async fn each_answer_at_each_step_means_what_it_should() {
    use BounceClass::{Block, Hard, Soft};
    use PortErrorKind::{Invalid, PermissionDenied, RateLimited, Unavailable};
    // The step, the answer, the error, and what it says of the address.
    let cases: [(&str, &str, PortErrorKind, SmtpStep, Option<BounceClass>); 22] = [
        (
            "CONNECT",
            "421 too busy",
            Unavailable,
            SmtpStep::Connect,
            None,
        ),
        (
            "CONNECT",
            "554 no service here",
            Invalid,
            SmtpStep::Connect,
            None,
        ),
        ("EHLO", "421 closing", Unavailable, SmtpStep::Connect, None),
        (
            "AUTH",
            "535 5.7.8 bad credentials",
            PermissionDenied,
            SmtpStep::Auth,
            None,
        ),
        (
            "AUTH",
            "454 4.7.0 temporary authentication failure",
            RateLimited,
            SmtpStep::Auth,
            None,
        ),
        (
            "MAIL",
            "451 4.3.0 try again",
            Unavailable,
            SmtpStep::Sender,
            None,
        ),
        (
            "MAIL",
            "550 5.7.1 you may not send as that",
            PermissionDenied,
            SmtpStep::Sender,
            None,
        ),
        (
            "MAIL",
            "421 4.3.2 shutting down",
            Unavailable,
            SmtpStep::Sender,
            None,
        ),
        (
            "RCPT",
            "450 4.2.0 greylisted, try again in 300 seconds",
            Unavailable,
            SmtpStep::Recipient,
            Some(Soft),
        ),
        (
            "RCPT",
            "452 4.2.2 mailbox full",
            Unavailable,
            SmtpStep::Recipient,
            Some(Soft),
        ),
        (
            "RCPT",
            "451 4.7.1 too many messages, slow down",
            RateLimited,
            SmtpStep::Recipient,
            Some(Block),
        ),
        (
            "RCPT",
            "421 4.7.0 try again later",
            Unavailable,
            SmtpStep::Recipient,
            Some(Block),
        ),
        (
            "RCPT",
            "550 5.1.1 user unknown",
            Invalid,
            SmtpStep::Recipient,
            Some(Hard),
        ),
        (
            "RCPT",
            "550 no such user here",
            Invalid,
            SmtpStep::Recipient,
            Some(Hard),
        ),
        (
            "RCPT",
            "552 5.2.2 mailbox full",
            Invalid,
            SmtpStep::Recipient,
            Some(Soft),
        ),
        (
            "RCPT",
            "550 5.7.1 blocked by policy",
            PermissionDenied,
            SmtpStep::Recipient,
            Some(Block),
        ),
        (
            "DATA",
            "451 4.3.0 not now",
            Unavailable,
            SmtpStep::Data,
            Some(Soft),
        ),
        (
            "DATA",
            "554 5.7.1 refused",
            PermissionDenied,
            SmtpStep::Data,
            Some(Block),
        ),
        (
            "DOT",
            "451 4.3.0 queue file write error",
            Unavailable,
            SmtpStep::Content,
            Some(Soft),
        ),
        (
            "DOT",
            "550 5.7.515 access denied, authentication required",
            PermissionDenied,
            SmtpStep::Content,
            Some(Block),
        ),
        (
            "DOT",
            "552 5.3.4 message too big",
            Invalid,
            SmtpStep::Content,
            Some(Soft),
        ),
        (
            "DOT",
            "550 5.1.1 user unknown",
            Invalid,
            SmtpStep::Content,
            Some(Hard),
        ),
    ];
    for (at, answer, kind, step, class) in cases {
        let server = Server::start(vec![(at, answer)]).await;
        let play = play(messenger(server.settings()), 1, 2).await;
        let first = play.tries.first().unwrap();
        let case = format!("{at} {answer}: {first:?}");
        assert_eq!(first.outcome.as_ref().unwrap_err(), &kind, "{case}");
        let refusal = first.refusal.as_ref().unwrap();
        assert_eq!((refusal.step, refusal.class), (step, class), "{case}");
        assert!(first.said.contains(answer.split_at(3).0), "{case}");
        assert_eq!(play.unknown, 0, "{case}");
        // What may go well later did: the script says it once.
        let again = matches!(kind, Unavailable | RateLimited);
        assert_eq!(play.tries.len() > 1, again, "{case}");
        let taken = server.taken.lock().unwrap().len();
        let refused_whole = usize::from(at == "DOT");
        assert_eq!(taken, usize::from(again) + refused_whole, "{case}");
    }
}

#[tokio::test]
async fn a_lost_answer_before_the_letter_is_a_try_and_after_it_unknown() {
    for (at, how, kind) in [
        ("CONNECT", "CLOSE", PortErrorKind::Unavailable),
        ("CONNECT", "SILENT", PortErrorKind::Unavailable),
        ("AUTH", "SILENT", PortErrorKind::Unavailable),
        ("RCPT", "CLOSE", PortErrorKind::Unavailable),
        ("RCPT", "SILENT", PortErrorKind::Unavailable),
        ("DATA", "CLOSE", PortErrorKind::Unavailable),
        ("DOT", "CLOSE", PortErrorKind::Timeout),
        ("DOT", "SILENT", PortErrorKind::Timeout),
    ] {
        let server = Server::start(vec![(at, how)]).await;
        let play = play(messenger(server.settings()), 1, 2).await;
        let first = play.tries.first().unwrap();
        assert_eq!(
            first.outcome.as_ref().unwrap_err(),
            &kind,
            "{at} {how}: {first:?}"
        );
        let lost = kind == PortErrorKind::Timeout;
        assert_eq!(play.unknown, usize::from(lost), "{at} {how}");
        // Unknown is never tried again by itself: the letter is there once at most.
        assert_eq!(server.taken.lock().unwrap().len(), 1, "{at} {how}");
        assert_eq!(play.tries.len(), if lost { 1 } else { 2 }, "{at} {how}");
    }
}

#[tokio::test]
async fn a_connection_serves_several_letters_and_a_dead_one_is_replaced() {
    let server = Server::start(Vec::new()).await;
    let sent = play(messenger(server.settings()), 3, 3).await;
    assert_eq!(sent.tries.iter().filter(|t| t.outcome.is_ok()).count(), 3);
    let (letters, connections) = (
        server.taken.lock().unwrap().len(),
        *server.connections.lock().unwrap(),
    );
    assert_eq!(letters, 3);
    assert_eq!(
        connections, 1,
        "one conversation after the other over one connection"
    );

    let server = Server::start(vec![("RSET", "CLOSE"), ("RSET", "421 idle too long")]).await;
    let sent = play(messenger(server.settings()), 3, 3).await;
    assert!(
        sent.tries.iter().all(|t| t.outcome.is_ok()),
        "{:?}",
        sent.tries
    );
    assert_eq!(server.taken.lock().unwrap().len(), 3);
    assert_eq!(*server.connections.lock().unwrap(), 3);
}

/// The tags of the one signature.
fn signature(mail: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(mail).into_owned();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let lines: Vec<&str> = unfolded
        .lines()
        .filter(|l| l.to_lowercase().starts_with("dkim-signature:"))
        .collect();
    assert_eq!(lines.len(), 1, "{head}");
    let (_, value) = lines.first().unwrap().split_once(':').unwrap();
    let tags = value.split(';').filter_map(|tag| tag.split_once('='));
    tags.map(|(name, value)| (name.trim().to_owned(), value.split_whitespace().collect()))
        .collect()
}

/// R8-2: both list headers stand in the signature's `h=`.
// covers: R8-2
#[tokio::test]
async fn r8_2_the_list_headers_are_signed() {
    let server = Server::start(Vec::new()).await;
    let settings = server.settings();
    // RFC 8463's example key.
    let seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    let dkim = Dkim::ed25519(DomainName::parse("agency.example").unwrap(), "s1", seed).unwrap();
    play(|clock| messenger(settings)(clock).with_dkim(dkim), 1, 2).await;
    let taken = server.taken.lock().unwrap().clone();
    let tags = signature(taken.first().unwrap());
    let tag = |name: &str| {
        tags.iter()
            .find(|(n, _)| n == name)
            .unwrap()
            .1
            .to_lowercase()
    };
    assert_eq!(
        (tag("d"), tag("s"), tag("c"), tag("a")),
        (
            "agency.example".into(),
            "s1".into(),
            "relaxed/relaxed".into(),
            "ed25519-sha256".into()
        )
    );
    let signed: Vec<String> = tag("h").split(':').map(str::to_owned).collect();
    for name in [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
    ] {
        assert!(signed.contains(&name.to_owned()), "{name}: {signed:?}");
    }
}

#[tokio::test]
async fn what_is_not_ours_to_send_never_reaches_the_server() {
    let server = Server::start(Vec::new()).await;
    let settings = server.settings();
    let seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    let other = Dkim::ed25519(DomainName::parse("other.example").unwrap(), "s1", seed).unwrap();
    let play = play(|clock| messenger(settings)(clock).with_dkim(other), 1, 2).await;
    assert!(
        play.tries
            .first()
            .unwrap()
            .said
            .contains("DKIM key is of `other.example`")
    );
    assert_eq!(*server.connections.lock().unwrap(), 0);
}

#[test]
fn settings_that_would_leak_or_lie_are_refused() {
    let at = |change: fn(&mut SmtpSettings)| {
        let mut settings = SmtpSettings::submission("mail.agency.example", "agency.example");
        change(&mut settings);
        let made = SmtpMessenger::new(
            settings,
            Arc::new(MemoryBlobs::default()),
            VirtualClock::new(start()),
        );
        made.map(drop).map_err(|e| e.chain())
    };
    assert!(at(|_| {}).is_ok());
    assert!(
        at(|s| s.security = Security::Loopback)
            .unwrap_err()
            .contains("without TLS")
    );
    assert!(
        at(|s| s.hello = "a b\r\nMAIL".to_owned())
            .unwrap_err()
            .contains("greet")
    );
    assert!(
        at(|s| s.root_pem = Some(b"none".to_vec()))
            .unwrap_err()
            .contains("root certificate")
    );
    let secret = format!(
        "{:?}",
        SmtpSettings {
            login: Some(("u".to_owned(), Secret::new("hush"))),
            ..SmtpSettings::submission("h", "h")
        }
    );
    assert!(!secret.contains("hush"), "{secret}");
    for (selector, key) in [
        ("s1", "none"),
        ("s 1", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="),
    ] {
        assert!(
            Dkim::ed25519(DomainName::parse("agency.example").unwrap(), selector, key).is_err()
        );
    }
    assert!(Dkim::rsa(DomainName::parse("agency.example").unwrap(), "s1", "none").is_err());
}
