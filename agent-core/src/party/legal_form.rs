use serde::{Deserialize, Serialize};

/// What kind of legal person an account is; decides whose rules of mail apply to it.
///
/// `Unknown` is treated as an individual wherever a rule asks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LegalForm {
    /// A company by shares: Inc, Corp, AG, PLC, SA.
    Corporation,
    /// A company with limited liability: Ltd, LLC, GmbH, UG, SARL.
    Limited,
    /// A partnership: KG, OHG, LLP, GmbH & Co. KG, LP.
    Partnership,
    /// One person in business: e.K., sole trader.
    SoleTrader,
    /// A public body: a school district, a town.
    Public,
    /// An association, charity, cooperative or church: e.V., gGmbH, foundation.
    NonProfit,
    /// Not known.
    #[default]
    Unknown,
}

/// Endings of firm names, in lower case without dots, and the form they prove.
///
/// Longer ones first where one ends in another; `& co kg` before `kg`.
const ENDINGS: [(&str, LegalForm); 61] = [
    ("gmbh & co kg", LegalForm::Partnership),
    ("gmbh und co kg", LegalForm::Partnership),
    ("gmbh & co kgaa", LegalForm::Corporation),
    ("ug & co kg", LegalForm::Partnership),
    ("ag & co kg", LegalForm::Partnership),
    ("& co kg", LegalForm::Partnership),
    ("& co ohg", LegalForm::Partnership),
    ("ug (haftungsbeschränkt)", LegalForm::Limited),
    ("ug haftungsbeschränkt", LegalForm::Limited),
    ("gemeinnützige gmbh", LegalForm::NonProfit),
    ("limited liability partnership", LegalForm::Partnership),
    ("limited liability company", LegalForm::Limited),
    ("limited partnership", LegalForm::Partnership),
    ("public limited company", LegalForm::Corporation),
    ("private limited", LegalForm::Limited),
    ("pty ltd", LegalForm::Limited),
    ("pvt ltd", LegalForm::Limited),
    ("co ltd", LegalForm::Limited),
    ("unified school district", LegalForm::Public),
    ("school district", LegalForm::Public),
    ("public schools", LegalForm::Public),
    ("gesellschaft mit beschränkter haftung", LegalForm::Limited),
    ("aktiengesellschaft", LegalForm::Corporation),
    ("eingetragener kaufmann", LegalForm::SoleTrader),
    ("incorporated", LegalForm::Corporation),
    ("corporation", LegalForm::Corporation),
    ("limited", LegalForm::Limited),
    ("foundation", LegalForm::NonProfit),
    ("stiftung", LegalForm::NonProfit),
    ("kgaa", LegalForm::Corporation),
    ("ggmbh", LegalForm::NonProfit),
    ("gmbh", LegalForm::Limited),
    ("mbh", LegalForm::Limited),
    ("partg mbb", LegalForm::Partnership),
    ("partgmbb", LegalForm::Partnership),
    ("partg", LegalForm::Partnership),
    ("gesbr", LegalForm::Partnership),
    ("sarl", LegalForm::Limited),
    ("sàrl", LegalForm::Limited),
    ("sasu", LegalForm::Limited),
    ("eurl", LegalForm::Limited),
    ("pllc", LegalForm::Limited),
    ("corp", LegalForm::Corporation),
    ("ohg", LegalForm::Partnership),
    ("gbr", LegalForm::Partnership),
    ("llp", LegalForm::Partnership),
    ("lllp", LegalForm::Partnership),
    ("llc", LegalForm::Limited),
    ("ltd", LegalForm::Limited),
    ("inc", LegalForm::Corporation),
    ("plc", LegalForm::Corporation),
    ("cic", LegalForm::NonProfit),
    ("sas", LegalForm::Limited),
    ("e k", LegalForm::SoleTrader),
    ("ek", LegalForm::SoleTrader),
    ("e v", LegalForm::NonProfit),
    ("ev", LegalForm::NonProfit),
    ("eg", LegalForm::NonProfit),
    ("ag", LegalForm::Corporation),
    ("ug", LegalForm::Limited),
    ("kg", LegalForm::Partnership),
];

