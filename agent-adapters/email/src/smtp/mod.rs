//! Sends by SMTP, signed by DKIM.
