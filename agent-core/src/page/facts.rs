use serde::{Deserialize, Serialize};

use super::{BusinessData, PageUrl};
use crate::text::Untrusted;

/// Where on a page something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FoundIn {
    /// In a `mailto:` or `tel:` link.
    Link,
    /// In the text that visitors see.
    Text,
    /// In JSON-LD.
    StructuredData,
}

/// A value and the passage it stood in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The value as written.
    pub value: Untrusted<String>,
    /// Up to 160 characters around it.
    pub passage: Untrusted<String>,
    /// Where it stood.
    pub place: FoundIn,
}

/// A postal address, in the parts that could be told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundAddress {
    /// Street and number.
    pub street: Option<Untrusted<String>>,
    /// Postal code.
    pub postal_code: Option<Untrusted<String>>,
    /// Town.
    pub locality: Option<Untrusted<String>>,
    /// State or region.
    pub region: Option<Untrusted<String>>,
    /// Country, as written.
    pub country: Option<Untrusted<String>>,
}

impl FoundAddress {
    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.street.is_none() && self.postal_code.is_none() && self.locality.is_none()
    }
}

/// A heading in document order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its text.
    pub text: Untrusted<String>,
}

/// A link to another page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Where it leads, resolved.
    pub to: PageUrl,
    /// Its text.
    pub text: Untrusted<String>,
    /// Whether it lies on the page's own site.
    pub internal: bool,
    /// Whether it asks not to be followed.
    pub nofollow: bool,
}

/// An image on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// The reference as written.
    pub src: Untrusted<String>,
    /// The alternative text; `None` where the attribute is missing. An empty one says
    /// that the image is decoration, which is fine.
    pub alt: Option<Untrusted<String>>,
}

/// A form on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormFacts {
    /// Where it is sent, where that is a page's address.
    pub action: Option<PageUrl>,
    /// Whether it is sent by POST.
    pub post: bool,
    /// The names of its fields.
    pub fields: Vec<Untrusted<String>>,
    /// Whether it asks for a password.
    pub password: bool,
}

/// What was read from an HTML page. Every list is bounded by the reader, so a hostile
/// page cannot make it large; [`PageFacts::cut`] says when something was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PageFacts {
    /// The page.
    pub url: PageUrl,
    /// The HTTP status it came with.
    pub status: u16,
    /// Bytes of its HTML.
    pub weight: u64,
    /// The `lang` of the document, as written.
    pub language: Option<Untrusted<String>>,
    /// The title, blanks folded.
    pub title: Option<Untrusted<String>>,
    /// The meta description, blanks folded.
    pub description: Option<Untrusted<String>>,
    /// The content of the viewport tag.
    pub viewport: Option<Untrusted<String>>,
    /// The canonical address.
    pub canonical: Option<PageUrl>,
    /// Feeds the page announces.
    pub feeds: Vec<PageUrl>,
    /// Whether the page asks to stay out of indexes.
    pub no_index: bool,
    /// Headings in document order.
    pub headings: Vec<Heading>,
    /// Links in document order, each target once.
    pub links: Vec<Link>,
    /// Images in document order.
    pub images: Vec<ImageFacts>,
    /// Forms in document order.
    pub forms: Vec<FormFacts>,
    /// E-mail addresses that stand openly; disguised ones are left disguised.
    pub emails: Vec<Found>,
    /// Telephone numbers as written.
    pub phones: Vec<Found>,
    /// Postal addresses from the text.
    pub addresses: Vec<FoundAddress>,
    /// Businesses that JSON-LD describes.
    pub businesses: Vec<BusinessData>,
    /// How many JSON-LD blocks could not be read.
    pub broken_json_ld: u32,
    /// The passage that forbids harvesting or unsolicited mail, where there is one:
    /// addresses from such a page are not sendable.
    pub no_solicitation: Option<Untrusted<String>>,
    /// The visible text, blanks folded, up to the reader's cap.
    pub text: Untrusted<String>,
    /// Whether a cap left something out.
    pub cut: bool,
}

impl PageFacts {
    /// Facts of a page on which nothing was found yet.
    #[must_use]
    pub fn empty(url: PageUrl, status: u16, weight: u64) -> Self {
        Self {
            url,
            status,
            weight,
            language: None,
            title: None,
            description: None,
            viewport: None,
            canonical: None,
            feeds: Vec::new(),
            no_index: false,
            headings: Vec::new(),
            links: Vec::new(),
            images: Vec::new(),
            forms: Vec::new(),
            emails: Vec::new(),
            phones: Vec::new(),
            addresses: Vec::new(),
            businesses: Vec::new(),
            broken_json_ld: 0,
            no_solicitation: None,
            text: Untrusted::new(String::new()),
            cut: false,
        }
    }

    /// Whether addresses on this page may be used to write to somebody.
    #[must_use]
    pub fn solicitation_allowed(&self) -> bool {
        self.no_solicitation.is_none()
    }

    /// Whether the page is a wall that asks for a login.
    #[must_use]
    pub fn asks_for_login(&self) -> bool {
        self.forms.iter().any(|form| form.password)
    }
}
