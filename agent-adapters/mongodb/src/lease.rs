//! Claims: what lapsed is freed, then what is ready is leased, row by row under its fence.

use dealwright_core::error::PortError;
use dealwright_core::orchestration::Lane;
use dealwright_core::process::{Claim, Claims};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;

use crate::error::{corrupt, map};
use crate::rows::{self, LEASED, OPEN, instant};
use crate::store::MongoStore;

impl MongoStore {
    pub(crate) async fn lease(&self, claim: &Claim) -> Result<Claims, PortError> {
        self.free_lapsed(claim).await?;
        let mut claims = Claims::default();
        for lane in Lane::ALL {
            self.lease_lane(claim, lane, &mut claims).await?;
        }
        if claims.next_due.is_none() {
            claims.next_due = self.next_due(claim).await?;
        }
        Ok(claims)
    }

    async fn free_lapsed(&self, claim: &Claim) -> Result<(), PortError> {
        let now = claim.now.timestamp_micros();
        let mut filter = doc! {"queue": LEASED};
        if !claim.exclusive {
            filter.insert("until_us", up_to(now));
        }
        let held = self
            .all("claim", "works", filter, doc! {"until_us": 1}, usize::MAX)
            .await?;
        for found in held {
            let mut row = rows::row(&found)?;
            let lapsed = row
                .work
                .lease
                .as_ref()
                .is_some_and(|(worker, until)| claim.voids(worker, *until));
            if lapsed {
                row.work.lapse();
                let token = row.work.token;
                // Where it changed since, its worker was quicker or somebody else freed it.
                self.replace("claim", &row, token).await?;
            }
        }
        Ok(())
    }

    async fn lease_lane(
        &self,
        claim: &Claim,
        lane: Lane,
        claims: &mut Claims,
    ) -> Result<(), PortError> {
        let room = claim
            .share(lane)
            .min(claim.n.saturating_sub(claims.works.len()));
        let mut filter = ready(claim);
        filter.insert("lane_no", i32::from(lane.place()));
        filter.insert("due_us", up_to(claim.now.timestamp_micros()));
        let sort = doc! {"due_us": 1, "_id": 1};
        let limit = room.saturating_add(1);
        let found = self.all("claim", "works", filter, sort, limit).await?;
        if found.len() > room {
            claims.next_due = Some(claim.now);
        }
        let until = claim.until();
        for found in found.iter().take(room) {
            let mut row = rows::row(found)?;
            let before = row.work.token;
            row.work.token = self.next_token().await?;
            row.work.lease = Some((claim.worker.clone(), until));
            if self.replace("claim", &row, before).await? {
                claims.works.push(row.work);
            }
        }
        Ok(())
    }

    /// A token that no claim had before.
    async fn next_token(&self) -> Result<u64, PortError> {
        let last = self
            .collection("meta")
            .find_one_and_update(doc! {"_id": "tokens"}, doc! {"$inc": {"last": 1_i64}})
            .upsert(true)
            .return_document(ReturnDocument::After)
            .await
            .map_err(|e| map("claim", e))?
            .ok_or_else(|| corrupt("claim", "the counter of tokens is gone"))?;
        let last = last.get_i64("last").map_err(|e| corrupt("claim", e))?;
        u64::try_from(last).map_err(|e| corrupt("claim", e))
    }

    async fn next_due(
        &self,
        claim: &Claim,
    ) -> Result<Option<dealwright_core::time::Timestamp>, PortError> {
        let mut filter = ready(claim);
        filter.insert("due_us", doc! {"$gt": claim.now.timestamp_micros()});
        self.all("claim", "works", filter, doc! {"due_us": 1}, 1)
            .await?
            .first()
            .map(|found| instant(found.get_i64("due_us").map_err(|e| corrupt("claim", e))?))
            .transpose()
    }
}

fn ready(claim: &Claim) -> Document {
    let mut filter = doc! {"queue": OPEN};
    if !claim.kinds.is_empty() {
        let kinds: Vec<Bson> = claim.kinds.iter().map(|k| Bson::from(k.as_str())).collect();
        filter.insert("to_kind", doc! {"$in": kinds});
    }
    filter
}

/// At most `micros`, written as below the next one: a server that claims to be compatible
/// (SecantusDB 0.7) leaves the end of a range out of `$lte` where the index has a field behind it.
fn up_to(micros: i64) -> Document {
    doc! {"$lt": micros.saturating_add(1)}
}
