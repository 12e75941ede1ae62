//! `holdfast backup`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Common;
use super::backup_target;
use super::output::{self, Answer, Failure, megabytes};
use super::running::read;
use crate::platform::backups::archive::{Identity, Kit, decrypt};
use crate::platform::control::{
    self, BackupList, BackupPlan, BackupRow, BackupVerb, Challenge, HandedOver, KitMade,
};

/// A larger file is no kit.
const KIT_SIZE_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a backup of the running box now and waits until it lies at the targets.
    Run,
    /// Lists the backups of the box, the newest first.
    List,
    /// Fetches the copies of a backup back and compares every byte with what was written.
    Verify {
        /// Its number; the newest when left out.
        #[arg(long, value_name = "N")]
        backup: Option<u64>,
    },
    /// Opens a backup with your kit, as after a fire, and looks through all of it.
    Drill {
        /// The file of the kit. Its key goes to the running box, which keeps it in memory alone.
        #[arg(long, value_name = "FILE")]
        kit: PathBuf,
        /// Its number; the newest when left out.
        #[arg(long, value_name = "N")]
        backup: Option<u64>,
    },
    /// Says which backups are kept, why, and which go.
    Plan,
    /// Removes the backups that the plan says.
    Prune,
    /// Says that this box is the living one, where another one with its identity was seen at a
    /// target. The other one's backups are refused from then on, so switch it off first.
    Living,
    /// Makes and proves recovery kits, without which no backup can be opened.
    #[command(subcommand)]
    Kit(KitVerb),
    /// Says where backups go.
    #[command(subcommand)]
    Target(backup_target::Verb),
}

#[derive(Debug, Subcommand)]
pub(super) enum KitVerb {
    /// Makes a kit, writes it into a new file, and has all further backups encrypted to it.
    Create {
        /// The file, which must not be there yet. Keep it away from the box.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// What the kit is called in lists, e.g. where it is kept.
        #[arg(long, default_value = "Recovery kit")]
        name: String,
    },
    /// Proves that a kit opens what the box encrypts to it.
    Confirm {
        /// The file of the kit.
        #[arg(long, value_name = "FILE")]
        kit: PathBuf,
    },
}

pub(super) fn run(common: &Common, verb: Verb) -> Answer {
    match verb {
        Verb::Run => back_up(common),
        Verb::List => list(common),
        Verb::Verify { backup } => follow(common, BackupVerb::Check { sequence: backup }),
        Verb::Drill { kit, backup } => drill(common, &kit, backup),
        Verb::Plan => plan(common),
        Verb::Prune => follow(common, BackupVerb::Prune),
        Verb::Living => living(common),
        Verb::Kit(KitVerb::Create { out, name }) => create_kit(common, &out, name),
        Verb::Kit(KitVerb::Confirm { kit }) => confirm_kit(common, &kit),
        Verb::Target(verb) => backup_target::run(common, verb),
    }
}

pub(super) fn perform<T: DeserializeOwned>(common: &Common, verb: BackupVerb) -> Answer<T> {
    read(common.perform(control::Verb::Backup(verb))?)
}

fn create_kit(common: &Common, out: &Path, name: String) -> Answer {
    let identity = Identity::generate();
    // The file first: a box that encrypts to a key nobody kept would be worse than no backup.
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(out);
    let mut file = made
        .map_err(|error| Failure::Failed(format!("{} cannot be made: {error}.", out.display())))?;
    let recipient = identity.recipient().to_string();
    let made: Answer<KitMade> = perform(common, BackupVerb::AddKit { name, recipient });
    let made = match made {
        Ok(made) => made,
        Err(failure) => {
            std::fs::remove_file(out)?;
            return Err(failure);
        }
    };
    let kit = kit_of(identity, &made)?;
    file.write_all(kit.text().reveal().as_bytes())?;
    file.sync_all()?;
    if common.json {
        let recipient = kit.identity.recipient().to_string();
        return output::print_json(&json!({ "id": made.id, "recipient": recipient }));
    }
    output::print(&format!(
        "The kit is in {0}. Print it or move it to a stick, away from the box, and prove it:\n  \
         holdfast backup kit confirm --kit {0}\n",
        out.display()
    ))
}

fn kit_of(identity: Identity, made: &KitMade) -> Answer<Kit> {
    let other = || Failure::Failed("The running box seems to be of another version.".to_owned());
    let signing_key = STANDARD.decode(&made.signing_key).ok().and_then(|key| key.try_into().ok());
    Ok(Kit {
        identity,
        box_id: made.box_id.clone(),
        box_name: made.box_name.clone(),
        signing_key: signing_key.ok_or_else(other)?,
        created_at: made.created_at.parse().map_err(|_| other())?,
    })
}

