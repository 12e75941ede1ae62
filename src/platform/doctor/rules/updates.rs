//! Decisions about updates: who starts releases, whom they are kept from, and whose word is
//! believed for how long.

use std::time::Duration;

use super::Verdict;
use super::words::{day, listed};
use crate::platform::clock::Moment;

/// A root that ends sooner should have a successor by now.
const ROOT_ENDS_MIN: Duration = Duration::from_hours(30 * 24);

/// Whether a box that believes releases has somebody to start them.
pub fn supervised(believes: bool, is_supervised: Option<bool>) -> Verdict {
    match is_supervised {
        None => Verdict::skipped("No box runs."),
        Some(true) => Verdict::ok("A supervisor starts the releases of this box."),
        Some(false) if !believes => {
            Verdict::skipped("No root of releases is set; apt brings them.")
        }
        Some(false) => Verdict::warning("A root of releases is set, and nobody may start one.")
            .fix("systemctl show holdfast.service -p ExecStart  # it should end with supervise"),
    }
}

/// How far the kernel keeps the serving process from what decides about the next start.
pub fn protection(found: Option<(&str, &str)>) -> Verdict {
    match found {
        None => Verdict::skipped("No supervisor runs."),
        Some(("full", _)) => Verdict::ok("The kernel keeps the box from them."),
        Some(("shared_folder", detail)) => Verdict::hint(detail.to_owned())
            .fix("holdfast supervise --state /var/lib/holdfast-supervisor"),
        Some((_, detail)) => Verdict::hint(detail.to_owned()).fix("uname -r"),
    }
}

/// When the first file of what a feed said runs out, and when its root does.
pub fn trust(ends: Option<(Moment, Moment)>, now: Moment) -> Verdict {
    let Some((first, root)) = ends else {
        return Verdict::skipped("No feed was believed yet.");
    };
    let fix = "holdfast update check";
    if root <= now {
        let cause = format!("The root of releases has run out on {}.", day(root));
        return Verdict::failed(cause).fix(fix);
    }
    if first <= now {
        let cause = format!("What the feed said has run out on {}.", day(first));
        return Verdict::warning(cause).fix(fix);
    }
    if root <= now.plus(ROOT_ENDS_MIN) {
        let cause = format!("The root of releases runs out on {}.", day(root));
        return Verdict::warning(cause).fix(fix);
    }
    Verdict::ok(format!("The root of releases is good until {}.", day(root)))
}

/// Releases that failed here.
pub fn quarantine(releases: Option<&[String]>) -> Verdict {
    match releases {
        None => Verdict::skipped("No supervisor runs."),
        Some([]) => Verdict::ok("None has failed here."),
        Some(all) => Verdict::hint(format!("Failed here: {}.", listed(all)))
            .fix("holdfast update history")
            .fix("holdfast update check"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    const NOW: Moment = Moment(1_795_240_800_000);

    #[test]
    fn the_root_counts_before_what_it_vouches_for() {
        let of = |first: i64, root: i64| {
            let at = |days: i64| Moment(NOW.0 + days * 86_400_000);
            trust(Some((at(first), at(root))), NOW).status
        };
        assert_eq!(trust(None, NOW).status, Status::Skipped);
        assert_eq!(of(7, 31), Status::Ok);
        assert_eq!(of(7, 30), Status::Warning);
        assert_eq!(of(0, 31), Status::Warning);
        assert_eq!(of(-1, 0), Status::Failed);
    }

    #[test]
    fn a_box_that_believes_no_release_needs_no_supervisor() {
        assert_eq!(supervised(false, Some(false)).status, Status::Skipped);
        assert_eq!(supervised(true, Some(false)).status, Status::Warning);
        assert_eq!(supervised(true, Some(true)).status, Status::Ok);
        assert_eq!(supervised(true, None).status, Status::Skipped);
    }
}
