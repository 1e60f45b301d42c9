//! The endpoints, each as little as the tests need and as strict as Stripe.

use serde_json::{Value, json};

use super::{World, error};

const MISSING: u16 = 404;

impl World {
    pub(super) fn call(
        &mut self,
        method: &str,
        path: &str,
        query: &Value,
        form: &Value,
    ) -> (u16, Value) {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("GET", ["v1", "checkout", "sessions", id]) => self.one("checkout.session", id),
            ("POST", ["v1", "checkout", "sessions"]) => self.session(form),
            ("GET", ["v1", kind]) => self.list(kind_of(kind), query),
            ("GET", ["v1", kind, id]) => self.one(kind_of(kind), id),
            ("POST", ["v1", "customers"]) => {
                let fields = json!({"email": form["email"], "name": form["name"]});
                self.make("customer", "cus", form, fields)
            }
            ("POST", ["v1", "products"]) => self.product(form),
            ("POST", ["v1", "prices"]) => {
                let fields = json!({"unit_amount": number(form, "unit_amount"),
                    "currency": form["currency"], "product": form["product"],
                    "recurring": form["recurring"]});
                self.make("price", "price", form, fields)
            }
            ("POST", ["v1", "invoices"]) => self.draft(form),
            ("DELETE", ["v1", "invoices", id]) => self.strike(id),
            ("POST", ["v1", "invoices", id, "finalize"]) => self.finalize(id),
            ("POST", ["v1", "invoices", id, "void"]) => self.void(id),
            ("POST", ["v1", "invoiceitems"]) => self.item(form),
            ("POST", ["v1", "payment_links"]) => {
                let fields = json!({"url": "https://buy.stripe.example/x", "active": true});
                self.make("payment_link", "plink", form, fields)
            }
            ("POST", ["v1", "subscriptions"]) => {
                let fields = json!({"status": "active", "customer": form["customer"]});
                self.make("subscription", "sub", form, fields)
            }
            ("DELETE", ["v1", "subscriptions", id]) => match self.change("subscription", id) {
                Some(found) => {
                    found["status"] = json!("canceled");
                    (200, found.clone())
                }
                None => missing(),
            },
            ("POST", ["v1", "refunds"]) => self.refund(form),
            _ => missing(),
        }
    }

    fn one(&self, kind: &str, id: &str) -> (u16, Value) {
        self.find(kind, id)
            .map_or_else(missing, |found| (200, found.clone()))
    }

    fn list(&self, kind: &str, query: &Value) -> (u16, Value) {
        let limit = number(query, "limit").as_u64().unwrap_or(10).clamp(1, 100);
        let since = query["created"]["gte"]
            .as_str()
            .map(|t| t.parse::<i64>().unwrap());
        let same = |object: &Value, field: &str| {
            query[field].is_null() || object[field] == query[field] || field == "status"
        };
        let mut found: Vec<&Value> = self
            .all(kind)
            .iter()
            .rev()
            .filter(|o| {
                ["customer", "email", "invoice", "payment_intent", "charge"]
                    .iter()
                    .all(|field| same(o, field))
            })
            .filter(|o| since.is_none_or(|since| o["created"].as_i64().unwrap() >= since))
            .collect();
        if let Some(after) = query["starting_after"].as_str() {
            let Some(place) = found.iter().position(|o| o["id"] == after) else {
                return missing();
            };
            found.drain(..=place);
        }
        let limit = usize::try_from(limit).unwrap();
        let more = found.len() > limit;
        found.truncate(limit);
        (
            200,
            json!({"object": "list", "data": found, "has_more": more}),
        )
    }

    fn make(
        &mut self,
        kind: &'static str,
        prefix: &str,
        form: &Value,
        fields: Value,
    ) -> (u16, Value) {
        let metadata = form.get("metadata").cloned().unwrap_or(json!({}));
        let short = |text: &str, most: usize| text.chars().count() <= most;
        let fits = metadata
            .as_object()
            .unwrap()
            .iter()
            .all(|(name, value)| short(name, 40) && short(value.as_str().unwrap(), 500));
        if !fits {
            return refused("metadata_too_long");
        }
        let mut object = fields;
        object["id"] = json!(self.id(prefix));
        object["object"] = json!(kind);
        object["created"] = json!(self.now);
        object["livemode"] = json!(false);
        object["metadata"] = metadata;
        self.objects.entry(kind).or_default().push(object.clone());
        (200, object)
    }

    fn product(&mut self, form: &Value) -> (u16, Value) {
        let (status, mut made) = self.make("product", "prod", form, json!({"name": form["name"]}));
        if let Some(id) = form["id"].as_str() {
            let last = self.objects.get_mut("product").unwrap().last_mut().unwrap();
            last["id"] = json!(id);
            made["id"] = json!(id);
        }
        (status, made)
    }

    fn session(&mut self, form: &Value) -> (u16, Value) {
        let fields = json!({"url": "https://checkout.stripe.example/x", "payment_status": "unpaid",
            "amount_total": null, "currency": "eur", "payment_intent": null, "invoice": null});
        self.make("checkout.session", "cs", form, fields)
    }

    fn draft(&mut self, form: &Value) -> (u16, Value) {
        let customer = form["customer"].as_str().unwrap_or_default();
        if self.find("customer", customer).is_none() {
            return refused("resource_missing");
        }
        let days = number(form, "days_until_due").as_i64();
        let due = number(form, "due_date").as_i64();
        if due.map_or(days.is_none(), |due| due <= self.now || days.is_some()) {
            return refused("due_date_in_the_past");
        }
        let fields = json!({"status": "draft", "total": self.surcharge, "amount_paid": 0,
            "currency": form["currency"], "customer": customer, "payment_intent": null,
            "charge": null, "hosted_invoice_url": null,
            "status_transitions": {"finalized_at": null, "paid_at": null}});
        self.make("invoice", "in", form, fields)
    }

    fn item(&mut self, form: &Value) -> (u16, Value) {
        let invoice = form["invoice"].as_str().unwrap_or_default().to_owned();
        let amount = number(form, "amount").as_i64().unwrap();
        let Some(found) = self.change("invoice", &invoice) else {
            return missing();
        };
        if found["status"] != "draft" || found["currency"] != form["currency"] {
            return refused("invoice_not_editable");
        }
        found["total"] = json!(found["total"].as_i64().unwrap() + amount);
        let fields = json!({"amount": amount, "invoice": invoice, "customer": form["customer"]});
        self.make("invoiceitem", "ii", form, fields)
    }

    fn finalize(&mut self, id: &str) -> (u16, Value) {
        let now = self.now;
        let Some(found) = self.change("invoice", id) else {
            return missing();
        };
        if found["status"] != "draft" {
            return refused("invoice_not_editable");
        }
        found["status"] = json!("open");
        found["hosted_invoice_url"] = json!(format!("https://invoice.stripe.example/{id}"));
        found["status_transitions"]["finalized_at"] = json!(now);
        let found = found.clone();
        self.tell("invoice.finalized", &found);
        (200, found)
    }

    fn void(&mut self, id: &str) -> (u16, Value) {
        let Some(found) = self.change("invoice", id) else {
            return missing();
        };
        if found["status"] != "open" {
            return refused("invoice_not_open");
        }
        found["status"] = json!("void");
        let found = found.clone();
        self.tell("invoice.voided", &found);
        (200, found)
    }

    fn strike(&mut self, id: &str) -> (u16, Value) {
        match self.find("invoice", id) {
            None => missing(),
            Some(found) if found["status"] != "draft" => refused("invoice_not_editable"),
            Some(_) => {
                let all = self.objects.get_mut("invoice").unwrap();
                all.retain(|invoice| invoice["id"] != id);
                (200, json!({"id": id, "object": "invoice", "deleted": true}))
            }
        }
    }

    fn refund(&mut self, form: &Value) -> (u16, Value) {
        let payment = form["payment_intent"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let amount = number(form, "amount").as_i64().unwrap_or_default();
        let Some(intent) = self.find("payment_intent", &payment) else {
            return missing();
        };
        let received = intent["amount_received"].as_i64().unwrap();
        let back: i64 = self
            .all("refund")
            .iter()
            .filter(|r| r["payment_intent"] == payment.as_str() && r["status"] != "failed")
            .map(|r| r["amount"].as_i64().unwrap())
            .sum();
        if amount <= 0 || back + amount > received {
            return refused("charge_already_refunded");
        }
        let fields = json!({"amount": amount, "currency": "eur", "payment_intent": payment,
            "charge": null, "status": "succeeded"});
        let (status, made) = self.make("refund", "re", form, fields);
        self.tell("refund.created", &made);
        (status, made)
    }
}

fn kind_of(path: &str) -> &'static str {
    match path {
        "customers" => "customer",
        "products" => "product",
        "prices" => "price",
        "invoices" => "invoice",
        "invoiceitems" => "invoiceitem",
        "payment_intents" => "payment_intent",
        "refunds" => "refund",
        "subscriptions" => "subscription",
        _ => "nothing",
    }
}

fn number(form: &Value, name: &str) -> Value {
    let text = form[name].as_str();
    text.map_or(Value::Null, |text| json!(text.parse::<i64>().unwrap()))
}

fn missing() -> (u16, Value) {
    (MISSING, error("invalid_request_error", "resource_missing"))
}

fn refused(code: &str) -> (u16, Value) {
    (400, error("invalid_request_error", code))
}
