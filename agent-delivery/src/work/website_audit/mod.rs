//! The website audit: measures a crawled site, judges it, says what to do first.
//!
//! Every point of the score is accounted for: the points of the checks sum to it, and
//! every verdict carries the pages and passages it rests on. The same crawl and scope
//! give the same audit.

mod checks;
mod report;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::BTreeMap;

use dealwright_core::page::PageUrl;
use dealwright_core::text::Untrusted;
use serde::{Deserialize, Serialize};

pub use self::report::report;
use super::crawl::{CrawlLimits, SiteCrawl};
use super::listing::Listing;

/// What was ordered: it decides how many pages are read and which checks are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditScope {
    limits: CrawlLimits,
    languages: u32,
    structured_data: bool,
    listings: bool,
}

impl Default for AuditScope {
    fn default() -> Self {
        Self::of_order(&BTreeMap::new(), &[])
    }
}

impl AuditScope {
    /// From the drivers and options of an order.
    ///
    /// `pages` bounds the crawl (1 to 500, 20 where missing). `languages` above 1 adds the
    /// check that each language has its pages. The option `no-structured-data` leaves
    /// out that check, `no-listing-check` the comparison with directories.
    #[must_use]
    pub fn of_order(drivers: &BTreeMap<String, i64>, options: &[String]) -> Self {
        let driver = |name: &str, default| drivers.get(name).copied().unwrap_or(default);
        let without = |name: &str| options.iter().any(|option| option == name);
        Self {
            limits: CrawlLimits::of_pages(driver("pages", 20)),
            languages: u32::try_from(driver("languages", 1).clamp(1, 40)).unwrap_or(1),
            structured_data: !without("no-structured-data"),
            listings: !without("no-listing-check"),
        }
    }

    /// How far to crawl.
    #[must_use]
    pub fn limits(&self) -> &CrawlLimits {
        &self.limits
    }

    /// How many languages the site must speak.
    #[must_use]
    pub fn languages(&self) -> u32 {
        self.languages
    }
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Category {
    /// Whether people find the site.
    Findability,
    /// Whether they find what they came for.
    Content,
    /// Whether everybody can use it.
    Accessibility,
    /// Whether they can trust it and get in touch.
    Trust,
    /// Whether it works.
    Technology,
}

/// One thing that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Check {
    /// Links within the site lead somewhere.
    BrokenLinks,
    /// Visitors are led to an encrypted connection.
    Https,
    /// The pages are light.
    PageWeight,
    /// There is a robots.txt.
    RobotsTxt,
    /// There is a sitemap.
    Sitemap,
    /// The pages may be listed by search engines.
    Indexable,
    /// Each page names its canonical address.
    Canonical,
    /// Each page has a title of a good length.
    Title,
    /// No two pages have the same title.
    UniqueTitles,
    /// Each page has a description of a good length.
    Description,
    /// Headings are in order.
    Headings,
    /// Each page says its language.
    LanguageTag,
    /// Every ordered language has its pages.
    LanguageVersions,
    /// Pictures have an alternative text.
    AltTexts,
    /// The pages fit small screens.
    Viewport,
    /// Structured data describe the business completely.
    StructuredData,
    /// Telephone, e-mail and address can be found.
    ContactData,
    /// All pages give the same contact data.
    ContactConsistency,
    /// Directories list what the site says.
    ListingConsistency,
}

impl Check {
    /// All checks in the order of the report.
    pub const ALL: [Self; 19] = [
        Self::Title,
        Self::Description,
        Self::UniqueTitles,
        Self::Indexable,
        Self::Canonical,
        Self::Sitemap,
        Self::RobotsTxt,
        Self::StructuredData,
        Self::Headings,
        Self::LanguageTag,
        Self::LanguageVersions,
        Self::AltTexts,
        Self::Viewport,
        Self::ContactData,
        Self::ContactConsistency,
        Self::ListingConsistency,
        Self::Https,
        Self::BrokenLinks,
        Self::PageWeight,
    ];

