use serde_json::json;

use super::*;

fn one(kind: OutputKind, body: &str) -> Result<Templates, TemplateError> {
    TemplatesParams {
        templates: vec![TemplateSource {
            id: Slug::parse("t").unwrap(),
            kind,
            body: body.to_owned(),
        }],
    }
    .check()
}

fn render(kind: OutputKind, body: &str, input: Value) -> Result<String, RenderError> {
    one(kind, body).unwrap().render(kind, "t", &input)
}

// covers: OU-8
#[test]
fn a_missing_or_empty_variable_refuses_to_render_and_is_named() {
    let body = "Dear {{contact.name}}, {{#each items}}{{label}};{{/each}}";
    let ok = json!({"contact": {"name": "Ada"}, "items": [{"label": "a"}, {"label": "b"}]});
    assert_eq!(
        render(OutputKind::Text, body, ok).unwrap(),
        "Dear Ada, a;b;"
    );
    for (input, variable) in [
        (json!({"items": []}), "contact.name"),
        (json!({"contact": {}, "items": []}), "contact.name"),
        (json!({"contact": {"name": "Ada"}}), "items"),
        (json!({"contact": {"name": "Ada"}, "items": [{}]}), "label"),
    ] {
        let error = render(OutputKind::Text, body, input).unwrap_err();
        assert!(
            matches!(&error, RenderError::Missing { variable: v, .. } if v == variable),
            "{error}"
        );
    }
    for name in [json!(""), json!("  "), json!(null)] {
        let input = json!({"contact": {"name": name}, "items": []});
        let error = render(OutputKind::Text, body, input).unwrap_err();
        assert!(matches!(error, RenderError::Empty { .. }), "{error}");
    }
}

// covers: OU-8
#[test]
fn a_misspelt_condition_is_missing_and_not_false() {
    let body = "{{#if first}}hello{{else}}again{{/if}}";
    assert_eq!(
        render(OutputKind::Text, body, json!({"first": false})).unwrap(),
        "again"
    );
    assert_eq!(
        render(OutputKind::Text, body, json!({"first": null})).unwrap(),
        "again"
    );
    assert_eq!(
        render(OutputKind::Text, body, json!({"first": true})).unwrap(),
        "hello"
    );
    let error = render(OutputKind::Text, body, json!({"frist": true})).unwrap_err();
    assert!(error.to_string().contains("`first`"), "{error}");
    let compare = "{{#if (eq kind \"a\")}}A{{else}}B{{/if}}";
    assert_eq!(
        render(OutputKind::Text, compare, json!({"kind": "a"})).unwrap(),
        "A"
    );
}

#[test]
fn values_are_escaped_for_their_kind() {
    let input = json!({"x": "<b>\"&'", "xs": ["<i>", "b"]});
    assert_eq!(
        render(
            OutputKind::Html,
            "<p title=\"{{x}}\">{{x}} {{list xs}}</p>",
            input.clone()
        )
        .unwrap(),
        "<p title=\"&lt;b&gt;&quot;&amp;&#39;\">&lt;b&gt;&quot;&amp;&#39; &lt;i&gt; and b</p>"
    );
    assert_eq!(render(OutputKind::Text, "{{x}}", input).unwrap(), "<b>\"&'");
    let split = json!({"x": "Offer\r\nBcc: all@shop.example"});
    let error = render(OutputKind::Header, "Re {{x}}", split).unwrap_err();
    assert!(matches!(error, RenderError::Wrong { .. }), "{error}");
}

#[test]
fn links_are_links() {
    for body in [
        "<a href=\"{{x}}\">",
        "<a href={{url x}}>",
        "<p onclick='{{x}}'>",
        "<p style=\"{{x}}\">",
    ] {
        assert!(one(OutputKind::Html, body).is_err(), "{body}");
    }
    let body = "<a href=\"{{url x}}\">go</a>";
    assert_eq!(
        render(
            OutputKind::Html,
            body,
            json!({"x": "https://shop.example/a?b=1"})
        )
        .unwrap(),
        "<a href=\"https://shop.example/a?b&#61;1\">go</a>"
    );
    assert!(render(OutputKind::Html, body, json!({"x": "javascript:alert(1)"})).is_err());
}

