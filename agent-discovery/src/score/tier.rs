use super::CheckedScoringParams;

impl CheckedScoringParams {
    /// The tier of a total: the highest whose threshold it reaches; `None` below all of them.
    #[must_use]
    pub fn tier(&self, total: i64) -> Option<&str> {
        self.params()
            .tiers
            .iter()
            .find(|tier| total >= tier.from)
            .map(|tier| tier.name.as_str())
    }

    /// The least total that has the tier of that name.
    #[must_use]
    pub fn threshold(&self, tier: &str) -> Option<i64> {
        self.params()
            .tiers
            .iter()
            .find(|t| t.name == tier)
            .map(|t| t.from)
    }
}
