//! Workspaces out into files and in from files.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::Value;

use super::Common;
use super::output::{self, Answer, Failure, megabytes};
use super::workspace::{Export, Import};
use crate::platform::backups::archive::{Identity, Kit, NoKit};
use crate::platform::control::{ExportWish, HandedOver, ImportWish, Verb};
use crate::platform::secret::{Secret, to_base64};
use crate::platform::spool::{Kept, Spool};
use crate::platform::steady::SteadyFile;

/// A larger file holds no key.
const SECRET_SIZE_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn export(common: &Common, options: Export) -> Answer {
    let Export { workspace, out, to, passphrase_file } = options;
    let passphrase = passphrase_file.as_deref().map(passphrase_in).transpose()?;
    let file = new_file(&out)?;
    let wish = ExportWish { workspace, recipient: to, passphrase };
    let made = common
        .have_done(Verb::ExportWorkspace(wish))
        .and_then(|result| fetch(common, &result, file).map(|()| result));
    let result = match made {
        Ok(result) => result,
        Err(failure) => {
            std::fs::remove_file(&out)?;
            return Err(failure);
        }
    };
    if common.json {
        return output::print_json(&result);
    }
    output::print(&format!(
        "{} holds the workspace as it was at {}, {}.\nIt is signed with the key {}; compare that \
         when it is imported.\n",
        out.display(),
        text(&result, "taken_at"),
        megabytes(result["size_bytes"].as_u64().unwrap_or_default()),
        text(&result, "fingerprint"),
    ))
}

/// The file first: an archive that nobody can keep need not be made.
fn new_file(path: &Path) -> Answer<File> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| Failure::Failed(format!("{} cannot be made: {error}.", path.display())))
}

/// Takes what the box wrote out of its folder.
fn fetch(common: &Common, result: &Value, to: File) -> Answer {
    let config = common.load(Vec::new())?;
    let kept = kept(result)
        .ok_or_else(|| Failure::Failed("The box seems to be of another version.".to_owned()))?;
    let spool = Spool::of_archives(config.data());
    let mut from = File::open(spool.path(kept))?;
    // The box goes on writing to the same disk.
    let mut to = SteadyFile::new(to);
    io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    spool.remove(kept);
    Ok(())
}

fn kept(result: &Value) -> Option<Kept> {
    let part = |name: &str| result[name].as_str();
    Some(Kept {
        workspace: part("workspace_id")?.parse().ok()?,
        id: part("job_id")?.parse().ok()?,
        until: part("kept_until")?.parse().ok()?,
    })
}

pub(super) fn import(common: &Common, options: Import) -> Answer {
    let Import { file, kit, passphrase_file, name, dry_run } = options;
    let (kit, signer) = kit.as_deref().map(key_in).transpose()?.unzip();
    let passphrase = passphrase_file.as_deref().map(passphrase_in).transpose()?;
    let mode = if dry_run { "look" } else { "import" }.to_owned();
    let from = std::path::absolute(&file)?;
    let wish = ImportWish { from, kit, signer: signer.flatten(), passphrase, mode, name };
    let result = common.have_done(Verb::ImportWorkspace(wish))?;
    if common.json {
        return output::print_json(&result);
    }
    output::print(&imported(&result))
}

/// What a person reads of an archive that was looked into or brought in.
fn imported(result: &Value) -> String {
    // First and alone, before anything that whoever sent the file wrote.
    let signer = format!("Signed with the key {}\n", text(result, "fingerprint"));
    let from = format!(
        "It is of {} from {} ({}).\n",
        text(result, "taken_at"),
        text(result, "box_name"),
        text(result, "box_id"),
    );
    let counts =
        format!("{} rows, {} entries of the audit log", result["rows"], result["audit_entries"]);
    let name = text(result, "name");
    match result["workspace_id"].as_str() {
        Some(id) => format!("{signer}{name} is here as {id}: {counts}.\n{from}"),
        None => format!("{signer}{name} could be imported: {counts}.\n{from}"),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

/// The line of the key, and the key that the box of the kit signs with.
fn key_in(path: &Path) -> Answer<(HandedOver, Option<String>)> {
    let text = secret_in(path)?;
    let no_kit = |why| Failure::Failed(format!("{} is no kit: {why}.", path.display()));
    let identity = Identity::read(text.reveal()).ok_or_else(|| no_kit(NoKit::NoKey))?;
    let signer = Kit::signer_in(text.reveal()).map_err(no_kit)?;
    Ok((HandedOver::new(identity.line()), signer.map(|key| to_base64(&key))))
}

fn passphrase_in(path: &Path) -> Answer<HandedOver> {
    let text = secret_in(path)?;
    Ok(HandedOver::new(Secret::new(text.reveal().trim_end_matches(['\r', '\n']))))
}

fn secret_in(path: &Path) -> Answer<Secret> {
    let wrong = |why: String| Failure::Failed(format!("{} cannot be read: {why}.", path.display()));
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > SECRET_SIZE_BYTES_MAX {
        return Err(wrong("it is too large".to_owned()));
    }
    std::fs::read_to_string(path).map(Secret::new).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_fingerprint_stands_before_all_that_the_sender_wrote() {
        let name = "Main, signed with the key 1111";
        let result = json!({ "name": name, "box_name": name, "fingerprint": "ab12 cd34" });

        let said = imported(&result);

        assert_eq!(said.lines().next(), Some("Signed with the key ab12 cd34"));
    }
}
