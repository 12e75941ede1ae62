//! The operator's program that makes and removes records of a domain.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::rules::DETAIL_LENGTH_MAX;

/// It also waits until the record can be seen, which takes some providers minutes.
const TIME_MAX: Duration = Duration::from_mins(10);
/// What it may say about a failure.
const SAID_BYTES_MAX: u64 = 8 * 1024;
/// The only variable it finds.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Add,
    Remove,
}

/// A program that is called with what to do, the record's name and its value; by no shell, with
/// nothing of the box's environment.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    program: PathBuf,
    time_max: Duration,
}

impl Hook {
    pub(super) fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), time_max: TIME_MAX }
    }

    /// Calls it. An error is what to show.
    pub(super) async fn call(&self, step: Step, record: &str, value: &str) -> Result<(), String> {
        let at = self.program.display();
        let step = match step {
            Step::Add => "add",
            Step::Remove => "remove",
        };
        let started = Command::new(&self.program)
            .args([step, record, value])
            .env_clear()
            .env("PATH", SEARCH_PATH)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = started.map_err(|error| format!("{at} could not be started: {error}."))?;
        let ended = timeout(self.time_max, outcome(&mut child)).await;
        match ended {
            Ok(Ok((true, _))) => Ok(()),
            Ok(Ok((false, said))) => Err(format!("{at} {step} failed. {said}")),
            Ok(Err(error)) => Err(format!("{at} {step} could not be waited for: {error}.")),
            Err(_) => {
                end(&mut child).await;
                let seconds = self.time_max.as_secs();
                Err(format!("{at} {step} took longer than {seconds} s and was ended."))
            }
        }
    }
}

/// Whether it succeeded, and what it said.
async fn outcome(child: &mut Child) -> std::io::Result<(bool, String)> {
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        let mut stderr = stderr.take(SAID_BYTES_MAX);
        stderr.read_to_end(&mut said).await?;
        // What it says beyond that is let go, so that it does not wait for a reader.
        tokio::io::copy(&mut stderr.into_inner(), &mut tokio::io::sink()).await?;
    }
    let status = child.wait().await?;
    let said = String::from_utf8_lossy(&said);
    let said = said.trim().chars().filter(|one| !one.is_control() || *one == ' ');
    Ok((status.success(), said.take(DETAIL_LENGTH_MAX).collect()))
}

/// Ends it with everything it started.
async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, Signal::KILL)
    {
        tracing::warn!("The program that makes records could not be ended: {error}");
    }
    drop(child.wait().await);
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(folder: &Path, text: &str) -> Hook {
        let path = folder.join("hook");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        Hook::new(&path)
    }

    #[tokio::test]
    async fn it_gets_what_to_do_and_nothing_of_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let text = format!("echo \"$#|$1|$2|$3\" > {0}; env >> {0}", out.display());
        let hook = script(folder.path(), &text);

        hook.call(Step::Add, "_acme-challenge.a.example.com", "x;$(id)").await.unwrap();

        let said = std::fs::read_to_string(out).unwrap();
        assert!(said.starts_with("3|add|_acme-challenge.a.example.com|x;$(id)\n"), "{said}");
        let names: Vec<_> =
            said.lines().skip(1).filter_map(|line| line.split('=').next()).collect();
        assert!(names.iter().all(|one| ["PATH", "PWD", "OLDPWD", "_", "SHLVL"].contains(one)));
    }

    #[tokio::test]
    async fn a_failure_says_what_the_program_said() {
        let folder = tempfile::tempdir().unwrap();
        let hook = script(folder.path(), "echo no such zone >&2; exit 3");

        let said = hook.call(Step::Remove, "n", "v").await.unwrap_err();

        assert!(said.ends_with("remove failed. no such zone"), "{said}");
        let missing = Hook::new(&folder.path().join("none"));
        assert!(missing.call(Step::Add, "n", "v").await.unwrap_err().contains("not be started"));
    }

    #[tokio::test]
    async fn one_that_hangs_is_ended_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let text = format!("sleep 600 & echo $! > {}; wait", pid.display());
        let hook = Hook { time_max: Duration::from_secs(1), ..script(folder.path(), &text) };

        let said = hook.call(Step::Add, "n", "v").await.unwrap_err();

        assert!(said.contains("took longer than 1 s"), "{said}");
        let pid = std::fs::read_to_string(pid).unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        let state = stat.ok().and_then(|text| Some(text.rsplit_once(") ")?.1.chars().next()));
        assert!(matches!(state, None | Some(Some('Z' | 'X'))), "{state:?}");
    }
}
