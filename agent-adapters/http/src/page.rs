//! Pages: one column, no script, nothing from elsewhere, nothing remembered.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use dealwright_core::text::{Context, Untrusted};

use crate::words::Words;

const STYLE: &str = "body{margin:0;background:#f6f4ef;color:#1d2733;font:18px/1.55 Georgia,serif}\
main{max-width:32em;margin:12vh auto 0;padding:2em;background:#fff;border:1px solid #e2ddd2}\
h1{font-size:1.5em;margin:0 0 .6em}p{margin:0 0 1em}small{color:#5a6673}\
label{display:block;margin:0 0 1em}input,textarea{display:block;box-sizing:border-box;width:100%;margin-top:.3em;padding:.5em;font:inherit;border:1px solid #b9b2a3}\
button{font:inherit;padding:.6em 1.2em;border:0;background:#1d4d4f;color:#fff;cursor:pointer}\
.no{color:#8a2b1d}.trap{position:absolute;left:-100em}";

/// What no page may lack: it is not kept, not indexed, not framed, and loads nothing.
const HEADERS: [(&str, &str); 7] = [
    ("content-type", "text/html; charset=utf-8"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-robots-tag", "noindex"),
    ("vary", "accept-language"),
];

/// Text as it may stand in a page.
pub(crate) fn safe(text: &str) -> String {
    Untrusted::new(text.to_owned()).render_for(Context::HtmlText)
}

/// Text as it may stand in an attribute's quotes.
pub(crate) fn quoted(text: &str) -> String {
    Untrusted::new(text.to_owned()).render_for(Context::HtmlAttr)
}

/// A page under a heading. `inner` is our own markup, with all else made safe.
pub(crate) fn page(
    words: &Words,
    status: StatusCode,
    organisation: &str,
    heading: &str,
    inner: &str,
) -> Response<Body> {
    let (heading, organisation) = (safe(heading), safe(organisation));
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{heading} - {organisation}</title><style>{STYLE}</style></head>\n\
         <body><main>\n<h1>{heading}</h1>\n{inner}\n<p><small>{organisation}</small></p>\n</main></body>\n</html>\n",
        words.language,
    );
    answer(status, &HEADERS, html)
}

/// A line of text for machines.
pub(crate) fn line(status: StatusCode, text: &str) -> Response<Body> {
    let headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "no-store"),
    ];
    answer(status, &headers, format!("{text}\n"))
}

fn answer(
    status: StatusCode,
    headers: &[(&'static str, &'static str)],
    body: String,
) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let soon = HeaderValue::from_static("60");
        response
            .headers_mut()
            .insert(HeaderName::from_static("retry-after"), soon);
    }
    response
}
