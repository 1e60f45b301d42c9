use std::collections::BTreeMap;

use super::{AutoCheck, Predicate};
use crate::execute::{COUNTED, Facts};
use crate::work::listing_repair::{ListingRepair, RepairScope};
use crate::work::website_audit::{Audit, AuditScope, Verdict};

/// The checks that ship with the two services whose work needs no model, by name.
///
/// Their facts are measured from the result again, by [`audit_facts`] and [`repair_facts`], not
/// taken from the worker's word.
#[must_use]
pub fn shipped_checks() -> BTreeMap<String, AutoCheck> {
    use Predicate::{All, Any, AtLeast, AtMost, Is, NotBelow, Same};
    let named = |name: &str| name.to_owned();
    let none = |name: &str| AtMost(named(name), 0);
    [
        // Website audit.
        (
            "all-pages",
            All(vec![
                AtLeast(named("pages-read"), 1),
                Any(vec![
                    NotBelow(named("pages-read"), named("pages-ordered")),
                    Is(named("pages-left-out"), 0.into()),
                ]),
            ]),
        ),
        ("score-adds-up", Same(named("score"), named("points"))),
        ("faults-have-evidence", none("faults-without-evidence")),
        (
            "advice-covers-faults",
            Same(named("faults"), named("advice")),
        ),
        // Listing repair.
        ("fields-decided", AtLeast(named("fields-decided"), 1)),
        ("no-conflicts", none("changes-against-decision")),
        (
            "within-order",
            NotBelow(named("listings-ordered"), named("listings-changed")),
        ),
        ("values-have-sources", none("values-without-source")),
    ]
    .into_iter()
    .map(|(name, holds)| {
        let name = named(name);
        (name.clone(), AutoCheck { name, holds })
    })
    .collect()
}

/// What can be measured of an audit: its score and points, what was read against what was
/// ordered, faults without evidence, faults against pieces of advice.
#[must_use]
pub fn audit_facts(audit: &Audit, scope: &AuditScope) -> Facts {
    let faults = || audit.results.iter().filter(|r| r.verdict != Verdict::Pass);
    let points: u32 = audit.results.iter().map(|r| r.points).sum();
    let bare = faults().filter(|r| r.evidence.is_empty()).count();
    let mut facts = facts([
        ("pages-read", i64::from(audit.pages)),
        ("pages-ordered", i64::from(scope.limits().pages())),
        ("pages-left-out", i64::from(audit.cut)),
        ("score", i64::from(audit.score)),
        ("points", i64::from(points)),
        ("faults", count(faults().count())),
        ("faults-without-evidence", count(bare)),
        ("advice", count(audit.recommendations.len())),
    ]);
    // Where pages were left out there are more than were read.
    if !audit.cut {
        facts.insert(format!("{COUNTED}pages"), i64::from(audit.pages).into());
    }
    facts
}

/// What can be measured of a repair: fields decided, changes that say something else than was
/// decided, listings changed against listings ordered, values without a source.
#[must_use]
pub fn repair_facts(repair: &ListingRepair, scope: &RepairScope) -> Facts {
    let against = repair
        .changes
        .iter()
        .filter(|c| repair.value(c.field) != Some(&c.after));
    let bare = repair.fields.iter().filter(|f| f.chosen.sources.is_empty());
    let changed: std::collections::BTreeSet<&str> =
        repair.changes.iter().map(|c| c.source.as_str()).collect();
    let mut facts = facts([
        ("fields-decided", count(repair.fields.len())),
        ("changes-against-decision", count(against.count())),
        ("listings-changed", count(changed.len())),
        ("listings-ordered", i64::from(scope.directories())),
        ("values-without-source", count(bare.count())),
    ]);
    let compared = i64::from(repair.compared);
    facts.insert(format!("{COUNTED}listings"), compared.into());
    facts
}

fn facts<const N: usize>(measured: [(&str, i64); N]) -> Facts {
    measured
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
