use dealwright_core::knowledge::{OutputKind, Slug, TemplateSource, TemplatesParams};

/// The letters of a project in English: name, subject, text.
const LETTERS: &[(&str, &str, &str)] = &[
    (
        "project-plan",
        "The plan for {{business}}",
        "Good day, {{greeting}},\n\nwe have begun. Attached is the plan: what is done when and by whom, the dates that we promised, and what the results will be held against. By this plan all is done on {{end}}.\n\nIf a date does not suit you, answer this letter.",
    ),
    (
        "project-input",
        "What we need from you: {{input}}",
        "Good day, {{greeting}},\n\nto go on with our work for {{business}} we need this from you: {{input}}.\n\nPlease answer this letter with it, or tell us who has it.",
    ),
    (
        "project-handover",
        "{{milestone}}: for your acceptance",
        "Good day, {{greeting}},\n\nattached is what we made for {{business}}: {{deliverables}}. It was reviewed by somebody who did not make it.\n\nIf all is as ordered, answer \"we accept\". If something should be otherwise, tell us what. Without an answer by {{answer_by}} it counts as accepted.",
    ),
    (
        "project-status",
        "Your question about our work",
        "Thank you for your message. Where the work for {{business}} stands: {{done}} of {{tasks}} tasks are done, the plan ends on {{end}}.\n\nA person has your message as well and answers what this does not.",
    ),
    (
        "project-change-order",
        "Your wish for a change",
        "Thank you for your message. The changes that the contract covers are used up, so we send you a price for this one before anything begins. What we handed over stays as it is until then.",
    ),
    (
        "project-deemed",
        "{{milestone}} counts as accepted",
        "We have had no answer to what we handed over for {{business}} within {{days}} working days, so it counts as accepted, as agreed. If something is not right, tell us all the same.",
    ),
    (
        "project-report",
        "The completion report for {{business}}",
        "Good day, {{greeting}},\n\nthe work is done. Attached is the report: what was planned, what came of it, and where each figure comes from.\n\nOne question: how satisfied are you, from 1 (poor) to 5 (very good)? A single number is enough.",
    ),
    (
        "project-feedback-reminder",
        "One number from you",
        "We asked how satisfied you are with our work for {{business}}, from 1 (poor) to 5 (very good). A single number is enough; we do not ask again.",
    ),
];

/// The letters of a project in English, to be used as they are or as a start.
#[must_use]
pub fn standard_templates() -> TemplatesParams {
    let source = |id: &str, kind, body: &str| {
        Some(TemplateSource {
            id: Slug::parse(id).ok()?,
            kind,
            body: body.to_owned(),
        })
    };
    TemplatesParams {
        templates: LETTERS
            .iter()
            .flat_map(|(id, subject, text)| {
                [
                    source(id, OutputKind::Header, subject),
                    source(id, OutputKind::Text, text),
                ]
            })
            .flatten()
            .collect(),
    }
}
