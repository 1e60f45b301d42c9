//! Websites of invented firms, served on this machine: real requests, and nothing leaves it.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::page::PageUrl;
use dealwright_core::time::Clock;
use dealwright_discovery::source::TermsRegister;
use dealwright_web::egress::{Resolve, grant};
use dealwright_web::{Agent, FetchParams, FetchParamsError, WebFetcher};

/// The longest request line and headers, in bytes.
const REQUEST: u64 = 16 * 1024;
/// For how long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(5);

/// How a site deals with encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encryption {
    /// Who comes without it is sent on.
    #[default]
    Led,
    /// With and without it the same pages are there.
    Both,
}

/// One website: its pages by path, and what its server does beside sending them.
#[derive(Clone, Debug, Default)]
pub struct Site {
    encryption: Encryption,
    files: BTreeMap<String, (String, Vec<u8>)>,
    headers: Vec<(String, String)>,
    redirects: BTreeMap<String, String>,
    pictures: BTreeMap<String, usize>,
}

impl Site {
    /// A site without pages.
    #[must_use]
    pub fn new(encryption: Encryption) -> Self {
        Self {
            encryption,
            ..Self::default()
        }
    }

    /// Adds a file. `index.html` is `/`, other pages go by their name without the ending.
    #[must_use]
    pub fn with_file(mut self, name: &str, body: impl Into<Vec<u8>>) -> Self {
        let (path, kind) = match name.strip_suffix(".html") {
            Some("index") => ("/".to_owned(), "text/html; charset=utf-8"),
            Some(page) => (format!("/{page}"), "text/html; charset=utf-8"),
            None => (format!("/{name}"), media_type(name)),
        };
        self.files.insert(path, (kind.to_owned(), body.into()));
        self
    }

    /// Adds so many bytes of blanks to a page, as page builders leave them behind.
    #[must_use]
    pub fn with_padding(mut self, path: &str, bytes: usize) -> Self {
        if let Some((_, body)) = self.files.get_mut(path) {
            body.extend(std::iter::repeat_n(b' ', bytes));
        }
        self
    }

    /// Sends a header with every answer.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends whoever asks for `from` on to `to`.
    #[must_use]
    pub fn with_redirect(mut self, from: &str, to: &str) -> Self {
        self.redirects.insert(from.to_owned(), to.to_owned());
        self
    }

    /// Adds a picture of so many bytes, which is made up when it is asked for.
    #[must_use]
    pub fn with_picture(mut self, path: &str, bytes: usize) -> Self {
        self.pictures.insert(path.to_owned(), bytes);
        self
    }

    fn answer(&self, path: &str) -> Answer {
        let plain = |status, text: &str| Answer {
            status,
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            body: text.as_bytes().to_vec(),
        };
        let mut answer = if let Some(to) = self.redirects.get(path) {
            let mut answer = plain(301, "moved");
            answer.headers.push(("location".to_owned(), to.clone()));
            answer
        } else if let Some((kind, body)) = self.files.get(path) {
            Answer {
                status: 200,
                headers: vec![("content-type".to_owned(), kind.clone())],
                body: body.clone(),
            }
        } else if let Some(bytes) = self.pictures.get(path) {
            Answer {
                status: 200,
                headers: vec![("content-type".to_owned(), "image/jpeg".to_owned())],
                body: vec![0xff; *bytes],
            }
        } else {
            let mut answer = plain(404, "<!doctype html><title>404</title><h1>Not found</h1>");
            if let Some(kind) = answer.headers.first_mut() {
                kind.1 = "text/html; charset=utf-8".to_owned();
            }
            answer
        };
        answer.headers.extend(self.headers.iter().cloned());
        answer
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("xml") => "application/xml",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Why no fetcher can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// How hard to ask.
    #[error(transparent)]
    Params(#[from] FetchParamsError),
    /// A site's name.
    #[error("`{0}` is not the name of a host")]
    Host(String),
}

/// Serves sites by the `Host` a request names, until it is dropped. There are two listeners: what
/// comes to the second one came encrypted as far as the sites can tell.
#[derive(Debug)]
pub struct SiteServer {
    hosts: Vec<String>,
    open: SocketAddr,
    closed: SocketAddr,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl SiteServer {
    /// Serves these sites, by host.
    ///
    /// # Errors
    ///
    /// Those of the listeners.
    pub fn start(sites: BTreeMap<String, Site>) -> io::Result<Self> {
        let hosts = sites.keys().cloned().collect();
        let sites = Arc::new(sites);
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        let mut listen = |encrypted| -> io::Result<SocketAddr> {
            let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), 0))?;
            let address = listener.local_addr()?;
            let (sites, stop) = (Arc::clone(&sites), Arc::clone(&stop));
            threads.push(std::thread::spawn(move || {
                serve(&listener, &sites, encrypted, &stop);
            }));
            Ok(address)
        };
        let (open, closed) = (listen(false)?, listen(true)?);
        Ok(Self {
            hosts,
            open,
            closed,
            stop,
            threads,
        })
    }

