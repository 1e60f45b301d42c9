//! The folder of the demo: every letter and document as a file, and pages to click through.

use std::fs;
use std::path::Path;

use super::pages;
use super::story::{Item, Story};

/// Writes everything. Letters are numbered in the order in which they left.
pub(super) fn write(out: &Path, story: &Story) -> Result<(), String> {
    let file = |path: &Path, bytes: &[u8]| {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        }
        fs::write(path, bytes).map_err(|e| failed(path, &e))
    };
    for client in &story.clients {
        let folder = out.join("clients").join(&client.slug);
        let mut number = 0;
        let mut names = Vec::new();
        for (at, item) in &client.items {
            let Item::Letter { letter, eml, .. } = item else {
                names.push(None);
                continue;
            };
            number += 1;
            let stem = format!("{number:02}-{}-{}", at.format("%Y-%m-%d"), letter.step);
            file(&folder.join("letters").join(format!("{stem}.eml")), eml)?;
            let page = folder.join("letters").join(format!("{stem}.html"));
            file(&page, letter.html().as_bytes())?;
            names.push(Some(stem));
        }
        for (name, bytes) in &client.documents {
            file(&folder.join("documents").join(name), bytes)?;
        }
        let page = pages::client(client, &names);
        file(&folder.join("index.html"), page.as_bytes())?;
    }
    file(&out.join("funnel.svg"), &story.funnel_svg)?;
    if !story.market_pdf.is_empty() {
        file(&out.join("market.pdf"), &story.market_pdf)?;
    }
    file(&out.join("index.html"), pages::index(story).as_bytes())
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!(
        "`{}` cannot be written: {error}; check the space left, or choose another folder with --out DIR",
        path.display()
    )
}
