//! The pages of the demo's folder. They load nothing from anywhere.

use dealwright_core::text::{Context, Untrusted};
use dealwright_core::trust::News;

use super::story::{Client, Item, Story, cents, said};

const STYLE: &str = "\
:root{--ink:#1d2733;--soft:#5a6673;--line:#d8dee4;--accent:#1f5f8b;--paper:#fbfaf8}\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,'Helvetica Neue',Arial,sans-serif}\
main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}h1{font:600 2rem/1.2 Georgia,serif;margin:0 0 .3rem}h2{font:600 1.25rem/1.3 Georgia,serif;margin:2.6rem 0 .8rem}\
p.lead{color:var(--soft);margin:0 0 1.5rem;max-width:44rem}a{color:var(--accent)}table{border-collapse:collapse;width:100%;font-size:.94rem}\
th{text-align:left;color:var(--soft);font-weight:500}th,td{padding:.42rem .7rem .42rem 0;border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
figure{margin:0;background:#fff;border:1px solid var(--line);border-radius:8px;padding:1rem}figure img{width:100%;display:block}\
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:2rem}.tag{display:inline-block;padding:.05rem .55rem;border-radius:1rem;background:#e6eef4;font-size:.84rem;white-space:nowrap}\
.tag.good{background:#dff0e3}.tag.off{background:#f3e4e0}article{background:#fff;border:1px solid var(--line);border-radius:8px;padding:.9rem 1.1rem;margin:0 0 .8rem;max-width:44rem}\
article.heard{margin-left:auto;background:#eef5ef}article header{display:flex;justify-content:space-between;gap:1rem;color:var(--soft);font-size:.86rem}article h3{font-size:1rem;margin:.3rem 0}\
pre{white-space:pre-wrap;font:inherit;margin:.4rem 0 0}details summary{cursor:pointer;color:var(--accent);font-size:.9rem}small{color:var(--soft)}ul{padding-left:1.1rem}\
@media(max-width:40rem){table.wide th:nth-child(n+4),table.wide td:nth-child(n+4){display:none}}";

fn escape(text: &str) -> String {
    Untrusted::new(text.to_owned()).render_for(Context::HtmlText)
}

fn attribute(text: &str) -> String {
    Untrusted::new(text.to_owned()).render_for(Context::HtmlAttr)
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title>\n<style>{STYLE}</style></head>\n<body><main>\n{body}</main></body>\n</html>\n",
        escape(title)
    )
}

/// The first page: what came of it, and where everything is.
pub(super) fn index(story: &Story) -> String {
    let mut body = format!(
        "<h1>{} days of business</h1>\n<p class=\"lead\">An agency that sells six services to small firms works in four invented towns. \
         It read three directories, two feeds and two collections of posts, looked at {} websites, wrote to those it may write to, \
         and did the work of those who said yes. Nobody here is real.</p>\n",
        super::DAYS,
        story.sites
    );
    body.push_str("<figure><img src=\"funnel.svg\" alt=\"From found to paid\"></figure>\n");
    body.push_str(&format!(
        "<p><small>{} records joined a firm that another directory had already named. {} invariants were broken. Hash of the log: <code>{}</code></small></p>\n",
        story.funnel.merged,
        story.violations.len(),
        story.hash
    ));
    body.push_str("<div class=\"two\"><section><h2>Money</h2>\n<table>");
    for (currency, sums) in &story.money {
        for (what, sum) in sums.lines() {
            body.push_str(&format!(
                "<tr><td>{what}</td><td class=\"n\">{} {}</td></tr>",
                cents(sum),
                escape(currency)
            ));
        }
    }
    body.push_str("</table></section>\n<section><h2>What people did</h2>\n<table>");
    for (behaviour, count) in &story.behaviours {
        body.push_str(&format!(
            "<tr><td class=\"n\">{count}</td><td>{}</td></tr>",
            said(behaviour)
        ));
    }
    body.push_str("</table></section></div>\n");
    clients(&mut body, story);
    body.push_str("<h2>Letters that were not allowed to go</h2>\n<table><tr><th>Rule</th><th class=\"n\">Letters</th><th>Why</th></tr>");
    for (rule, count) in &story.refused {
        let why = story.reasons.get(rule).map_or("", String::as_str);
        body.push_str(&format!(
            "<tr><td>{}</td><td class=\"n\">{count}</td><td>{}</td></tr>",
            escape(rule),
            escape(why)
        ));
    }
    body.push_str("</table>\n<div class=\"two\"><section><h2>Directories</h2>\n<table><tr><th>Directory</th><th class=\"n\">Rows</th><th>Refused</th></tr>");
    for directory in &story.directories {
        let refused: Vec<String> = directory.refused.iter().map(|why| escape(why)).collect();
        body.push_str(&format!(
            "<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            escape(directory.name),
            directory.rows,
            refused.join("<br>")
        ));
    }
    body.push_str("</table></section>\n<section><h2>Market</h2>\n<table><tr><th>Source</th><th class=\"n\">Signals</th></tr>");
    for (source, signals) in &story.signals {
        body.push_str(&format!(
            "<tr><td>{}</td><td class=\"n\">{signals}</td></tr>",
            escape(source)
        ));
    }
    body.push_str("</table>\n");
    if !story.market_pdf.is_empty() {
        body.push_str("<p><a href=\"market.pdf\">What the market wants (PDF)</a></p>\n");
    }
    body.push_str("</section></div>\n");
    page("Demo: a season of business", &body)
}

fn clients(body: &mut String, story: &Story) {
    body.push_str("<h2>Clients, and those who did not become one</h2>\n<table class=\"wide\"><tr><th>Firm</th><th>Country</th><th>Came to</th><th class=\"n\">Score</th><th class=\"n\">Letters</th><th class=\"n\">Documents</th><th>Ended by</th></tr>\n");
    for client in &story.clients {
        let letters = client
            .items
            .iter()
            .filter(|(_, item)| matches!(item, Item::Letter { .. }))
            .count();
        body.push_str(&format!(
            "<tr><td><a href=\"clients/{}/index.html\">{}</a></td><td>{}</td><td><span class=\"tag {}\">{}</span></td><td class=\"n\">{}</td><td class=\"n\">{letters}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
            attribute(&client.slug),
            escape(&client.name),
            escape(&client.country),
            if client.rank >= 4 { "good" } else if client.ended.is_some() { "off" } else { "" },
            client.stage,
            client.score,
            client.documents.len(),
            escape(client.ended.as_deref().unwrap_or_default())
        ));
    }
    body.push_str("</table>\n");
}

/// A client's page: the whole correspondence and the documents. `letters` names the files of the
/// letters, in the order of the items.
pub(super) fn client(client: &Client, letters: &[Option<String>]) -> String {
    let mut body = format!(
        "<p><a href=\"../../index.html\">All clients</a></p>\n<h1>{}</h1>\n<p class=\"lead\">{} · {} · score {}</p>\n",
        escape(&client.name),
        escape(&client.country),
        client.stage,
        client.score
    );
    if !client.documents.is_empty() {
        body.push_str("<h2>Documents</h2>\n<ul>");
        for name in client.documents.keys() {
            body.push_str(&format!(
                "<li><a href=\"documents/{}\">{}</a></li>",
                attribute(name),
                escape(name)
            ));
        }
        body.push_str("</ul>\n");
    }
    if !client.reasons.is_empty() {
        body.push_str("<h2>Why this score</h2>\n<table>");
        for (because, points) in &client.reasons {
            body.push_str(&format!(
                "<tr><td class=\"n\">{points:+}</td><td>{}</td></tr>",
                escape(because)
            ));
        }
        body.push_str("</table>\n");
    }
    body.push_str("<h2>Correspondence</h2>\n");
    for (place, ((at, item), name)) in client.items.iter().zip(letters).enumerate() {
        let at = at.format("%Y-%m-%d %H:%M");
        match item {
            Item::Letter { letter, files, .. } => {
                let name = name.as_deref().unwrap_or_default();
                body.push_str(&format!(
                    "<article><header><span>We wrote</span><span>{at}</span></header><h3>{}</h3>\
                     <details{}><summary>Read</summary><pre>{}</pre></details>\
                     <p><small><a href=\"letters/{name}.html\">as HTML</a> · <a href=\"letters/{name}.eml\">as .eml</a>",
                    escape(&letter.subject()),
                    if letter.step.starts_with("touch-0") { " open" } else { "" },
                    escape(letter.text().trim_end()),
                    name = attribute(name)
                ));
                for file in files {
                    body.push_str(&format!(
                        " · <a href=\"documents/{}\">{}</a>",
                        attribute(file),
                        escape(file)
                    ));
                }
                body.push_str("</small></p></article>\n");
            }
            Item::Heard { news, text } => body.push_str(&format!(
                "<article class=\"heard\"><header><span>{}</span><span>{at}</span></header><pre>{}</pre></article>\n",
                if place == 0 { "They wrote first" } else { what(news) },
                escape(text.as_deref().unwrap_or_default())
            )),
        }
    }
    page(&client.name, &body)
}

/// What came back, for people.
fn what(news: &News) -> &'static str {
    match news {
        News::Reply => "They answered",
        News::OutOfOffice => "An absence note",
        News::HardBounce | News::SoftBounce | News::PolicyBlock => "It came back",
        News::OptOut => "They want no more letters",
        News::Complaint => "They reported the letter",
        News::Objection => "They object to the use of their data",
        _ => "They wrote",
    }
}
