//! A server that asks for a password and speaks TLS only.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use dealwright_core::error::PortErrorKind;
use dealwright_core::process::event_log_hash;
use dealwright_mongodb::{MongoStore, Options};
use mongodb::bson::doc;

use super::instance::Instance;
use super::server::runtime;
use super::{host, step};

/// An authority and a certificate for this machine that it signed, made by `openssl`.
fn certificates(folder: &Path) -> bool {
    let extension = folder.join("san.cnf");
    std::fs::write(&extension, "subjectAltName=IP:127.0.0.1,DNS:localhost\n").unwrap();
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let run = |args: &[&str]| {
        let done = Command::new("openssl").args(args).output();
        done.is_ok_and(|o| o.status.success())
    };
    let (ca_key, ca, key, request, cert) = (
        at("ca.key"),
        at("ca.pem"),
        at("server.key"),
        at("server.csr"),
        at("server.pem"),
    );
    run(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        &ca_key,
        "-out",
        &ca,
        "-days",
        "2",
        "-subj",
        "/CN=Test authority",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
    ]) && run(&[
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        &key,
        "-out",
        &request,
        "-subj",
        "/CN=localhost",
    ]) && run(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-out",
        &cert,
        "-days",
        "2",
        "-extfile",
        &extension.to_string_lossy(),
    ])
}

// covers: DB-3
#[test]
fn a_password_and_an_encrypted_connection_are_what_lets_us_in() {
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        println!("skipped: openssl is missing, no certificate could be made");
        return;
    }
    let data = folder.path().join("data");
    // Users are made while nobody is asked for a password.
    let Some(open) = Instance::start(&data, None, &["--sync-on-commit"]) else {
        return;
    };
    runtime().block_on(async {
        let client = mongodb::Client::with_uri_str(open.uri()).await.unwrap();
        let roles = vec![doc! {"role": "readWrite", "db": "agency"}];
        client
            .database("admin")
            .run_command(doc! {"createUser": "ada", "pwd": "pass:word/9", "roles": roles})
            .await
            .unwrap();
    });
    drop(open);
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (cert, key, ca) = (at("server.pem"), at("server.key"), at("ca.pem"));
    let secure = ["--auth", "--tls-cert-file", &cert, "--tls-key-file", &key];
    let server = Instance::start(&data, None, &secure).unwrap();
    let uri = |password: &str, tls: &str| {
        format!(
            "mongodb://ada:{password}@localhost:{}/agency?authSource=admin{tls}",
            server.port
        )
    };
    let wait = Options {
        wait: Duration::from_secs(3),
    };
    let tls = format!("&tls=true&tlsCAFile={ca}");
    let refused = |uri: &str| {
        let error = runtime()
            .block_on(MongoStore::open(uri, wait.clone()))
            .expect_err(uri);
        assert!(error.chain().contains("localhost"), "{}", error.chain());
        assert!(!error.chain().contains("wrong%21"), "{}", error.chain());
        assert!(!error.chain().contains("wrong!"), "{}", error.chain());
        error.kind()
    };
    assert_eq!(
        refused(&uri("wrong%21", &tls)),
        PortErrorKind::PermissionDenied
    );
    // Without encryption, and where the certificate is signed by nobody we know.
    for plain in ["", "&tls=true"] {
        assert_eq!(
            refused(&uri("pass%3Aword%2F9", plain)),
            PortErrorKind::Unavailable
        );
    }
    runtime().block_on(async {
        let good = uri("pass%3Aword%2F9", &tls);
        let store = Arc::new(MongoStore::open(&good, wait).await.unwrap());
        assert!(!format!("{store:?}").contains("pass"), "{store:?}");
        step(&host(Arc::clone(&store)), "a", "one").await.unwrap();
        assert_eq!(event_log_hash(&*store).await.unwrap().envelopes(), 1);
    });
}
