//! A letter goes out by a real mail server, and what comes back is heard: an answer, a bounce and a
//! complaint, while `agency run` works.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

#[cfg(feature = "mongodb")]
#[allow(dead_code, reason = "the adapter's own tests use more of it")]
#[path = "../../../agent-adapters/mongodb/tests/it/instance.rs"]
mod instance;
#[allow(dead_code, reason = "the adapter's own tests use more of it")]
#[path = "../../../agent-adapters/email/tests/it/servers/mod.rs"]
mod servers;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dealwright_core::party::Country;
use dealwright_core::time::{Calendar, Clock, SendWindow, Zone};
use dealwright_system::SystemClock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio_rustls::TlsAcceptor;

use servers::{CROSS, GONE, LOGIN, MAILBOX, MailServers};

const HEADING: &str = "id,Name,Street,Zip,City,Phone,Mail,Web,Kind";
const MAP: &str = r#"
[columns]
row_id = "id"

[roles]
name = ["Name"]
street = ["Street"]
postal_code = ["Zip"]
city = ["City"]
phone = ["Phone"]
email = ["Mail"]
website = ["Web"]
category = ["Kind"]

[defaults]
country = "US"
zone = "@ZONE@"
currency = "USD"
language = "en"

[[source]]
source = "town-register"
allowed = ["find_leads", "enrich"]
automation = false
storage_days = 365
attribution = "Town register"
review_by = "2999-12-31"
"#;
const ROWS: [(&str, &str, &str); 3] = [
    ("Blackbird Bakery Inc.", "1 Main Street", MAILBOX),
    ("Cinnamon Cafe Inc.", "95 Lighthouse Drive", CROSS),
    ("Dunlin Hardware Inc.", "7 Harbor Lane", GONE),
];

/// A zone in which it is office hours now; `None` on a weekend or a holiday everywhere.
fn open_zone() -> Option<&'static str> {
    let country = Country::parse("US").ok();
    let east = (1..=14).map(|n| format!("Etc/GMT-{n}"));
    let west = (0..=12).map(|n| format!("Etc/GMT+{n}"));
    let zones = east.chain(west).filter_map(|name| Zone::parse(&name).ok());
    let now = SystemClock.now();
    let hour = chrono::Duration::minutes(20);
    zones
        .filter(|zone| {
            let window = SendWindow::office_hours(vec![*zone], Calendar::of(country));
            window.is_open(now) && window.is_open(now + hour)
        })
        .map(Zone::name)
        .next()
}

/// The public address: TLS before the agency's own port.
fn public(servers: &MailServers, to: SocketAddr) -> (tokio::runtime::Runtime, u16) {
    let pem = servers.identity();
    let chain = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pem).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let inner = tokio::net::TcpStream::connect(to).await;
                if let (Ok(mut tls), Ok(mut inner)) = (acceptor.accept(tcp).await, inner) {
                    let _ = copy_bidirectional(&mut tls, &mut inner).await;
                }
            });
        }
    });
    (runtime, port)
}

struct Home {
    dir: tempfile::TempDir,
    uri: Option<String>,
}

impl Home {
    fn path(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agency"));
        command.arg("--home").arg(self.path()).args(arguments);
        command
            .env("SMTP_PASSWORD", LOGIN.1)
            .env("IMAP_PASSWORD", LOGIN.1);
        if let Some(uri) = &self.uri {
            command.env("MONGODB_URI", uri);
        }
        command
    }

    fn said(&self, arguments: &[&str]) -> String {
        let output: Output = self.command(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let all = [&["--json"], arguments].concat();
        serde_json::from_str(&self.said(&all)).unwrap()
    }

    /// What stands against writing to somebody.
    fn suppressions(&self, address: &str) -> String {
        let found = self.json(&["subject", "export", address]);
        found["standing"]["suppressions"].to_string()
    }

    fn configure(&self, servers: &MailServers, public: u16) {
        let file = self.path().join("agency.toml");
        let mut text = fs::read_to_string(&file).unwrap();
        let mut set = |from: &str, to: &str| {
            assert!(text.contains(from), "agency.toml has no `{from}`");
            text = text.replace(from, to);
        };
        set("\"mara@agency.example\"", &format!("\"{}\"", LOGIN.0));
        set(
            "verified_domains = [\"agency.example\"]",
            "verified_domains = [\"mail.test\"]",
        );
        set(
            "https://agency.example/o/",
            &format!("https://localhost:{public}/o/"),
        );
        set("gap_seconds = 600", "gap_seconds = 1");
        set("company = 1", "company = 10");
        set(
            "[sender]\n",
            &format!(
                "[mail]\nhost = \"localhost\"\nport = {}\nuser = \"{2}\"\nroot_certificate = \"root.pem\"\n\n\
                 [inbox]\nhost = \"localhost\"\nport = {1}\nuser = \"{2}\"\nroot_certificate = \"root.pem\"\n\n[sender]\n",
                servers.submission, servers.imaps, LOGIN.0
            ),
        );
        if self.uri.is_some() {
            set("[store]\n", "[store]\nkind = \"mongodb\"\n");
        }
        fs::write(file, text).unwrap();
        fs::write(self.path().join("root.pem"), servers.root_certificate()).unwrap();
    }
}

struct Running(Child, PathBuf);

impl Running {
    fn start(home: &Home, at: SocketAddr) -> Self {
        let log = home.dir.path().join("run.log");
        let child = home
            .command(&["run", "--bind", &at.to_string()])
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self(child, log)
    }

