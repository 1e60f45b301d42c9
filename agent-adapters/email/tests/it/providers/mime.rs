//! The mail that a provider makes of a request, so that the lint of letters can look at it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What both kinds of request come to.
pub(crate) struct Parts<'a> {
    pub(crate) from: (&'a Value, &'a Value),
    pub(crate) reply_to: &'a Value,
    pub(crate) to: (&'a Value, &'a Value),
    pub(crate) subject: &'a Value,
    pub(crate) text: &'a Value,
    pub(crate) html: &'a Value,
    pub(crate) headers: Vec<(String, String)>,
    /// Name, media type, content in base64.
    pub(crate) files: Vec<[&'a Value; 3]>,
}

impl<'a> Parts<'a> {
    pub(crate) fn sendgrid(body: &'a Value) -> Self {
        let to = &body["personalizations"][0]["to"][0];
        let files = body["attachments"].as_array().into_iter().flatten();
        Self {
            from: (&body["from"]["email"], &body["from"]["name"]),
            reply_to: &body["reply_to"]["email"],
            to: (&to["email"], &to["name"]),
            subject: &body["subject"],
            text: &body["content"][0]["value"],
            html: &body["content"][1]["value"],
            headers: headers(&body["headers"]),
            files: files
                .map(|f| [&f["filename"], &f["type"], &f["content"]])
                .collect(),
        }
    }

    pub(crate) fn mandrill(body: &'a Value) -> Self {
        let message = &body["message"];
        let to = &message["to"][0];
        let files = message["attachments"].as_array().into_iter().flatten();
        let mut headers = headers(&message["headers"]);
        headers.retain(|(name, _)| name != "Reply-To");
        Self {
            from: (&message["from_email"], &message["from_name"]),
            reply_to: &message["headers"]["Reply-To"],
            to: (&to["email"], &to["name"]),
            subject: &message["subject"],
            text: &message["text"],
            html: &message["html"],
            headers,
            files: files
                .map(|f| [&f["name"], &f["type"], &f["content"]])
                .collect(),
        }
    }

    pub(crate) fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(name, _)| name != header);
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The bytes of the mail, all text in base64.
    pub(crate) fn mail(&self) -> Vec<u8> {
        let mailbox = |(address, name): (&Value, &Value)| match name.as_str() {
            Some(name) => format!("{} <{}>", word(name), plain(address)),
            None => format!("<{}>", plain(address)),
        };
        let mut mail = format!(
            "From: {}\r\nTo: {}\r\nReply-To: <{}>\r\nSubject: {}\r\nMIME-Version: 1.0\r\n",
            mailbox(self.from),
            mailbox(self.to),
            plain(self.reply_to),
            word(plain(self.subject)),
        );
        for (name, value) in &self.headers {
            assert!(
                value.is_ascii() && !value.contains(['\r', '\n']),
                "{name}: {value}"
            );
            mail.push_str(&format!("{name}: {value}\r\n"));
        }
        mail.push_str("Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n");
        mail.push_str("Content-Type: multipart/alternative; boundary=a\r\n\r\n");
        for (media, text) in [("plain", self.text), ("html", self.html)] {
            mail.push_str(&format!(
                "--a\r\nContent-Type: text/{media}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
                STANDARD.encode(plain(text))
            ));
        }
        mail.push_str("--a--\r\n");
        for [name, media, content] in &self.files {
            mail.push_str(&format!(
                "--m\r\nContent-Type: {}\r\nContent-Disposition: attachment; filename=\"{}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
                plain(media),
                word(plain(name)),
                plain(content)
            ));
        }
        mail.push_str("--m--\r\n");
        mail.into_bytes()
    }
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn word(text: &str) -> String {
    format!("=?utf-8?B?{}?=", STANDARD.encode(text))
}

fn headers(object: &Value) -> Vec<(String, String)> {
    let all = object.as_object().unwrap().iter();
    all.map(|(name, value)| (name.clone(), plain(value).to_owned()))
        .collect()
}
