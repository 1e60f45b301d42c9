use super::mime::Walked;

/// An event that Amazon's notification service sent by mail, as JSON.
#[derive(Debug)]
pub(super) struct Event {
    /// All of it without blanks.
    run: String,
    text: String,
}

impl Event {
    /// The event, where the mail is one of that type: `Bounce`, `Complaint`.
    pub(super) fn of(mail: &Walked, notification: &str) -> Option<Self> {
        // It may stand as a text within another one, with its quotes escaped.
        let text = mail.text.trim_start().replace('\\', "");
        let run: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let typed = format!("\"notificationType\":\"{notification}\"");
        (text.starts_with('{') && run.contains(&typed)).then_some(Self { run, text })
    }

    /// Whether a field has that text.
    pub(super) fn says(&self, field: &str, value: &str) -> bool {
        self.run.contains(&format!("\"{field}\":\"{value}\""))
    }

    /// The list of that name, as it is written.
    pub(super) fn list(&self, name: &str) -> Option<&str> {
        let from = self.text.find(&format!("\"{name}\""))?;
        self.text.get(from..)?.split(']').next()
    }
}
