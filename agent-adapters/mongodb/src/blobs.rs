//! Large things beside the store, in pieces that a document can hold.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use dealwright_core::blobs::{Blobs, ErasableBlobs};
use dealwright_core::canonical::Digest32;
use dealwright_core::error::PortError;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use mongodb::{Collection, Database};

use crate::error::{corrupt, is_duplicate, map};
use crate::store::MongoStore;

/// Bytes of one piece; a document holds 16 MB at most.
const PIECE: usize = 1 << 20;

/// Blobs in the database of a [`MongoStore`]: `blobs` says how many pieces there are,
/// `blob_pieces` holds them.
pub struct MongoBlobs {
    heads: Collection<Document>,
    pieces: Collection<Document>,
    database: Database,
}

impl Debug for MongoBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoBlobs")
            .field("database", &self.database.name())
            .finish_non_exhaustive()
    }
}

impl MongoStore {
    /// Blobs in the same database, under the same concerns.
    #[must_use]
    pub fn blobs(&self) -> MongoBlobs {
        MongoBlobs {
            heads: self.collection("blobs"),
            pieces: self.collection("blob_pieces"),
            database: self.database.clone(),
        }
    }
}

/// Writes what nobody wrote before; the same under the same name is no error.
async fn once(collection: &Collection<Document>, document: Document) -> Result<(), PortError> {
    match collection.insert_one(document).await {
        Ok(_) => Ok(()),
        Err(error) if is_duplicate(&error) => Ok(()),
        Err(error) => Err(map("put blob", error)),
    }
}

#[async_trait]
impl Blobs for MongoBlobs {
    async fn put(&self, bytes: Vec<u8>) -> Result<Digest32, PortError> {
        let address = Digest32::of(&bytes);
        if self.has(address).await? {
            return Ok(address);
        }
        let name = address.to_hex();
        let mut count = 0_i64;
        for piece in bytes.chunks(PIECE) {
            let bytes = Binary {
                subtype: BinarySubtype::Generic,
                bytes: piece.to_vec(),
            };
            once(
                &self.pieces,
                doc! {"_id": format!("{name}/{count}"), "bytes": bytes},
            )
            .await?;
            count = count.saturating_add(1);
        }
        // Last, so that a blob that can be seen is whole.
        once(&self.heads, doc! {"_id": name, "pieces": count}).await?;
        Ok(address)
    }

    async fn get(&self, address: Digest32) -> Result<Option<Vec<u8>>, PortError> {
        let failed = |e| map("get blob", e);
        let name = address.to_hex();
        let Some(head) = self
            .heads
            .find_one(doc! {"_id": name.as_str()})
            .await
            .map_err(failed)?
        else {
            return Ok(None);
        };
        let count = head.get_i64("pieces").map_err(|e| corrupt("get blob", e))?;
        let mut bytes = Vec::new();
        for place in 0..count {
            let piece = self
                .pieces
                .find_one(doc! {"_id": format!("{name}/{place}")})
                .await
                .map_err(failed)?
                .ok_or_else(|| corrupt("get blob", format!("piece {place} of {name} is gone")))?;
            let piece = piece
                .get_binary_generic("bytes")
                .map_err(|e| corrupt("get blob", e))?;
            bytes.extend_from_slice(piece);
        }
        if Digest32::of(&bytes) != address {
            return Err(corrupt(
                "get blob",
                format!("the bytes of {name} are not those that were put"),
            ));
        }
        Ok(Some(bytes))
    }

    async fn has(&self, address: Digest32) -> Result<bool, PortError> {
        self.heads
            .find_one(doc! {"_id": address.to_hex()})
            .await
            .map(|found| found.is_some())
            .map_err(|e| map("get blob", e))
    }
}

#[async_trait]
impl ErasableBlobs for MongoBlobs {
    async fn remove(&self, address: Digest32) -> Result<bool, PortError> {
        let failed = |e| map("remove blob", e);
        let name = address.to_hex();
        // The head first: what is left of a blob without one is not seen.
        let head = self
            .heads
            .find_one_and_delete(doc! {"_id": name.as_str()})
            .await
            .map_err(failed)?;
        // By range of the key: a name is hexadecimal, and `0` follows `/`.
        let pieces = doc! {"_id": {"$gte": format!("{name}/"), "$lt": format!("{name}0")}};
        self.pieces.delete_many(pieces).await.map_err(failed)?;
        Ok(head.is_some())
    }
}
