//! A worker, a step of a release or the supervisor itself is killed at every named place of a real
//! update, and again while that is put in order: the box answers soon with one of both releases,
//! whole, and nothing that was acknowledged is lost. `HOLDFAST_TORTURE` goes through all places.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use holdfast::platform::updates::rehearsal::points::POINTS as STEPS;
use holdfast::platform::updates::supervisor::crash::FILE_VARIABLE;
use holdfast::platform::updates::worker::points::POINTS as WORKER;
use serde_json::{Value, json};

use crate::boxed::Machine;
use crate::publisher::Publisher;

/// Places in `make test`: of fetching, of the copy, of the databases' own writes, of the change of
/// hands, and of the migration. The others come with the small releases of `tests/supervise`.
const IN_TEST: [&str; 5] = ["part-written", "copying", "confirmed", "file-migrated", "tried-out"];
/// Two places, the second of which comes while the first is put in order.
const TWICE_IN_TEST: [(&str, &str); 1] = [("closed", "trying-out")];
const TWICE: [(&str, &str); 8] = [
    ("release-fetched", "metadata-laid"),
    ("confirmed", "tried-out"),
    ("holding", "trying-out"),
    ("closed", "trying-out"),
    ("file-migrated", "tried-out"),
    ("snapshot-copied", "tried-out"),
    ("tried-out", "let-in"),
    ("end-written", "let-in"),
];
/// From the kill to the next answer.
const HEALTHY_WITHIN: Duration = Duration::from_secs(10);
/// Names the places at which processes of the box are killed, in its data folder, where a worker
/// may write.
const PLACES: &str = "data/places";

fn is_torture() -> bool {
    std::env::var_os("HOLDFAST_TORTURE").is_some()
}

/// Every place that an update from a feed comes by; what only a way back or a bundle comes by is
/// killed in other tests.
fn places() -> Vec<&'static str> {
    if !is_torture() {
        return IN_TEST.to_vec();
    }
    let is_here = |place: &&str| !place.starts_with("restore-") && !place.starts_with("bundle-");
    WORKER.into_iter().chain(STEPS).filter(is_here).collect()
}

/// A box whose processes are killed where a file says so.
struct Killed {
    publisher: Publisher,
    machine: Machine,
    number: u32,
    acknowledged: Vec<String>,
}

impl Killed {
    fn new() -> Self {
        let publisher = Publisher::new();
        let mut machine = Machine::owned(&publisher, &publisher.address());
        machine.stop();
        let places = machine.text(PLACES);
        machine.variables.push((FILE_VARIABLE, places));
        machine.start();
        Self { publisher, machine, number: 0, acknowledged: Vec::new() }
    }

    /// Where processes are still to be killed.
    fn left(&self) -> usize {
        let places = std::fs::read_to_string(self.machine.path(PLACES)).unwrap_or_default();
        places.lines().count()
    }

    /// Has the next release applied while processes are killed at these places.
    fn update(&mut self, places: &[&str]) {
        if self.number > 0 {
            // What was killed for another place makes no row with this one, which would have the
            // supervisor wait longer and longer.
            self.machine.stop();
            self.machine.start();
        }
        self.number += 1;
        self.publisher.publish(self.number, "good");
        let before = self.machine.said(&["update", "check"])["current"]["seq"].clone();
        std::fs::write(self.machine.path(PLACES), places.join("\n")).expect("room");
        let writer = self.machine.writer();
        let mut applying = self.applying();

        for killed in 1..=places.len() {
            self.await_kill(places.len() - killed, places);
            self.is_well_soon(places);
        }
        self.end_of(&mut applying);
        let (acknowledged, _) = writer.stop();

        self.acknowledged.extend(acknowledged);
        let status = self.machine.said(&["update", "status"]);
        let now = &status["current"]["seq"];
        assert!(*now == before || *now == self.number, "{places:?}: {status}");
        let last = self.machine.last_update();
        let is_kept = last["outcome"] == "committed";
        assert_eq!(*now == self.number, is_kept, "{places:?}: {last}");
        self.machine.has_all(&self.acknowledged);
        let verdict = self.machine.post("audit/verify", &Value::Null, 200);
        assert_eq!(verdict["ok"], true, "{places:?}: {verdict}");
    }

