//! How a release becomes a process that cannot touch what decides about it. The supervisor starts
//! its own program once more, which takes the verified release as a descriptor, locks itself out
//! of the supervisor's folder, and becomes the release.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::channel;
use super::protocol::Report;
use super::reasons;
use super::standing::{Protection, ProtectionState};

/// What the first process does to itself; the first message of the channel, with the program as
/// its only descriptor.
#[derive(Debug, Serialize, Deserialize)]
pub struct Enclosing {
    /// Of the release, without its name.
    pub arguments: Vec<String>,
    /// The supervisor's folder, which the release must not write.
    pub state: PathBuf,
    /// The folder that it has to write.
    pub data: PathBuf,
    pub part: Part,
}

/// What a release is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// It keeps the channel as its standard input and ends in order when the supervisor is gone.
    Worker,
    /// It does one thing, and ends at once when the supervisor is gone.
    Step,
}

/// The answer, before the release takes over.
#[derive(Debug, Serialize, Deserialize)]
pub struct Enclosed {
    pub protection: Protection,
}

/// What the kernel is asked for: the newest version of its rules that was tried.
const WANTED: ABI = ABI::V7;
/// The first version with all that keeps a release out; what came later is said in its log alone.
const WHOLE: ABI = ABI::V6;
/// Before this version nothing could be moved between folders at all.
const NEEDED: ABI = ABI::V2;

/// What a process that is locked out tries to make, so that it is known and not only believed; its
/// number follows.
const TRIED: &str = "tried";

/// What of a program's head says for which machine it is.
const HEAD_LENGTH_BYTES: usize = 20;
const MARK_AND_CLASS: std::ops::Range<usize> = 0..6;
const MACHINE: std::ops::Range<usize> = 18..20;

/// Becomes the release that comes over standard input. Returns only when that is impossible.
pub fn become_release() -> io::Result<()> {
    let end = io::stdin().as_fd().try_clone_to_owned()?;
    let Some((enclosing, mut programs)) = channel::receive_blocking::<Enclosing>(end.as_fd())?
    else {
        return Err(io::Error::other("the supervisor is gone"));
    };
    let program = programs.pop().ok_or_else(|| io::Error::other("there is no program"))?;
    rustix::process::set_parent_process_death_signal(Some(match enclosing.part {
        Part::Worker => Signal::TERM,
        Part::Step => Signal::KILL,
    }))?;
    let protection = protect(&enclosing.state, &enclosing.data);
    channel::send_blocking(end.as_fd(), &Enclosed { protection })?;
    let error = take_over(&program, &enclosing);
    refuse(end.as_fd(), &error)?;
    Err(error)
}

/// Only returns with the reason why it failed.
fn take_over(program: &OwnedFd, enclosing: &Enclosing) -> io::Error {
    if let Err(error) = check_machine(program) {
        return error;
    }
    let path = format!("/proc/self/fd/{}", program.as_raw_fd());
    let mut command = Command::new(path);
    command.arg0("holdfast").args(&enclosing.arguments);
    if enclosing.part == Part::Step {
        command.stdin(Stdio::null());
    }
    command.exec()
}

/// Refuses what is no program of this machine: the C library would take it for a shell script.
fn check_machine(program: &OwnedFd) -> io::Result<()> {
    let (mut head, mut own) = ([0; HEAD_LENGTH_BYTES], [0; HEAD_LENGTH_BYTES]);
    let read = rustix::io::pread(program, &mut head, 0)?;
    rustix::io::pread(&File::open("/proc/self/exe")?, &mut own, 0)?;
    let is_alike = |part: std::ops::Range<usize>| head[part.clone()] == own[part];
    if read == HEAD_LENGTH_BYTES && is_alike(MARK_AND_CLASS) && is_alike(MACHINE) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "it is no program of this machine"))
}

fn refuse(end: BorrowedFd<'_>, error: &io::Error) -> io::Result<()> {
    let detail = format!("The program cannot be started: {error}");
    let code = reasons::RELEASE_UNUSABLE.to_owned();
    channel::send_blocking(end, &Report::Failed { code, detail })
}