#[test]
fn money_dates_and_lists_are_written_as_people_write_them() {
    let input = json!({
        "m": {"minor": -123_456_789, "currency": "EUR"}, "y": {"minor": 500, "currency": "JPY"},
        "d": "2026-03-04", "t": "2026-03-04T23:30:00Z", "one": ["a"], "three": ["a", "b", "c"]
    });
    for (body, text) in [
        ("{{money m}}", "-1,234,567.89 EUR"),
        ("{{money m lang=\"de\"}}", "-1.234.567,89 EUR"),
        ("{{money y}}", "500 JPY"),
        ("{{date d}}", "4 March 2026"),
        (
            "{{date t zone=\"Europe/Berlin\" lang=\"de\"}}",
            "5. März 2026",
        ),
        ("{{date d lang=\"nl\"}}", "2026-03-04"),
        ("{{list one}}", "a"),
        ("{{list three and=\"und\"}}", "a, b und c"),
    ] {
        assert_eq!(
            render(OutputKind::Text, body, input.clone()).unwrap(),
            text,
            "{body}"
        );
    }
    assert!(render(OutputKind::Text, "{{money d}}", input).is_err());
}

#[test]
fn what_is_outside_the_language_is_refused_at_load() {
    for body in [
        "{{> footer}}",
        "{{#> layout}}{{/layout}}",
        "{{*inline \"x\"}}",
        "{{{x}}}",
        "{{&x}}",
        "{{lookup a b}}",
        "{{log x}}",
        "{{#raw}}{{/raw}}",
        "{{{{raw}}}}{{{{/raw}}}}",
        "{{money (lookup a b)}}",
        "{{#each a}}{{#each b}}{{#each c}}{{/each}}{{/each}}{{/each}}",
        "{{#if",
        "{{/if}}",
    ] {
        let error = one(OutputKind::Text, body);
        assert!(error.is_err(), "{body}");
    }
    let deep = "{{#if a}}".repeat(4_000) + &"{{/if}}".repeat(4_000);
    assert!(
        one(OutputKind::Text, &deep)
            .unwrap_err()
            .to_string()
            .contains("16 deep")
    );
    let parens = format!(
        "{{{{money {}x{}}}}}",
        "(not ".repeat(9_000),
        ")".repeat(9_000)
    );
    assert!(one(OutputKind::Text, &parens).is_err());
    assert!(one(OutputKind::Text, &"x".repeat(65_537)).is_err());
    assert!(one(OutputKind::Header, "a\nb").is_err());
}

#[test]
fn input_and_output_are_bounded() {
    let many: Vec<u32> = (0..30_000).collect();
    let error = render(
        OutputKind::Text,
        "{{#each a}}x{{/each}}",
        json!({"a": many}),
    )
    .unwrap_err();
    assert!(matches!(error, RenderError::TooLarge { .. }), "{error}");
    let body = format!("{{{{#each a}}}}{}{{{{/each}}}}", "x".repeat(1_000));
    let some: Vec<u32> = (0..1_000).collect();
    let error = render(OutputKind::Text, &body, json!({"a": some})).unwrap_err();
    assert!(matches!(error, RenderError::TooLarge { .. }), "{error}");
}

#[test]
fn templates_survive_being_stored() {
    let templates = one(OutputKind::Header, "Your {{x}}").unwrap();
    let back: Templates =
        serde_json::from_value(serde_json::to_value(&templates).unwrap()).unwrap();
    assert_eq!(back, templates);
    assert_eq!(
        back.render(OutputKind::Header, "t", &json!({"x": "plan"}))
            .unwrap(),
        "Your plan"
    );
    assert!(matches!(
        back.render(OutputKind::Html, "t", &json!({})),
        Err(RenderError::NoTemplate { .. })
    ));
}