    /// What it is about.
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::Title | Self::Description | Self::UniqueTitles | Self::Indexable => {
                Category::Findability
            }
            Self::Canonical | Self::Sitemap | Self::RobotsTxt | Self::StructuredData => {
                Category::Findability
            }
            Self::Headings | Self::LanguageVersions => Category::Content,
            Self::LanguageTag | Self::AltTexts | Self::Viewport => Category::Accessibility,
            Self::ContactData | Self::ContactConsistency | Self::ListingConsistency => {
                Category::Trust
            }
            Self::Https | Self::BrokenLinks | Self::PageWeight => Category::Technology,
        }
    }

    /// How much it counts beside the others.
    #[must_use]
    pub fn weight(self) -> u32 {
        match self {
            Self::Https => 10,
            Self::StructuredData => 9,
            Self::Title | Self::BrokenLinks | Self::Viewport | Self::ContactData => 8,
            Self::Description => 7,
            Self::Indexable | Self::AltTexts => 6,
            Self::Headings | Self::ContactConsistency => 5,
            Self::ListingConsistency | Self::LanguageVersions => 5,
            Self::UniqueTitles | Self::Sitemap | Self::LanguageTag | Self::PageWeight => 4,
            Self::Canonical => 3,
            Self::RobotsTxt => 2,
        }
    }

    /// How much work it usually is to put right.
    #[must_use]
    pub fn effort(self) -> Effort {
        match self {
            Self::RobotsTxt | Self::Indexable | Self::LanguageTag | Self::Viewport => Effort::Small,
            Self::UniqueTitles | Self::Canonical | Self::Title => Effort::Small,
            Self::Https | Self::Sitemap | Self::BrokenLinks | Self::Description => Effort::Medium,
            Self::AltTexts | Self::StructuredData | Self::ContactData => Effort::Medium,
            Self::ContactConsistency | Self::ListingConsistency => Effort::Medium,
            Self::Headings => Effort::Medium,
            Self::PageWeight | Self::LanguageVersions => Effort::Large,
        }
    }
}

/// How much work a recommendation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effort {
    /// An hour or less.
    Small,
    /// Half a day or less.
    Medium,
    /// A day or more.
    Large,
}

impl Effort {
    /// Hours to reckon with.
    #[must_use]
    pub fn hours(self) -> u32 {
        match self {
            Self::Small => 1,
            Self::Medium => 4,
            Self::Large => 12,
        }
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// All is well.
    Pass,
    /// At least half is.
    Warn,
    /// Less than half is.
    Fail,
}

/// A passage of a page that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The page.
    pub page: PageUrl,
    /// What stands there, or what is missing in our words.
    pub passage: Untrusted<String>,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check.
    pub check: Check,
    /// Its verdict.
    pub verdict: Verdict,
    /// Points it brings.
    pub points: u32,
    /// Points it could bring.
    pub of_points: u32,
    /// How many of the things looked at are as they should be.
    pub good: u32,
    /// How many things were looked at.
    pub seen: u32,
    /// What the verdict rests on; the first 8 of each check.
    pub evidence: Vec<Evidence>,
}

/// A thing to do, in the order in which to do them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// The check that it puts right.
    pub check: Check,
    /// Points it brings.
    pub gain: u32,
    /// How much work it is.
    pub effort: Effort,
    /// How many things are to be put right.
    pub places: u32,
}

/// A judged site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Where the crawl began.
    pub start: PageUrl,
    /// How many pages were read.
    pub pages: u32,
    /// How many addresses the site's rules forbade us, or gave no answer.
    pub unseen: u32,
    /// Whether the ordered number of pages left some out.
    pub cut: bool,
    /// The score, 0 to 100: the sum of the points of all results.
    pub score: u32,
    /// The checks that were made, in the order of the report.
    pub results: Vec<CheckResult>,
    /// What to do, the most useful for its work first.
    pub recommendations: Vec<Recommendation>,
}

