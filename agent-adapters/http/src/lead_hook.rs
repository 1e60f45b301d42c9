//! Inquiries that a website of the agency hands over, signed.

use async_trait::async_trait;
use dealwright_payments::stripe::{SigningSecret, WebhookRefusal, verify_standard};
use dealwright_runtime::Agency;
use serde::Deserialize;

use crate::hook::{Delivery, HookRefusal, Webhook};
use crate::inquiry::{Asked, Inquiries, Wrong};

const BODY: usize = 64 * 1024;

/// Takes inquiries in that another program delivers, signed by the scheme of Standard Webhooks
/// (`webhook-id`, `webhook-timestamp`, `webhook-signature`; HMAC-SHA256, five minutes either way).
///
/// The body is JSON: `{"business": "…", "email": "…", "message": "…"}`. One `webhook-id` is one
/// inquiry, however often it is delivered.
#[derive(Debug)]
pub struct LeadHook {
    secret: SigningSecret,
    inquiries: Inquiries,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    business: String,
    email: String,
    message: String,
}

impl LeadHook {
    /// Takes what is signed with `secret` to `inquiries`.
    #[must_use]
    pub fn new(secret: SigningSecret, inquiries: Inquiries) -> Self {
        Self { secret, inquiries }
    }
}

#[async_trait]
impl Webhook for LeadHook {
    fn limit(&self) -> usize {
        BODY
    }

    async fn take(&self, agency: &Agency, delivery: Delivery<'_>) -> Result<(), HookRefusal> {
        let header = |name| delivery.header(name).unwrap_or_default();
        let id = header("webhook-id");
        let headers = (id, header("webhook-timestamp"), header("webhook-signature"));
        verify_standard(&self.secret, headers, delivery.body, delivery.now)
            .map_err(|why: WebhookRefusal| HookRefusal::Forged(why.to_string()))?;
        let malformed = |what: &str| HookRefusal::Malformed(what.to_owned());
        let body: Body = serde_json::from_slice(delivery.body).map_err(|_| {
            malformed("the body is not JSON with the fields business, email and message")
        })?;
        let asked = Asked::new(id.to_owned(), &body.business, &body.email, &body.message);
        let asked = asked.map_err(|wrong| {
            malformed(match wrong {
                Wrong::Business => "`business` is empty or has more than 200 characters",
                Wrong::Email => "`email` is no address",
                Wrong::Message => "`message` is empty or has more than 5,000 characters",
            })
        })?;
        self.inquiries.take(agency, asked, delivery.now).await?;
        Ok(())
    }
}
