/// The ticks at which something can be worked on: all of them, or spans `[from, to)` in order,
/// apart from each other and none empty.
///
/// A tick is whatever the caller says it is; plans use minutes since their origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows(Option<Vec<(i64, i64)>>);

impl Windows {
    /// Open at every tick.
    #[must_use]
    pub fn always() -> Self {
        Self(None)
    }

    /// Open in these spans; they are sorted and joined, empty ones are left out.
    #[must_use]
    pub fn of_spans(spans: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut sorted: Vec<(i64, i64)> = spans.into_iter().filter(|(a, b)| a < b).collect();
        sorted.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(sorted.len());
        for (from, to) in sorted {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        Self(Some(joined))
    }

    /// The spans; `None` where every tick is open.
    #[must_use]
    pub fn spans(&self) -> Option<&[(i64, i64)]> {
        self.0.as_deref()
    }

    /// The stretch of exactly `ticks` open ticks that begins at the first open tick from `from`
    /// on, as the spans it takes; `None` where the windows end before. No tick takes no span.
    #[must_use]
    pub fn run(&self, from: i64, ticks: i64) -> Option<Vec<(i64, i64)>> {
        if ticks <= 0 {
            return Some(Vec::new());
        }
        let Some(spans) = &self.0 else {
            return Some(vec![(from, from.checked_add(ticks)?)]);
        };
        let mut taken = Vec::new();
        let mut left = ticks;
        for (a, b) in spans
            .iter()
            .skip(spans.partition_point(|(_, b)| *b <= from))
        {
            let start = (*a).max(from);
            let end = (start + left).min(*b);
            taken.push((start, end));
            left -= end - start;
            if left == 0 {
                return Some(taken);
            }
        }
        None
    }

    /// The earliest tick by which `ticks` open ticks have passed since `from`.
    #[must_use]
    pub fn advance(&self, from: i64, ticks: i64) -> Option<i64> {
        if ticks <= 0 {
            return Some(from);
        }
        self.run(from, ticks)
            .and_then(|run| run.last().map(|(_, end)| *end))
    }

    /// The latest tick from which `ticks` open ticks pass until `to`.
    ///
    /// Adjoint to [`advance`](Self::advance): `advance(s, n) <= f` exactly where
    /// `s <= retreat(f, n)`; slack rests on it.
    #[must_use]
    pub fn retreat(&self, to: i64, ticks: i64) -> Option<i64> {
        if ticks <= 0 {
            return Some(to);
        }
        let Some(spans) = &self.0 else {
            return to.checked_sub(ticks);
        };
        let mut left = ticks;
        let before = spans.partition_point(|(a, _)| *a < to);
        for (a, b) in spans.iter().take(before).rev() {
            let end = (*b).min(to);
            let size = end - a;
            if size >= left {
                return Some(end - left);
            }
            left -= size;
        }
        None
    }

    /// How many ticks in `[from, to)` are open.
    #[must_use]
    pub fn between(&self, from: i64, to: i64) -> i64 {
        match &self.0 {
            None => (to - from).max(0),
            Some(spans) => spans
                .iter()
                .skip(spans.partition_point(|(_, b)| *b <= from))
                .take_while(|(a, _)| *a < to)
                .map(|(a, b)| ((*b).min(to) - (*a).max(from)).max(0))
                .sum(),
        }
    }

    /// Open where both are.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let (Some(left), Some(right)) = (&self.0, &other.0) else {
            return if self.0.is_none() {
                other.clone()
            } else {
                self.clone()
            };
        };
        let mut both = Vec::new();
        let (mut ours, mut theirs) = (left.iter().peekable(), right.iter().peekable());
        while let (Some((a, b)), Some((c, d))) = (ours.peek(), theirs.peek()) {
            both.push((*a.max(c), *b.min(d)));
            if b <= d {
                ours.next();
            } else {
                theirs.next();
            }
        }
        Self::of_spans(both)
    }

    /// Closed where `taken` is open.
    #[must_use]
    pub fn without(&self, taken: &[(i64, i64)]) -> Self {
        let Self(Some(taken)) = Self::of_spans(taken.iter().copied()) else {
            return self.clone();
        };
        let mut gaps = Vec::with_capacity(taken.len() + 1);
        // Half of the range, so that lengths of spans do not overflow.
        let mut open = i64::MIN / 2;
        for (from, to) in taken {
            gaps.push((open, from));
            open = to;
        }
        gaps.push((open, i64::MAX / 2));
        self.and(&Self::of_spans(gaps))
    }

    /// The same windows with time running the other way: tick `t` becomes `-t`.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self(
            self.0
                .as_ref()
                .map(|spans| spans.iter().rev().map(|(a, b)| (-b, -a)).collect()),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn windows() -> impl Strategy<Value = Windows> {
        proptest::collection::vec((-50_i64..50, 1_i64..12), 1..8)
            .prop_map(|spans| Windows::of_spans(spans.into_iter().map(|(a, n)| (a, a + n))))
    }

    proptest! {
        #[test]
        fn advance_and_retreat_are_adjoint(w in windows(), s in -60_i64..70, f in -60_i64..70, n in 0_i64..20) {
            let there = w.advance(s, n).is_some_and(|end| end <= f);
            let back = w.retreat(f, n).is_some_and(|start| s <= start);
            prop_assert_eq!(there, back);
            if n > 0 {
                prop_assert_eq!(there, w.between(s, f) >= n);
            }
        }

        #[test]
        fn cutting_out_and_meeting_agree_tick_by_tick(a in windows(), b in windows()) {
            let open = |w: &Windows, t: i64| w.between(t, t + 1) == 1;
            let taken = b.spans().unwrap().to_vec();
            for t in -70..80 {
                prop_assert_eq!(open(&a.and(&b), t), open(&a, t) && open(&b, t));
                prop_assert_eq!(open(&a.without(&taken), t), open(&a, t) && !open(&b, t));
                prop_assert_eq!(open(&a.mirrored(), -t - 1), open(&a, t));
            }
        }
    }

    #[test]
    fn a_run_skips_what_is_closed() {
        let w = Windows::of_spans([(0, 4), (10, 14), (3, 5)]);
        assert_eq!(w.run(3, 4), Some(vec![(3, 5), (10, 12)]));
        assert_eq!(w.run(6, 1), Some(vec![(10, 11)]));
        assert_eq!(w.run(6, 5), None);
        assert_eq!(Windows::always().run(6, 5), Some(vec![(6, 11)]));
    }
}
