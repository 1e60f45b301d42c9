//! Reading a page: what its HTML says about the business behind it.
//!
//! Reading never fails and never runs away: every list and text has a cap, and a page
//! built to exhaust a parser is cut before it is parsed.

mod address;
mod contacts;
mod guard;
mod notice;
#[cfg(test)]
mod tests;
mod visible;

use dealwright_core::page::{
    BusinessData, FormFacts, Found, FoundIn, Heading, ImageFacts, Link, PageFacts, PageUrl,
    Snapshot,
};
use dealwright_core::text::Untrusted;
use scraper::{ElementRef, Html, Selector};

pub(crate) use self::visible::text_of_markup;

/// The most of anything that is listed.
const MOST: usize = 500;
/// The most characters of a title, heading, link or attribute.
const LONGEST: usize = 300;
/// The most JSON-LD blocks, and the most bytes of one.
const JSON_LD_BLOCKS: usize = 16;
const JSON_LD_BYTES: usize = 128 * 1024;

/// Reads a page's facts; `None` for anything but HTML.
#[must_use]
pub fn read_page(snapshot: &Snapshot) -> Option<PageFacts> {
    let html = ["text/html", "application/xhtml+xml"];
    if !html.contains(&snapshot.media_type().as_str()) {
        return None;
    }
    let facts = snapshot.body().inspect(|body| read(snapshot, body));
    Some(facts)
}

fn read(snapshot: &Snapshot, body: &str) -> PageFacts {
    let url = snapshot.url().clone();
    let mut facts = PageFacts::empty(url, snapshot.status(), snapshot.weight());
    let sound = guard::sound_part(body);
    facts.cut = snapshot.truncated() || sound.len() < body.len();
    let document = Html::parse_document(sound);
    let base = base(&document, &facts.url);

    facts.language = first_attr(&document, "html[lang]", "lang").map(line);
    facts.title = one(&document, "title").map(|title| line(&title.text().collect::<String>()));
    facts.description = meta(&document, "description").map(line);
    facts.viewport = meta(&document, "viewport").map(line);
    facts.canonical = link_rel(&document, "canonical", &base).into_iter().next();
    facts.feeds = feeds(&document, &base);
    facts.no_index = ["robots", "dealwright"]
        .iter()
        .filter_map(|name| meta(&document, name))
        .any(|content| content.to_ascii_lowercase().contains("noindex"));
    facts.headings = headings(&document);
    facts.links = links(&document, &base, &facts.url);
    facts.images = images(&document);
    facts.forms = forms(&document, &base);
    json_ld(&document, &mut facts);

    let lines = visible::lines(&document);
    let (text, cut) = visible::text(&lines);
    facts.cut |= cut;
    contacts::read(&document, &lines, &mut facts);
    facts.addresses = address::read(&document, &lines);
    facts.no_solicitation = notice::find(&document, &text).map(Untrusted::new);
    facts.text = Untrusted::new(text);
    facts
}

/// A selector of ours; all of them are constant and tested.
fn all<'a>(document: &'a Html, css: &str) -> Vec<ElementRef<'a>> {
    match Selector::parse(css) {
        Ok(selector) => document.select(&selector).take(MOST).collect(),
        Err(_) => Vec::new(),
    }
}

fn one<'a>(document: &'a Html, css: &str) -> Option<ElementRef<'a>> {
    all(document, css).into_iter().next()
}

fn first_attr<'a>(document: &'a Html, css: &str, attr: &str) -> Option<&'a str> {
    one(document, css)?.attr(attr)
}

/// The content of the first meta tag of that name, in whatever case it is written.
fn meta<'a>(document: &'a Html, name: &str) -> Option<&'a str> {
    all(document, "meta[name][content]")
        .into_iter()
        .find(|tag| {
            tag.attr("name")
                .is_some_and(|n| n.trim().eq_ignore_ascii_case(name))
        })
        .and_then(|tag| tag.attr("content"))
}

/// Text on one line, blanks folded, cut at [`LONGEST`].
fn line(text: &str) -> Untrusted<String> {
    Untrusted::new(fold(text, LONGEST))
}

