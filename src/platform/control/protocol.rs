//! The lines that go over the socket.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::updates::UpdateVerb;
use crate::platform::error::{Error, Result};
use crate::platform::secret::Secret;

/// A longer request is refused unread.
pub(super) const REQUEST_SIZE_BYTES_MAX: usize = 64 * 1024;

/// How long an answer of the box's own may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The same where others are waited for: a feed has five minutes for what it says, and a bundle is
/// read from whatever disk it lies on.
const PATIENCE_WITH_OTHERS: Duration = Duration::from_mins(6);

/// Everything the command line can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// How the box is.
    Status,
    /// A new link for a box nobody owns; the old one dies.
    SetupLink,
    /// Something about a person.
    User(UserVerb),
    /// A new workspace.
    CreateWorkspace(NewWorkspace),
    /// Begins to take a workspace out; answers with the job.
    ExportWorkspace(ExportWish),
    /// Begins to bring a workspace in from a file; answers with the job.
    ImportWorkspace(ImportWish),
    /// A new master key in place of the one in use.
    RotateKeys,
    /// Something about backups.
    Backup(BackupVerb),
    /// Begins to bring a workspace back; answers with the job.
    Restore(RestoreWish),
    /// Goes through the security of the box, and keeps that with a note where there is one.
    SecurityReview { note: Option<String> },
    /// The newest lines of its log.
    Logs(LogWish),
    /// How a job of the box stands.
    Watch { job: String },
    /// Something the doctor needs.
    Doctor(DoctorVerb),
    /// Something about updates.
    Update(UpdateVerb),
}

impl Verb {
    /// How long the box may take from the end of the request to its answer.
    pub(super) fn patience(&self) -> Duration {
        match self {
            Self::Update(UpdateVerb::Check | UpdateVerb::Upload { .. }) => PATIENCE_WITH_OTHERS,
            _ => PATIENCE,
        }
    }
}

/// What the doctor asks of the running box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DoctorVerb {
    /// What only the process knows.
    Tell,
    /// Mends what can be mended safely; answers with what was done.
    Fix { codes: Vec<String> },
    /// What a support bundle takes from it.
    Inside,
}

/// Which lines of the log are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogWish {
    pub lines: usize,
    pub level: Option<String>,
    pub request: Option<String>,
    pub words: Option<String>,
    /// Only what is newer.
    pub after: Option<u64>,
    /// Without such a line the answer waits for one, for some seconds.
    #[serde(default)]
    pub waits: bool,
}

/// Where a backup lies that is no target of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RestoreFrom {
    /// In a folder of the machine, which the box reads.
    Folder(PathBuf),
    /// At an address, below which the backup has a folder.
    Address { address: String, folder: String, credentials: Hidden },
}

/// Which workspace is taken out, and who is to open it: without a recipient and a passphrase,
/// whoever has a kit of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportWish {
    pub workspace: String,
    pub recipient: Option<String>,
    pub passphrase: Option<HandedOver>,
}

/// Which archive is read, and what opens it. The box reads the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportWish {
    pub from: PathBuf,
    pub kit: Option<HandedOver>,
    /// The key that the box of the kit signs with, in base64.
    pub signer: Option<String>,
    pub passphrase: Option<HandedOver>,
    pub mode: String,
    pub name: Option<String>,
}

/// What is to be brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreWish {
    pub from: RestoreFrom,
    pub kit: HandedOver,
    pub workspace: Option<String>,
    pub mode: String,
    pub name: Option<String>,
}

/// The line of a kit's key on its way to the box: printed nowhere. One line, so that nothing has to
/// be unpacked into a place of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct HandedOver(Secret);

impl HandedOver {
    pub fn new(text: Secret) -> Self {
        Self(text)
    }

    pub fn into_secret(self) -> Secret {
        self.0
    }
}

impl PartialEq for HandedOver {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(other.0.reveal())
    }
}

impl Eq for HandedOver {}

impl Serialize for HandedOver {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(self.0.reveal())
    }
}

