//! A Stripe of the tests' own on loopback: it checks keys and versions, stores answers by
//! idempotency key as Stripe does, failures of its own included, keeps books, and fails on order.

mod api;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, Uri};
use dealwright_payments::stripe::{ApiKey, STRIPE_VERSION, StripeClient};
use dealwright_payments::testing::Fault;
use serde_json::{Value, json};

use crate::Dice;
use crate::form;

/// How long a client of the tests waits: long, since the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: String,
    pub(crate) key: Option<String>,
}

#[derive(Clone, Debug)]
struct Stored {
    request: String,
    status: u16,
    body: Value,
}

/// What goes wrong at the next call, or at any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Of(Fault),
    /// A request with this key is under way.
    UnderWay,
    /// A proxy's page instead of an answer.
    Page,
    /// It is done and answered too late.
    Slow(Duration),
    /// It is done and answered with what is no object.
    Garbage,
    /// It is done and answered with more than anybody wants.
    Flood,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) objects: BTreeMap<&'static str, Vec<Value>>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) events: Vec<Value>,
    keys: BTreeMap<String, Stored>,
    /// For the next call that takes money.
    next: Option<Trouble>,
    /// For every call after that one.
    after_next: Option<Trouble>,
    every: Option<Trouble>,
    /// For any call, one in so many.
    weather: Option<(Dice, usize)>,
    /// What Stripe adds to each invoice, as by a setting that nobody knows of.
    pub(crate) surcharge: i64,
    pub(crate) now: i64,
    ids: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Fake {
    pub(crate) world: Arc<Mutex<World>>,
    address: String,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let world = Arc::new(Mutex::new(World::at(1_772_442_000)));
        let shared = Arc::clone(&world);
        let app = axum::Router::new().fallback(
            move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                answer(Arc::clone(&shared), method, uri, headers, body)
            },
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { world, address }
    }

    pub(crate) fn client(&self) -> StripeClient {
        let key = ApiKey::parse("sk_test_fake").unwrap();
        let client = StripeClient::at(&self.address, key).unwrap();
        client.with_timeout(PATIENCE).unwrap()
    }

    pub(crate) fn client_with(&self, key: &str, patience: Duration) -> StripeClient {
        let client = StripeClient::at(&self.address, ApiKey::parse(key).unwrap()).unwrap();
        client.with_timeout(patience).unwrap()
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fail_next(&self, trouble: Trouble) {
        self.world().next = Some(trouble);
    }

    /// Whatever follows the next call that takes money fails too, until the weather changes.
    pub(crate) fn fail_after_next(&self) {
        self.world().after_next = Some(Trouble::Page);
    }

    pub(crate) fn every_call(&self, trouble: Option<Trouble>) {
        self.world().every = trouble;
    }

    /// One call in `one_in` goes wrong, by `seed`; none where 0.
    pub(crate) fn weather(&self, seed: u64, one_in: usize) {
        let mut world = self.world();
        world.weather = (one_in > 0).then(|| (Dice::new(seed), one_in));
        world.every = None;
    }

    pub(crate) fn forget_keys(&self) {
        self.world().keys.clear();
    }
}

