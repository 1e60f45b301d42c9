//! The routes.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::time::Clock;
use dealwright_runtime::{Agency, OptOutToken};
use tokio::net::TcpListener;
use url::Url;

use crate::body::{self, Unread};
use crate::hook::{Delivery, Webhook};
use crate::inquiry::{Filled, InquiryForm, Sent};
use crate::page::{line, page, safe};
use crate::selftest;
use crate::words::{self, Words};

/// The most bytes of an opt-out's body: it has one field.
const WISH: usize = 4 * 1024;
/// The most bytes of a form.
const FORM: usize = 64 * 1024;

/// Why there is no front.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrontError {
    /// The address of opt-outs is none that letters may name (RFC 8058).
    #[error(
        "`{0}` is no base for opt-out addresses; write `https://`, a host and a path that ends in `/`"
    )]
    OptOutBase(String),
    /// A webhook's name cannot stand in an address, or is taken.
    #[error("`{0}` cannot name a webhook; use small letters, digits and `-`, each name once")]
    HookName(String),
}

/// What the outside reaches of an agency: opt-outs, an inquiry form, webhooks.
#[derive(Clone, Debug)]
pub struct Front {
    shared: Arc<Shared>,
}

#[derive(Clone, Debug)]
struct Shared {
    agency: Agency,
    clock: Arc<dyn Clock>,
    organisation: String,
    opt_out_path: String,
    hooks: BTreeMap<String, Arc<dyn Webhook>>,
    inquiries: Option<InquiryForm>,
}

impl Front {
    /// The front of `agency`, which calls itself `organisation` and writes opt-out addresses that
    /// begin with `opt_out_base`.
    ///
    /// # Errors
    ///
    /// [`FrontError::OptOutBase`].
    pub fn new(
        agency: Agency,
        clock: impl Clock + 'static,
        organisation: &str,
        opt_out_base: &str,
    ) -> Result<Self, FrontError> {
        let wrong = || FrontError::OptOutBase(opt_out_base.to_owned());
        let url = Url::parse(opt_out_base).map_err(|_| wrong())?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.');
        let path = url.path();
        if url.scheme() != "https"
            || url.query().is_some()
            || url.fragment().is_some()
            || !path.ends_with('/')
            || !path.bytes().all(plain)
        {
            return Err(wrong());
        }
        Ok(Self {
            shared: Arc::new(Shared {
                opt_out_path: path.to_owned(),
                agency,
                clock: Arc::new(clock),
                organisation: organisation.to_owned(),
                hooks: BTreeMap::new(),
                inquiries: None,
            }),
        })
    }

    /// Takes the deliveries of `hook` at `/hooks/NAME`.
    ///
    /// # Errors
    ///
    /// [`FrontError::HookName`].
    pub fn with_hook(self, name: &str, hook: impl Webhook + 'static) -> Result<Self, FrontError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let mut shared = Arc::unwrap_or_clone(self.shared);
        let taken = shared.hooks.contains_key(name);
        if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) || taken {
            return Err(FrontError::HookName(name.to_owned()));
        }
        shared.hooks.insert(name.to_owned(), Arc::new(hook));
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Shows an inquiry form at `/contact`.
    #[must_use]
    pub fn with_inquiries(self, form: InquiryForm) -> Self {
        let mut shared = Arc::unwrap_or_clone(self.shared);
        shared.inquiries = Some(form);
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The routes, for a server of one's own:
    ///
    /// | route | |
    /// |---|---|
    /// | `GET {opt-out path}{token}` | asks; changes nothing, since scanners fetch links |
    /// | `POST {opt-out path}{token}` | opts out: `List-Unsubscribe=One-Click` (RFC 8058), or the page's button |
    /// | `GET`, `POST /contact` | the inquiry form, where there is one |
    /// | `POST /hooks/{name}` | a webhook |
    /// | `GET /self-test/{nonce}` | proves that this agency answers here |
    pub fn router(&self) -> Router {
        let opt_out = format!("{}{{token}}", self.shared.opt_out_path);
        let mut router = Router::new()
            .route(&opt_out, get(ask).post(wish))
            .route("/hooks/{name}", axum::routing::post(deliver))
            .route("/self-test/{nonce}", get(prove));
        if self.shared.inquiries.is_some() {
            router = router.route("/contact", get(contact).post(inquire));
        }
        router.with_state(self.clone())
    }

    fn page(
        &self,
        words: &Words,
        status: StatusCode,
        heading: &str,
        inner: &str,
    ) -> Response<Body> {
        page(words, status, &self.shared.organisation, heading, inner)
    }

    fn text(&self, words: &Words, status: StatusCode, heading: &str, text: &str) -> Response<Body> {
        self.page(words, status, heading, &format!("<p>{}</p>", safe(text)))
    }

    fn unknown(&self, words: &Words) -> Response<Body> {
        let status = StatusCode::NOT_FOUND;
        self.text(words, status, words.unknown, words.unknown_text)
    }

    fn later(&self, words: &Words) -> Response<Body> {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        self.text(words, status, words.later, words.later_text)
    }

    fn unread(&self, words: &Words, why: Unread) -> Response<Body> {
        let status = match why {
            Unread::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Unread::TooSlow => StatusCode::REQUEST_TIMEOUT,
        };
        self.text(words, status, words.unclear, words.unclear_text)
    }
}

/// What a person sees who opens the address. Nothing is changed: programs open addresses too.
async fn ask(
    State(front): State<Front>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let words = words::of(&headers);
    let Some(token) = OptOutToken::parse(&token) else {
        return front.unknown(words);
    };
    match front.shared.agency.opted_out(&token).await {
        Ok(Some(true)) => front.text(words, StatusCode::OK, words.done, words.done_text),
        Ok(Some(false)) => {
            let inner = format!(
                "<p>{}</p>\n<form method=\"post\"><button name=\"confirm\" value=\"yes\">{}</button></form>",
                safe(words.ask),
                safe(words.yes)
            );
            front.page(words, StatusCode::OK, words.no_more, &inner)
        }
        Ok(None) => front.unknown(words),
        Err(_) => front.later(words),
    }
}

/// Who asks, by the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A mail program, for its owner (RFC 8058).
    OneClick,
    /// The button of the page.
    Page,
}