/// What is done about backups. A kit is named by its public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BackupVerb {
    /// Has backups encrypted to a new kit, too; answers with what the kit says of the box.
    AddKit { name: String, recipient: String },
    /// Something that only the kit opens.
    Challenge { recipient: String },
    /// What it held, in base64.
    Confirm { recipient: String, proof: String },
    /// Something about where backups go.
    Target(TargetVerb),
    /// Asks for a backup; answers with its job.
    Run,
    /// The newest backups.
    List,
    /// Compares the copies of a backup, the newest without a number, with what was written.
    Check { sequence: Option<u64> },
    /// Opens a backup with the key of a kit, which is kept in memory alone.
    Drill { sequence: Option<u64>, kit: HandedOver },
    /// Which backups are kept and which go.
    Plan,
    /// Removes those that go.
    Prune,
    /// Says that this box is the living one of two with one identity.
    Living,
}

/// What is done about targets. A target is named by its name or its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TargetVerb {
    /// Sends backups to another place; answers with it.
    Add {
        name: String,
        kind: String,
        settings: Hidden,
    },
    List,
    Remove {
        target: String,
    },
    /// Writes, reads, lists and deletes something there.
    Test {
        target: String,
    },
    /// Begins a sign-in; answers with the code to type.
    SignIn {
        target: String,
    },
    /// How a sign-in stands.
    SignInState {
        target: String,
    },
}

/// JSON with secrets in it, which is not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub Value);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// A workspace to be made. `owner` is an id or an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    pub name: String,
    pub owner: String,
    pub time_zone: Option<String>,
    pub currency: Option<String>,
    pub locale: Option<String>,
}

/// What is done about people. `who` is an id or an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum UserVerb {
    Create {
        name: String,
        email: String,
        is_operator: bool,
    },
    Disable {
        who: String,
    },
    Enable {
        who: String,
    },
    /// A link for a new password.
    Reset {
        who: String,
    },
    /// A personal token.
    Token {
        who: String,
        name: String,
        days: i64,
    },
    /// An operator who can sign in, and a link for a new password.
    Recover {
        who: String,
    },
    /// All that is held on a person goes.
    Erase {
        who: String,
    },
    /// All that is held on a person is written into a file.
    Export {
        who: String,
    },
    /// How one of the last two goes.
    Look {
        job: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    verb: Verb,
}

#[derive(Serialize)]
struct Asked<'a> {
    verb: &'a Verb,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Ok(Value),
    Error(Fault),
}

/// Why a verb was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Stable, as in a problem document.
    pub code: String,
    /// One sentence for a person.
    pub detail: String,
}

impl Verb {
    /// Reads a request line.
    pub(super) fn read(line: &[u8]) -> std::result::Result<Self, Fault> {
        match serde_json::from_slice::<Request>(line) {
            Ok(request) => Ok(request.verb),
            Err(error) => Err(Fault::new("malformed", format!("This is no request: {error}."))),
        }
    }

    /// Writes a request line. There may be a key in it, so it stands in one place, which is wiped.
    pub(super) fn to_line(&self) -> Result<Zeroizing<Vec<u8>>> {
        // A line that grew would leave what it was behind; a longer one is refused anyway.
        let mut line = Zeroizing::new(Vec::with_capacity(REQUEST_SIZE_BYTES_MAX));
        write_line(&Asked { verb: self }, &mut line)?;
        Ok(line)
    }
}

impl Fault {
    pub(super) fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }
}

/// Who asks owns the machine, so even a fault of ours is told with its cause.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let code = match error {
            Error::SignInNeeded(refusal)
            | Error::Denied(refusal)
            | Error::Malformed(refusal)
            | Error::Rule(refusal)
            | Error::Conflict(refusal)
            | Error::Unavailable(refusal) => return Self::new(refusal.code, refusal.detail),
            Error::NotFound => "not-found",
            Error::Forbidden { .. } => "forbidden",
            Error::StepUpNeeded { .. } => "step-up-needed",
            Error::Invalid(_) => "invalid-fields",
            Error::VersionNeeded => "version-needed",
            Error::Stale { .. } => "stale",
            Error::TooLarge { .. } => "too-large",
            Error::Throttled { code, .. } => code,
            Error::Busy { .. } => "busy",
            Error::TimedOut { .. } => "timed-out",
            Error::StorageFull => "storage-full",
            Error::StorageFailed(_) => "storage-failed",
            Error::Damaged(_) => "file-damaged",
            Error::Internal(_) => "internal",
        };
        Self::new(code, text)
    }
}