    fn applying(&self) -> Child {
        let mut command = self.machine.command(&["update", "apply", "--yes", "--json"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the package's program")
    }

    /// Waits until a process has come by and is gone, and not only about to go: what it has locked
    /// is free then.
    fn await_kill(&self, left: usize, places: &[&str]) {
        let end = Instant::now() + crate::boxed::PATIENCE;
        let file = File::open(self.machine.path(PLACES)).expect("the places");
        while self.left() > left || file.try_lock().is_err() {
            assert!(Instant::now() < end, "{places:?} are not reached:\n{}", self.machine.log());
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    /// Somebody new is answered within the time, whoever was killed.
    fn is_well_soon(&mut self, places: &[&str]) {
        let began = Instant::now();
        self.machine.by("somebody is answered", |machine| {
            let asked = machine.try_ask("GET", "me", &Value::Null).ok();
            asked.filter(|it| it.0 == 200).map(drop)
        });
        let took = began.elapsed();
        assert!(took < HEALTHY_WITHIN, "{places:?}: {took:?}\n{}", self.machine.log());
        println!("{places:?}: well after {took:?}");
    }

    /// Waits until the command has ended and nothing goes on.
    fn end_of(&mut self, applying: &mut Child) {
        self.machine.by("the command ends", |_| applying.try_wait().expect("a child"));
        self.machine.by("nothing goes on", |machine| {
            let asked = machine.try_ask("GET", "platform/updates/status", &Value::Null).ok()?;
            asked.1["under_way"].is_null().then_some(())
        });
    }
}

#[test]
fn a_kill_at_any_place_of_a_real_update_leaves_a_box_that_is_old_or_new() {
    let (mut killed, places) = (Killed::new(), places());
    for place in &places {
        // Only the first update of a box migrates.
        if STEPS.contains(place) {
            Killed::new().update(&[place]);
        } else {
            killed.update(&[place]);
        }
    }
    println!("killed at {} places", places.len());
}

#[test]
fn a_second_kill_while_the_first_is_put_in_order_leaves_it_whole_as_well() {
    let pairs: &[(&str, &str)] = if is_torture() { &TWICE } else { &TWICE_IN_TEST };
    for (first, second) in pairs {
        Killed::new().update(&[first, second]);
    }
}

#[test]
fn a_kill_while_a_bundle_is_taken_in_leaves_it_to_be_taken() {
    let mut killed = Killed::new();
    let version = killed.publisher.publish(1, "good");
    let bundle = killed.publisher.bundle();
    for place in ["bundle-unpacked", "bundle-offered"] {
        std::fs::write(killed.machine.path(PLACES), place).expect("room");
        let id = killed.machine.upload(&bundle);
        let take = format!("platform/updates/upload/{id}/take");
        let job = killed.machine.post(&take, &json!({}), 202);

        killed.await_kill(0, &[place]);
        killed.is_well_soon(&[place]);

        // What came is kept; whoever sent it has it looked at once more.
        let job = format!("jobs/{}", job["id"].as_str().expect("an id"));
        killed.machine.by("it is known to be cut off", |machine| {
            let job = machine.get(&job);
            (job["problem"]["code"] == "job-interrupted").then_some(())
        });
        killed.machine.post(&format!("{job}/retry"), &Value::Null, 202);
        killed
            .machine
            .by("it is taken in", |machine| (machine.get(&job)["state"] == "done").then_some(()));
        let status = killed.machine.said(&["update", "status"]);
        assert_eq!(status["offer"]["version"], version.as_str(), "{place}: {status}");
    }
}