    fn until(&self, what: &str, servers: &MailServers, mut holds: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(
                begun.elapsed() < Duration::from_secs(90),
                "not within 90 s: {what}\n{}\n{}",
                fs::read_to_string(&self.1).unwrap(),
                servers.logs()
            );
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn message_id(letter: &Path) -> String {
    let text = fs::read_to_string(letter).unwrap();
    let line = text
        .lines()
        .find(|l| l.to_lowercase().starts_with("message-id:"));
    line.unwrap().split_once(':').unwrap().1.trim().to_owned()
}

fn answer(to: &str) -> String {
    format!(
        "From: Kim <{MAILBOX}>\nTo: {}\nSubject: Re: Website audit\nMessage-ID: <a1@bakery.example>\nIn-Reply-To: {to}\nReferences: {to}\nDate: Tue, 24 Nov 2026 12:00:00 +0000\n\n\
         That sounds useful. We need a website audit. What would it cost?\n\n\
         On 24 Nov 2026, at 10:12, Mara <{}> wrote:\n> zanzibar was in the letter\n",
        LOGIN.0, LOGIN.0
    )
}

fn complaint(of: &str) -> String {
    format!(
        "From: fbl@provider.example\nTo: {}\nSubject: complaint\nMessage-ID: <c1@provider.example>\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nThis is a report.\n\
         --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n\n\
         --b\nContent-Type: message/rfc822\n\nFrom: {0}\nTo: {CROSS}\nMessage-ID: {of}\nSubject: s\n\nx\n\n--b--\n",
        LOGIN.0
    )
}

fn play(uri: Option<String>) {
    let Some(zone) = open_zone() else {
        println!("skipped: no letter leaves today, it is a weekend or a holiday everywhere");
        return;
    };
    let Some(servers) = MailServers::start("none none") else {
        return;
    };
    let home = Home {
        dir: tempfile::tempdir().unwrap(),
        uri,
    };
    let at = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (_tls, port) = public(&servers, at);
    let (csv, map) = (
        home.dir.path().join("l.csv"),
        home.dir.path().join("m.toml"),
    );
    let rows = ROWS.iter().enumerate().map(|(n, (name, street, mail))| {
        format!("r{n},{name},{street},4999{n},Port Merrow,906.555.011{n},{mail},www.firm-{n}.example,bakery\n")
    });
    fs::write(&csv, format!("{HEADING}\n{}", rows.collect::<String>())).unwrap();
    fs::write(&map, MAP.replace("@ZONE@", zone)).unwrap();
    home.said(&["init", home.path().to_str().unwrap()]);
    home.configure(&servers, port);
    home.said(&[
        "import",
        csv.to_str().unwrap(),
        "--map",
        map.to_str().unwrap(),
    ]);
    home.said(&["run", "--until-idle"]);
    let drafts = home.json(&["drafts"]);
    let drafts = drafts["drafts"].as_array().unwrap();
    assert_eq!(drafts.len(), 3, "{drafts:?}");
    for draft in drafts {
        home.said(&["approve", draft["id"].as_str().unwrap()]);
    }
    assert!(
        servers.kept(MAILBOX).is_empty(),
        "nothing leaves before the public address answers"
    );

    let run = Running::start(&home, at);
    run.until("the letters arrive", &servers, || {
        !servers.kept(MAILBOX).is_empty() && !servers.kept(CROSS).is_empty()
    });
    run.until("the bounce is heard", &servers, || {
        home.suppressions(GONE).contains("hard bounce")
    });
    let letter = message_id(&servers.kept(MAILBOX)[0]);
    servers.post(LOGIN.0, &answer(&letter));
    run.until("the answer moves the deal", &servers, || {
        let deals = home.json(&["deals"]);
        let mine = deals.as_array().unwrap().iter().find(|d| {
            d["client"]
                .as_str()
                .is_some_and(|c| c.contains("Blackbird"))
        });
        mine.is_some_and(|d| d["stage"] != "contacting" && d["stage"] != "new")
    });
    servers.post(LOGIN.0, &complaint(&message_id(&servers.kept(CROSS)[0])));
    run.until("the complaint is heard", &servers, || {
        home.suppressions(CROSS).contains("complaint")
    });
    // What they wrote was read without what they quoted.
    let theirs = home.json(&["subject", "export", MAILBOX]).to_string();
    assert!(theirs.contains("What would it cost?"), "{theirs}");
    assert!(!theirs.contains("zanzibar"), "{theirs}");
    assert_eq!(home.suppressions(MAILBOX), "[]");
    // They are written to as an answer now, and the sequence of first letters is over.
    run.until("the answer is answered", &servers, || {
        let drafts = home.json(&["drafts"]);
        let steps = drafts["drafts"].as_array().unwrap();
        steps
            .iter()
            .any(|d| d["to"] == MAILBOX && !d["step"].as_str().unwrap().starts_with("touch"))
    });
    assert_eq!(servers.kept(MAILBOX).len(), 1, "one letter, once");
    // What a service's log would keep of it holds no password, no address and no word of theirs.
    let log = fs::read_to_string(&run.1).unwrap();
    for secret in [LOGIN.1, MAILBOX, CROSS, GONE, "What would it cost"] {
        assert!(!log.contains(secret), "{log}");
    }
}

// covers: DS-1, SE-3
#[test]
fn an_answer_a_bounce_and_a_complaint_come_back_to_a_file() {
    play(None);
}

#[cfg(feature = "mongodb")]
#[test]
fn an_answer_a_bounce_and_a_complaint_come_back_to_a_database() {
    let Some(server) = instance::Server::start() else {
        return;
    };
    play(Some(server.database("round")));
}
