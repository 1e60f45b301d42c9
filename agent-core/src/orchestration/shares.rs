use std::collections::BTreeMap;

/// Shares `workers` between modules by their backlog; what nobody needs is left out.
///
/// Each module with a backlog gets `minimum` first (the largest backlogs first, where there
/// are too few workers), the rest follows the backlog by largest remainder, and no module gets
/// more workers than it has work. Ties go to the module that sorts first.
///
/// ```
/// use std::collections::BTreeMap;
/// use dealwright_core::orchestration::shares;
/// let backlogs = BTreeMap::from([("deals", 10), ("delivery", 0), ("discovery", 90)]);
/// let shared = shares(&backlogs, 10, 1);
/// assert_eq!(shared, BTreeMap::from([("deals", 2), ("delivery", 0), ("discovery", 8)]));
/// ```
#[must_use]
pub fn shares<K: Ord + Clone>(
    backlogs: &BTreeMap<K, u64>,
    workers: u32,
    minimum: u32,
) -> BTreeMap<K, u32> {
    let mut given: BTreeMap<K, u32> = backlogs.keys().map(|key| (key.clone(), 0)).collect();
    let mut by_size: Vec<(&K, u64)> = backlogs
        .iter()
        .map(|(key, backlog)| (key, *backlog))
        .filter(|(_, backlog)| *backlog > 0)
        .collect();
    by_size.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    let mut left = workers;
    for round in 0..minimum {
        for (key, backlog) in &by_size {
            if left > 0 && u64::from(round) < *backlog {
                add(&mut given, key, 1);
                left -= 1;
            }
        }
    }
    let open: Vec<(&K, u64)> = by_size
        .iter()
        .map(|(key, backlog)| {
            let has = given.get(*key).copied().unwrap_or(0);
            (*key, backlog.saturating_sub(has.into()))
        })
        .collect();
    let total: u128 = open.iter().map(|(_, need)| u128::from(*need)).sum();
    if u128::from(left) >= total {
        for (key, need) in open {
            add(&mut given, key, u32::try_from(need).unwrap_or(left));
        }
        return given;
    }
    // Fewer workers than work: every whole part is below its need, so the odd workers fit.
    let pool = u128::from(left);
    let mut remainders = Vec::with_capacity(open.len());
    for (key, need) in open {
        let product = pool * u128::from(need);
        let whole = u32::try_from(product / total).unwrap_or(left);
        add(&mut given, key, whole);
        left = left.saturating_sub(whole);
        remainders.push((product % total, key));
    }
    remainders.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    for (_, key) in remainders.into_iter().take(left as usize) {
        add(&mut given, key, 1);
    }
    given
}

fn add<K: Ord>(given: &mut BTreeMap<K, u32>, key: &K, count: u32) {
    if let Some(share) = given.get_mut(key) {
        *share = share.saturating_add(count);
    }
}