impl World {
    pub(crate) fn at(now: i64) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    fn id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}_{:06}", self.ids)
    }

    pub(crate) fn all(&self, kind: &str) -> &[Value] {
        self.objects.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn find(&self, kind: &str, id: &str) -> Option<&Value> {
        self.all(kind).iter().find(|object| object["id"] == id)
    }

    fn change(&mut self, kind: &'static str, id: &str) -> Option<&mut Value> {
        let all = self.objects.entry(kind).or_default();
        all.iter_mut().find(|object| object["id"] == id)
    }

    /// The client pays an open invoice on its page.
    pub(crate) fn pay(&mut self, invoice: &str) {
        self.now += 60;
        let (payment, now) = (self.id("pi"), self.now);
        let found = self.change("invoice", invoice).unwrap();
        assert_eq!(found["status"], "open", "only what was asked for is paid");
        found["status"] = json!("paid");
        found["amount_paid"] = found["total"].clone();
        found["payment_intent"] = json!(payment);
        found["status_transitions"]["paid_at"] = json!(now);
        let invoice = found.clone();
        let intent = json!({
            "id": payment, "object": "payment_intent", "amount_received": invoice["total"],
            "currency": invoice["currency"], "invoice": invoice["id"], "status": "succeeded",
            "metadata": {},
        });
        self.objects
            .entry("payment_intent")
            .or_default()
            .push(intent.clone());
        self.tell("payment_intent.succeeded", &intent);
        self.tell("invoice.updated", &invoice);
        self.tell("invoice.paid", &invoice);
        self.tell("invoice.payment_succeeded", &invoice);
    }

    /// A person gives money back on Stripe's pages, without our metadata.
    pub(crate) fn refund_by_person(&mut self, payment: &str, amount: i64) -> String {
        self.now += 60;
        let refund = json!({
            "id": self.id("re"), "object": "refund", "amount": amount, "currency": "eur",
            "created": self.now, "payment_intent": payment, "charge": null,
            "status": "succeeded", "metadata": {},
        });
        self.objects
            .entry("refund")
            .or_default()
            .push(refund.clone());
        self.tell("refund.created", &refund);
        refund["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn set_refund(&mut self, id: &str, status: &str) {
        self.now += 60;
        let refund = self.change("refund", id).unwrap();
        refund["status"] = json!(status);
        let refund = refund.clone();
        self.tell("charge.refund.updated", &refund);
    }

    pub(crate) fn tell(&mut self, kind: &str, object: &Value) {
        let event = json!({
            "id": self.id("evt"), "object": "event", "api_version": STRIPE_VERSION,
            "created": self.now, "livemode": false, "pending_webhooks": 1,
            "request": {"id": null, "idempotency_key": null}, "type": kind,
            "data": {"object": object},
        });
        self.events.push(event);
    }
}

async fn answer(
    world: Arc<Mutex<World>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let header = |name: &str| {
        let value = headers.get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let seen = Seen {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        body: String::from_utf8(body.to_vec()).unwrap(),
        key: header("idempotency-key"),
    };
    let ours = header("authorization").is_some_and(|value| value == "Bearer sk_test_fake");
    let version = header("stripe-version");
    let Answer {
        status,
        body,
        replayed,
        end,
    } = {
        let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
        world.now += 1;
        world.seen.push(seen.clone());
        if !ours {
            Answer::of(401, error("invalid_request_error", "api_key"))
        } else if version.as_deref() != Some(STRIPE_VERSION) {
            Answer::of(400, error("invalid_request_error", "version"))
        } else {
            world.take(&seen)
        }
    };
    if let End::Late(wait) = end {
        tokio::time::sleep(wait).await;
    }
    let mut response = Response::builder().status(status);
    if replayed {
        response = response.header("idempotent-replayed", "true");
    }
    if status == 429 {
        response = response.header("retry-after", "2");
    }
    let body = match &body {
        Value::String(page) => page.clone(),
        body => body.to_string(),
    };
    let body = match end {
        // Begun, and broken off: the client sees no end.
        End::Cut => {
            let parts = [Ok("{"), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures::stream::iter(parts))
        }
        End::Whole | End::Late(_) => Body::from(body),
    };
    response.header("request-id", "req_1").body(body).unwrap()
}

pub(crate) fn error(kind: &str, code: &str) -> Value {
    // Stripe's message repeats what was sent.
    json!({"error": {"type": kind, "code": code, "message": "No such thing: ada@example.com"}})
}

struct Answer {
    status: u16,
    body: Value,
    replayed: bool,
    end: End,
}

enum End {
    Whole,
    Cut,
    Late(Duration),
}

impl Answer {
    fn of(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            replayed: false,
            end: End::Whole,
        }
    }
}

impl World {
    fn take(&mut self, seen: &Seen) -> Answer {
        let trouble = self.trouble(seen);
        let request = format!("{} {} {}", seen.method, seen.path, seen.body);
        if let Some(stored) = seen.key.as_ref().and_then(|key| self.keys.get(key)) {
            if stored.request != request {
                return Answer::of(400, error("idempotency_error", "key"));
            }
            let replayed = true;
            let stored = Answer::of(stored.status, stored.body.clone());
            return Answer { replayed, ..stored };
        }
        if seen.method == "POST" && seen.key.is_none() {
            return Answer::of(400, error("test", "a post without a key"));
        }
        let before = match trouble {
            Some(Trouble::Of(Fault::Refused)) => Some((400, error("invalid_request_error", "no"))),
            Some(Trouble::Of(Fault::Busy)) => Some((429, error("rate_limit", "rate_limit"))),
            Some(Trouble::UnderWay) => {
                Some((409, error("idempotency_error", "idempotency_key_in_use")))
            }
            Some(Trouble::Page) => {
                let page = Value::String("<html>bad gateway</html>".to_owned());
                return Answer::of(502, page);
            }
            Some(Trouble::Of(Fault::ErrorBefore)) => Some((500, error("api_error", "oops"))),
            _ => None,
        };
        let (mut status, mut body) = before.unwrap_or_else(|| {
            let query = form::decode(&seen.query);
            let fields = form::decode(&seen.body);
            self.call(&seen.method, &seen.path, &query, &fields)
        });
        let mut end = End::Whole;
        match trouble {
            // What was refused is not failed by the weather after it.
            Some(Trouble::Of(Fault::ErrorAfter)) if status < 300 => {
                (status, body) = (500, error("api_error", "oops"));
            }
            Some(Trouble::Of(Fault::SilentAfter)) => end = End::Cut,
            Some(Trouble::Slow(wait)) => end = End::Late(wait),
            _ => {}
        }
        // What was refused before it ran is not stored; failures of Stripe's own are.
        if !matches!(status, 400..=499)
            && let Some(key) = &seen.key
        {
            let stored = Stored {
                request,
                status,
                body: body.clone(),
            };
            self.keys.insert(key.clone(), stored);
        }
        match trouble {
            Some(Trouble::Garbage) => body = Value::String("not json at all".to_owned()),
            Some(Trouble::Flood) => body = Value::String("x".repeat(9 * 1024 * 1024)),
            _ => {}
        }
        Answer {
            end,
            ..Answer::of(status, body)
        }
    }

    fn trouble(&mut self, seen: &Seen) -> Option<Trouble> {
        let takes_money = seen.method == "POST"
            && (seen.path.ends_with("/finalize") || seen.path == "/v1/refunds");
        if takes_money && self.next.is_some() {
            self.every = self.after_next.take();
            return self.next.take();
        }
        if self.every.is_some() {
            return self.every;
        }
        let (dice, one_in) = self.weather.as_mut()?;
        if dice.below(*one_in) > 0 {
            return None;
        }
        let all = [
            Trouble::Of(Fault::Busy),
            Trouble::Of(Fault::ErrorBefore),
            Trouble::Of(Fault::ErrorAfter),
            Trouble::Of(Fault::ErrorAfter),
            Trouble::Of(Fault::SilentAfter),
            Trouble::UnderWay,
            Trouble::Page,
        ];
        Some(all[dice.below(all.len())])
    }
}