impl Way {
    fn of(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let media = headers
            .get("content-type")
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase();
        if media.starts_with("multipart/form-data") {
            // RFC 8058 allows both forms; the field has no other value, so looking for it is enough.
            let text = String::from_utf8_lossy(body);
            let named = text.contains("name=\"List-Unsubscribe\"")
                || text.contains("name=List-Unsubscribe");
            let said = text.lines().any(|line| line.trim() == "One-Click");
            return (named && said).then_some(Self::OneClick);
        }
        body::fields(body).into_iter().find_map(|(name, value)| {
            match (name.as_str(), value.as_str()) {
                ("List-Unsubscribe", "One-Click") => Some(Self::OneClick),
                ("confirm", "yes") => Some(Self::Page),
                _ => None,
            }
        })
    }
}

/// The wish to get no more letters. Never redirects, wants no cookie and no login.
async fn wish(
    State(front): State<Front>,
    Path(token): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response<Body> {
    let words = words::of(&headers);
    let Some(token) = OptOutToken::parse(&token) else {
        return front.unknown(words);
    };
    let body = match body::read(request.into_body(), WISH).await {
        Ok(body) => body,
        Err(why) => return front.unread(words, why),
    };
    let Some(way) = Way::of(&headers, &body) else {
        let status = StatusCode::BAD_REQUEST;
        return front.text(words, status, words.unclear, words.unclear_text);
    };
    let source = match way {
        Way::OneClick => "one-click",
        Way::Page => "opt-out-page",
    };
    let now = front.shared.clock.now();
    match front.shared.agency.opt_out(&token, source, now).await {
        Ok(Some(())) if way == Way::OneClick => line(StatusCode::OK, "unsubscribed"),
        Ok(Some(())) => front.text(words, StatusCode::OK, words.done, words.done_text),
        Ok(None) => front.unknown(words),
        Err(_) => front.later(words),
    }
}

async fn contact(State(front): State<Front>, headers: HeaderMap) -> Response<Body> {
    front.form(
        words::of(&headers),
        StatusCode::OK,
        &Filled::default(),
        None,
    )
}

impl Front {
    fn form(
        &self,
        words: &Words,
        status: StatusCode,
        filled: &Filled,
        wrong: Option<&str>,
    ) -> Response<Body> {
        let Some(form) = &self.shared.inquiries else {
            return self.unknown(words);
        };
        let now = self.shared.clock.now();
        let inner = form.html(&self.shared.agency, words, filled, wrong, now);
        self.page(words, status, words.write, &inner)
    }
}

async fn inquire(
    State(front): State<Front>,
    headers: HeaderMap,
    request: Request,
) -> Response<Body> {
    let words = words::of(&headers);
    let Some(form) = &front.shared.inquiries else {
        return front.unknown(words);
    };
    let body = match body::read(request.into_body(), FORM).await {
        Ok(body) => body,
        Err(why) => return front.unread(words, why),
    };
    let (agency, now) = (&front.shared.agency, front.shared.clock.now());
    match form.send(agency, words, body::fields(&body), now).await {
        Ok(Sent::Taken) => front.text(words, StatusCode::OK, words.thanks, words.thanks_text),
        Ok(Sent::Wrong(why, filled)) => {
            front.form(words, StatusCode::UNPROCESSABLE_ENTITY, &filled, Some(why))
        }
        Err(_) => front.later(words),
    }
}

async fn deliver(
    State(front): State<Front>,
    Path(name): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response<Body> {
    let Some(hook) = front.shared.hooks.get(&name) else {
        return line(StatusCode::NOT_FOUND, "there is no webhook of that name");
    };
    let limit = hook.limit();
    let body = match body::read(request.into_body(), limit).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => {
            let text = format!("the body has more than {limit} bytes");
            return line(StatusCode::PAYLOAD_TOO_LARGE, &text);
        }
        Err(Unread::TooSlow) => {
            return line(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
        }
    };
    let delivery = Delivery {
        headers: &headers,
        body: &body,
        now: front.shared.clock.now(),
    };
    match hook.take(&front.shared.agency, delivery).await {
        Ok(()) => line(StatusCode::OK, "taken"),
        Err(refusal) => line(refusal.status(), &refusal.to_string()),
    }
}

async fn prove(State(front): State<Front>, Path(nonce): Path<String>) -> Response<Body> {
    match selftest::proof(front.shared.agency.host(), &nonce) {
        Some(proof) => line(StatusCode::OK, &proof),
        None => line(StatusCode::NOT_FOUND, "no proof of that"),
    }
}

/// Serves the routes until `stop` ends; requests in hand are finished.
///
/// # Errors
///
/// `Unavailable` where the listener breaks.
pub async fn serve(
    listener: TcpListener,
    front: &Front,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), PortError> {
    axum::serve(listener, front.router())
        .with_graceful_shutdown(stop)
        .await
        .map_err(|e| PortError::new("serve", PortErrorKind::Unavailable).with_source(e))
}
