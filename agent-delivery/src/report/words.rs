use dealwright_core::party::Language;

use super::Measure;

/// A language that documents of delivery can be written in; others read English.
#[derive(Clone, Copy)]
pub(crate) enum Words {
    English,
    German,
}

impl Words {
    /// The closest to a language.
    pub(crate) fn of(language: Language) -> Self {
        if language == Language::DE {
            Self::German
        } else {
            Self::English
        }
    }

    /// The language it is.
    pub(crate) fn language(self) -> Language {
        match self {
            Self::English => Language::EN,
            Self::German => Language::DE,
        }
    }

    /// The one of two texts that is in this language.
    pub(crate) fn say(self, english: &'static str, german: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    /// What a figure is called.
    pub(crate) fn measure(self, measure: Measure) -> &'static str {
        match measure {
            Measure::Net => self.say("Agreed price, net", "Vereinbarter Preis, netto"),
            Measure::CostBudget => self.say("Cost budget", "Kostenbudget"),
            Measure::CostSpent => self.say("Cost so far", "Kosten bisher"),
            Measure::CostForecast => {
                self.say("Cost at the end, forecast", "Kosten am Ende, Prognose")
            }
            Measure::MarginForecast => self.say(
                "Margin at the end, forecast",
                "Deckungsbeitrag am Ende, Prognose",
            ),
            Measure::Margin => self.say("Margin so far", "Deckungsbeitrag bisher"),
            Measure::MinutesPlanned => self.say("Hours planned", "Stunden geplant"),
            Measure::MinutesSpent => self.say("Hours worked", "Stunden gearbeitet"),
            Measure::MinutesForecast => {
                self.say("Hours at the end, forecast", "Stunden am Ende, Prognose")
            }
            Measure::Tasks => self.say("Tasks", "Aufgaben"),
            Measure::TasksDone => self.say("Tasks done", "Aufgaben erledigt"),
            Measure::Rework => self.say("Rounds of rework", "Nacharbeitsrunden"),
            Measure::DaysLate => self.say("Days late", "Tage Verzug"),
            Measure::Satisfaction => self.say("Satisfaction, 1 to 5", "Zufriedenheit, 1 bis 5"),
        }
    }
}
