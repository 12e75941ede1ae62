//! Every check by its code. Codes never change their meaning; each has a section in the manual.

/// One check.
#[derive(Debug, PartialEq, Eq)]
pub struct Spec {
    /// Stable, kebab-case: what is wrong when it is wrong.
    pub code: &'static str,
    /// What is looked at.
    pub title: &'static str,
    /// What follows from it when it is wrong.
    pub effect: &'static str,
    /// Its cause may name people, places or what others said: it does not leave the box.
    pub is_telling: bool,
}

/// Whether a cause is telling, as the table writes it.
macro_rules! is_telling {
    (plain) => {
        false
    };
    (telling) => {
        true
    };
}

/// Rows of a kind of cause, a code and what is looked at, with what follows beneath.
macro_rules! table {
    ($($cause:ident $code:literal $title:literal $effect:literal;)*) => {
        /// The checks in the order in which a person would look.
        pub const CHECKS: &[Spec] = &[$(Spec {
            code: $code,
            title: $title,
            effect: $effect,
            is_telling: is_telling!($cause),
        }),*];
    };
}

table! {
    plain "data-missing" "Data folder"
        "There is no box here, or this is not its folder.";
    telling "config-invalid" "Configuration"
        "The next start of the box is refused.";
    plain "config-elsewhere" "Origin of settings"
        "Whoever reads the file does not see how the box is set, and a start by other means is \
         another box.";
    plain "variables-ignored" "Variables that set nothing"
        "Somebody meant to set something, and it is not set.";
    telling "config-open" "Mode of the configuration file"
        "Others on this machine can change how the box runs, or read its secrets.";
    plain "not-answering" "Running box"
        "The command line cannot reach the box.";
    plain "socket-stale" "Control socket"
        "It is in the way of nobody; it belongs to no process.";
    plain "port-taken" "Ports"
        "The box does not start, or answers on another port.";
    telling "not-listening" "Listeners"
        "Browsers do not reach the box.";
    telling "host-name-unresolved" "Name of the host"
        "Some programs wait long or log no name.";
    telling "names-elsewhere" "Names of the box"
        "People who type the name do not reach the box.";
    plain "proxies-unset" "Reverse proxy"
        "Every visitor looks as if they sat at the proxy.";
    telling "proxies-too-wide" "Trusted proxies"
        "Anybody can choose the address that limits and the audit log know them by.";
    telling "forwarded-untrusted" "Forwarded headers"
        "Limits and the audit log know all visitors by the address of the proxy.";
    telling "certificate-authority" "Public authority"
        "Browsers warn under the box's public names, or will soon.";
    telling "certificate-ended" "Certificate"
        "Browsers refuse the box, or will soon.";
    telling "certificate-names" "Names in the certificate"
        "Browsers warn under these names.";
    telling "certificate-chain" "Chain of the certificate"
        "Some browsers and most programs refuse the box.";
    telling "certificate-key" "Certificate and key"
        "The box does not start with this pair.";
    telling "certificate-key-readable" "Mode of the certificate's key"
        "Whoever reads the key can pretend to be this box.";
    plain "root-ends" "The box's own root"
        "People have to trust a new root by then.";
    plain "disk-low" "Room on the disk"
        "Changes are refused once the disk is full.";
    plain "inodes-low" "Files the disk can hold"
        "No new file can be made although there is room.";
    plain "file-system" "File system of the data"
        "An acknowledged change may be lost, or files may be damaged.";
    plain "data-read-only" "Writing to the data"
        "Nothing can be changed.";
    plain "disk-slow" "Time to reach the disk"
        "Every change takes as long.";
    plain "databases-damaged" "Database files"
        "Data in these files may be lost.";
    telling "workspace-damaged" "Damaged workspaces"
        "They are read only, and backups leave them out.";
    plain "log-too-large" "Write-ahead logs"
        "They fill the disk and slow reading down.";
    plain "data-newer" "Release of the data"
        "What a newer release keeps is not shown here.";
    plain "audit-broken" "Audit log of the box"
        "What it says since then can no longer be relied on.";
    plain "leftovers" "Left-over files"
        "They take room and nothing else.";
    plain "owner-wrong" "Owner of the data"
        "The box cannot read or change these files.";
    plain "modes-open" "Modes of the data"
        "Others on this machine can read what the box keeps.";
    plain "master-key-missing" "Master key"
        "The box does not start; sealed fields stay sealed.";
    plain "master-key-readable" "Mode of the master key"
        "The box does not start, and others may have the key.";
    plain "master-key-another" "The right master key"
        "The box does not start with this key.";
    plain "key-only-copy" "Copy of the master key"
        "With this disk everything that is sealed is gone.";
    plain "clock-off" "Clock"
        "Sign-ins, certificates, schedules and the audit log go wrong.";
    plain "clock-unsynced" "Time from the network"
        "The clock goes wrong little by little.";
    plain "time-zones-missing" "Time zone data"
        "Schedules and summaries come at wrong hours.";
    plain "memory-low" "Free memory"
        "The box becomes slow, or the kernel ends it.";
    plain "memory-limit" "Memory limit"
        "The kernel ends the box when it reaches the limit.";
    plain "oom-kills" "Ended for want of memory"
        "Requests in flight were lost.";
    plain "open-files-low" "Limit of open files"
        "New connections and workspaces are refused.";
    plain "kernel-old" "Kernel"
        "It gets no corrections any more.";
    plain "libc-old" "C library"
        "This system gets no corrections any more.";
    plain "entropy-low" "Randomness"
        "Keys and links may be made late, and the start may have to wait.";
    plain "swap-open" "Swap"
        "Keys in memory may reach the disk as they are.";
    plain "disk-open" "Encryption of the disk"
        "Whoever takes the disk reads what is not sealed.";
    plain "running-as-root" "User of the box"
        "A fault of the box is a fault of the machine.";
    plain "journal-volatile" "Journal"
        "What led to a crash is gone after a restart.";
    telling "logs-nowhere" "Log of the box"
        "Nobody can find out later what happened.";
    plain "unit-changed" "Unit of the service"
        "The box runs in another sandbox than it came with.";
    plain "unit-masked" "Start of the service"
        "The box does not start with the machine.";
    plain "storage-refusing" "Changes to the storage"
        "Changes are refused.";
    plain "queue-long" "Queue of changes"
        "Changes wait, or are answered with 503.";
    plain "jobs-failing" "Jobs"
        "Work in the background is not done.";
    plain "errors-open" "Failures of the program"
        "Somebody saw a page that did not work.";
    telling "mail-failing" "Mail server"
        "Invitations, resets and notices reach nobody.";
    telling "receivers-failing" "Receivers of calls"
        "Other programs are not told.";
    plain "notices-nowhere" "Ways to tell operators"
        "A box in trouble can tell nobody.";
    plain "backup-unset" "Backups"
        "With this disk everything is gone.";
    plain "backup-late" "Age of the last backup"
        "What changed since is in no backup.";
    telling "backup-damaged" "Copies of the last backup"
        "This copy cannot be restored.";
    telling "backup-superseded" "Another box with this identity"
        "Backups are stopped.";
    telling "target-failing" "Backup targets"
        "No backup reaches these places.";
    telling "backup-same-disk" "Place of the backups"
        "A broken disk takes the backups with it.";
    plain "kit-unconfirmed" "Recovery kit"
        "Perhaps nobody can open a backup.";
    plain "drill-due" "Practice of a restore"
        "Nobody knows whether a restore would work.";
    plain "update-channel" "Updates"
        "This box hears of no corrections by itself.";
    plain "update-alone" "Supervisor"
        "No release that is offered can be taken.";
    plain "update-unprotected" "Place of releases"
        "Who takes the box over decides what is started next.";
    plain "update-trust-ends" "Trust in releases"
        "No release is believed any more, or soon none will be.";
    plain "update-quarantined" "Releases that failed"
        "They are not tried again.";
}

/// The check of a code.
pub fn spec(code: &str) -> Option<&'static Spec> {
    CHECKS.iter().find(|one| one.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_one_of_a_kind_and_in_kebab_case() {
        let mut codes: Vec<&str> = CHECKS.iter().map(|one| one.code).collect();
        let is_kebab = |code: &&str| code.chars().all(|one| one.is_ascii_lowercase() || one == '-');
        assert!(codes.iter().all(is_kebab));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CHECKS.len());
        assert!(codes.len() >= 30);
    }
}
