//! The folder in which an agency lives.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dealwright_core::access::Action;
use dealwright_core::blobs::{Blobs, ErasableBlobs};
use dealwright_core::document::Format;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Actor, EffectClass, Store};
use dealwright_core::trust::{Charge, ChargeReceipt, Desk, Messenger, PaymentGateway};
use dealwright_documents::Typesetter;
use dealwright_email::{EmlMessenger, Outbox};
use dealwright_embedded::{EmbeddedStore, FileBlobs, Options};
use dealwright_runtime::{Agency, Business, BusinessFiles, StoreKind};
use dealwright_system::Keyring;

#[cfg(feature = "mongodb")]
use crate::database;

/// Where processes and large things are kept.
pub(crate) type Kept = (Arc<dyn Store>, Arc<dyn ErasableBlobs>);

/// How letters read, and who is written to when.
const TEMPLATES: &str = "templates";
const PLAYBOOKS: &str = "playbooks";
const WORDS: &str = "words";
/// The key that opens everything personal.
pub(crate) const MASTER_KEY: &str = "keys/master.key";

/// Where letters go as files.
const OUTBOX: &str = "outbox";

/// What of a home no repository may take in: keys, and everything personal.
const IGNORED: &str = "\
# Whoever has the keys and the store can read everything personal in it.
/keys/
/store.sqlite*
/blobs/
# Letters, with the addresses they go to.
/outbox/
/inbox.place
";

/// Writes a business to start from.
pub(crate) fn init(dir: &Path) -> Result<String, String> {
    let taken = fs::read_dir(dir).is_ok_and(|mut d| d.next().is_some());
    if taken {
        return Err(format!(
            "`{}` is not empty; choose another folder",
            dir.display()
        ));
    }
    let failed = |e: std::io::Error| format!("`{}` cannot be written: {e}", dir.display());
    fs::create_dir_all(dir).map_err(failed)?;
    let files = BusinessFiles::starter();
    let alone = [
        ("agency.toml".to_owned(), files.agency),
        ("services.toml".to_owned(), files.services),
        (".gitignore".to_owned(), IGNORED.to_owned()),
    ];
    for folder in [TEMPLATES, PLAYBOOKS, WORDS] {
        fs::create_dir_all(dir.join(folder)).map_err(failed)?;
    }
    let folders = files.templates.into_iter().chain(files.playbooks);
    let folders = folders.chain(files.words);
    for (name, text) in alone.into_iter().chain(folders) {
        fs::write(dir.join(name), text).map_err(failed)?;
    }
    Ok(format!(
        "wrote {0}/agency.toml, services.toml, templates/, words/ and playbooks/\nwrote {0}/.gitignore, which keeps keys, store and letters out of a repository\nnext: agency --home {0} import FILE.csv --map MAP.toml",
        dir.display()
    ))
}

/// The business in `home`.
pub(crate) fn read(home: &Path) -> Result<Business, String> {
    let text = |name: &str| {
        let path = home.join(name);
        fs::read_to_string(&path).map_err(|e| unread(home, &path, &e))
    };
    let files = BusinessFiles {
        agency: text("agency.toml")?,
        services: text("services.toml")?,
        templates: folder(home, TEMPLATES)?,
        playbooks: folder(home, PLAYBOOKS)?,
        // An agency that speaks one language has none.
        words: if home.join(WORDS).is_dir() {
            folder(home, WORDS)?
        } else {
            Vec::new()
        },
    };
    Business::read(&files).map_err(|e| format!("{}: {e}", home.display()))
}

/// The `.toml` files of a folder in `home`, in order of name, with their texts.
fn folder(home: &Path, name: &str) -> Result<Vec<(String, String)>, String> {
    let at = home.join(name);
    let mut names = Vec::new();
    for entry in fs::read_dir(&at).map_err(|e| unread(home, &at, &e))? {
        let path = entry.map_err(|e| unread(home, &at, &e))?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            names.push(path);
        }
    }
    names.sort();
    names
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).map_err(|e| unread(home, &path, &e))?;
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            Ok((format!("{name}/{file}"), text))
        })
        .collect()
}

fn unread(home: &Path, path: &Path, e: &std::io::Error) -> String {
    format!(
        "`{}` cannot be read ({e}); write one with `agency init {}`",
        path.display(),
        home.display()
    )
}

/// Opens the agency in `home`, as the store's owner or beside it.
pub(crate) fn open(home: &Path, owner: bool) -> Result<Agency, String> {
    wire(home, read(home)?, owner)
}

/// The same of a business that was read. Letters are not sent by it: only `run` sends.
pub(crate) fn wire(home: &Path, business: Business, owner: bool) -> Result<Agency, String> {
    with_messenger(home, business, owner, |blobs| outbox(home, blobs))
}

