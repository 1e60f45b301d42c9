//! The repair of titles and descriptions: suggestions made of what the page says itself.

use dealwright_core::page::PageFacts;
use dealwright_core::page::PageUrl;
use dealwright_core::text::{Context, Untrusted};
use serde::{Deserialize, Serialize};

use super::crawl::SiteCrawl;

/// Characters that are shown of a title and of a description.
const TITLE: usize = 65;
const DESCRIPTION: usize = 160;
/// Fewer characters than these are too few.
const SHORT_TITLE: usize = 10;
const SHORT_DESCRIPTION: usize = 50;

/// A better title or description for one page; what is `None` is good as it is, or the
/// page says too little to make one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaSuggestion {
    /// The page.
    pub page: PageUrl,
    /// The title it has.
    pub old_title: Option<Untrusted<String>>,
    /// A title of 10 to 65 characters.
    pub title: Option<Untrusted<String>>,
    /// The description it has.
    pub old_description: Option<Untrusted<String>>,
    /// A description of 50 to 160 characters, cut at the end of a sentence or word.
    pub description: Option<Untrusted<String>>,
}

/// Suggestions for the first `pages` pages that need one, ordered by address.
///
/// Nothing is invented: a title is the page's heading with the business' name and town,
/// a description is made of the page's own first sentences.
#[must_use]
pub fn suggest(crawl: &SiteCrawl, pages: usize) -> Vec<MetaSuggestion> {
    let read = crawl.pages();
    let business = read.iter().flat_map(|page| &page.businesses).next();
    let name = business
        .and_then(|business| business.name.as_ref())
        .map(clean);
    let town = business
        .and_then(|business| business.address.locality.as_ref())
        .map(clean);
    let titles: Vec<String> = read
        .iter()
        .map(|page| page.title.as_ref().map(clean).unwrap_or_default())
        .collect();
    read.iter()
        .filter_map(|page| {
            let title = page.title.as_ref().map(clean).unwrap_or_default();
            let taken = titles.iter().filter(|other| **other == title).count() > 1;
            let suggestion = MetaSuggestion {
                page: page.url.clone(),
                old_title: page.title.clone(),
                title: (taken || !fits(&title, SHORT_TITLE, TITLE))
                    .then(|| new_title(page, name.as_deref(), town.as_deref()))
                    .flatten()
                    .filter(|new| *new != title)
                    .map(Untrusted::new),
                old_description: page.description.clone(),
                description: needs_description(page)
                    .then(|| new_description(page))
                    .flatten()
                    .map(Untrusted::new),
            };
            (suggestion.title.is_some() || suggestion.description.is_some()).then_some(suggestion)
        })
        .take(pages)
        .collect()
}

fn clean(text: &Untrusted<String>) -> String {
    text.render_for(Context::Header)
}

fn fits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count())
}

fn needs_description(page: &PageFacts) -> bool {
    let text = page.description.as_ref().map(clean).unwrap_or_default();
    !fits(&text, SHORT_DESCRIPTION, DESCRIPTION)
}

/// Heading, business and town, as much as fits.
fn new_title(page: &PageFacts, name: Option<&str>, town: Option<&str>) -> Option<String> {
    let heading = page.headings.iter().find(|heading| heading.level == 1);
    let heading = heading
        .or(page.headings.first())
        .map(|heading| clean(&heading.text));
    let old = page
        .title
        .as_ref()
        .map(clean)
        .filter(|title| !title.is_empty());
    let topic = heading
        .filter(|text| !text.is_empty())
        .or(old)
        .or(name.map(str::to_owned))?;
    let known = |part: &str| topic.to_lowercase().contains(&part.to_lowercase());
    let name = name.filter(|name| !known(name));
    let town = town.filter(|town| !known(town));
    let candidates = [
        [name, town]
            .iter()
            .flatten()
            .fold(topic.clone(), |title, part| format!("{title} | {part}")),
        name.map_or_else(|| topic.clone(), |name| format!("{topic} | {name}")),
        topic.clone(),
        cut(&topic, TITLE),
    ];
    candidates
        .into_iter()
        .find(|title| fits(title, SHORT_TITLE, TITLE))
}

/// The first sentences of the page that are long enough to be prose.
fn new_description(page: &PageFacts) -> Option<String> {
    let text = page.text.render_for(Context::PlainText);
    let mut out = String::new();
    for line in text.lines().filter(|line| line.chars().count() >= 40) {
        for sentence in line.split_inclusive(['.', '!', '?']).map(str::trim) {
            let grown = if out.is_empty() {
                sentence.to_owned()
            } else {
                format!("{out} {sentence}")
            };
            if grown.chars().count() > DESCRIPTION {
                return if fits(&out, SHORT_DESCRIPTION, DESCRIPTION) {
                    Some(out)
                } else {
                    Some(cut(&grown, DESCRIPTION))
                };
            }
            out = grown;
        }
    }
    fits(&out, SHORT_DESCRIPTION, DESCRIPTION).then_some(out)
}

/// Cuts at the last word that fits, with an ellipsis.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most - 1).collect();
    let end = head.rfind(' ').unwrap_or(head.len());
    let head = head
        .get(..end)
        .unwrap_or(&head)
        .trim_end_matches([',', ';', ':', ' ']);
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use dealwright_core::page::{Heading, Page, Snapshot};

    use super::*;
    use crate::work::crawl::Visit;

    fn text(text: &str) -> Untrusted<String> {
        Untrusted::new(text.to_owned())
    }

    #[test]
    fn suggestions_are_the_pages_own_words_and_fit() {
        let start = PageUrl::parse("http://amsel.example/").unwrap();
        let mut crawl = SiteCrawl::new(start.clone());
        for (path, heading, body) in [
            (
                "/",
                "Brot",
                "Wir backen seit 1974 mit Sauerteig aus eigener Führung. Kommen Sie vorbei.",
            ),
            (
                "/torten",
                "Torten und Kuchen für jedes Fest im Jahr und für jeden Geschmack gemacht",
                "Kurz.",
            ),
        ] {
            let url = start.at_path(path);
            let mut facts = PageFacts::empty(url.clone(), 200, 10);
            facts.title = Some(text("Home"));
            facts.headings = vec![Heading {
                level: 1,
                text: text(heading),
            }];
            facts.text = text(body);
            facts.businesses = dealwright_core::page::BusinessData::all_from_json_ld(
                &serde_json::json!({"name": "Bäckerei Amsel", "telephone": "1",
                    "address": {"addressLocality": "Berlin"}}),
            );
            let snapshot = Snapshot::new(
                url.clone(),
                200,
                String::new(),
                chrono::DateTime::UNIX_EPOCH,
            );
            let page = Page::new(snapshot, Some(facts));
            crawl.visits.insert(url, Visit::Answered(Box::new(page)));
        }
        let list = suggest(&crawl, 10);
        let show = |text: &Option<Untrusted<String>>| text.as_ref().map(clean).unwrap_or_default();
        assert_eq!(show(&list[0].title), "Brot | Bäckerei Amsel | Berlin");
        assert!(show(&list[0].description).starts_with("Wir backen seit 1974"));
        assert!(show(&list[1].title).ends_with('…'));
        assert!(show(&list[1].title).chars().count() <= TITLE);
        assert_eq!(list[1].description, None, "too little text to make one");
        assert_eq!(suggest(&crawl, 1).len(), 1);
    }
}
