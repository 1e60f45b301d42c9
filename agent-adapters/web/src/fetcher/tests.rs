use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use dealwright_core::page::{FetchPurpose, SourceName};
use dealwright_core::time::FixedClock;
use dealwright_discovery::source::{TermsRecord, TermsRecordParts};

use super::*;
use crate::egress::grant;
use crate::policy::FetchParams;

/// One canned answer.
#[derive(Clone)]
pub(crate) struct Canned {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Canned {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

pub(crate) fn html(body: &str) -> Canned {
    answer(200, "text/html; charset=utf-8", body.as_bytes())
}

pub(crate) fn answer(status: u16, kind: &str, body: &[u8]) -> Canned {
    Canned {
        status,
        headers: vec![("content-type", kind.to_owned())],
        body: body.to_vec(),
    }
}

fn redirect(status: u16, to: &str) -> Canned {
    let mut canned = answer(status, "text/plain", b"");
    canned.headers.push(("location", to.to_owned()));
    canned
}

type Routes = BTreeMap<&'static str, Canned>;
type Hits = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// A site on this machine that counts its visitors.
#[derive(Clone)]
pub(crate) struct Site {
    address: SocketAddr,
    hits: Hits,
}

impl Site {
    pub(crate) async fn serve(routes: impl IntoIterator<Item = (&'static str, Canned)>) -> Self {
        let routes: Routes = routes.into_iter().collect();
        let hits = Hits::default();
        let app = Router::new()
            .fallback(serve)
            .with_state((Arc::new(routes), hits.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, hits }
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.hits
            .lock()
            .unwrap()
            .iter()
            .map(|(path, _)| path.clone())
            .collect()
    }

    pub(crate) fn at(&self, host: &str) -> LoopbackGrant {
        grant::loopback(&url(&format!("http://{host}/")), self.address).unwrap()
    }
}

async fn serve(
    State((routes, hits)): State<(Arc<Routes>, Hits)>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path_and_query().unwrap().to_string();
    hits.lock()
        .unwrap()
        .push((path.clone(), request.headers().clone()));
    let missing = answer(404, "text/plain", b"");
    let canned = routes.get(path.as_str()).unwrap_or(&missing);
    // A date of its own, so that two readings are equal whatever second they fall into.
    let mut response = Response::builder()
        .status(canned.status)
        .header("date", "Sun, 01 Mar 2026 12:00:00 GMT");
    for (name, value) in &canned.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(canned.body.clone())).unwrap()
}

pub(crate) fn url(text: &str) -> PageUrl {
    PageUrl::parse(text).unwrap()
}

/// A resolver to which the outside world does not exist.
#[derive(Debug)]
struct NoDns;

#[async_trait]
impl Resolve for NoDns {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn quick() -> FetchParams {
    FetchParams {
        min_interval_ms: 0,
        max_wait_ms: 200,
        answer_ms: 2_000,
        ..FetchParams::default()
    }
}

/// A fetcher for tests: no pauses, no DNS, terms for the source `guide`.
pub(crate) fn fetcher(params: FetchParams) -> WebFetcher {
    let allowed = [
        FetchPurpose::FindLeads,
        FetchPurpose::ReadSignals,
        FetchPurpose::ClientWork,
    ];
    let record = TermsRecord::check(TermsRecordParts {
        source: source(),
        allowed: allowed.into(),
        automation: true,
        storage_days: 30,
        attribution: String::new(),
        review_by: "2026-12-31".parse().unwrap(),
    });
    let terms = TermsRegister::new([record.unwrap()]).unwrap();
    let agent = Agent::new("https://agency.example/bot", "web@agency.example").unwrap();
    WebFetcher::new(
        agent,
        terms,
        FixedClock("2026-03-01T12:00:00Z".parse().unwrap()),
    )
    .with_policy(params.check().unwrap())
    .with_resolver(NoDns)
}

pub(crate) fn source() -> SourceName {
    SourceName::parse("guide").unwrap()
}

pub(crate) fn ready(site: &Site) -> WebFetcher {
    fetcher(quick()).with_grant(site.at("amsel.example"))
}

async fn get(fetcher: &WebFetcher, to: &str) -> Result<Page, PortError> {
    let request = FetchRequest::new(url(to), FetchPurpose::FindLeads, source());
    fetcher.fetch(request).await
}

fn refusal(result: Result<Page, PortError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(
        error.kind(),
        PortErrorKind::PermissionDenied,
        "{}",
        error.chain()
    );
    error.chain()
}

// covers: LG-2
#[tokio::test]
async fn lg_2_disallow_means_no_hit_on_the_path() {
    let site = Site::serve([
        (
            "/robots.txt",
            answer(200, "text/plain", b"user-agent: *\ndisallow: /private\n"),
        ),
        ("/", html("<title>Hello</title>")),
        ("/private", html("secret")),
    ])
    .await;
    let fetcher = ready(&site);
    let page = get(&fetcher, "http://amsel.example/").await.unwrap();
    assert!(page.facts().unwrap().title.is_some());
    assert!(refusal(get(&fetcher, "http://amsel.example/private").await).contains("robots.txt"));
    assert_eq!(
        site.paths(),
        ["/robots.txt", "/"],
        "one look at the rules, none at the path"
    );
}

// covers: LG-2, RB-1, RB-3
#[tokio::test]
async fn rb_1_the_status_of_robots_txt_decides() {
    for (status, open) in [
        (404, true),
        (410, true),
        (418, true),
        (401, false),
        (403, false),
        (500, false),
        (503, false),
        (302, false),
    ] {
        let robots = match status {
            302 => redirect(302, "/robots.txt"),
            _ => answer(status, "text/plain", b""),
        };
        let site = Site::serve([("/robots.txt", robots), ("/", html("x"))]).await;
        let fetcher = ready(&site);
        for _ in 0..2 {
            assert_eq!(
                get(&fetcher, "http://amsel.example/").await.is_ok(),
                open,
                "{status}"
            );
        }
        let others = site
            .paths()
            .iter()
            .filter(|path| *path != "/robots.txt")
            .count();
        assert_eq!(others, if open { 2 } else { 0 }, "{status}");
    }
}

// covers: RB-1
#[tokio::test]
async fn rb_1_robots_redirects_are_followed_and_unreachable_is_closed() {
    let site = Site::serve([
        ("/robots.txt", redirect(301, "/r1")),
        ("/r1", redirect(302, "/r2")),
        (
            "/r2",
            answer(200, "text/plain", b"user-agent: dealwright\ndisallow: /x"),
        ),
        ("/x", html("x")),
    ])
    .await;
    let fetcher = ready(&site);
    assert!(refusal(get(&fetcher, "http://amsel.example/x").await).contains("robots.txt"));
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let dead = super::tests::fetcher(quick())
        .with_grant(grant::loopback(&url("http://dead.example/"), nobody).unwrap());
    assert!(refusal(get(&dead, "http://dead.example/").await).contains("could not be reached"));
}

// covers: TS-1, LG-2
#[tokio::test]
async fn ts_1_without_terms_nothing_is_fetched() {
    let site = Site::serve([("/", html("x"))]).await;
    let fetcher = ready(&site);
    let unknown = SourceName::parse("unknown").unwrap();
    let asked = FetchRequest::new(
        url("http://amsel.example/"),
        FetchPurpose::FindLeads,
        unknown,
    );
    assert!(refusal(fetcher.fetch(asked).await).contains("no terms record"));
    let enrich = FetchRequest::new(url("http://amsel.example/"), FetchPurpose::Enrich, source());
    assert!(refusal(fetcher.fetch(enrich).await).contains("do not allow"));
    let mut late = fetcher.clone();
    late.clock = Arc::new(FixedClock("2027-01-01T00:00:00Z".parse().unwrap()));
    assert!(refusal(get(&late, "http://amsel.example/").await).contains("reviewed by"));
    assert!(site.paths().is_empty());
}

// covers: RB-2
#[tokio::test]
async fn rb_2_the_agent_is_named_and_nothing_else_is_sent() {
    let mut first = html("x");
    first.headers.push(("set-cookie", "id=1".to_owned()));
    let site = Site::serve([("/", first)]).await;
    let fetcher = ready(&site);
    for _ in 0..2 {
        get(&fetcher, "http://amsel.example/").await.unwrap();
    }
    for (path, headers) in site.hits.lock().unwrap().iter() {
        let agent = headers.get("user-agent").unwrap().to_str().unwrap();
        assert!(agent.starts_with("dealwright/"), "{path}");
        assert!(
            agent.contains("https://agency.example/bot; web@agency.example"),
            "{path}"
        );
        assert_eq!(headers.get("host").unwrap(), "amsel.example");
        for never in ["cookie", "authorization", "referer"] {
            assert!(!headers.contains_key(never), "{path}: {never}");
        }
    }
}

// covers: RB-2
#[tokio::test]
async fn rb_2_429_and_retry_after_close_the_host() {
    let mut busy = answer(429, "text/plain", b"");
    busy.headers.push(("retry-after", "120".to_owned()));
    let site = Site::serve([("/busy", busy), ("/", html("x"))]).await;
    let fetcher = ready(&site);
    for path in ["busy", "", ""] {
        let error = get(&fetcher, &format!("http://amsel.example/{path}"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::RateLimited);
        let dealwright_core::error::Retry::Transient { after: Some(wait) } = error.retry() else {
            panic!("no wait");
        };
        assert!(wait > Duration::from_secs(110));
    }
    assert_eq!(site.paths(), ["/robots.txt", "/busy"]);
}

// covers: RB-2
#[tokio::test]
async fn rb_2_a_crawl_delay_is_kept() {
    let rules = b"user-agent: *\ncrawl-delay: 0.3";
    let site = Site::serve([
        ("/robots.txt", answer(200, "text/plain", rules)),
        ("/", html("x")),
    ])
    .await;
    let fetcher = fetcher(FetchParams {
        max_wait_ms: 5_000,
        ..quick()
    })
    .with_grant(site.at("amsel.example"));
    get(&fetcher, "http://amsel.example/").await.unwrap();
    let begin = Instant::now();
    get(&fetcher, "http://amsel.example/").await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(250));
}

// covers: SE-5
#[tokio::test]
async fn se_5_every_redirect_is_checked_again() {
    let site = Site::serve([
        ("/out", redirect(302, "http://127.0.0.1/")),
        (
            "/meta",
            redirect(307, "http://169.254.169.254/latest/meta-data/"),
        ),
        ("/port", redirect(302, "http://amsel.example:6379/")),
        ("/file", redirect(302, "file:///etc/passwd")),
        ("/user", redirect(302, "http://a@amsel.example/")),
        ("/loop", redirect(302, "/loop")),
        ("/ok", redirect(301, "/end")),
        ("/end", html("<title>End</title>")),
    ])
    .await;
    let fetcher = ready(&site);
    for (path, why) in [
        ("out", "not a public address"),
        ("meta", "not a public address"),
        ("port", "not 80 or 443"),
        ("file", "no page"),
        ("user", "no page"),
        ("loop", "too many"),
    ] {
        let chain = refusal(get(&fetcher, &format!("http://amsel.example/{path}")).await);
        assert!(chain.contains(why), "{path}: {chain}");
    }
    let loops = site.paths().iter().filter(|path| *path == "/loop").count();
    assert_eq!(loops, 6, "the first and five redirects");
    let page = get(&fetcher, "http://amsel.example/ok").await.unwrap();
    assert_eq!(page.snapshot().requested().path(), "/ok");
    assert_eq!(page.snapshot().url().path(), "/end");
    assert_eq!(page.snapshot().redirects()[0].status, 301);
}

/// A name that is public when it is asked for first and private ever after.
#[derive(Clone, Debug, Default)]
struct Rebinding(Arc<Mutex<u32>>);

#[async_trait]
impl Resolve for Rebinding {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut asked = self.0.lock().unwrap();
        *asked += 1;
        let address = if *asked == 1 {
            "93.184.216.34"
        } else {
            "127.0.0.1"
        };
        Ok(vec![address.parse().unwrap()])
    }
}

// covers: SE-5
#[tokio::test]
async fn se_5_the_checked_address_is_the_one_connected_to() {
    let site = Site::serve([("/", html("private"))]).await;
    // What the guard has checked goes into the client; the system is never asked.
    let addresses = [site.address];
    let agent = Agent::new("https://agency.example/bot", "web@agency.example").unwrap();
    let wanted = Wanted {
        cap: 100,
        text_only: true,
    };
    let target = url("http://no-such-name.example/");
    let policy = quick().check().unwrap();
    let answer = wire::get(&target, &addresses, &agent, &policy, wanted)
        .await
        .unwrap();
    assert_eq!(answer.body, b"private");
    assert_eq!(site.paths(), ["/"]);
    // The guard asks once and hands on that very answer; asked again, it refuses.
    let names = Rebinding::default();
    let guard = EgressGuard::new(names.clone());
    let target = url("http://rebind.example/");
    let checked = guard.check(&target).await.unwrap();
    assert_eq!(checked, ["93.184.216.34:0".parse().unwrap()]);
    assert_eq!(*names.0.lock().unwrap(), 1);
    assert!(guard.check(&target).await.is_err());
    let late = fetcher(quick()).with_resolver(names);
    assert!(refusal(get(&late, target.as_str()).await).contains("not a public address"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn bombs_stop_at_the_cap() {
    let mut bomb = answer(200, "text/html", &gzip(&vec![b'a'; 64 * 1024 * 1024]));
    bomb.headers.push(("content-encoding", "gzip".to_owned()));
    let mut nested = answer(200, "text/html", &gzip(&gzip(b"<title>x</title>")));
    nested.headers.push(("content-encoding", "gzip".to_owned()));
    let mut broken = answer(200, "text/html", b"no gzip at all");
    broken.headers.push(("content-encoding", "gzip".to_owned()));
    let picture = answer(200, "image/png", &[0; 4096]);
    let site = Site::serve([
        ("/bomb", bomb),
        ("/nested", nested),
        ("/broken", broken),
        ("/p", picture),
    ])
    .await;
    let fetcher = fetcher(FetchParams {
        answer_ms: 20_000,
        body_bytes: 100_000,
        ..quick()
    })
    .with_grant(site.at("amsel.example"));
    let page = get(&fetcher, "http://amsel.example/bomb").await.unwrap();
    assert_eq!(page.snapshot().weight(), 100_000);
    assert!(page.snapshot().truncated() && page.facts().unwrap().cut);
    let page = get(&fetcher, "http://amsel.example/nested").await.unwrap();
    assert!(page.facts().unwrap().title.is_none(), "one layer only");
    let error = get(&fetcher, "http://amsel.example/broken")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    let page = get(&fetcher, "http://amsel.example/p").await.unwrap();
    assert_eq!(
        (page.snapshot().weight(), page.facts()),
        (0, None),
        "pictures are not read"
    );
}

#[tokio::test]
async fn a_slow_answer_ends_at_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
                    .await;
                while stream.write_all(b"a").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
        }
    });
    let params = FetchParams {
        answer_ms: 400,
        ..quick()
    };
    let fetcher =
        fetcher(params).with_grant(grant::loopback(&url("http://slow.example/"), address).unwrap());
    let begin = Instant::now();
    assert!(get(&fetcher, "http://slow.example/").await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn login_walls_are_not_climbed_and_errors_are_pages() {
    let site = Site::serve([
        (
            "/members",
            answer(401, "text/html", b"<form>who are you?</form>"),
        ),
        (
            "/gone",
            answer(404, "text/html", b"<title>Not here</title>"),
        ),
        ("/down", answer(500, "text/html", b"oops")),
    ])
    .await;
    let fetcher = ready(&site);
    assert!(refusal(get(&fetcher, "http://amsel.example/members").await).contains("login"));
    for (path, status) in [("gone", 404), ("down", 500)] {
        let page = get(&fetcher, &format!("http://amsel.example/{path}"))
            .await
            .unwrap();
        assert_eq!(page.snapshot().status(), status);
    }
}

#[tokio::test]
async fn old_charsets_are_read() {
    let latin = |kind: &str, body: &[u8]| answer(200, kind, body);
    let site = Site::serve([
        (
            "/header",
            latin("text/html; charset=iso-8859-1", b"<title>B\xe4cker</title>"),
        ),
        (
            "/meta",
            latin(
                "text/html",
                b"<meta charset='windows-1252'><title>B\xe4cker</title>",
            ),
        ),
        ("/none", latin("text/html", b"<title>B\xe4cker</title>")),
        (
            "/utf8",
            latin("text/html", "<title>Bäcker</title>".as_bytes()),
        ),
    ])
    .await;
    let fetcher = ready(&site);
    for path in ["header", "meta", "none", "utf8"] {
        let page = get(&fetcher, &format!("http://amsel.example/{path}"))
            .await
            .unwrap();
        let title = page
            .facts()
            .unwrap()
            .title
            .as_ref()
            .unwrap()
            .inspect(String::clone);
        assert_eq!(title, "Bäcker", "{path}");
    }
}
