//! Sends by Mailchimp Transactional (Mandrill), and reads its webhooks.
