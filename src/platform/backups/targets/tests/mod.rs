//! Every kind of target against a server of its own, and against servers that misbehave.

mod conformance;
mod faults;
mod graph;
mod microsoft;
mod servers;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::http::Limits;
use super::onedrive::Endpoints;
use super::remote::{Means, Remote};
use super::rules::{Credential, Place};
use crate::platform::notices::Roots;
use crate::platform::secret::Secret;

/// Short, since nothing is far away.
const QUICK: Limits = Limits { connect: Duration::from_secs(5), stall: Duration::from_secs(2) };

fn remote(place: &Place, credential: Option<Credential>, limits: Limits) -> Remote {
    let tls = Roots::read(None).expect("the authorities of this machine").client();
    Remote::at(
        place,
        Means { credential, tls, limits, keeper: None, microsoft: Endpoints::default() },
    )
}

fn s3(endpoint: &str, prefix: &str) -> Place {
    Place::S3 {
        endpoint: endpoint.to_owned(),
        bucket: "box".to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "boxkey".to_owned(),
        prefix: prefix.to_owned(),
    }
}

fn s3_secret() -> Credential {
    Credential::SecretKey(Secret::new("boxsecret"))
}

fn webdav(url: &str) -> Place {
    Place::WebDav { url: url.to_owned(), user: Some("box".to_owned()), path: "kept".to_owned() }
}

fn password() -> Credential {
    Credential::Password(Secret::new("a word of it"))
}

/// A file of so many bytes that no other seed has.
fn file(folder: &Path, seed: u8, bytes: usize) -> PathBuf {
    let path = folder.join(format!("{seed}-{bytes}"));
    let low = |number: usize| number.to_le_bytes()[0];
    let text: Vec<u8> =
        (0..bytes).map(|at| low(at.wrapping_mul(31) >> 3) ^ low(at) ^ seed).collect();
    std::fs::write(&path, text).expect("a file");
    path
}

type Shared<T> = Arc<std::sync::Mutex<T>>;
