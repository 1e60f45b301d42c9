use std::fmt;

/// Names and values in the form encoding that Stripe reads, nested by brackets.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.0.push((name.into(), value.to_string()));
        self
    }

    pub(crate) fn with_some(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Every pair as `metadata[name]`.
    pub(crate) fn with_metadata<'a>(
        self,
        pairs: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Self {
        pairs.into_iter().fold(self, |form, (name, value)| {
            form.with(format!("metadata[{name}]"), value)
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `application/x-www-form-urlencoded`.
    pub(crate) fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

impl fmt::Debug for Form {
    /// Names alone: values hold names and addresses of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn what_is_encoded_cannot_become_another_field() {
        let form = Form::new()
            .with("description", "a&amount=1 ü")
            .with_metadata([("dealwright_step", "1=2".to_owned())]);
        assert_eq!(
            form.encode(),
            "description=a%26amount%3D1+%C3%BC&metadata%5Bdealwright_step%5D=1%3D2"
        );
        assert_eq!(
            format!("{form:?}"),
            r#"["description", "metadata[dealwright_step]"]"#
        );
    }
}
