//! `holdfast backup target`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::Common;
use super::backup::perform;
use super::output::{self, Answer, Failure};
use crate::platform::control::{BackupVerb, Hidden, TargetRow, TargetTest, TargetVerb};

/// How often a sign-in on its way is asked how it stands.
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// A larger file holds no secret.
const SECRET_SIZE_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Sends backups to another place: a folder, a bucket, a server, a drive.
    Add(Box<New>),
    /// Lists where backups go, and how the last try went.
    List,
    /// Sends no more backups to a target. What lies there stays.
    Remove {
        /// Its name or its id.
        target: String,
    },
    /// Writes, reads, lists and deletes something small at a target.
    Test {
        /// Its name or its id.
        target: String,
    },
    /// Signs in to the OneDrive of a target, with a code that is typed in any browser.
    SignIn {
        /// Its name or its id.
        target: String,
    },
}

/// No secret is an argument: those can be read by everybody on the machine.
#[derive(Debug, Args)]
pub(super) struct New {
    /// What the target is called.
    #[arg(long)]
    name: String,
    /// folder, s3, sftp, webdav or onedrive.
    #[arg(long, default_value = "folder")]
    kind: String,
    /// folder: the whole path of a folder that is there; onedrive: a folder of the drive.
    #[arg(long, value_name = "DIR")]
    folder: Option<String>,
    /// s3: the address of the service, with https.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// s3: the bucket, which is there already.
    #[arg(long)]
    bucket: Option<String>,
    /// s3: the region of the bucket, e.g. eu-central-1.
    #[arg(long)]
    region: Option<String>,
    /// s3: the id of the key; the key itself is the secret.
    #[arg(long, value_name = "ID")]
    access_key: Option<String>,
    /// s3: a folder in the bucket.
    #[arg(long)]
    prefix: Option<String>,
    /// sftp: name or address of the server.
    #[arg(long)]
    host: Option<String>,
    /// sftp: the port; 22 when left out.
    #[arg(long)]
    port: Option<i64>,
    /// sftp, webdav: whom the box signs in as.
    #[arg(long)]
    user: Option<String>,
    /// sftp: the key of the server, like "ssh-ed25519 AAAA…" or SHA256:…
    #[arg(long, value_name = "KEY")]
    host_key: Option<String>,
    /// webdav: the address, with https://.
    #[arg(long)]
    url: Option<String>,
    /// sftp: the folder on the server; webdav: a folder below the address.
    #[arg(long)]
    path: Option<String>,
    /// onedrive: the id of your own app registration.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// A file with the password, or with the secret key of s3; - reads it from the input.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// sftp: a file with the private key, instead of a password; - reads it from the input.
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    private_key_file: Option<PathBuf>,
}

impl New {
    fn settings(&self) -> Answer<Value> {
        let is_folder = self.kind == "folder";
        let path = if is_folder { &self.folder } else { &self.path };
        let folder = if is_folder { &None } else { &self.folder };
        let texts = [
            ("path", path),
            ("folder", folder),
            ("endpoint", &self.endpoint),
            ("bucket", &self.bucket),
            ("region", &self.region),
            ("access_key", &self.access_key),
            ("prefix", &self.prefix),
            ("host", &self.host),
            ("user", &self.user),
            ("host_key", &self.host_key),
            ("url", &self.url),
            ("client_id", &self.client_id),
        ];
        let mut settings: Map<String, Value> = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?))))
            .collect();
        if let Some(port) = self.port {
            settings.insert("port".to_owned(), json!(port));
        }
        if let Some(path) = &self.secret_file {
            let name = if self.kind == "s3" { "secret_key" } else { "password" };
            let secret = secret(path)?;
            settings.insert(name.to_owned(), json!(secret.trim_end_matches(['\r', '\n'])));
        }
        if let Some(path) = &self.private_key_file {
            settings.insert("private_key".to_owned(), json!(secret(path)?));
        }
        Ok(Value::Object(settings))
    }
}

fn secret(path: &Path) -> Answer<String> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().take(SECRET_SIZE_BYTES_MAX).read_to_string(&mut text)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(SECRET_SIZE_BYTES_MAX).read_to_string(&mut text))
    };
    let wrong = |error| Failure::Failed(format!("{} cannot be read: {error}.", path.display()));
    read.map_err(wrong)?;
    Ok(text)
}

pub(super) fn run(common: &Common, verb: Verb) -> Answer {
    let ask = |verb| BackupVerb::Target(verb);
    match verb {
        Verb::Add(new) => {
            let (name, kind) = (new.name.clone(), new.kind.clone());
            let settings = Hidden(new.settings()?);
            let made: TargetRow = perform(common, ask(TargetVerb::Add { name, kind, settings }))?;
            if common.json {
                return output::print_json(&json!({ "id": made.id }));
            }
            output::print(&format!("{}\n", made.id))
        }
        Verb::List => {
            let all: Vec<TargetRow> = perform(common, ask(TargetVerb::List))?;
            if common.json {
                return output::print_json(&json!({ "items": all }));
            }
            output::print(&all.iter().map(line).collect::<String>())
        }
        Verb::Remove { target } => {
            let gone: TargetRow = perform(common, ask(TargetVerb::Remove { target }))?;
            if common.json {
                return output::print_json(&json!({ "removed": gone.id }));
            }
            output::print(&format!("{} gets no more backups. What is there stays.\n", gone.name))
        }
        Verb::Test { target } => test(common, target),
        Verb::SignIn { target } => sign_in(common, &target),
    }
}

fn line(target: &TargetRow) -> String {
    let TargetRow { name, kind, place, last_at, detail, .. } = target;
    let last = last_at.as_deref().unwrap_or("never tried");
    let words = [name.as_str(), kind, place, last, detail.as_deref().unwrap_or_default()];
    words.join("  ").trim_end().to_owned() + "\n"
}

fn test(common: &Common, target: String) -> Answer {
    let test: TargetTest = perform(common, BackupVerb::Target(TargetVerb::Test { target }))?;
    if common.json {
        output::print_json(&json!(test))?;
    } else {
        let step = |it: &crate::platform::control::TargetStep| {
            let ok = if it.ok { "ok" } else { "failed" };
            let detail = it.detail.as_deref().unwrap_or_default();
            format!("{}: {ok}. {detail}", it.step).trim_end().to_owned() + "\n"
        };
        output::print(&test.steps.iter().map(step).collect::<String>())?;
        output::print(&format!("{}\n", test.detail))?;
    }
    if test.ok { Ok(()) } else { Err(Failure::CheckFailed) }
}

fn sign_in(common: &Common, target: &str) -> Answer {
    let asked = TargetVerb::SignIn { target: target.to_owned() };
    let code: Value = perform(common, BackupVerb::Target(asked))?;
    let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
    output::note(&format!(
        "Open {} in any browser and type {}.",
        text(&code, "verification_uri"),
        text(&code, "user_code"),
    ));
    loop {
        std::thread::sleep(ASKED_EVERY);
        let asked = TargetVerb::SignInState { target: target.to_owned() };
        let standing: Value = perform(common, BackupVerb::Target(asked))?;
        match text(&standing, "state").as_str() {
            "waiting" => {}
            "done" if common.json => return output::print_json(&json!({ "signed_in": true })),
            "done" => return output::print("The box is signed in.\n"),
            _ => return Err(Failure::Failed(text(&standing, "detail"))),
        }
    }
}
