//! What the report says about each check, in the languages it can be written in.

use super::{Category, Check, Effort, Verdict};
use crate::work::tongue::Tongue;

/// Name of the check, why it matters, what to do.
pub(super) fn check(check: Check, tongue: Tongue) -> [&'static str; 3] {
    let (english, german) = match check {
        Check::Title => (
            [
                "Page titles",
                "The title is the line people click in search results; 10 to 65 characters are shown.",
                "Give every page a title of 10 to 65 characters that names what it offers and where.",
            ],
            [
                "Seitentitel",
                "Der Titel ist die Zeile, auf die in Suchergebnissen geklickt wird; gezeigt werden 10 bis 65 Zeichen.",
                "Jeder Seite einen Titel von 10 bis 65 Zeichen geben, der Angebot und Ort nennt.",
            ],
        ),
        Check::Description => (
            [
                "Page descriptions",
                "The description is the text below the title in search results; 50 to 160 characters are shown.",
                "Write a description of 50 to 160 characters for every page, with the reason to come to you.",
            ],
            [
                "Seitenbeschreibungen",
                "Die Beschreibung steht in Suchergebnissen unter dem Titel; gezeigt werden 50 bis 160 Zeichen.",
                "Für jede Seite eine Beschreibung von 50 bis 160 Zeichen schreiben, mit dem Grund, zu Ihnen zu kommen.",
            ],
        ),
        Check::UniqueTitles => (
            [
                "Different titles",
                "Pages with the same title compete with each other.",
                "Give each of these pages a title of its own.",
            ],
            [
                "Unterschiedliche Titel",
                "Seiten mit gleichem Titel machen sich gegenseitig Konkurrenz.",
                "Jeder dieser Seiten einen eigenen Titel geben.",
            ],
        ),
        Check::Indexable => (
            [
                "Open to search engines",
                "A page that asks not to be indexed is not found.",
                "Remove `noindex` from the pages that customers should find.",
            ],
            [
                "Offen für Suchmaschinen",
                "Eine Seite, die nicht aufgenommen werden will, wird nicht gefunden.",
                "`noindex` von allen Seiten entfernen, die gefunden werden sollen.",
            ],
        ),
        Check::Canonical => (
            [
                "Canonical addresses",
                "Without one, the same page under two addresses counts as two weak ones.",
                "Add a canonical link to every page.",
            ],
            [
                "Kanonische Adressen",
                "Ohne sie zählt eine Seite unter zwei Adressen als zwei schwache.",
                "Jede Seite mit einem canonical-Verweis versehen.",
            ],
        ),
        Check::Sitemap => (
            [
                "Sitemap",
                "A sitemap tells search engines about every page at once.",
                "Publish a sitemap.xml and name it in robots.txt.",
            ],
            [
                "Sitemap",
                "Eine Sitemap nennt Suchmaschinen alle Seiten auf einmal.",
                "Eine sitemap.xml veröffentlichen und in der robots.txt nennen.",
            ],
        ),
        Check::RobotsTxt => (
            [
                "robots.txt",
                "It tells robots what they may read; without it each request for it is an error.",
                "Publish a robots.txt.",
            ],
            [
                "robots.txt",
                "Sie sagt Robotern, was sie lesen dürfen; ohne sie ist jede Anfrage danach ein Fehler.",
                "Eine robots.txt veröffentlichen.",
            ],
        ),
        Check::StructuredData => (
            [
                "Structured data",
                "Maps and search results take address, hours and telephone from LocalBusiness data.",
                "Add LocalBusiness data as JSON-LD with the parts that are missing.",
            ],
            [
                "Strukturierte Daten",
                "Karten und Suchergebnisse nehmen Adresse, Zeiten und Telefon aus LocalBusiness-Daten.",
                "LocalBusiness-Daten als JSON-LD mit den fehlenden Angaben einfügen.",
            ],
        ),
        Check::Headings => (
            [
                "Heading order",
                "Headings are the outline that search engines and screen readers follow.",
                "Use one main heading a page and leave out no level below it.",
            ],
            [
                "Überschriften",
                "Überschriften sind die Gliederung, der Suchmaschinen und Vorleseprogramme folgen.",
                "Je Seite eine Hauptüberschrift verwenden und darunter keine Ebene auslassen.",
            ],
        ),
        Check::LanguageTag => (
            [
                "Language of the page",
                "Screen readers and translators need to know the language.",
                "Set the `lang` attribute of every page.",
            ],
            [
                "Sprache der Seite",
                "Vorleseprogramme und Übersetzer müssen die Sprache kennen.",
                "Auf jeder Seite das Attribut `lang` setzen.",
            ],
        ),
        Check::LanguageVersions => (
            [
                "Language versions",
                "Every language you serve needs pages of its own.",
                "Add pages in the languages that are missing and mark their language.",
            ],
            [
                "Sprachfassungen",
                "Jede Sprache, die Sie bedienen, braucht eigene Seiten.",
                "Seiten in den fehlenden Sprachen anlegen und ihre Sprache auszeichnen.",
            ],
        ),
        Check::AltTexts => (
            [
                "Texts for pictures",
                "Without an alternative text a picture says nothing to people who cannot see it.",
                "Describe every picture in its `alt` attribute; leave it empty for decoration.",
            ],
            [
                "Texte zu Bildern",
                "Ohne Alternativtext sagt ein Bild denen nichts, die es nicht sehen können.",
                "Jedes Bild im Attribut `alt` beschreiben; bei Zierde bleibt es leer.",
            ],
        ),
        Check::Viewport => (
            [
                "Small screens",
                "Without a viewport a telephone shows the page shrunk to be unreadable.",
                "Set the viewport to `width=device-width, initial-scale=1`.",
            ],
            [
                "Kleine Bildschirme",
                "Ohne Viewport zeigt ein Telefon die Seite unlesbar verkleinert.",
                "Den Viewport auf `width=device-width, initial-scale=1` setzen.",
            ],
        ),
        Check::ContactData => (
            [
                "Contact data",
                "Who does not find a telephone number or address goes elsewhere.",
                "Show telephone, e-mail and address as text on the site.",
            ],
            [
                "Kontaktdaten",
                "Wer Telefon oder Adresse nicht findet, geht woandershin.",
                "Telefon, E-Mail und Adresse als Text auf der Seite zeigen.",
            ],
        ),
        Check::ContactConsistency => (
            [
                "Same contact data everywhere",
                "Two numbers on one site leave people guessing which is right.",
                "Bring the pages named here to the current data.",
            ],
            [
                "Überall gleiche Kontaktdaten",
                "Zwei Nummern auf einer Website lassen raten, welche stimmt.",
                "Die genannten Seiten auf die aktuellen Daten bringen.",
            ],
        ),
        Check::ListingConsistency => (
            [
                "Directories agree",
                "Search engines trust a business whose data are the same everywhere.",
                "Correct the directories named here.",
            ],
            [
                "Verzeichnisse stimmen überein",
                "Suchmaschinen vertrauen Betrieben, deren Angaben überall gleich sind.",
                "Die genannten Verzeichnisse berichtigen.",
            ],
        ),
        Check::Https => (
            [
                "Encryption",
                "Browsers warn of pages without encryption, and forms on them are open to everybody.",
                "Install a certificate and redirect every address to https.",
            ],
            [
                "Verschlüsselung",
                "Browser warnen vor unverschlüsselten Seiten, und Formulare darauf kann jeder mitlesen.",
                "Ein Zertifikat einrichten und alle Adressen auf https umleiten.",
            ],
        ),
        Check::BrokenLinks => (
            [
                "Working links",
                "A link that leads nowhere loses the visitor.",
                "Correct or remove the links named here.",
            ],
            [
                "Funktionierende Links",
                "Ein Link ins Leere verliert den Besucher.",
                "Die genannten Links berichtigen oder entfernen.",
            ],
        ),
        Check::PageWeight => (
            [
                "Light pages",
                "Heavy pages are slow on telephones.",
                "Take what is not needed out of the HTML, inlined pictures first.",
            ],
            [
                "Leichte Seiten",
                "Schwere Seiten sind auf Telefonen langsam.",
                "Aus dem HTML nehmen, was nicht gebraucht wird, eingebettete Bilder zuerst.",
            ],
        ),
    };
    match tongue {
        Tongue::English => english,
        Tongue::German => german,
    }
}

pub(super) fn category(category: Category, tongue: Tongue) -> &'static str {
    match category {
        Category::Findability => tongue.say("Being found", "Gefunden werden"),
        Category::Content => tongue.say("Content", "Inhalt"),
        Category::Accessibility => tongue.say("For everybody", "Für alle nutzbar"),
        Category::Trust => tongue.say("Trust and contact", "Vertrauen und Kontakt"),
        Category::Technology => tongue.say("Technology", "Technik"),
    }
}

pub(super) fn verdict(verdict: Verdict, tongue: Tongue) -> &'static str {
    match verdict {
        Verdict::Pass => tongue.say("good", "gut"),
        Verdict::Warn => tongue.say("mixed", "teilweise"),
        Verdict::Fail => tongue.say("poor", "mangelhaft"),
    }
}

pub(super) fn effort(effort: Effort, tongue: Tongue) -> &'static str {
    match effort {
        Effort::Small => tongue.say("up to 1 hour", "bis 1 Stunde"),
        Effort::Medium => tongue.say("up to half a day", "bis ein halber Tag"),
        Effort::Large => tongue.say("a day or more", "ein Tag oder mehr"),
    }
}