    /// The hosts that are served.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// A fetcher for which there is nothing on the web but these sites: each is granted with its
    /// exact host and port, and no other name is looked up.
    ///
    /// # Errors
    ///
    /// [`SiteError::Host`] for a site that cannot stand in an address.
    pub fn fetcher(
        &self,
        agent: Agent,
        terms: TermsRegister,
        clock: impl Clock + 'static,
    ) -> Result<WebFetcher, SiteError> {
        let policy = FetchParams {
            min_interval_ms: 0,
            ..FetchParams::default()
        };
        let mut fetcher = WebFetcher::new(agent, terms, clock)
            .with_policy(policy.check()?)
            .with_resolver(NoNames);
        // Directories write the same site with and without `www.`.
        let both = |host: &String| [host.clone(), format!("www.{host}")];
        for host in self.hosts.iter().flat_map(both) {
            for (scheme, address) in [("http", self.open), ("https", self.closed)] {
                let granted = PageUrl::parse(&format!("{scheme}://{host}/"))
                    .ok()
                    .and_then(|url| grant::loopback(&url, address))
                    .ok_or_else(|| SiteError::Host(host.clone()))?;
                fetcher = fetcher.with_grant(granted);
            }
        }
        Ok(fetcher)
    }
}

impl Drop for SiteServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for address in [self.open, self.closed] {
            // Wakes the listener; where it is gone already there is nothing to wake.
            let _ = TcpStream::connect(address);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Knows no name.
#[derive(Clone, Copy, Debug)]
struct NoNames;

#[async_trait]
impl Resolve for NoNames {
    async fn lookup(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(Vec::new())
    }
}

fn serve(
    listener: &TcpListener,
    sites: &Arc<BTreeMap<String, Site>>,
    encrypted: bool,
    stop: &Arc<AtomicBool>,
) {
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let sites = Arc::clone(sites);
        std::thread::spawn(move || {
            // Whoever hangs up has no use for the error.
            let _ = converse(&stream, &sites, encrypted);
        });
    }
}

/// Reads one request and answers it; the connection ends with it.
fn converse(stream: &TcpStream, sites: &BTreeMap<String, Site>, encrypted: bool) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let mut lines = BufReader::new(stream.take(REQUEST));
    let mut first = String::new();
    lines.read_line(&mut first)?;
    let mut host = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            let name = value.trim().split(':').next().unwrap_or_default();
            host = name.to_ascii_lowercase();
        }
    }
    let path = first.split_whitespace().nth(1).unwrap_or("/");
    let path = path.split(['?', '#']).next().unwrap_or("/");
    let answer = match sites.get(host.strip_prefix("www.").unwrap_or(&host)) {
        Some(site) if !encrypted && site.encryption == Encryption::Led => Answer {
            status: 301,
            headers: vec![("location".to_owned(), format!("https://{host}{path}"))],
            body: Vec::new(),
        },
        Some(site) => site.answer(path),
        None => Answer {
            status: 421,
            headers: Vec::new(),
            body: Vec::new(),
        },
    };
    let mut head = format!("HTTP/1.1 {} -\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    // No date and no name of a server: two runs read the same.
    head.push_str(&format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        answer.body.len()
    ));
    let mut out = stream;
    out.write_all(head.as_bytes())?;
    out.write_all(&answer.body)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_pages_redirects_and_what_is_missing() {
        let site = Site::new(Encryption::Led)
            .with_file("index.html", "<h1>Amsel</h1>")
            .with_file("about.html", "about")
            .with_file("robots.txt", "User-agent: *\n")
            .with_redirect("/shop", "/about")
            .with_padding("/about", 10)
            .with_header("x-powered-by", "PHP/5.6.40");
        let server =
            SiteServer::start(BTreeMap::from([("amsel.example".to_owned(), site)])).unwrap();
        let ask = |address: SocketAddr, host: &str, path: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        };
        let front = ask(server.closed, "amsel.example", "/?a=b");
        assert!(front.starts_with("HTTP/1.1 200") && front.ends_with("<h1>Amsel</h1>"));
        assert!(front.contains("x-powered-by") && !front.to_lowercase().contains("date:"));
        assert!(ask(server.closed, "amsel.example", "/about").ends_with("about          "));
        assert!(ask(server.closed, "amsel.example", "/shop").contains("location: /about"));
        assert!(ask(server.closed, "amsel.example", "/gone").starts_with("HTTP/1.1 404"));
        assert!(ask(server.closed, "other.example", "/").starts_with("HTTP/1.1 421"));
        let led = ask(server.open, "amsel.example", "/about");
        assert!(
            led.contains("location: https://amsel.example/about"),
            "{led}"
        );
    }
}
