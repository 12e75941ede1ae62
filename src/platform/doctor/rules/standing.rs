//! Decisions about the box itself: its settings, its process, its work, its backups.

use super::Verdict;
use super::words::{listed, percent, quoted, sentence, span};
use crate::platform::clock::Moment;

/// Of the queue of one file, percent.
const QUEUE_MAX: u64 = 50;
/// A first backup may wait for so long after the box has an owner.
const UNSAFE_MAX: std::time::Duration = std::time::Duration::from_hours(24);

/// The data folder: whether it is a folder, and whether there is a box in it.
pub fn data(is_folder: bool, has_box: bool, data: &str) -> Verdict {
    let at = quoted(data);
    match (is_folder, has_box) {
        (true, true) => Verdict::ok(format!("There is a box in {data}.")),
        (true, false) => Verdict::failed(format!("There is no box in {data}."))
            .fix("holdfast config show --origin | grep data")
            .fix(format!("holdfast serve --data {at}")),
        (false, _) => Verdict::failed(format!("{data} is no folder, or it may not be entered."))
            .fix(format!("ls -ld {at}"))
            .fix("holdfast config show --origin | grep data"),
    }
}

/// What is wrong with the configuration, one to a line.
pub fn config(errors: &[String], file: Option<&str>) -> Verdict {
    let Some(first) = errors.first() else {
        return Verdict::ok("Every setting is known and right.");
    };
    let verdict = Verdict::failed(format!("{} wrong: {}", errors.len(), sentence(first)));
    let check = "holdfast config check";
    match file {
        Some(file) => verdict
            .fix(format!("{check} --config {0}", quoted(file)))
            .fix(format!("editor {}", quoted(file))),
        None => verdict.fix(check),
    }
}

/// Settings that stand in no file, with who set them.
pub fn origins(elsewhere: &[String]) -> Verdict {
    if elsewhere.is_empty() {
        return Verdict::ok("Everything that was set stands in the file.");
    }
    Verdict::hint(format!("Set elsewhere than in the file: {}.", listed(elsewhere)))
        .fix("holdfast config show --origin")
}

pub fn variables(ignored: &[String]) -> Verdict {
    if ignored.is_empty() {
        return Verdict::ok("There are none.");
    }
    Verdict::warning(format!("{} is no setting.", listed(ignored)))
        .fix("holdfast config reference | grep HOLDFAST_")
        .fix(format!("unset {}", ignored.join(" ")))
}

/// How the process on the data folder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    None,
    Answers,
    /// Something holds the data and does not answer here.
    Silent,
    /// The socket may not be used by whoever asks.
    Denied,
}

pub fn process(process: Process, holder: Option<(u32, &str)>, why: &str) -> Verdict {
    match process {
        Process::None => Verdict::ok("None runs."),
        Process::Answers => Verdict::ok("It answers."),
        Process::Denied => Verdict::skipped("Only root and the box's own user may ask it."),
        Process::Silent => {
            let who = holder.map_or_else(String::new, |(id, name)| format!(" ({name}, {id})"));
            let verdict = Verdict::warning(format!(
                "A process{who} holds the data and does not answer. {}",
                sentence(why)
            ))
            .fix("systemctl status holdfast.service");
            match holder {
                Some((id, _)) => verdict.fix(format!("kill {id}")),
                None => verdict,
            }
        }
    }
}

pub fn socket(is_stale: bool, fix: String) -> Verdict {
    if is_stale {
        return Verdict::hint("control.sock is of a process that is gone.").fix(fix).fixable();
    }
    Verdict::ok("Nothing is left of an earlier process.")
}

/// The first entry that does not fit; none when all do.
pub fn audit(bad: Option<(i64, &str)>, checked: u64) -> Verdict {
    match bad {
        None => Verdict::ok(format!("{checked} entries fit each other.")),
        Some((seq, why)) => {
            Verdict::failed(format!("Entry {seq} does not fit the others: {}", sentence(why)))
                .fix("holdfast audit verify")
                .fix("holdfast recover --from URL|DIR --kit FILE --data NEW_DIR")
        }
    }
}