fn outbox(home: &Path, blobs: Arc<dyn Blobs>) -> Result<Arc<dyn Messenger>, String> {
    let letters = EmlMessenger::open(&home.join(OUTBOX), blobs).map_err(told)?;
    Ok(Arc::new(letters))
}

/// The same with another way for letters to leave.
pub(crate) fn with_messenger(
    home: &Path,
    mut business: Business,
    owner: bool,
    messenger: impl FnOnce(Arc<dyn Blobs>) -> Result<Arc<dyn Messenger>, String>,
) -> Result<Agency, String> {
    let in_home = |e: &dyn std::fmt::Display| format!("{}: {e}", home.display());
    // This program has no terms records for the websites of leads, so it reads none of them.
    business.read_websites = false;
    // Before the store is touched: what cannot be run leaves everything as it is.
    let settings = business.store.clone();
    let business = business.check().map_err(|e| in_home(&e))?;
    let keys = Keyring::open_or_create(&home.join(MASTER_KEY)).map_err(told)?;
    let (store, blobs) = match settings.kind {
        StoreKind::Embedded => in_folder(home, settings.max_pages, owner).map_err(told)?,
        StoreKind::MongoDb => on_server(&settings.uri_from, &keys)?,
        other => return Err(in_home(&format!("this program knows no store `{other:?}`"))),
    };
    let letters = messenger(Arc::clone(&blobs) as Arc<dyn Blobs>)?;
    Agency::builder_of(business)
        .store(store)
        .keys(keys)
        .erasable_blobs(blobs)
        .holder(Outbox::new(&home.join(OUTBOX)))
        .messenger(letters)
        .gateway(NoGateway)
        .renderer(Typesetter::new(), Format::Pdf)
        .build()
        .map_err(|e| in_home(&e))
}

fn in_folder(home: &Path, max_pages: Option<u32>, owner: bool) -> Result<Kept, PortError> {
    let path = home.join("store.sqlite");
    let options = Options { max_pages };
    let store = if owner {
        EmbeddedStore::open(&path, options)?
    } else {
        EmbeddedStore::open_beside(&path, options)?
    };
    let blobs = FileBlobs::open(&home.join("blobs"))?;
    Ok((Arc::new(store), Arc::new(blobs)))
}

#[cfg(not(feature = "mongodb"))]
fn on_server(_: &str, _: &Keyring) -> Result<Kept, String> {
    Err(
        "agency.toml asks for MongoDB, which this program was built without; build it with `--features mongodb`"
            .to_owned(),
    )
}

/// The store in a database, which belongs to the home whose key sealed it.
#[cfg(feature = "mongodb")]
fn on_server(variable: &str, keys: &Keyring) -> Result<Kept, String> {
    use dealwright_core::process::Sealer;

    let uri = std::env::var(variable).map_err(|_| {
        format!("agency.toml asks for MongoDB; put its URI, mongodb://USER:PASSWORD@HOST/DATABASE, into the environment variable {variable}")
    })?;
    let key = hex::encode(keys.commit(b"home"));
    futures::executor::block_on(async {
        let (store, bound) = database::open(&uri, &key).await.map_err(told)?;
        if bound != key {
            return Err(
                "the database belongs to an agency with another key; name another database, or put that agency's keys/master.key here".to_owned(),
            );
        }
        Ok(database::kept(store))
    })
}

/// What a port says, and what to do about it.
pub(crate) fn told(error: PortError) -> String {
    let what = error.chain();
    match error.kind() {
        PortErrorKind::Full => format!(
            "{what}; make room on the disk, or raise `max_pages` under `[store]` in agency.toml, and give the command again: nothing of the last step was kept, everything before it was"
        ),
        PortErrorKind::Corrupt => format!(
            "{what}; the file was left as it was: put a whole copy of it in its place and give the command again"
        ),
        _ => what,
    }
}

/// Opens the agency beside its owner for `by`, who must be allowed `action` on the whole of it.
pub(crate) fn open_for(home: &Path, by: &str, action: Action) -> Result<Agency, String> {
    let agency = open(home, false)?;
    let host = agency.host();
    host.allow(&Actor::person(by), action, &host.key::<Desk>("main"))
        .map_err(told)?;
    Ok(agency)
}

/// Asks nobody for money: invoices wait until a payment adapter is configured.
#[derive(Debug)]
struct NoGateway;

#[async_trait::async_trait]
impl PaymentGateway for NoGateway {
    fn class(&self) -> EffectClass {
        EffectClass::Idempotent
    }

    async fn charge(&self, _charge: Charge) -> Result<ChargeReceipt, PortError> {
        Err(PortError::new("charge", PortErrorKind::PermissionDenied)
            .with_source("no payment adapter is configured"))
    }
}
