use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FoundAddress;
use crate::text::Untrusted;

/// Levels of nesting and entries of a list that are looked at.
const DEEPEST: usize = 8;
const MOST: usize = 64;
/// The most characters taken of one value.
const LONGEST: usize = 400;

/// A business as schema.org data describes it; every field as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessData {
    /// The schema.org types, for example `Bakery`.
    pub types: Vec<String>,
    /// Its name.
    pub name: Option<Untrusted<String>>,
    /// Its postal address.
    pub address: FoundAddress,
    /// Its telephone number.
    pub telephone: Option<Untrusted<String>>,
    /// Its e-mail address.
    pub email: Option<Untrusted<String>>,
    /// Its website.
    pub url: Option<Untrusted<String>>,
    /// What it does.
    pub description: Option<Untrusted<String>>,
    /// Opening hours, in the short form `Mo-Fr 08:00-18:00`.
    pub opening_hours: Vec<Untrusted<String>>,
    /// Latitude and longitude, as written.
    pub geo: Option<(Untrusted<String>, Untrusted<String>)>,
    /// A picture.
    pub image: Option<Untrusted<String>>,
    /// Its price range.
    pub price_range: Option<Untrusted<String>>,
    /// The same business elsewhere.
    pub same_as: Vec<Untrusted<String>>,
}

impl BusinessData {
    /// Every business that a JSON-LD value describes, in document order: at the top, in
    /// a list, in `@graph`, or as a list item's `item`.
    ///
    /// A business is an object with a name and an address or a telephone number, of any
    /// type; organisations without either are passed over. Nesting deeper than 8 and
    /// more than 64 entries of a list are not looked at.
    #[must_use]
    pub fn all_from_json_ld(value: &Value) -> Vec<Self> {
        let mut found = Vec::new();
        collect(value, DEEPEST, &mut found);
        found.truncate(MOST);
        found
    }
}

fn collect(value: &Value, depth: usize, found: &mut Vec<BusinessData>) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items.iter().take(MOST) {
                collect(item, depth - 1, found);
            }
        }
        Value::Object(map) => {
            if let Some(business) = read(value) {
                found.push(business);
                return;
            }
            for key in [
                "@graph",
                "itemListElement",
                "item",
                "mainEntity",
                "publisher",
            ] {
                if let Some(inner) = map.get(key) {
                    collect(inner, depth - 1, found);
                }
            }
        }
        _ => {}
    }
}

fn read(value: &Value) -> Option<BusinessData> {
    let name = text(value.get("name"))?;
    let address = value.get("address").map(address).unwrap_or_default();
    let telephone = text(value.get("telephone"));
    if address.is_empty() && telephone.is_none() {
        return None;
    }
    let geo = value
        .get("geo")
        .and_then(|geo| Some((text(geo.get("latitude"))?, text(geo.get("longitude"))?)));
    let mut hours: Vec<_> = texts(value.get("openingHours"));
    let specified = value.get("openingHoursSpecification");
    hours.extend(list(specified).filter_map(specification));
    Some(BusinessData {
        types: texts(value.get("@type")).iter().map(type_name).collect(),
        name: Some(name),
        address,
        telephone,
        email: text(value.get("email")),
        url: text(value.get("url")),
        description: text(value.get("description")),
        opening_hours: hours,
        geo,
        image: text(value.get("image")).or_else(|| text(value.get("logo"))),
        price_range: text(value.get("priceRange")),
        same_as: texts(value.get("sameAs")),
    })
}

/// A type's name is ASCII letters only, so it needs no guard.
fn type_name(text: &Untrusted<String>) -> String {
    text.inspect(|text| {
        let last = text.rsplit(['/', ':']).next().unwrap_or_default();
        last.chars()
            .filter(char::is_ascii_alphanumeric)
            .take(64)
            .collect()
    })
}

fn address(value: &Value) -> FoundAddress {
    let value = list(Some(value)).next().unwrap_or(&Value::Null);
    if value.is_string() {
        return FoundAddress {
            street: text(Some(value)),
            ..FoundAddress::default()
        };
    }
    FoundAddress {
        street: text(value.get("streetAddress")),
        postal_code: text(value.get("postalCode")),
        locality: text(value.get("addressLocality")),
        region: text(value.get("addressRegion")),
        country: text(value.get("addressCountry")),
    }
}