impl Answer {
    pub(super) fn read(line: &[u8]) -> Result<Self> {
        serde_json::from_slice(line).map_err(Error::internal)
    }

    pub(super) fn to_line(&self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        write_line(self, &mut line)?;
        Ok(line)
    }
}

impl From<Result<Value>> for Answer {
    fn from(outcome: Result<Value>) -> Self {
        match outcome {
            Ok(value) => Self::Ok(value),
            Err(error) => Self::Error(error.into()),
        }
    }
}

fn write_line(message: &impl Serialize, line: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(&mut *line, message).map_err(Error::internal)?;
    line.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_feed_and_a_bundle_are_waited_for() {
        let file = PathBuf::from("/media/stick/release.tar");
        let upload = UpdateVerb::Upload { file, accept_stale: false };
        for verb in [UpdateVerb::Check, upload] {
            assert_eq!(Verb::Update(verb).patience(), PATIENCE_WITH_OTHERS);
        }
        for verb in [Verb::Status, Verb::Update(UpdateVerb::Status)] {
            assert_eq!(verb.patience(), PATIENCE);
        }
    }

    #[test]
    fn the_lines_are_what_other_versions_expect() {
        assert_eq!(&Verb::Status.to_line().unwrap()[..], b"{\"verb\":\"status\"}\n");
        let reset = Verb::User(UserVerb::Reset { who: "ana@example.com".to_owned() });
        let line = b"{\"verb\":{\"user\":{\"reset\":{\"who\":\"ana@example.com\"}}}}\n";
        assert_eq!(&reset.to_line().unwrap()[..], &line[..]);
        assert_eq!(Verb::read(line).unwrap(), reset);
        let fine = Answer::Ok(json!({ "a": 1 }));
        assert_eq!(fine.to_line().unwrap(), b"{\"ok\":{\"a\":1}}\n");
        let refused = Answer::Error(Fault::new("busy", "Later."));
        let line = b"{\"error\":{\"code\":\"busy\",\"detail\":\"Later.\"}}\n";
        assert_eq!(refused.to_line().unwrap(), line);
        assert_eq!(Answer::read(line).unwrap(), refused);
    }

    #[test]
    fn a_request_with_a_key_is_written_and_read_in_one_place() {
        let key = || HandedOver::new(Secret::new("AGE-SECRET-KEY-1QQQ"));
        let wish = ImportWish {
            from: PathBuf::from("/a"),
            kit: Some(key()),
            signer: Some("Bwc".to_owned()),
            passphrase: None,
            mode: "look".to_owned(),
            name: None,
        };

        let line = Verb::ImportWorkspace(wish).to_line().unwrap();

        assert_eq!(line.capacity(), REQUEST_SIZE_BYTES_MAX, "it grew and left a copy behind");
        let text = std::str::from_utf8(&line).unwrap();
        assert!(!text.contains('\\'), "what is escaped is read into another place: {text}");
        let Verb::ImportWorkspace(read) = Verb::read(&line).unwrap() else { panic!("{text}") };
        assert_eq!(read.kit, Some(key()));
    }

    #[test]
    fn what_is_no_request_is_said() {
        for line in [
            "",
            "status",
            "{}",
            "{\"verb\":\"reboot\"}",
            "{\"verb\":\"status\",\"more\":1}",
            "{\"verb\":\"status\"} {}",
        ] {
            assert_eq!(Verb::read(line.as_bytes()).unwrap_err().code, "malformed", "{line}");
        }
        assert_eq!(Verb::read(b"{\"verb\":\"status\"}\n"), Ok(Verb::Status));
    }
}
