//! Charts as data; renderers draw them.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Tone;

/// A chart: a title, what it shows in words, and the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    title: String,
    alt: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    data: ChartData,
}

impl Chart {
    /// A chart. `alt` says what there is to see, for those who cannot see it.
    #[must_use]
    pub fn new(title: impl Into<String>, alt: impl Into<String>, data: ChartData) -> Self {
        Self {
            title: title.into(),
            alt: alt.into(),
            unit: None,
            caption: None,
            data,
        }
    }

    /// Sets the unit of its values, such as `ms` or `EUR`.
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// Sets what stands below the chart: source, day, how it was measured.
    #[must_use]
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What there is to see, in words.
    #[must_use]
    pub fn alt(&self) -> &str {
        &self.alt
    }

    /// The unit of its values.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// What stands below the chart.
    #[must_use]
    pub fn caption(&self) -> Option<&str> {
        self.caption.as_deref()
    }

    /// The data.
    #[must_use]
    pub fn data(&self) -> &ChartData {
        &self.data
    }
}

/// The data of a chart; its form follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChartData {
    /// One bar a name, lying; at most 40.
    Bars(Vec<Bar>),
    /// Stages that each keep a part of the one before.
    Funnel(Vec<Stage>),
    /// Tasks over days.
    Gantt {
        /// The tasks, top to bottom; at most 80.
        tasks: Vec<TaskBar>,
        /// Dated points.
        milestones: Vec<Milestone>,
        /// The day the plan is looked at, drawn as a line.
        today: Option<NaiveDate>,
    },
    /// Score rings, each from 0 to its own maximum; at most 6.
    Gauges(Vec<Dial>),
    /// Lines over steps of equal distance.
    Lines {
        /// A label for each step; at most 400.
        steps: Vec<String>,
        /// A value for each step.
        series: Vec<Series>,
    },
    /// Upright bars, each made of parts.
    StackedBars {
        /// A name for each bar; at most 24.
        names: Vec<String>,
        /// A part for each bar; none below 0.
        series: Vec<Series>,
    },
}

/// A bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    name: String,
    value: Decimal,
    #[serde(default)]
    tone: Tone,
}

impl Bar {
    /// A bar in the accent's colour; values below 0 are not drawn and refused.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<Decimal>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            tone: Tone::Neutral,
        }
    }

    /// Says how the value is to be taken.
    #[must_use]
    pub fn with_tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length.
    #[must_use]
    pub fn value(&self) -> Decimal {
        self.value
    }

    /// How it is to be taken.
    #[must_use]
    pub fn tone(&self) -> Tone {
        self.tone
    }
}

/// Values that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    name: String,
    values: Vec<Decimal>,
}

impl Series {
    /// A named series.
    #[must_use]
    pub fn new<T: Into<Decimal>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        Self {
            name: name.into(),
            values: values.into_iter().map(Into::into).collect(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its values.
    #[must_use]
    pub fn values(&self) -> &[Decimal] {
        &self.values
    }
}

/// A score out of a maximum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    name: String,
    value: u32,
    max: u32,
    #[serde(default)]
    tone: Tone,
}

impl Dial {
    /// A score; `value` lies between 0 and `max`.
    #[must_use]
    pub fn new(name: impl Into<String>, value: u32, max: u32) -> Self {
        Self {
            name: name.into(),
            value,
            max,
            tone: Tone::Neutral,
        }
    }

    /// Says how the score is to be taken.
    #[must_use]
    pub fn with_tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// What is scored.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The score.
    #[must_use]
    pub fn value(&self) -> u32 {
        self.value
    }

    /// The best score there is.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.max
    }

    /// How it is to be taken.
    #[must_use]
    pub fn tone(&self) -> Tone {
        self.tone
    }
}

/// A stage of a funnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    name: String,
    count: u64,
}

impl Stage {
    /// A stage and how many reached it.
    #[must_use]
    pub fn new(name: impl Into<String>, count: u64) -> Self {
        Self {
            name: name.into(),
            count,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many reached it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// A task with its first and last day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskBar {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    start: NaiveDate,
    end: NaiveDate,
    progress: u8,
    critical: bool,
}

impl TaskBar {
    /// A task from the first to the last day, both worked on, not begun yet.
    #[must_use]
    pub fn new(name: impl Into<String>, start: NaiveDate, end: NaiveDate) -> Self {
        Self {
            name: name.into(),
            group: None,
            start,
            end,
            progress: 0,
            critical: false,
        }
    }

    /// Puts the task under a heading; tasks of one group stand one after another.
    #[must_use]
    pub fn in_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Sets how much is done, in percent.
    #[must_use]
    pub fn with_progress(mut self, percent: u8) -> Self {
        self.progress = percent;
        self
    }

    /// Says that any delay of it delays the end.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The heading it stands under.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// Its first day.
    #[must_use]
    pub fn start(&self) -> NaiveDate {
        self.start
    }

    /// Its last day.
    #[must_use]
    pub fn end(&self) -> NaiveDate {
        self.end
    }

    /// How much is done, in percent.
    #[must_use]
    pub fn progress(&self) -> u8 {
        self.progress
    }

    /// Whether any delay of it delays the end.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.critical
    }
}

/// A dated point of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    name: String,
    day: NaiveDate,
    reached: bool,
}

impl Milestone {
    /// A point that lies ahead.
    #[must_use]
    pub fn new(name: impl Into<String>, day: NaiveDate) -> Self {
        Self {
            name: name.into(),
            day,
            reached: false,
        }
    }

    /// States that it was reached.
    #[must_use]
    pub fn reached(mut self) -> Self {
        self.reached = true;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its day.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.day
    }

    /// Whether it was reached.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.reached
    }
}