/// Locks this process out of the supervisor's folder, as far as the kernel can.
fn protect(state: &Path, data: &Path) -> Protection {
    let said = |state, detail: String| Protection { state, detail };
    let (state, data) = match (state.canonicalize(), data.canonicalize()) {
        (Ok(state), Ok(data)) => (state, data),
        (Err(error), _) | (_, Err(error)) => {
            return said(ProtectionState::Missing, format!("The folders are not found: {error}"));
        }
    };
    if state.starts_with(&data) || data.starts_with(&state) {
        let detail = format!(
            "The supervisor keeps its files in {}, where the box has to write as well. Start it \
             with --state and a folder outside of {}",
            state.display(),
            data.display()
        );
        return said(ProtectionState::SharedFolder, detail);
    }
    match restrict(&state) {
        Ok(status) => judged(&status, &state, is_kept_out(&state)),
        Err(error) => {
            said(ProtectionState::Missing, format!("Landlock could not be used: {error}"))
        }
    }
}

/// Tries what a release must not be able to do, to write where the supervisor keeps its files, and
/// says whether this process is kept out. What could be written is gone again.
///
/// # Errors
/// Something else than being kept out was in the way.
pub fn is_kept_out(state: &Path) -> io::Result<bool> {
    // A new file: what lies there already, a pipe for one, must hold nobody up.
    let path = state.join(format!("{TRIED}-{}", std::process::id()));
    match File::options().write(true).create_new(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(true),
        Err(error) => Err(error),
        Ok(_) => std::fs::remove_file(&path).map(|()| false),
    }
}

fn judged(status: &RestrictionStatus, state: &Path, tried: io::Result<bool>) -> Protection {
    let (version, is_whole) = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => {
            (format!("{effective_abi:?}"), effective_abi >= WHOLE)
        }
        LandlockStatus::NotEnabled => ("switched off".to_owned(), false),
        LandlockStatus::NotImplemented => ("not in this kernel".to_owned(), false),
    };
    let (kept, how) = match (&status.ruleset, tried) {
        (RulesetStatus::NotEnforced, _) => (ProtectionState::Missing, "can write".to_owned()),
        (_, Ok(false)) => (ProtectionState::Missing, "could write when it tried".to_owned()),
        (_, Err(error)) => (
            ProtectionState::Missing,
            format!("may be able, which could not be tried ({error}), to write"),
        ),
        (_, Ok(true)) => {
            let state = if is_whole { ProtectionState::Full } else { ProtectionState::Partial };
            (state, "cannot write".to_owned())
        }
    };
    let tried =
        if kept == ProtectionState::Missing { "" } else { " and was refused when it tried" };
    let detail = format!("The box {how} {}{tried} (Landlock: {version})", state.display());
    Protection { state: kept, detail }
}

/// Grants writing everywhere but in one folder. Rules only grant, so what leads to it is granted
/// entry by entry, beside the way to it.
fn restrict(state: &Path) -> Result<RestrictionStatus, RulesetError> {
    let writing = AccessFs::from_write(WANTED);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_write(NEEDED))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(writing)?
        // It cannot send signals to the supervisor either.
        .scope(Scope::Signal)?
        .create()?
        // Nobody asks a release that was broken into what it tried: the kernel's log has it, and
        // nothing of what is tried before the release begins.
        .log_same_exec(false)?
        .log_new_exec(true)?;
    let mut way = PathBuf::new();
    for part in state.components() {
        way.push(part);
        if way == state {
            break;
        }
        for beside in beside(&way, state) {
            let Ok(opened) = PathFd::new(&beside) else { continue };
            let access = if beside.is_dir() { writing } else { of_file(writing) };
            rules = rules.add_rule(PathBeneath::new(opened, access))?;
        }
    }
    rules.restrict_self()
}

fn of_file(writing: landlock::BitFlags<AccessFs>) -> landlock::BitFlags<AccessFs> {
    writing & AccessFs::from_file(WANTED)
}

/// What lies in a folder beside the way to `state`. A link is left out: what it leads to is
/// granted, or not, where it lies.
fn beside(folder: &Path, state: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.filter_map(Result::ok);
    let plain = entries.filter(|one| one.file_type().is_ok_and(|kind| !kind.is_symlink()));
    plain.map(|one| one.path()).filter(|path| !state.starts_with(path)).collect()
}
