//! A package is tried out on a copy of the data before it takes the place of what runs.

use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::boxed::Machine;
use crate::publisher::{Publisher, next_release};

const PACKAGED: &str = env!("CARGO_PKG_VERSION");

/// What each of the packages brings.
const NEXT: &str = "0.1.0-next";

/// Every part of what a package begins.
const PARTS: [&str; 9] = [
    "armed",
    "hold",
    "snapshot",
    "switched",
    "migrated",
    "trial",
    "exposed",
    "probation",
    "committed",
];

/// A package and what becomes of it: none, or why it stays out.
struct Package {
    conduct: &'static str,
    refused: Option<(&'static str, &'static str)>,
}

const PACKAGES: [Package; 3] = [
    Package {
        conduct: "migration-fails",
        refused: Some(("update-rehearsal-failed", "Harbour Kitchen")),
    },
    Package {
        conduct: "migration-hangs",
        refused: Some(("update-step-timed-out", "nothing new for")),
    },
    Package { conduct: "good", refused: None },
];

impl Machine {
    /// Puts another program in the package's place, as dpkg and the package's script do.
    fn installs(&self, program: &[u8]) {
        let beside = self.path("holdfast.dpkg-new");
        std::fs::write(&beside, program).expect("room");
        std::fs::set_permissions(&beside, PermissionsExt::from_mode(0o755)).expect("its rights");
        std::fs::rename(&beside, self.path("holdfast")).expect("its name");
        self.signal(Signal::HUP);
    }

    fn status(&self) -> Option<Value> {
        let asked = self.try_ask("GET", "platform/updates/status", &Value::Null).ok();
        asked.filter(|(status, _)| *status == 200).map(|(_, status)| status)
    }

    /// Waits until the box says so of its updates; while it changes hands it says nothing.
    fn says(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.by(what, |machine| machine.status().filter(&is_so))
    }
}

#[test]
fn a_package_that_cannot_bring_the_data_along_stays_out_and_a_good_one_takes_over() {
    let publisher = Publisher::new();
    let mut machine = Machine::owned(&publisher, &publisher.address());
    let mut acknowledged = vec![machine.write(0)];
    for Package { conduct, refused } in PACKAGES {
        let writer = machine.writer();
        machine.installs(&next_release(NEXT, conduct));
        let status = match refused {
            Some((code, detail)) => machine.says(code, |status| has_alert(status, code, detail)),
            None => machine.says(NEXT, |status| status["current"]["version"] == NEXT),
        };
        let (more, _) = writer.stop();

        let runs = if refused.is_some() { PACKAGED } else { NEXT };
        assert_eq!(status["current"]["version"], runs, "{status}");
        acknowledged.extend(more);
        machine.has_all(&acknowledged);
        let copy = machine.path("data/update/package");
        machine.by("the copy is removed", |_| (!copy.exists()).then_some(()));
    }
    let log = machine.log();
    assert_eq!(log.matches("of the package out on a copy").count(), PACKAGES.len(), "{log}");
    let kept = machine.by("it is kept", |machine| {
        machine.log().contains("Release 0.1.0-next is kept").then(|| machine.status())
    });
    assert_eq!(kept.expect("a status")["under_way"], Value::Null);
    let history = machine.by("it stands in the history", |machine| {
        let history = machine.get("platform/updates/history");
        history["items"].get(0).is_some().then_some(history)
    });
    let noted = &history["items"][0];
    assert_eq!((&noted["kind"], &noted["outcome"]), (&json!("update"), &json!("committed")));
    assert_eq!(
        (&noted["from"]["version"], &noted["to"]["version"]),
        (&json!(PACKAGED), &json!(NEXT))
    );
    let parts = noted["states"].as_array().expect("parts").iter().map(|part| &part["state"]);
    assert_eq!(parts.collect::<Vec<_>>(), PARTS);
    assert_eq!(machine.audit_codes("update.committed").len(), 1);
    let verdict = machine.post("audit/verify", &Value::Null, 200);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

fn has_alert(status: &Value, code: &str, detail: &str) -> bool {
    let alerts = status["supervision"]["alerts"].as_array();
    alerts.is_some_and(|alerts| {
        let said = |alert: &Value| alert["detail"].as_str().unwrap_or_default().contains(detail);
        alerts.iter().any(|alert| alert["code"] == code && said(alert))
    })
}
