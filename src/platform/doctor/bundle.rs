//! The support bundle: what somebody who helps needs to see, and nothing of people. Everything in
//! it is either counted, masked, or said by this program itself.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::facts::disk::{databases, relative};
use super::facts::reach::given_names;
use super::look::Look;
use super::report::DoctorResponse;
use super::rules::Report;
use super::rules::lines::Known;
use super::{lines, ops, store};
use crate::config::Config;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::db::Snapshot;
use crate::platform::error::{Error, Result};
use crate::platform::monitoring::lines::newest;
use crate::platform::monitoring::lines::rules::Wish;
use crate::platform::monitoring::ops::VERSION;
use crate::platform::{monitoring, tasks, tls};

/// What the file is called when nobody says otherwise.
pub const FILE_NAME: &str = "holdfast-support.tar.zst";
/// How hard it is packed; it is small.
const LEVEL: i32 = 9;
/// Settings whose values say where a box is or whose it is.
const HIDDEN: [&str; 10] = [
    "storage.data",
    "tls.certificate",
    "tls.key",
    "server.public_url",
    "server.names",
    "server.cors_origins",
    "server.trusted_proxies",
    "monitoring.allowed",
    "monitoring.token",
    "notices.ca_file",
];
const README: &str = "\
What this box says of itself, for somebody who helps. It holds no secrets, no names of people or
workspaces, no addresses and nothing that people wrote. Look at it before you send it:

  zstd -d < holdfast-support.tar.zst | tar -xO | less

report.json     what `holdfast doctor` found; causes that may name somebody are left out
config.json     every setting with its origin; addresses and secrets are left out
versions.json   the program, the kernel, the schema of every file
sizes.json      how large each database and its log are
metrics.txt     the counters of the running box, if it runs
log.txt         its newest lines, if it runs; names, addresses, paths and ids are left out
";
/// In place of what only a running box has.
const AT_REST: &str = "The box does not run.\n";

/// What only the running box can tell.
#[derive(Debug, Serialize, Deserialize)]
pub struct Inside {
    /// Its counters, as Prometheus takes them.
    pub metrics: String,
    /// The newest lines of its log, at most 256 KiB.
    pub log: String,
}

/// Of the running box.
pub async fn from_inside(ctx: &BoxCtx) -> Result<Vec<u8>> {
    let report = ops::check(ctx, &[]).await?;
    let look = ops::look(ctx).await?;
    let inside = inside(ctx).await?;
    tasks::blocking(move || make(&look, &report, Some(&inside))).await
}

/// What the running box adds.
pub(super) async fn inside(ctx: &BoxCtx) -> Result<Inside> {
    let metrics = monitoring::metrics(&ctx.platform).await?;
    let look = ops::look(ctx).await?;
    tasks::blocking(move || Ok(Inside { metrics, log: log(&look) })).await
}

/// The newest lines, without what the box knows by name. Blocks.
fn log(look: &Look) -> String {
    let read = || -> Result<Known> {
        let file = Snapshot::open(&look.data().join("system.db"))?;
        let scope = BoxScope::looking_at(&file, &look.clock);
        let places = given_names(look).into_iter().chain([tls::host_name()]);
        Ok(Known::new(&store::people(&scope)?, store::things(&scope)?.into_iter().chain(places)))
    };
    match read() {
        Ok(known) => lines::text_of(&newest(&Wish::default(), lines::LINES_MAX), &known),
        // Whose names are in it nobody can tell then.
        Err(_) => "Left out, because the box's own file cannot be read.\n".to_owned(),
    }
}

/// Of a box that is looked at from outside. Blocks.
pub fn make(look: &Arc<Look>, report: &Report, inside: Option<&Inside>) -> Result<Vec<u8>> {
    let report_text = text(&DoctorResponse::for_others(report))?;
    let files = [
        ("README.txt", README.to_owned()),
        ("report.json", report_text),
        ("config.json", text(&settings(&look.config))?),
        ("versions.json", text(&versions(look))?),
        ("sizes.json", text(&sizes(look.data()))?),
        ("metrics.txt", inside.map_or(AT_REST, |inside| &inside.metrics).to_owned()),
        ("log.txt", inside.map_or(AT_REST, |inside| &inside.log).to_owned()),
    ];
    let files = files.map(|(name, text)| (name, without_places(look, &text)));
    pack(&files, report.checked_at)
}

/// Paths say whose a machine is as well.
fn without_places(look: &Look, text: &str) -> String {
    let text = text.replace(&look.data_text(), "DATA");
    match &look.config_file {
        Some(file) => text.replace(&super::host::text_of(file), "CONFIG"),
        None => text,
    }
}

fn text(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(Error::internal)
}

/// Every setting with its origin. A value that says where or whose the box is stays here.
fn settings(config: &Config) -> Value {
    let one = |value: &crate::config::Value| {
        let key = value.key.path();
        let is_default = matches!(value.origin, crate::config::Origin::Default);
        let origin = match &value.origin {
            crate::config::Origin::File { line, .. } => format!("file, line {line}"),
            other => other.to_string(),
        };
        let is_hidden = !is_default && HIDDEN.contains(&key.as_str());
        let shown = value.to_json().filter(|_| !is_hidden);
        json!({ "key": key, "value": shown.unwrap_or_else(|| json!("left out")), "origin": origin })
    };
    Value::Array(config.effective.values().map(one).collect())
}

fn versions(look: &Look) -> Value {
    let schema = |path: &std::path::PathBuf| {
        let read = || -> Result<Value> {
            let file = Snapshot::open(path)?;
            let scope = BoxScope::looking_at(&file, &look.clock);
            Ok(json!(store::migrations(&scope)?))
        };
        let said = read().unwrap_or_else(|_| json!("it cannot be read"));
        (relative(path, look.data()), said)
    };
    let schemas: serde_json::Map<String, Value> =
        databases(look.data()).iter().take(SCHEMAS_MAX).map(schema).collect();
    json!({
        "holdfast": VERSION,
        "running": look.live.as_ref().map(|live| live.version.clone()),
        "kernel": super::facts::machine::kernel(&look.host),
        "libc": super::facts::machine::libc(&look.host),
        "schemas": schemas,
        "variables_ignored": look.ignored.len(),
    })
}

/// Files whose schema is told.
const SCHEMAS_MAX: usize = 200;

fn sizes(data: &Path) -> Value {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |about| about.len());
    let one = |path: &std::path::PathBuf| {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        json!({
            "file": relative(path, data), "bytes": size(path), "log_bytes": size(Path::new(&log)),
        })
    };
    Value::Array(databases(data).iter().map(one).collect())
}

fn pack(files: &[(&str, String)], at: Moment) -> Result<Vec<u8>> {
    let seconds = u64::try_from(at.0 / 1_000).unwrap_or(0);
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(seconds);
        header.set_cksum();
        archive.append_data(&mut header, format!("holdfast-support/{name}"), content.as_bytes())?;
    }
    Ok(zstd::encode_all(archive.into_inner()?.as_slice(), LEVEL)?)
}
