//! Decisions about who may read and change what.

use super::Verdict;
use super::words::{listed, quoted};

/// A file that somebody may who should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Relative to the data folder.
    pub name: String,
    /// Lower twelve bits.
    pub mode: u32,
    /// Rights beyond the mode.
    pub has_acl: bool,
}

/// `fix` mends all of them at once.
pub fn modes(open: &[Open], fix: String) -> Verdict {
    let Some(first) = open.first() else {
        return Verdict::ok("Nobody but the box's user may read what it keeps.");
    };
    let names: Vec<&str> = open.iter().map(|one| one.name.as_str()).collect();
    let how = if first.has_acl { "an access list".to_owned() } else { format!("{:o}", first.mode) };
    let cause = format!("Others may at {} ({how}).", listed(&names));
    Verdict::warning(cause).fix(fix).fixable()
}

/// Names of files that are another user's than the folder's `owner`.
pub fn owners(others: &[String], owner: u32, data: &str, can_fix: bool) -> Verdict {
    if others.is_empty() {
        return Verdict::ok(format!("Everything belongs to user {owner}."));
    }
    let verdict = Verdict::failed(format!("Not of user {owner}: {}.", listed(others)))
        .fix(format!("chown -R --reference={0} {0}", quoted(data)));
    if can_fix { verdict.fixable() } else { verdict }
}

/// How it stands with the master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Nothing was ever sealed.
    NotYet,
    Fits,
    /// Something was sealed, and there is no key.
    Missing,
    /// It is not the one that sealed.
    Another,
    /// It cannot be read, or is no key.
    Unusable,
}

pub fn key_there(key: Key, data: &str) -> Verdict {
    match key {
        Key::Missing => Verdict::failed("The box has sealed fields, and there is no master.key.")
            .fix(format!(
                "install -m 600 COPY/master.key {}",
                quoted(&format!("{data}/master.key"))
            ))
            .fix("systemctl restart holdfast.service"),
        Key::NotYet => Verdict::skipped("The box has sealed nothing yet."),
        Key::Fits | Key::Another | Key::Unusable => Verdict::ok("There is one."),
    }
}

pub fn key_fits(key: Key, why: &str, data: &str) -> Verdict {
    let cause = match key {
        Key::Fits => return Verdict::ok("It is the one that the box sealed with."),
        Key::NotYet | Key::Missing => return Verdict::skipped("There is no key to look at."),
        Key::Another => "It is not the one that the box sealed with.".to_owned(),
        Key::Unusable => why.to_owned(),
    };
    Verdict::failed(cause)
        .fix(format!("install -m 600 COPY/master.key {}", quoted(&format!("{data}/master.key"))))
        .fix("systemctl restart holdfast.service")
}

/// Files with key material that others may read, with their modes.
pub fn key_modes(open: &[(String, u32)]) -> Verdict {
    let Some((name, mode)) = open.first() else {
        return Verdict::ok("Only the box's user may read it.");
    };
    let verdict = Verdict::failed(format!("{name} has mode {mode:o}."));
    let fixed = |verdict: Verdict, (name, _): &(String, u32)| {
        verdict.fix(format!("chmod 600 {}", quoted(name)))
    };
    open.iter().fold(verdict, fixed).fix("holdfast keys rotate").fixable()
}

/// `is_file`: the key lies on the disk of the data, and nowhere else unless in a backup.
pub fn key_copy(is_file: bool, is_in_backup: bool, is_kit_confirmed: bool, data: &str) -> Verdict {
    match (is_file, is_in_backup && is_kit_confirmed) {
        (false, _) => Verdict::ok("It does not lie on the disk of the data."),
        (true, true) => Verdict::ok("It is in a backup that a recovery kit opens."),
        (true, false) => Verdict::hint("It lies on this disk and in no proved backup.")
            .fix(format!("cp -p {} /media/STICK/", quoted(&format!("{data}/master.key")))),
    }
}

/// The configuration file: its mode, and whether there is a secret in it.
pub fn config_file(file: Option<(&str, u32)>, has_secret: bool) -> Verdict {
    let Some((path, mode)) = file else {
        return Verdict::skipped("There is no configuration file.");
    };
    let at = quoted(path);
    if mode & 0o022 != 0 {
        return Verdict::failed(format!("{path} has mode {mode:o}: others may change it."))
            .fix(format!("chmod go-w {at}"))
            .fixable();
    }
    if mode & 0o007 != 0 && has_secret {
        return Verdict::warning(format!("{path} has mode {mode:o} and holds a secret."))
            .fix(format!("chmod o= {at}"))
            .fixable();
    }
    Verdict::ok(format!("{path} has mode {mode:o}."))
}

/// The private key of an own certificate.
pub fn certificate_key(file: Option<(&str, u32)>) -> Verdict {
    match file {
        None => Verdict::skipped("The box has no certificate of yours."),
        Some((path, mode)) if mode & 0o007 != 0 => {
            Verdict::warning(format!("{path} has mode {mode:o}: everybody here may read it."))
                .fix(format!("chmod o= {}", quoted(path)))
        }
        Some((path, mode)) => Verdict::ok(format!("{path} has mode {mode:o}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn a_file_others_may_change_is_worse_than_one_they_may_read() {
        let of = |mode, has_secret| config_file(Some(("/c", mode)), has_secret).status;
        assert_eq!(of(0o644, false), Status::Ok);
        assert_eq!(of(0o644, true), Status::Warning);
        assert_eq!(of(0o640, true), Status::Ok);
        assert_eq!(of(0o666, false), Status::Failed);
    }

    #[test]
    fn each_way_to_lose_a_key_is_told_apart() {
        let of = |key| (key_there(key, "/d").status, key_fits(key, "why", "/d").status);
        assert_eq!(of(Key::Fits), (Status::Ok, Status::Ok));
        assert_eq!(of(Key::Missing), (Status::Failed, Status::Skipped));
        assert_eq!(of(Key::Another), (Status::Ok, Status::Failed));
        assert_eq!(of(Key::Unusable), (Status::Ok, Status::Failed));
        assert_eq!(of(Key::NotYet), (Status::Skipped, Status::Skipped));
        assert_eq!(key_copy(true, true, false, "/d").status, Status::Hint);
        assert_eq!(key_copy(true, true, true, "/d").status, Status::Ok);
    }
}
