//! The next release, as tests of updates need it: built with the feature `fixture`, it has another
//! version, one migration more, and does wrong what the last line of its own file says. No release
//! is built with it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::platform::access::PermissionSpec;
use crate::platform::app::{AppSpec, Routes, UsageSpec};

/// What stands in front of the conduct, at the end of the file.
const MARK: &str = "\nHOLDFAST-FIXTURE:";
/// Bytes at the end of the file that are looked at.
const TAIL_BYTES: i64 = 128;
/// How much a leaking release takes at once, bytes, and how often.
const LEAK_BYTES: usize = 16 << 20;
const LEAK_EVERY: Duration = Duration::from_millis(50);

/// The app that the next release brings: nothing but a migration.
pub const SPEC: AppSpec = AppSpec {
    id: "next",
    title: "Next",
    permissions: NO_PERMISSIONS,
    migrations: crate::migration_set!("next", "0001_next.sql"),
    events: &[],
    recycle_bin: &[],
    search: &[],
    codes: &[],
    columns: &[],
    jobs: &[],
    notices: &[],
    clean_up: &[],
    routes: Routes::new,
    usage: UsageSpec { count: |_| Ok(Vec::new()), has_amounts: |_| Ok(false) },
    smoke: &[],
    sample_data: None,
};

const NO_PERMISSIONS: &[PermissionSpec] = &[];

/// What a release does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conduct {
    /// Nothing.
    Good,
    /// It ends at once with a failure.
    Exit,
    /// It never gets ready.
    Hang,
    /// It is ended by the system.
    Segfault,
    /// It takes more and more memory.
    Leak,
    /// It answers everything with 500 once it has run for so long.
    Faults(Duration),
    /// Its migration fails.
    MigrationFails,
    /// Its migration never ends.
    MigrationHangs,
    /// Its migration never ends on the data itself, although it did on the copy.
    SwitchHangs,
    /// It makes of the files what the release before cannot read.
    Far,
}

/// Called when a worker starts.
pub fn at_start() {
    STARTED.get_or_init(Instant::now);
    match conduct() {
        Conduct::Exit => std::process::exit(1),
        Conduct::Hang => hang(),
        Conduct::Segfault => segfault(),
        Conduct::Leak => leak(),
        Conduct::Good
        | Conduct::Faults(_)
        | Conduct::MigrationFails
        | Conduct::MigrationHangs
        | Conduct::SwitchHangs
        | Conduct::Far => {}
    }
}

/// Called when a migration starts. Gives whether it goes on.
pub fn may_migrate() -> bool {
    match conduct() {
        Conduct::MigrationFails => false,
        Conduct::MigrationHangs => hang(),
        Conduct::SwitchHangs if is_at_the_switch() => hang(),
        _ => true,
    }
}

/// The format that it writes files in.
pub fn format(usual: i64) -> i64 {
    if conduct() == Conduct::Far { usual + 1 } else { usual }
}

/// Whether this process brings the data itself along, and no copy of it.
fn is_at_the_switch() -> bool {
    std::env::args().nth(2).is_some_and(|step| step == "migrate")
}

/// Whether every request is to fail now.
pub fn is_faulty() -> bool {
    match conduct() {
        Conduct::Faults(after) => STARTED.get_or_init(Instant::now).elapsed() >= after,
        _ => false,
    }
}

static STARTED: OnceLock<Instant> = OnceLock::new();

fn conduct() -> Conduct {
    static CONDUCT: OnceLock<Conduct> = OnceLock::new();
    *CONDUCT.get_or_init(|| {
        let tail = tail().unwrap_or_default();
        let said = tail.rsplit_once(MARK).map_or("", |(_, said)| said.trim());
        let (what, of) = said.split_once('=').unwrap_or((said, ""));
        match what {
            "exit" => Conduct::Exit,
            "hang" => Conduct::Hang,
            "segfault" => Conduct::Segfault,
            "leak" => Conduct::Leak,
            "faults-after-ms" => Conduct::Faults(Duration::from_millis(of.parse().unwrap_or(0))),
            "migration-fails" => Conduct::MigrationFails,
            "migration-hangs" => Conduct::MigrationHangs,
            "switch-hangs" => Conduct::SwitchHangs,
            "far" => Conduct::Far,
            _ => Conduct::Good,
        }
    })
}

fn tail() -> std::io::Result<String> {
    let mut file = File::open("/proc/self/exe")?;
    file.seek(SeekFrom::End(-TAIL_BYTES))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

fn segfault() {
    use rustix::process::{Signal, getpid, kill_process};
    // The first one is taken by the handler that looks for overflown stacks, which steps aside.
    for _ in 0..2 {
        if let Err(error) = kill_process(getpid(), Signal::SEGV) {
            tracing::error!("The fixture could not end itself: {error}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a leak needs nobody who looks after it")]
fn leak() {
    std::thread::spawn(|| {
        loop {
            // Written to, or the system would not give it.
            std::mem::forget(vec![1_u8; LEAK_BYTES]);
            std::thread::park_timeout(LEAK_EVERY);
        }
    });
}
