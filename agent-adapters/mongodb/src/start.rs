//! What is checked and made before a store is handed out.

use std::time::Duration;

use dealwright_core::error::{PortError, PortErrorKind};
use futures::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::options::{
    Acknowledgment, ClientOptions, Credential, ReadConcernLevel, ReadPreference, SelectionCriteria,
    ServerAddress, Tls,
};
use mongodb::{Client, Collection, Database, IndexModel};

use crate::error::{corrupt, is_duplicate, is_no_collection, map};

/// The layout this version reads and writes.
const VERSION: i32 = 1;
const OPEN: &str = "open store";

/// Reads a URI.
pub(crate) async fn parse(uri: &str) -> Result<ClientOptions, PortError> {
    ClientOptions::parse(uri).await.map_err(|error| {
        // The driver may quote what it could not read, and that may hold the password.
        let why = match *error.kind {
            mongodb::error::ErrorKind::DnsResolve { .. } => "its host has no SRV record that can be read",
            _ => "it is not of the form mongodb://user:password@host:port/database, with `%` escapes in user and password",
        };
        PortError::new(OPEN, PortErrorKind::Invalid).with_source(format!("the URI is refused: {why}"))
    })
}

/// Refuses what would weaken the store's promises.
pub(crate) fn check_options(options: &ClientOptions) -> Result<(), PortError> {
    let weak =
        |what: &str, instead: &str| {
            Err(PortError::new(OPEN, PortErrorKind::Invalid).with_source(format!(
            "the URI for {} is refused: `{what}` weakens what the store promises; {instead}",
            hosts(options)
        )))
        };
    if let Some(concern) = &options.write_concern {
        if let Some(w) = &concern.w
            && *w != Acknowledgment::Majority
        {
            return weak("w", "leave it out or use w=majority");
        }
        if concern.journal == Some(false) {
            return weak("journal=false", "leave it out");
        }
    }
    if let Some(concern) = &options.read_concern
        && !matches!(
            concern.level,
            ReadConcernLevel::Majority | ReadConcernLevel::Linearizable
        )
    {
        return weak("readConcernLevel", "leave it out or use majority");
    }
    if let Some(criteria) = &options.selection_criteria
        && !matches!(
            criteria,
            SelectionCriteria::ReadPreference(ReadPreference::Primary)
        )
    {
        return weak("readPreference", "leave it out or use primary");
    }
    if options.retry_writes == Some(false) {
        return weak("retryWrites=false", "leave it out");
    }
    if let Some(Tls::Enabled(tls)) = &options.tls
        && tls.allow_invalid_certificates == Some(true)
    {
        return weak(
            "tlsAllowInvalidCertificates",
            "name the authority with tlsCAFile",
        );
    }
    Ok(())
}

