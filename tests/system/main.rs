//! The program under a service manager: sockets that are handed over, what is told, restarts under
//! load, and everything that keeps it from starting.

mod certificates;
mod client;
mod local_name;
mod notices;
mod owner;
mod refused;
mod restarts;
mod rig;
mod scanned;
mod seeded;
mod sockets;
mod trust;

/// Says on standard error that a test could not run here.
fn skip(what: &str, why: &str) {
    #[expect(clippy::print_stderr, reason = "whoever reads the log learns what did not run")]
    {
        eprintln!("SKIPPED: {what}, because {why}");
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
