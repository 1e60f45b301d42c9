//! What a letter looks like as a message, for machines that read it.

use dealwright_core::trust::{Letter, LetterClass};
use dealwright_email::{lint_mime, render};
use mail_parser::MessageParser;

use crate::providers::office::{letter, noon};

/// Machine mail says so and mail that a person approved does not, by class and approval mode.
// covers: AR-2
#[test]
fn a_machine_s_letter_says_so_and_one_that_a_person_approved_does_not() {
    for (class, made_by_ai, approved, expected) in [
        (LetterClass::Marketing, true, false, Some("auto-generated")),
        (LetterClass::Service, true, false, Some("auto-generated")),
        (LetterClass::Answer, true, false, Some("auto-replied")),
        (LetterClass::Marketing, true, true, None),
        (LetterClass::Answer, true, true, None),
        (LetterClass::Answer, false, false, None),
    ] {
        let mut letter = letter("touch-0");
        (letter.class, letter.made_by_ai, letter.approved) = (class, made_by_ai, approved);
        let bytes = render(&letter, &[], noon()).unwrap();
        let message = MessageParser::default().parse(&bytes).unwrap();
        let said = message.header_raw("Auto-Submitted").map(str::trim);
        assert_eq!(
            said, expected,
            "{class:?}, AI {made_by_ai}, approved {approved}"
        );
        // The lint reads the same back, and finds it where somebody else approved it.
        let wrong = |l: &Letter| lint_mime(l, &bytes).iter().any(|f| f.rule == "AR-2");
        assert!(!wrong(&letter), "{class:?}");
        letter.approved = !letter.approved;
        assert_eq!(wrong(&letter), made_by_ai, "{class:?}");
    }
}

/// Nothing in a letter tells us that it was read: no picture, no script, nothing that is loaded,
/// and no address but the two that the letter shows.
// covers: EP-5
#[test]
fn a_letter_loads_nothing_and_links_to_nothing_of_its_reader_s() {
    let letter = letter("touch-0");
    let bytes = render(&letter, &[], noon()).unwrap();
    let message = MessageParser::default().parse(&bytes).unwrap();
    let html = message.body_html(0).unwrap().to_lowercase();
    for loaded in [
        "<img",
        "<script",
        "<link",
        "<iframe",
        "<object",
        "src=",
        "url(",
        "@import",
        "background=",
    ] {
        assert!(!html.contains(loaded), "{loaded}: {html}");
    }
    let mut links: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    links.sort_unstable();
    links.dedup();
    let shown = [
        "https://agency.example/data-use",
        "https://agency.example/o/3f9a",
    ];
    assert!(links.iter().all(|l| shown.contains(l)), "{links:?}");
    // The lint would find one.
    let pixel = String::from_utf8(bytes)
        .unwrap()
        .replace("</body>", "<img src=3D\"x\"></body>");
    let found = lint_mime(&letter, pixel.as_bytes());
    assert!(found.iter().any(|f| f.rule == "GD-18"), "{found:?}");
}
