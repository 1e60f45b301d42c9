use super::points::Points;
use super::words::Map;

/// How many pairs of two groups are looked at before they are joined; beyond that, evenly
/// spaced members stand for all.
const SAMPLE: usize = 24;
/// One pair counts this much at most, either way: no single pair joins or parts two groups.
const MOST: Points = 40;

/// Joins records to groups, best pairs first, unless the average of all pairs of two groups
/// is below `linkage`: a chain of likenesses does not make its ends the same.
///
/// `pairs` may come in any order; equal points are taken in the order of the records. A pair
/// for which `points` says `None` must not stand in one group. Returns the groups, members
/// ascending, ordered by first member.
pub(super) fn cluster(
    records: u32,
    mut pairs: Vec<(Points, u32, u32)>,
    linkage: Points,
    points: impl Fn(u32, u32) -> Option<Points>,
) -> Vec<Vec<u32>> {
    pairs.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let known: Map<(u32, u32), Points> = pairs
        .iter()
        .map(|(points, a, b)| ((*a, *b), *points))
        .collect();
    let look = |a: u32, b: u32| {
        let pair = if a < b { (a, b) } else { (b, a) };
        known.get(&pair).copied().or_else(|| points(pair.0, pair.1))
    };
    let mut group: Vec<u32> = (0..records).collect();
    let mut members: Vec<Vec<u32>> = (0..records).map(|record| vec![record]).collect();
    for (_, a, b) in &pairs {
        let (Some(first), Some(second)) = (
            group.get(*a as usize).copied(),
            group.get(*b as usize).copied(),
        ) else {
            continue;
        };
        if first == second {
            continue;
        }
        let (keep, gone) = (first.min(second), first.max(second));
        let (Some(ours), Some(theirs)) = (members.get(keep as usize), members.get(gone as usize))
        else {
            continue;
        };
        if between(ours, theirs, &look).is_none_or(|average| average < linkage) {
            continue;
        }
        let moved = members
            .get_mut(gone as usize)
            .map(std::mem::take)
            .unwrap_or_default();
        for record in &moved {
            if let Some(place) = group.get_mut(*record as usize) {
                *place = keep;
            }
        }
        if let Some(ours) = members.get_mut(keep as usize) {
            ours.extend(moved);
        }
    }
    members.retain(|group| !group.is_empty());
    for group in &mut members {
        group.sort_unstable();
    }
    members.sort_unstable();
    members
}

/// `None` where two of them must not stand together.
fn between(a: &[u32], b: &[u32], look: &impl Fn(u32, u32) -> Option<Points>) -> Option<Points> {
    let step = |group: &[u32]| group.len().div_ceil(SAMPLE).max(1);
    let mut all = Vec::with_capacity(a.len().min(SAMPLE) * b.len().min(SAMPLE));
    for x in a.iter().step_by(step(a)) {
        for y in b.iter().step_by(step(b)) {
            all.push(look(*x, *y)?);
        }
    }
    average(0, all.into_iter())
}

/// The average of points, each bounded; of many (`count`) only evenly spaced ones. `None`
/// for none.
pub(super) fn average(count: usize, points: impl Iterator<Item = Points>) -> Option<Points> {
    let step = count.div_ceil(SAMPLE).max(1);
    let (mut sum, mut seen) = (0_i64, 0_i64);
    for points in points.step_by(step) {
        sum += i64::from(points.clamp(-MOST, MOST));
        seen += 1;
    }
    Points::try_from(sum.checked_div(seen)?).ok()
}
