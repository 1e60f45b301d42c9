//! SendGrid and Mandrill of the tests' own on loopback. They keep books of what they took, check
//! keys, turn addresses down, can be searched, and fail on order at any point of a request.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dealwright_core::time::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::office::noon;

/// The keys that the fakes know.
pub(crate) const SENDGRID_KEY: &str = "SG.test-key.0123456789";
pub(crate) const MANDRILL_KEY: &str = "md-0123456789";

/// Headers of an answer.
pub(crate) type Headers = Vec<(&'static str, String)>;

/// What goes wrong at the next request.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// It is answered so, and nothing is taken.
    Answer(u16, Headers, Value),
    /// The connection ends before anything is taken.
    LostBefore,
    /// It is taken, and the connection ends before the answer.
    LostAfter,
    /// It is taken, and never answered.
    Silent,
    /// It is taken, and the answer breaks off after its head.
    Cut,
    /// It is taken, and answered so.
    Said(u16, &'static str),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// A letter that was taken, or turned down.
#[derive(Clone, Debug)]
pub(crate) struct Booked {
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) state: &'static str,
    /// What we gave along, as the provider gives it back.
    pub(crate) along: Value,
    pub(crate) at: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) seen: Vec<Seen>,
    pub(crate) booked: Vec<Booked>,
    pub(crate) troubles: VecDeque<Trouble>,
    /// Addresses that the provider has on a list, and why.
    pub(crate) denied: BTreeMap<String, &'static str>,
    /// Whether the account indexes our field (Mandrill).
    pub(crate) indexed: bool,
}

impl World {
    /// Those that were taken.
    pub(crate) fn taken(&self) -> Vec<&Booked> {
        let taken = self.booked.iter();
        taken.filter(|b| b.state != "rejected").collect()
    }

    fn book(&mut self, to: &Value, along: &Value, state: &'static str) -> String {
        let id = format!("fake{:04}", self.booked.len());
        self.booked.push(Booked {
            id: id.clone(),
            to: to.as_str().unwrap_or_default().to_owned(),
            state,
            along: along.clone(),
            at: noon(),
        });
        id
    }

    fn answer(&mut self, seen: &Seen) -> (u16, Headers, Value) {
        match seen.path.as_str() {
            "/v3/mail/send" => self.sendgrid(seen),
            "/api/1.0/messages/send" => self.mandrill(&seen.body),
            "/api/1.0/messages/search" => self.search(&seen.body),
            _ => (404, Vec::new(), Value::Null),
        }
    }

    fn sendgrid(&mut self, seen: &Seen) -> (u16, Headers, Value) {
        let error = |message: &str| json!({ "errors": [{ "message": message, "field": null }] });
        let bearer = format!("Bearer {SENDGRID_KEY}");
        if seen.headers.get("authorization") != Some(&bearer) {
            let said = "The provided authorization grant is invalid, expired, or revoked";
            return (401, Vec::new(), error(said));
        }
        if seen.body["mail_settings"]["sandbox_mode"]["enable"] == true {
            return (200, Vec::new(), Value::Null);
        }
        let one = &seen.body["personalizations"][0];
        let id = self.book(&one["to"][0]["email"], &one["custom_args"], "sent");
        (202, vec![("X-Message-Id", id)], Value::Null)
    }

    fn mandrill(&mut self, body: &Value) -> (u16, Headers, Value) {
        if body["key"] != MANDRILL_KEY {
            return (
                401,
                Vec::new(),
                mandrill_error("Invalid_Key", "Invalid API key"),
            );
        }
        let (to, along) = (
            &body["message"]["to"][0]["email"],
            &body["message"]["metadata"],
        );
        let denied = self.denied.get(to.as_str().unwrap_or_default()).copied();
        let state = if denied.is_some() { "rejected" } else { "sent" };
        let id = self.book(to, along, state);
        let result = json!([{ "email": to, "status": state, "_id": id, "reject_reason": denied }]);
        (200, Vec::new(), result)
    }

    fn search(&self, body: &Value) -> (u16, Headers, Value) {
        if body["key"] != MANDRILL_KEY {
            return (
                401,
                Vec::new(),
                mandrill_error("Invalid_Key", "Invalid API key"),
            );
        }
        let words = body["query"].as_str().unwrap_or_default();
        let (from, to) = (body["date_from"].as_str(), body["date_to"].as_str());
        let hit = |b: &&Booked| {
            let day = b.at.format("%Y-%m-%d").to_string();
            let dated =
                from.is_some_and(|f| f <= day.as_str()) && to.is_some_and(|t| day.as_str() <= t);
            self.indexed && dated && b.along.to_string().contains(words)
        };
        let found = self.booked.iter().filter(hit).map(|b| {
            json!({
                "ts": b.at.timestamp(), "_id": b.id, "state": b.state, "email": b.to,
                "metadata": b.along,
            })
        });
        // A search is by words: it may find what is not meant.
        let stray =
            json!({ "ts": 1, "_id": "other", "state": "sent", "subject": words, "metadata": {} });
        let all = std::iter::once(stray).chain(found).collect();
        (200, Vec::new(), all)
    }
}

pub(crate) fn mandrill_error(name: &str, message: &str) -> Value {
    json!({ "status": "error", "code": -1, "name": name, "message": message })
}

#[derive(Clone, Debug)]
pub(crate) struct Fake {
    world: Arc<Mutex<World>>,
    pub(crate) base: String,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            world: Arc::default(),
            base: format!("http://{}", listener.local_addr().unwrap()),
        };
        fake.world().indexed = true;
        let this = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(this.clone().serve(stream));
            }
        });
        fake
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn next(&self, trouble: Trouble) {
        self.world().troubles.push_back(trouble);
    }

    async fn serve(self, mut stream: TcpStream) {
        while let Some(seen) = read(&mut stream).await {
            let (trouble, answer) = {
                let mut world = self.world();
                let trouble = world.troubles.pop_front();
                world.seen.push(seen.clone());
                let answer = match &trouble {
                    Some(Trouble::Answer(status, headers, body)) => {
                        Some((*status, headers.clone(), body.clone()))
                    }
                    Some(Trouble::LostBefore) => None,
                    _ => Some(world.answer(&seen)),
                };
                (trouble, answer)
            };
            let Some((status, headers, body)) = answer else {
                return;
            };
            let body = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };
            let sent = match trouble {
                Some(Trouble::LostAfter) => return,
                Some(Trouble::Silent) => {
                    tokio::time::sleep(Duration::from_secs(3_600)).await;
                    return;
                }
                Some(Trouble::Cut) => {
                    let head = head(status, &headers, body.len() + 100);
                    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                    return;
                }
                Some(Trouble::Said(status, text)) => {
                    format!("{}{text}", head(status, &[], text.len()))
                }
                _ => format!("{}{body}", head(status, &headers, body.len())),
            };
            if stream.write_all(sent.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

fn head(status: u16, headers: &[(&'static str, String)], length: usize) -> String {
    let mut head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head
}

/// One request, or nothing where the connection ended.
async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        bytes.push(stream.read_u8().await.ok()?);
    };
    let text = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = text.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen {
        path,
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    })
}