pub fn storage(is_refusing: Option<bool>) -> Verdict {
    match is_refusing {
        None => Verdict::skipped("No box runs."),
        Some(false) => Verdict::ok("They are taken."),
        Some(true) => Verdict::failed("The last change could not be brought to the disk.")
            .fix("df -h; dmesg --level=err,warn | tail")
            .fix("systemctl restart holdfast.service"),
    }
}

/// Changes that wait, and how many may.
pub fn queue(waiting: Option<(u64, u64)>) -> Verdict {
    match waiting {
        None => Verdict::skipped("No box runs."),
        Some((waiting, most)) if percent(waiting, most) >= QUEUE_MAX => {
            Verdict::warning(format!("Changes that wait: {waiting}; more than {most} are refused."))
                .fix("iostat -x 5 3")
                .fix("journalctl -u holdfast --grep='Slow statement' -n 20")
        }
        Some((waiting, _)) => Verdict::ok(format!("Changes that wait: {waiting}.")),
    }
}

pub fn jobs(failed: u64) -> Verdict {
    match failed {
        0 => Verdict::ok("None failed that was not done since."),
        count => Verdict::warning(format!("{count} failed within a week and were not done since."))
            .fix("holdfast status")
            .fix(r"journalctl -u holdfast --grep=' failed \(' -n 50"),
    }
}

pub fn errors(open: u64) -> Verdict {
    match open {
        0 => Verdict::ok("None is open."),
        count => Verdict::hint(format!("Still open: {count}; the screen Errors shows them."))
            .fix("journalctl -u holdfast -p err -n 50"),
    }
}

/// How the last attempt at something outside the box went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub name: String,
    pub is_ok: bool,
    pub detail: String,
}

/// A mail server, with the last attempt to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    pub last: Option<Tried>,
}

pub fn mail(server: Option<&MailServer>) -> Verdict {
    match server.map(|server| &server.last) {
        None => Verdict::skipped("No mail server is set."),
        Some(None) => Verdict::ok("Nothing was sent yet."),
        Some(Some(tried)) if tried.is_ok => Verdict::ok("The last mail was taken."),
        Some(Some(tried)) => {
            Verdict::warning(format!("The last mail was not taken: {}", sentence(&tried.detail)))
                .fix(format!("openssl s_client -brief -connect {}", tried.name))
        }
    }
}

pub fn receivers(all: &[Tried]) -> Verdict {
    let failing: Vec<&Tried> = all.iter().filter(|one| !one.is_ok).collect();
    let Some(first) = failing.first() else { return Verdict::ok("The last calls were taken.") };
    let names: Vec<&str> = failing.iter().map(|one| one.name.as_str()).collect();
    let detail = sentence(&first.detail);
    Verdict::warning(format!("Calls fail: {}. {}: {detail}", listed(&names), first.name))
        .fix("journalctl -u holdfast --grep='could not be sent' -n 20")
}

pub fn ways(has_mail: bool, receivers: usize, is_claimed: bool) -> Verdict {
    match (has_mail || receivers > 0, is_claimed) {
        (_, false) => Verdict::skipped("Nobody owns the box yet."),
        (true, _) => Verdict::ok("There is a way."),
        (false, _) => Verdict::hint("There is neither a mail server nor a receiver of calls.")
            .fix("holdfast status  # and in the browser: /box/delivery"),
    }
}

