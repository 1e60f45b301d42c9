use super::rules::{self, About, Question};

/// Something a letter lacks or says that it must not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LintFinding {
    /// The rule.
    pub rule: String,
    /// What is wrong, for people.
    pub what: String,
}

/// Everything that is wrong with the letter itself, in order of rule; empty means it may go as
/// far as the letter is concerned.
#[must_use]
pub fn lint(question: &Question<'_>) -> Vec<LintFinding> {
    rules::all()
        .iter()
        .filter(|rule| rule.about == About::Letter)
        .filter_map(|rule| rule.refuses(question))
        .collect()
}