/// One `OpeningHoursSpecification` in the short form.
fn specification(value: &Value) -> Option<Untrusted<String>> {
    let clock = |key: &str| {
        let text = value.get(key)?.as_str()?;
        let short: String = text.chars().take(5).collect();
        let fits = short.len() == 5 && short.chars().all(|c| c.is_ascii_digit() || c == ':');
        fits.then_some(short)
    };
    let days: Vec<&str> = list(value.get("dayOfWeek"))
        .filter_map(Value::as_str)
        .filter_map(|day| day.rsplit('/').next())
        .filter_map(|day| {
            DAYS.iter()
                .find(|(long, short)| day == *long || day == *short)
        })
        .map(|(_, short)| *short)
        .collect();
    if days.is_empty() {
        return None;
    }
    Some(Untrusted::new(format!(
        "{} {}-{}",
        days.join(","),
        clock("opens")?,
        clock("closes")?
    )))
}

const DAYS: [(&str, &str); 7] = [
    ("Monday", "Mo"),
    ("Tuesday", "Tu"),
    ("Wednesday", "We"),
    ("Thursday", "Th"),
    ("Friday", "Fr"),
    ("Saturday", "Sa"),
    ("Sunday", "Su"),
];

/// A value as a list: its entries, itself, or nothing.
fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (many, one) = match value {
        Some(Value::Array(items)) => (items.as_slice(), None),
        Some(Value::Null) | None => (&[][..], None),
        Some(other) => (&[][..], Some(other)),
    };
    many.iter().chain(one).take(MOST)
}

fn texts(value: Option<&Value>) -> Vec<Untrusted<String>> {
    list(value).filter_map(|value| text(Some(value))).collect()
}

/// A value as one line of text: a string, a number, or an object's `url`, `name` or
/// `@value`; blank ones count as missing.
fn text(value: Option<&Value>) -> Option<Untrusted<String>> {
    let value = list(value).next()?;
    let raw = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Object(map) => ["url", "name", "@value", "@id"]
            .iter()
            .find_map(|key| map.get(*key).and_then(Value::as_str))?
            .to_owned(),
        _ => return None,
    };
    let words: Vec<&str> = raw.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(LONGEST).collect();
    (!line.is_empty()).then(|| Untrusted::new(line))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(value: &Option<Untrusted<String>>) -> String {
        value
            .as_ref()
            .map(|v| v.inspect(String::clone))
            .unwrap_or_default()
    }

    #[test]
    fn reads_a_business_wherever_it_stands() {
        let bakery = json!({
            "@type": ["Bakery", "https://schema.org/LocalBusiness"],
            "name": "  Bäckerei\n Amsel ",
            "telephone": "+49 30 23125 101",
            "address": {"@type": "PostalAddress", "streetAddress": "Lindenweg 4",
                        "postalCode": 10115, "addressLocality": "Berlin",
                        "addressCountry": {"@type": "Country", "name": "DE"}},
            "openingHoursSpecification": [{"dayOfWeek": ["Monday", "http://schema.org/Tuesday"],
                        "opens": "06:30:00", "closes": "18:00"}],
            "geo": {"latitude": 52.5, "longitude": "13.4"},
            "sameAs": "https://guide.example/amsel"
        });
        for value in [
            bakery.clone(),
            json!([bakery]),
            json!({"@graph": [{"@type": "WebSite", "name": "x"}, bakery]}),
            json!({"@type": "ItemList", "itemListElement": [{"item": bakery}]}),
        ] {
            let found = BusinessData::all_from_json_ld(&value);
            assert_eq!(found.len(), 1, "{value}");
            let one = &found[0];
            assert_eq!(one.types, ["Bakery", "LocalBusiness"]);
            assert_eq!(plain(&one.name), "Bäckerei Amsel");
            assert_eq!(plain(&one.address.postal_code), "10115");
            assert_eq!(plain(&one.address.country), "DE");
            assert_eq!(
                one.opening_hours[0].inspect(String::clone),
                "Mo,Tu 06:30-18:00"
            );
            assert!(one.geo.is_some());
        }
    }

    #[test]
    fn is_bounded_and_passes_over_what_is_no_business() {
        let mut deep = json!({"name": "x", "telephone": "1"});
        for _ in 0..40 {
            deep = json!([deep]);
        }
        assert!(BusinessData::all_from_json_ld(&deep).is_empty());
        assert!(BusinessData::all_from_json_ld(&json!({"name": "only a name"})).is_empty());
        let many = vec![json!({"name": "x", "telephone": "1"}); 1000];
        assert_eq!(BusinessData::all_from_json_ld(&json!(many)).len(), MOST);
    }
}