pub(super) fn read_kit(path: &Path) -> Answer<Kit> {
    let wrong = |why: String| Failure::Failed(format!("{} is no kit: {why}.", path.display()));
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > KIT_SIZE_BYTES_MAX {
        return Err(wrong("it is too large".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Kit::read(&text).map_err(|why| wrong(why.to_string()))
}

fn confirm_kit(common: &Common, path: &Path) -> Answer {
    let kit = read_kit(path)?;
    let recipient = kit.identity.recipient().to_string();
    let verb = BackupVerb::Challenge { recipient: recipient.clone() };
    let asked: Answer<Challenge> = perform(common, verb);
    let Challenge { challenge } = asked.map_err(|failure| match failure {
        Failure::NotFound(_) => {
            Failure::NotFound("This box encrypts nothing to this kit.".to_owned())
        }
        other => other,
    })?;
    let opened = STANDARD.decode(challenge).ok().map(|sealed| decrypt(&kit.identity, &sealed));
    let Some(Ok(secret)) = opened else {
        output::complain("The kit does not open what the box encrypts to it.");
        return Err(Failure::CheckFailed);
    };
    let proof = STANDARD.encode(secret);
    let _: Value = perform(common, BackupVerb::Confirm { recipient, proof })?;
    if common.json {
        return output::print_json(&json!({ "confirmed": true }));
    }
    output::print("The kit opens what the box encrypts to it.\n")
}

fn living(common: &Common) -> Answer {
    let answer: Value = perform(common, BackupVerb::Living)?;
    if common.json {
        return output::print_json(&answer);
    }
    output::print("This box is the living one. Its backups go on.\n")
}

/// Has a job done and says what it answered.
fn follow(common: &Common, verb: BackupVerb) -> Answer {
    let result = common.have_done(control::Verb::Backup(verb))?;
    if common.json {
        return output::print_json(&result);
    }
    let said = |(name, value): (&String, &Value)| format!("{name}: {value}");
    let lines: Vec<String> = result.as_object().into_iter().flatten().map(said).collect();
    output::print(&(lines.join("\n") + "\n"))
}

fn drill(common: &Common, path: &Path, sequence: Option<u64>) -> Answer {
    let kit = HandedOver::new(read_kit(path)?.identity.line());
    follow(common, BackupVerb::Drill { sequence, kit })
}

fn plan(common: &Common) -> Answer {
    let plan: BackupPlan = perform(common, BackupVerb::Plan)?;
    if common.json {
        return output::print_json(&json!(plan));
    }
    let mut lines = Vec::new();
    for one in &plan.items {
        let number = one.sequence.unwrap_or_default();
        let at = one.taken_at.as_deref().unwrap_or("-");
        let size = one.size_bytes.map_or_else(|| "-".to_owned(), megabytes);
        let what = if one.keep { format!("keep ({})", one.why.join(", ")) } else { "goes".into() };
        lines.push(format!("{number}  {at}  {size}  {what}"));
    }
    if let Some(paused) = &plan.paused {
        lines.push(format!("Nothing goes now: {paused}"));
    }
    output::print(&(lines.join("\n") + "\n"))
}

fn back_up(common: &Common) -> Answer {
    common.have_done(control::Verb::Backup(BackupVerb::Run))?;
    let BackupList { backups } = perform(common, BackupVerb::List)?;
    match backups.into_iter().next() {
        Some(made) if common.json => output::print_json(&json!(made)),
        Some(made) => output::print(&line(&made)),
        None => Err(Failure::Failed("The backup is not in the list.".to_owned())),
    }
}

fn list(common: &Common) -> Answer {
    let BackupList { backups } = perform(common, BackupVerb::List)?;
    if common.json {
        return output::print_json(&json!({ "items": backups }));
    }
    output::print(&backups.iter().map(line).collect::<String>())
}

fn line(backup: &BackupRow) -> String {
    let BackupRow { sequence, state, level, taken_at, size_bytes, folder, detail, .. } = backup;
    let number = sequence.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let size = size_bytes.map_or_else(|| "-".to_owned(), megabytes);
    let words = [
        number.as_str(),
        level.as_ref().unwrap_or(state),
        taken_at.as_deref().unwrap_or("-"),
        &size,
        folder.as_deref().unwrap_or("-"),
        detail.as_deref().unwrap_or_default(),
    ];
    words.join("  ").trim_end().to_owned() + "\n"
}