impl Audit {
    /// Points and possible points of each category.
    #[must_use]
    pub fn by_category(&self) -> BTreeMap<Category, (u32, u32)> {
        let mut sums: BTreeMap<Category, (u32, u32)> = BTreeMap::new();
        for result in &self.results {
            let (points, of) = sums.entry(result.check.category()).or_default();
            *points += result.points;
            *of += result.of_points;
        }
        sums
    }

    /// Hours that all recommendations take together.
    #[must_use]
    pub fn hours(&self) -> u32 {
        self.recommendations
            .iter()
            .map(|one| one.effort.hours())
            .sum()
    }
}

/// Measures and judges a crawled site.
///
/// A check that does not apply (no pictures, no directory that lists the business) is
/// left out, and its weight goes to the others. Of a site without a readable page the
/// checks of the site as a whole are all that is left.
#[must_use]
pub fn audit(crawl: &SiteCrawl, listings: &[Listing], scope: &AuditScope) -> Audit {
    let pages = crawl.pages();
    let measured: Vec<(Check, checks::Tally)> = Check::ALL
        .into_iter()
        .filter(|check| match check {
            Check::StructuredData => scope.structured_data,
            Check::ListingConsistency => scope.listings,
            Check::LanguageVersions => scope.languages > 1,
            _ => true,
        })
        .filter_map(|check| {
            let tally = checks::measure(check, crawl, &pages, listings, scope)?;
            (tally.seen > 0).then_some((check, tally))
        })
        .collect();
    let weights: Vec<u32> = measured.iter().map(|(check, _)| check.weight()).collect();
    let results: Vec<CheckResult> = measured
        .into_iter()
        .zip(shares_of_hundred(&weights))
        .map(|((check, tally), of_points)| CheckResult {
            check,
            verdict: verdict(tally.good, tally.seen),
            points: of_points * tally.good / tally.seen,
            of_points,
            good: tally.good,
            seen: tally.seen,
            evidence: tally.evidence,
        })
        .collect();
    let answered = |visit: &super::crawl::Visit| matches!(visit, super::crawl::Visit::Answered(_));
    Audit {
        start: crawl.start.clone(),
        pages: count(pages.len()),
        unseen: count(
            crawl
                .visits
                .values()
                .filter(|visit| !answered(visit))
                .count(),
        ),
        cut: crawl.cut,
        score: results.iter().map(|result| result.points).sum(),
        recommendations: recommendations(&results),
        results,
    }
}

fn verdict(good: u32, seen: u32) -> Verdict {
    if good >= seen {
        Verdict::Pass
    } else if good * 2 >= seen {
        Verdict::Warn
    } else {
        Verdict::Fail
    }
}

/// Splits 100 points by weight; what rounding leaves goes to the largest remainders,
/// earlier ones first.
fn shares_of_hundred(weights: &[u32]) -> Vec<u32> {
    let sum: u32 = weights.iter().sum();
    if sum == 0 {
        return Vec::new();
    }
    let mut shares: Vec<u32> = weights.iter().map(|weight| weight * 100 / sum).collect();
    let mut order: Vec<(u32, usize)> = weights
        .iter()
        .enumerate()
        .map(|(at, weight)| (weight * 100 % sum, at))
        .collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let left = 100 - shares.iter().sum::<u32>();
    for (_, at) in order.into_iter().take(left as usize) {
        if let Some(share) = shares.get_mut(at) {
            *share += 1;
        }
    }
    shares
}

/// The most points an hour first, then the most points, then the order of the report.
fn recommendations(results: &[CheckResult]) -> Vec<Recommendation> {
    let mut list: Vec<Recommendation> = results
        .iter()
        .filter(|result| result.verdict != Verdict::Pass)
        .map(|result| Recommendation {
            check: result.check,
            gain: result.of_points - result.points,
            effort: result.check.effort(),
            places: result.seen - result.good,
        })
        .collect();
    let worth = |a: &Recommendation, b: &Recommendation| {
        let (a_by_b, b_by_a) = (a.gain * b.effort.hours(), b.gain * a.effort.hours());
        b_by_a.cmp(&a_by_b).then(b.gain.cmp(&a.gain))
    };
    list.sort_by(worth);
    list
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
