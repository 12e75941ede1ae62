//! `holdfast restore`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::Common;
use super::backup::read_kit;
use super::output::{self, Answer, Failure, megabytes};
use super::place::{Place, not_taken, passed_over_json};
use crate::platform::backups::archive::Kit;
use crate::platform::backups::recovery::finding::{Found, Looked};
use crate::platform::backups::recovery::unpacking::bring_blob;
use crate::platform::backups::targets::Remote;
use crate::platform::blobs::BlobHash;
use crate::platform::control::{self, HandedOver, Hidden, RestoreFrom, RestoreWish};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// File of the recovery kit. Its key is handed to the running box for this restore alone.
    #[arg(long, value_name = "FILE")]
    kit: PathBuf,
    /// Id of the workspace, as the dry run shows it.
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,
    /// Makes a new workspace of this name instead of replacing the one there is.
    #[arg(long, value_name = "NAME", requires = "workspace")]
    as_new: Option<String>,
    /// Lists the backups that lie there and does nothing.
    #[arg(long, conflicts_with_all = ["workspace", "as_new", "dry_run"])]
    list: bool,
    /// Brings one picture or document back by its SHA-256, as the workspace's log names it.
    #[arg(long, value_name = "HASH", requires = "out",
        conflicts_with_all = ["workspace", "as_new", "dry_run", "list"])]
    blob: Option<String>,
    /// File that it is written to; it must not be there.
    #[arg(long, value_name = "FILE", requires = "blob")]
    out: Option<PathBuf>,
    /// Says what is in the backup and what there is now, and changes nothing.
    #[arg(long, conflicts_with = "as_new")]
    dry_run: bool,
}

/// Brings a workspace of the running box back from a backup.
pub(super) fn run(common: &Common, options: Options) -> Answer {
    let kit = read_kit(&options.kit)?;
    let remote = options.place.open()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if options.list {
        return list(common, &runtime.block_on(options.place.look(&remote, &kit))?);
    }
    if let (Some(hash), Some(out)) = (&options.blob, &options.out) {
        let found = runtime.block_on(options.place.find(&remote, &kit))?.found;
        let bringing = bring_one(remote, found, kit, hash, out);
        let path = runtime.block_on(bringing)?;
        if common.json {
            return output::print_json(&json!({ "sha256": hash, "out": path }));
        }
        return output::print(&format!("{} is back.\n", path.display()));
    }
    if options.workspace.is_none() && !options.dry_run {
        let detail = "Say which workspace, or look first with --dry-run. \
                      The whole box comes back with holdfast recover.";
        return Err(Failure::Failed(detail.to_owned()));
    }
    let found = runtime.block_on(options.place.find(&remote, &kit))?.found;
    let mode = match (options.dry_run, &options.as_new) {
        (true, _) => "look",
        (false, Some(_)) => "as_new",
        (false, None) => "in_place",
    };
    let wish = RestoreWish {
        from: from(&options.place, &remote, &found)?,
        kit: HandedOver::new(kit.identity.line()),
        workspace: options.workspace,
        mode: mode.to_owned(),
        name: options.as_new,
    };
    let result = common.have_done(control::Verb::Restore(wish))?;
    if common.json {
        return output::print_json(&result);
    }
    output::print(&match mode {
        "look" => looked(&result),
        _ => done(&result),
    })
}

async fn bring_one(
    remote: Remote,
    found: Found,
    kit: Kit,
    hash: &str,
    out: &Path,
) -> Answer<PathBuf> {
    let Ok(hash) = hash.parse::<BlobHash>() else {
        let detail = "The hash is 64 digits, 0 to 9 and a to f.".to_owned();
        return Err(Failure::Failed(detail));
    };
    let out = std::path::absolute(out)?;
    if out.exists() {
        return Err(Failure::Failed(format!("{} is there already.", out.display())));
    }
    let sequence = found.commit.sequence;
    let brought = bring_blob(remote, found, kit, hash, out.clone()).await;
    if brought.map_err(|why| Failure::Failed(why.to_string()))? {
        return Ok(out);
    }
    let detail =
        format!("Backup {sequence} has nothing with this hash. Name another one with --backup.");
    Err(Failure::Failed(detail))
}

/// What the box is told: where the backup lies, and what opens the place.
fn from(place: &Place, remote: &Remote, found: &Found) -> Answer<RestoreFrom> {
    if let Some(folder) = remote.on_this_machine(&found.base.folder) {
        return Ok(RestoreFrom::Folder(std::path::absolute(folder)?));
    }
    let credentials = place.credentials()?.to_json().map_err(Failure::Failed)?;
    Ok(RestoreFrom::Address {
        address: place.from.clone(),
        folder: found.base.folder.clone(),
        credentials: Hidden(credentials),
    })
}

fn list(common: &Common, looked: &Looked) -> Answer {
    if common.json {
        let item = |one: &Found| {
            json!({
                "sequence": one.commit.sequence, "taken_at": one.commit.taken_at,
                "box_epoch": one.commit.box_epoch, "size_bytes": one.size_bytes(),
                "folder": one.base.folder,
            })
        };
        let items: Vec<Value> = looked.bases.iter().map(item).collect();
        let passed_over = passed_over_json(&looked.passed_over);
        return output::print_json(&json!({ "items": items, "passed_over": passed_over }));
    }
    looked.passed_over.iter().for_each(|one| output::note(&not_taken(one)));
    let line = |one: &Found| {
        let (sequence, taken_at) = (one.commit.sequence, &one.commit.taken_at);
        let (size, folder) = (megabytes(one.size_bytes()), &one.base.folder);
        format!("{sequence}  {taken_at}  {size}  {folder}\n")
    };
    output::print(&looked.bases.iter().map(line).collect::<String>())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

fn looked(result: &Value) -> String {
    let mut lines = vec![format!("The backup is of {}.\n", text(result, "taken_at"))];
    for file in result["files"].as_array().into_iter().flatten() {
        let count = |rows: &Value| {
            let rows = rows.as_object().into_iter().flatten();
            rows.filter_map(|(_, count)| count.as_u64()).sum::<u64>()
        };
        let now = match &file["rows_now"] {
            Value::Null => "not there".to_owned(),
            rows => format!("{} rows", count(rows)),
        };
        let (path, name) = (text(file, "workspace_id"), text(file, "name"));
        let then = count(&file["rows"]);
        lines.push(format!("{path}  {name}  then {then} rows, now {now}\n"));
    }
    lines.concat()
}

fn done(result: &Value) -> String {
    let (name, id, taken_at) =
        (text(result, "name"), text(result, "workspace_id"), text(result, "taken_at"));
    let line = format!("{name} ({id}) is as it was at {taken_at}.\n");
    match result["kept_until"].as_str() {
        Some(until) => format!("{line}The file of before is kept until {until}.\n"),
        None => line,
    }
}