impl LegalForm {
    /// Reads the form off the end of a firm's name: `Muster GmbH`, `Muster e.K.`.
    ///
    /// Only an ending proves it; two-letter endings must be written as the law does (`AG`,
    /// `UG`, `KG`, `e.V.`), so that a name such as `Smag` or `Dr. Ev` proves nothing.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let words: Vec<&str> = name.split_whitespace().collect();
        let shouting = !name.chars().any(char::is_lowercase);
        let text = simplify(&words.join(" "));
        for (ending, form) in ENDINGS {
            let Some(before) = text.strip_suffix(ending) else {
                continue;
            };
            if !before.ends_with(' ') {
                continue;
            }
            let last = words.last().copied().unwrap_or_default();
            let short = ending.chars().filter(|c| c.is_alphabetic()).count() <= 2;
            if !short || (!shouting && written_as_form(last, &words)) {
                return form;
            }
        }
        Self::Unknown
    }

    /// Whether rules of mail see an individual: sole traders, partnerships, and whoever is
    /// not known to be anything else (UK PECR reg. 22).
    #[must_use]
    pub fn counts_as_individual(self) -> bool {
        match self {
            Self::SoleTrader | Self::Partnership | Self::Unknown => true,
            Self::Corporation | Self::Limited | Self::Public | Self::NonProfit => false,
        }
    }
}

/// A firm's name as people say it, for a greeting: without its legal form, and calmed where it
/// is written all in capitals. The name itself stays as it is everywhere else.
///
/// ```
/// use dealwright_core::party::spoken_name;
/// assert_eq!(spoken_name("LAKESHORE HVAC & SONS, INC."), "Lakeshore Hvac & Sons");
/// assert_eq!(spoken_name("Muster GmbH & Co. KG"), "Muster");
/// assert_eq!(spoken_name("Springfield School District"), "Springfield School District");
/// ```
#[must_use]
pub fn spoken_name(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let form = LegalForm::from_name(name);
    let cut = match form {
        LegalForm::Unknown | LegalForm::Public => words.len(),
        // A foundation is called one.
        _ => (1..words.len())
            .find(|at| {
                let end = simplify(&words.get(*at..).unwrap_or_default().join(" "));
                let named = matches!(end.as_str(), "foundation" | "stiftung");
                !named && ENDINGS.iter().any(|(ending, _)| *ending == end)
            })
            .unwrap_or(words.len()),
    };
    let kept = words.get(..cut).unwrap_or_default().join(" ");
    let kept = kept.trim_end_matches([',', '&', ' ']);
    if kept.chars().any(char::is_lowercase) || !kept.chars().any(char::is_alphabetic) {
        return kept.to_owned();
    }
    let calm = |word: &str| {
        if word.chars().count() <= 3 {
            return word.to_owned();
        }
        let mut chars = word.chars();
        let first = chars.next().into_iter();
        first.chain(chars.flat_map(char::to_lowercase)).collect()
    };
    let calmed: Vec<String> = kept.split(' ').map(calm).collect();
    calmed.join(" ")
}

fn simplify(name: &str) -> String {
    let mut text: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c == ',' { ' ' } else { c })
        .filter(|c| *c != '.')
        .collect();
    text = text.replace(" + co", " & co").replace(" u co", " & co");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `AG`, `UG`, `KG`, `eG`, `e.K.`, `eK`, `e. K.`, `e.V.` and nothing looser.
fn written_as_form(last: &str, words: &[&str]) -> bool {
    let last = last.trim_end_matches(',');
    let pair = words
        .len()
        .checked_sub(2)
        .and_then(|at| words.get(at))
        .is_some_and(|word| {
            matches!(*word, "e." | "e") && matches!(last, "K." | "K" | "V." | "V" | "G.")
        });
    pair || matches!(
        last,
        "AG" | "UG"
            | "KG"
            | "eG"
            | "e.G."
            | "eK"
            | "e.K."
            | "e.K"
            | "e.Kfm."
            | "e.Kfr."
            | "eV"
            | "e.V."
            | "e.V"
    )
}
