//! Sends by SendGrid, and reads its webhooks.