fn fold(text: &str, longest: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if count > 0 {
            out.push(' ');
            count += 1;
        }
        for c in word.chars() {
            if count == longest {
                return out;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

fn base(document: &Html, url: &PageUrl) -> PageUrl {
    first_attr(document, "base[href]", "href")
        .and_then(|href| url.join(href).ok())
        .unwrap_or_else(|| url.clone())
}

fn has_rel(element: &ElementRef<'_>, rel: &str) -> bool {
    let rels = element.attr("rel").unwrap_or_default();
    rels.split_ascii_whitespace()
        .any(|one| one.eq_ignore_ascii_case(rel))
}

fn link_rel(document: &Html, rel: &str, base: &PageUrl) -> Vec<PageUrl> {
    all(document, "link[rel][href]")
        .iter()
        .filter(|link| has_rel(link, rel))
        .filter_map(|link| base.join(link.attr("href")?).ok())
        .collect()
}

fn feeds(document: &Html, base: &PageUrl) -> Vec<PageUrl> {
    all(document, "link[rel][href][type]")
        .iter()
        .filter(|link| has_rel(link, "alternate"))
        .filter(|link| {
            let kind = link.attr("type").unwrap_or_default().to_ascii_lowercase();
            kind.contains("rss") || kind.contains("atom") || kind == "application/feed+json"
        })
        .filter_map(|link| base.join(link.attr("href")?).ok())
        .collect()
}

fn headings(document: &Html) -> Vec<Heading> {
    all(document, "h1, h2, h3, h4, h5, h6")
        .into_iter()
        .filter_map(|heading| {
            let level = heading.value().name().strip_prefix('h')?.parse().ok()?;
            let text = line(&visible::text_in(heading));
            Some(Heading { level, text })
        })
        .collect()
}

fn links(document: &Html, base: &PageUrl, page: &PageUrl) -> Vec<Link> {
    let mut seen = std::collections::BTreeSet::new();
    all(document, "a[href]")
        .into_iter()
        .filter_map(|anchor| {
            let href = anchor.attr("href")?;
            // A place on the same page is no link to another.
            let to = base
                .join(href)
                .ok()
                .filter(|_| !href.trim().starts_with('#'))?;
            seen.insert(to.clone()).then(|| Link {
                internal: to.same_site(page),
                text: line(&visible::text_in(anchor)),
                nofollow: has_rel(&anchor, "nofollow"),
                to,
            })
        })
        .collect()
}

fn images(document: &Html) -> Vec<ImageFacts> {
    all(document, "img")
        .into_iter()
        // A counting pixel is no picture for people.
        .filter(|image| image.attr("width") != Some("1"))
        .map(|image| ImageFacts {
            src: line(image.attr("src").unwrap_or_default()),
            alt: image.attr("alt").map(line),
        })
        .collect()
}

fn forms(document: &Html, base: &PageUrl) -> Vec<FormFacts> {
    let Ok(fields) = Selector::parse("input[name], select[name], textarea[name]") else {
        return Vec::new();
    };
    let kind = |field: &ElementRef<'_>| field.attr("type").unwrap_or_default().to_ascii_lowercase();
    all(document, "form")
        .into_iter()
        .map(|form| FormFacts {
            action: base.join(form.attr("action").unwrap_or_default()).ok(),
            post: form
                .attr("method")
                .is_some_and(|m| m.eq_ignore_ascii_case("post")),
            fields: form
                .select(&fields)
                .filter(|field| kind(field) != "hidden")
                .take(64)
                .map(|field| line(field.attr("name").unwrap_or_default()))
                .collect(),
            password: form.select(&fields).any(|field| kind(&field) == "password"),
        })
        .collect()
}

fn json_ld(document: &Html, facts: &mut PageFacts) {
    for script in all(document, "script[type]") {
        let kind = script.attr("type").unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/ld+json") {
            continue;
        }
        if facts.businesses.len() >= JSON_LD_BLOCKS {
            facts.cut = true;
            break;
        }
        let text: String = script.text().collect();
        // serde_json stops at 128 levels of nesting by itself.
        match serde_json::from_str(&text) {
            Ok(value) if text.len() <= JSON_LD_BYTES => {
                facts
                    .businesses
                    .extend(BusinessData::all_from_json_ld(&value));
            }
            _ => facts.broken_json_ld += 1,
        }
    }
    facts.businesses.truncate(JSON_LD_BLOCKS * 4);
    for business in facts.businesses.clone() {
        let place = FoundIn::StructuredData;
        let found = |value: Untrusted<String>| Found {
            passage: value.clone(),
            value,
            place,
        };
        let email = business.email.filter(contacts::is_email);
        facts.emails.extend(email.map(found));
        facts.phones.extend(business.telephone.map(found));
    }
}
