//! Charts as SVG: no fonts inside, no script, no style sheet, and no angle or root that two
//! machines could compute differently.

mod canvas;
mod compare;
mod gantt;
mod plot;
mod scale;

use dealwright_core::document::{Accent, AiMark, Chart, ChartData, Wording};

pub(crate) use self::canvas::escape;
use self::canvas::{Anchor, Canvas, Ink, WIDTH, n};
use crate::color::INK;

/// How charts of one document look.
pub(crate) struct Look<'a> {
    pub(crate) accent: Accent,
    pub(crate) wording: &'a Wording,
    /// Families of fonts, as in CSS, without double quotes.
    pub(crate) font: &'static str,
}

/// A drawing with its height in pixels; all are [`WIDTH`] wide.
pub(crate) struct Drawing {
    elements: String,
    height: f64,
}

/// Draws the chart without its title: the text around it carries that.
pub(crate) fn draw(chart: &Chart, look: &Look<'_>) -> Drawing {
    let mut canvas = Canvas::default();
    let height = match chart.data() {
        ChartData::Bars(bars) => compare::bars(&mut canvas, bars, chart.unit(), look),
        ChartData::Funnel(stages) => compare::funnel(&mut canvas, stages, look),
        ChartData::Gauges(dials) => compare::gauges(&mut canvas, dials, look),
        ChartData::Gantt {
            tasks,
            milestones,
            today,
        } => gantt::gantt(&mut canvas, tasks, milestones, *today, look),
        ChartData::Lines { steps, series } => plot::lines(&mut canvas, steps, series, look),
        ChartData::StackedBars { names, series } => plot::stacked(&mut canvas, names, series, look),
        // A kind that is newer than this crate: its words are all there is to show.
        _ => {
            let alt = canvas::fit(chart.alt(), WIDTH, Ink::LABEL);
            canvas.text((0.0, 20.0), Anchor::Start, Ink::LABEL, &alt);
            30.0
        }
    };
    Drawing {
        elements: canvas.into_elements(),
        height,
    }
}

impl Drawing {
    /// Height as a part of the width.
    pub(crate) fn aspect(&self) -> f64 {
        self.height / WIDTH
    }

    /// The drawing within HTML; `id` is unique in the page.
    pub(crate) fn inline(&self, chart: &Chart, id: &str) -> String {
        let height = n(self.height);
        format!(
            "<svg viewBox=\"0 0 720 {height}\" role=\"img\" aria-labelledby=\"{id}\" \
             preserveAspectRatio=\"xMinYMin meet\"><title id=\"{id}\">{}</title>{}</svg>",
            escape(chart.alt()),
            self.elements
        )
    }

    /// The drawing as a picture for another document.
    pub(crate) fn picture(&self, look: &Look<'_>) -> String {
        let height = n(self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"{height}\" \
             viewBox=\"0 0 720 {height}\" font-family=\"{}\">{}</svg>",
            look.font, self.elements
        )
    }

    /// The drawing as a file of its own, with its title and the document's mark.
    pub(crate) fn file(&self, chart: &Chart, look: &Look<'_>, mark: Option<&AiMark>) -> String {
        let title = match chart.unit() {
            Some(unit) => format!("{} ({unit})", chart.title()),
            None => chart.title().to_owned(),
        };
        let mut head = Canvas::default();
        let ink = Ink {
            size: 17.0,
            fill: INK,
            bold: true,
        };
        let shown = canvas::fit(&title, WIDTH, ink);
        head.text((0.0, 18.0), Anchor::Start, ink, &shown);
        let metadata = mark
            .map(|mark| {
                let element = mark.meta_element();
                format!("<metadata>{element}</meta></metadata>")
            })
            .unwrap_or_default();
        let (width, height) = (n(WIDTH + 48.0), n(self.height + 88.0));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{}\" role=\"img\" \
             aria-labelledby=\"title desc\"><title id=\"title\">{}</title>\
             <desc id=\"desc\">{}</desc>{metadata}\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\
             <g transform=\"translate(24 24)\">{}</g><g transform=\"translate(24 64)\">{}</g></svg>\n",
            look.font,
            escape(&title),
            escape(chart.alt()),
            head.into_elements(),
            self.elements
        )
    }
}
