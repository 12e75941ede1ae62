//! A newer version, an older one, and callers meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{HTTPS, Life, READY_WITHIN, name_of};

/// A migration that this version has and the one before had not, and how it is undone. Nothing is
/// released yet; from the first release on, `tests/upgrade` holds what each left.
const UNDO: &str = "DROP TABLE item_files;
     DELETE FROM applied_migrations WHERE set_name = 'inventory' AND number IN (15, 22);";
const IS_DONE: &str = "SELECT COUNT(*) FROM applied_migrations
     WHERE set_name = 'inventory' AND number = 15";

/// How long callers call at most, whatever else happens.
const CALLING_AT_MOST: Duration = Duration::from_secs(150);

/// Ends the callers, also where the step fails: a scope waits for its threads.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Life {
    pub(super) fn upgrades(&self, now: &Path) {
        self.forgives();
        let items = self.items();
        self.guest.sh("systemctl stop holdfast.socket holdfast.service");
        self.in_workspace(|file| file.execute_batch(UNDO).expect("an older schema"));

        let said = self.apt_install(now);

        assert!(!said.contains("/setup#"), "the box has an owner: {said}");
        self.is_answering();
        self.has_its_data();
        assert_eq!(self.items(), items, "something is not as it was");
        self.guest.sh("holdfast audit verify");
        self.guest.sh("systemctl stop holdfast.socket holdfast.service");
        let is_done = self.in_workspace(|file| file.query_row(IS_DONE, [], |row| row.get(0)));
        assert_eq!(is_done, Ok(1), "the schema is still the old one");
        self.guest.sh("systemctl start holdfast.socket holdfast.service");
        self.is_as_dpkg_left_it();
    }

    /// Works on the file of the box's workspace while the box does not run.
    #[expect(clippy::disallowed_methods, reason = "the box does not run and keeps no other handle")]
    fn in_workspace<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        let folder = self.guest.root().join("var/lib/holdfast/workspaces");
        let files = std::fs::read_dir(folder).expect("the box's workspaces");
        let mut files = files.map(|file| file.expect("a file").path());
        let file = files.find(|path| path.extension().is_some_and(|end| end == "db"));
        let file = Connection::open(file.expect("a workspace")).expect("an open file");
        work(&file)
    }

    /// Has people call while something is done: every call is a connection of its own, none is
    /// tried again, and none may be refused.
    pub(super) fn while_people_call(&self, work: impl FnOnce()) {
        let is_over = AtomicBool::new(false);
        // Not /readyz, which says that the box is about to stop.
        let url = format!("{HTTPS}/trust");

        let began = Instant::now();
        let (calls, refused) = std::thread::scope(|scope| {
            let ending = Ending(&is_over);
            let caller = || {
                let mut outcomes = (0, Vec::new());
                while !is_over.load(Ordering::Relaxed) && began.elapsed() < CALLING_AT_MOST {
                    let (status, body) = self.guest.curl(&[&url]);
                    outcomes.0 += 1;
                    if status != "200" {
                        outcomes.1.push(format!("{status} {body}"));
                    }
                }
                outcomes
            };
            let callers = [scope.spawn(caller), scope.spawn(caller)];
            work();
            drop(ending);
            let outcomes = callers.map(|one| one.join().expect("a caller"));
            let calls: usize = outcomes.iter().map(|(calls, _)| calls).sum();
            (calls, outcomes.map(|(_, refused)| refused).concat())
        });

        assert!(calls > 10, "{calls} calls prove nothing");
        assert_eq!(refused, [""; 0], "of {calls} calls");
    }

    /// The same program once more: the supervisor becomes it, and the box runs on.
    pub(super) fn refuses_nobody_while_it_is_upgraded(&self, now: &Path) {
        self.forgives();
        let (before, worker) = (self.property("MainPID"), self.worker());

        self.while_people_call(|| {
            self.guest.sh(&format!("apt-get install -q -y --reinstall {}", name_of(now)));
            self.is_taken_over();
        });

        assert_eq!(self.property("MainPID"), before, "it was restarted");
        assert_eq!(self.worker(), worker, "the box was restarted");
    }

    /// Waits until the supervisor is the program that the package brought.
    pub(super) fn is_taken_over(&self) {
        let script = "own=/proc/$(systemctl show --value -p MainPID holdfast.service)/exe
             [ \"$(stat -Lc %i $own)\" = \"$(stat -c %i /usr/lib/holdfast/holdfast)\" ]";
        self.guest.until(READY_WITHIN, script);
    }

    pub(super) fn is_warned_before_going_back(&self, before: &Path, now: &Path) {
        self.forgives();

        let said = self.apt_install(before);

        assert!(said.contains("holdfast: going back from"), "{said}");
        // This older one can read the data.
        self.is_answering();
        self.has_its_data();
        self.forgives();
        self.apt_install(now);
        self.is_answering();
    }

    /// As if a version far ahead had been here: one line, no second try, no damage.
    #[expect(clippy::disallowed_methods, reason = "the box does not run and keeps no other handle")]
    pub(super) fn refuses_data_that_it_does_not_know(&self, now: &Path) {
        self.forgives();
        self.guest.sh("systemctl stop holdfast.socket holdfast.service");
        let file = self.guest.root().join("var/lib/holdfast/system.db");
        let format = |format: Option<i64>| {
            let file = Connection::open(&file).expect("an open file");
            let was = file.pragma_query_value(None, "user_version", |row| row.get(0));
            let was: i64 = was.expect("a number");
            if let Some(format) = format {
                file.pragma_update(None, "user_version", format).expect("a changed number");
            }
            was
        };
        let was = format(Some(99));

        let started = self.guest.try_sh("systemctl start holdfast.service");

        assert!(!started.status.success(), "{}", self.guest.journal());
        assert_eq!(self.property("ExecMainStatus"), "5");
        assert_eq!(self.property("NRestarts"), "0");
        let journal = self.guest.sh("journalctl -u holdfast --no-pager -o cat -n 8");
        let said = journal.lines().filter(|line| line.contains("a newer version of Holdfast"));
        assert_eq!(said.count(), 1, "{journal}");
        self.is_left_alone_while_somebody_calls();
        assert_eq!(format(Some(was)), 99, "it was changed");
        // An installation forgets how often it failed.
        self.guest.sh(&format!("apt-get install -q -y --reinstall {}", name_of(now)));
        self.is_answering();
        self.has_its_data();
    }

    /// Each call would start it again through the socket: after some times that ends.
    fn is_left_alone_while_somebody_calls(&self) {
        self.forgives();
        self.guest.sh("systemctl start holdfast.socket");

        let (status, _) = self.guest.curl(&[&format!("{HTTPS}/readyz")]);

        assert_eq!(status, "000");
        self.guest.until(READY_WITHIN, "systemctl --quiet is-failed holdfast.socket");
        assert_eq!(self.property("ActiveState"), "failed");
        let said = self.guest.sh("journalctl -u holdfast --no-pager -o cat");
        let starts = said.lines().filter(|line| line.contains("a newer version of Holdfast"));
        assert!((2..=9).contains(&starts.count()), "{said}");
    }
}
