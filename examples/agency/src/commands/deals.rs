//! `agency deals`.

use std::path::Path;

use dealwright_core::access::Action;
use dealwright_deals::deal::Deal;
use dealwright_simulation::processes;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::commands::words::plain;
use crate::home::{self, told};

/// Deals.
pub(crate) fn deals(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadMoney)?;
    let host = agency.host();
    block_on(async {
        let mut rows = Vec::new();
        for key in processes(host).await.map_err(told)? {
            if key.kind() != "deal" {
                continue;
            }
            let Some((_, state)) = host.state::<Deal>(&key).await.map_err(told)? else {
                continue;
            };
            rows.push(json!({
                "id": key.id(),
                "stage": state.stage().word(),
                "client": state.lead().and_then(|l| l.parts().account_name.clone()),
                "total": state.current_offer().map(|v| v.quote().totals().gross.to_string()),
                "needs_person": state.needs_person(),
            }));
        }
        if json {
            return Ok(Value::Array(rows).to_string());
        }
        let mut text = format!("{} deals\n", rows.len());
        for row in rows {
            let word = |name: &str| {
                row.get(name)
                    .filter(|v| !v.is_null())
                    .map(plain)
                    .unwrap_or_default()
            };
            text.push_str(&format!(
                "{:<12} {:<30} {:<14} {}\n             {}\n",
                word("stage"),
                word("client"),
                word("total"),
                word("needs_person"),
                word("id")
            ));
        }
        Ok(text)
    })
}