/// What is set up for backups, and since when the box has an owner.
pub fn backups(kits: usize, targets: usize, owned_since: Option<Moment>, now: Moment) -> Verdict {
    if kits > 0 && targets > 0 {
        return Verdict::ok("There are a recovery kit and a target.");
    }
    let missing = match (kits, targets) {
        (0, 0) => "There is neither a recovery kit nor a target.",
        (0, _) => "There is no recovery kit.",
        _ => "There is no target.",
    };
    let verdict = match owned_since {
        None => return Verdict::skipped("Nobody owns the box yet."),
        Some(since) if now.since(since) > UNSAFE_MAX => {
            let so_long = span(now.since(since));
            Verdict::warning(format!("{missing} The box has had an owner for {so_long}."))
        }
        Some(_) => Verdict::hint(missing),
    };
    let verdict = if kits == 0 {
        verdict.fix("holdfast backup kit create --out /media/STICK/holdfast-kit.txt")
    } else {
        verdict
    };
    if targets > 0 {
        return verdict;
    }
    verdict.fix("holdfast backup target add --name Disk --folder /mnt/backup")
}

/// Trouble of one code with backups, as they say it themselves.
pub fn trouble(found: &[String], when_well: &str, fix: &[&str]) -> Verdict {
    let Some(first) = found.first() else { return Verdict::ok(when_well) };
    let verdict = Verdict::warning(sentence(first));
    fix.iter().fold(verdict, |verdict, command| verdict.fix(*command))
}

pub fn targets(all: &[Tried], waiting: &[String]) -> Verdict {
    let failing: Vec<&Tried> = all.iter().filter(|one| !one.is_ok).collect();
    let fix = |verdict: Verdict, name: &str| {
        verdict.fix(format!("holdfast backup target test {}", quoted(name)))
    };
    if let Some(first) = failing.first() {
        let cause = format!("{}: {}", first.name, sentence(&first.detail));
        return fix(Verdict::warning(cause), &first.name);
    }
    if let Some(first) = waiting.first() {
        return Verdict::warning(sentence(first)).fix("holdfast backup target list");
    }
    if all.is_empty() { Verdict::skipped("There is none.") } else { Verdict::ok("They answer.") }
}

/// Targets that are folders on the disk of the data.
pub fn same_disk(names: &[String], others: usize) -> Verdict {
    if names.is_empty() {
        return Verdict::ok("No target lies on the disk of the data.");
    }
    let cause = format!("On the disk of the data: {}.", listed(names));
    let verdict = if others > 0 { Verdict::ok(cause) } else { Verdict::hint(cause) };
    verdict.fix("holdfast backup target add --name Elsewhere --folder /media/DISK")
}

pub fn drill(is_due: bool) -> Verdict {
    if is_due {
        return Verdict::hint("Nobody opened a backup with a kit for a month.")
            .fix("holdfast backup drill --kit FILE");
    }
    Verdict::ok("It is not due.")
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    const NOW: Moment = Moment(1_795_240_800_000);

    #[test]
    fn a_new_box_has_a_day_to_be_made_safe() {
        let of = |kits, targets, since| backups(kits, targets, since, NOW).status;
        assert_eq!(of(0, 0, None), Status::Skipped);
        assert_eq!(of(0, 0, Some(NOW)), Status::Hint);
        assert_eq!(of(1, 0, Some(NOW.minus(UNSAFE_MAX * 2))), Status::Warning);
        assert_eq!(of(1, 1, Some(NOW.minus(UNSAFE_MAX * 2))), Status::Ok);
        let fix = backups(0, 1, Some(NOW), NOW).fix;
        assert_eq!(fix, ["holdfast backup kit create --out /media/STICK/holdfast-kit.txt"]);
    }

    #[test]
    fn what_others_said_ends_as_a_sentence() {
        let tried = Tried { name: "Disk".to_owned(), is_ok: false, detail: "gone".to_owned() };
        let verdict = targets(std::slice::from_ref(&tried), &[]);
        assert_eq!(verdict.cause, "Disk: gone.");
        assert_eq!(verdict.fix, ["holdfast backup target test Disk"]);
        let server = MailServer { last: Some(tried) };
        assert_eq!(mail(Some(&server)).status, Status::Warning);
        assert_eq!(mail(None).status, Status::Skipped);
    }

    #[test]
    fn half_a_queue_is_long() {
        assert_eq!(queue(Some((511, 1_024))).status, Status::Ok);
        assert_eq!(queue(Some((512, 1_024))).status, Status::Warning);
    }
}