pub(crate) fn hosts(options: &ClientOptions) -> String {
    options
        .hosts
        .iter()
        .map(ServerAddress::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

/// Says where it went wrong, and never the password.
pub(crate) fn at(error: &PortError, options: &ClientOptions) -> PortError {
    let cause = std::error::Error::source(error).map_or_else(String::new, |c| format!(": {c}"));
    let mut text = format!("mongodb at {}{cause}", hosts(options));
    if let Some(Credential {
        password: Some(password),
        ..
    }) = &options.credential
        && !password.is_empty()
    {
        text = text.replace(password.as_str(), "[password]");
    }
    PortError::new(OPEN, error.kind()).with_source(text)
}

pub(crate) fn connect(mut options: ClientOptions, wait: Duration) -> Result<Client, PortError> {
    options.app_name.get_or_insert_with(|| "dealwright".into());
    options.server_selection_timeout = Some(wait);
    options.connect_timeout.get_or_insert(wait);
    Client::with_options(options).map_err(|e| map(OPEN, e))
}

/// A commit is a transaction, which a server on its own does not have.
pub(crate) async fn check_server(database: &Database) -> Result<(), PortError> {
    let hello = database
        .run_command(doc! {"hello": 1})
        .await
        .map_err(|e| map(OPEN, e))?;
    if hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|m| m == "isdbgrid") {
        return Ok(());
    }
    Err(PortError::new(OPEN, PortErrorKind::Invalid).with_source(
        "it is a standalone server, which has no transactions; make it a replica set of one (`replication.replSetName`, then rs.initiate()) or more",
    ))
}

/// Brings the layout to [`VERSION`] and refuses a later one.
pub(crate) async fn migrate(database: &Database) -> Result<(), PortError> {
    let meta = database.collection::<Document>("meta");
    let failed = |e| map(OPEN, e);
    let found = meta
        .find_one(doc! {"_id": "layout"})
        .await
        .map_err(failed)?;
    match found.map(|d| d.get_i32("version")) {
        Some(Ok(VERSION)) => {}
        Some(Ok(later)) if later > VERSION => {
            return Err(corrupt(
                OPEN,
                format!(
                    "its layout is version {later}, this program knows {VERSION}: use a later one"
                ),
            ));
        }
        Some(_) => return Err(corrupt(OPEN, "its layout has no version that can be read")),
        None => first(&meta, "layout", doc! {"version": VERSION}).await?,
    }
    for counter in ["tokens", "feed", "owner"] {
        first(&meta, counter, doc! {"last": 0_i64}).await?;
    }
    make_indexes(database).await
}

/// Writes a record of the store where there is none. One that is there is only read: it may be held
/// by a step that somebody else has in hand.
async fn first(
    meta: &Collection<Document>,
    name: &str,
    mut record: Document,
) -> Result<(), PortError> {
    let found = meta.find_one(doc! {"_id": name}).await;
    if found.map_err(|e| map(OPEN, e))?.is_some() {
        return Ok(());
    }
    record.insert("_id", name);
    match meta.insert_one(record).await {
        Err(error) if !is_duplicate(&error) => Err(map(OPEN, error)),
        _ => Ok(()),
    }
}

async fn make_indexes(database: &Database) -> Result<(), PortError> {
    let plain = |keys: Document| IndexModel::builder().keys(keys).build();
    let some = |keys: Document, only: Document, unique: bool| {
        let options = mongodb::options::IndexOptions::builder()
            .unique(unique)
            .partial_filter_expression(only)
            .build();
        IndexModel::builder().keys(keys).options(options).build()
    };
    let unique = |keys, only| some(keys, only, true);
    let partial = |keys, only| some(keys, only, false);
    let wanted = [
        (
            "works",
            vec![
                plain(doc! {"queue": 1, "lane_no": 1, "due_us": 1, "_id": 1}),
                plain(doc! {"queue": 1, "until_us": 1}),
                plain(doc! {"to": 1, "_id": 1}),
                plain(doc! {"state": 1, "_id": 1}),
            ],
        ),
        (
            "log",
            vec![
                plain(doc! {"case": 1, "number": 1}),
                unique(doc! {"position": 1}, doc! {"position": {"$gt": 0_i64}}),
                // Few wait at a time, however long the log is.
                partial(doc! {"waiting": 1, "number": 1}, doc! {"waiting": true}),
            ],
        ),
        (
            "entries",
            vec![
                plain(doc! {"scope": 1, "key": 1, "case": 1}),
                unique(doc! {"scope": 1, "key": 1}, doc! {"unique": true}),
                plain(doc! {"case": 1}),
            ],
        ),
    ];
    for (name, models) in wanted {
        let collection = database.collection::<Document>(name);
        if missing(&collection, &models).await?.is_none() {
            continue;
        }
        collection
            .create_indexes(models.clone())
            .await
            .map_err(|e| map(OPEN, e))?;
        // Believed only when they are seen: the promises stand on them.
        if let Some(model) = missing(&collection, &models).await? {
            return Err(corrupt(
                OPEN,
                format!(
                    "the index {} of `{name}` is missing or of another kind; drop it and start again",
                    model.keys
                ),
            ));
        }
    }
    Ok(())
}

fn is_unique(index: &IndexModel) -> bool {
    index.options.as_ref().and_then(|o| o.unique) == Some(true)
}

/// The first index that is not there as it should be.
async fn missing<'a>(
    collection: &Collection<Document>,
    models: &'a [IndexModel],
) -> Result<Option<&'a IndexModel>, PortError> {
    let there: Vec<IndexModel> = match collection.list_indexes().await {
        Ok(found) => found.try_collect().await.map_err(|e| map(OPEN, e))?,
        // The collection itself is not there yet.
        Err(error) if is_no_collection(&error) => Vec::new(),
        Err(error) => return Err(map(OPEN, error)),
    };
    let as_wanted = |model: &&IndexModel| {
        let same = there.iter().find(|other| other.keys == model.keys);
        same.is_some_and(|found| is_unique(found) == is_unique(model))
    };
    Ok(models.iter().find(|model| !as_wanted(model)))
}
