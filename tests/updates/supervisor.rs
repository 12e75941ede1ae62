//! A supervisor that says what a test has told it to.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use holdfast::platform::clock::{Clock, Moment};
use holdfast::platform::updates::link::Link;
use holdfast::platform::updates::supervisor::channel::{Channel, pair};
use holdfast::platform::updates::supervisor::protocol::{Order, Outcome, Report, Wish};
use holdfast::platform::updates::supervisor::vouching::{Trust, Vouches as _};
use serde_json::{Value, json};

/// What it says and what it heard.
#[derive(Debug)]
struct Says {
    standing: Value,
    refusal: Option<(&'static str, &'static str)>,
    rehearsal: Option<Value>,
    heard: Vec<Wish>,
    trusts: Option<Trusts>,
}

/// Where its trusted metadata lies, and where it takes more from.
#[derive(Debug, Clone)]
struct Trusts {
    state: PathBuf,
    incoming: PathBuf,
    clock: Clock,
}

/// One end of the channel, and what is said over it.
#[derive(Debug, Clone)]
pub(super) struct Supervisor(Arc<Mutex<Says>>);

pub(super) fn installed(seq: u64, version: &str) -> Value {
    json!({
        "seq": seq, "version": version, "sha256": format!("{seq:064}"), "folder": null,
        "is_packaged": false,
    })
}

impl Supervisor {
    /// A supervisor that runs release 6, and the link to it.
    #[expect(clippy::disallowed_methods, reason = "both end with the channel")]
    pub(super) fn new() -> (Self, Arc<Link>) {
        let (own, end) = pair().expect("a pair of sockets");
        let link = Arc::new(Link::new(Arc::new(Channel::of(end).expect("a channel")), 6));
        let standing = json!({
            "running": installed(6, "1.4.1"), "active": installed(6, "1.4.1"), "fallback": null,
            "packaged": installed(0, "1.4.0"), "installed": [], "seq_floor": 6, "quarantine": [],
            "under_way": null, "last": null,
            "protection": { "state": "shared_folder", "detail": "The folder is shared." },
            "alerts": [], "state": "/nowhere",
        });
        let says =
            Says { standing, refusal: None, rehearsal: None, heard: Vec::new(), trusts: None };
        let this = Self(Arc::new(Mutex::new(says)));
        let (speaking, hearing) = (this.clone(), Arc::clone(&link));
        tokio::spawn(async move { speaking.speak(own).await });
        tokio::spawn(async move { while let Ok(Some(_)) = hearing.hear().await {} });
        (this, link)
    }

    /// Says this from now on.
    pub(super) fn set(&self, member: &str, value: Value) {
        self.0.lock().expect("nobody panicked").standing[member] = value;
    }

    /// Takes metadata over from now on, as a real one does.
    pub(super) fn trust(&self, state: PathBuf, incoming: PathBuf, clock: Clock) {
        self.set("state", json!(state));
        let trusts = Some(Trusts { state, incoming, clock });
        self.0.lock().expect("nobody panicked").trusts = trusts;
    }

    /// Refuses whatever changes something.
    pub(super) fn refuse(&self, code: &'static str, detail: &'static str) {
        self.0.lock().expect("nobody panicked").refusal = Some((code, detail));
    }

    /// Says that each release finds this on a copy of the box.
    pub(super) fn rehearse(&self, report: Value) {
        self.0.lock().expect("nobody panicked").rehearsal = Some(report);
    }

    /// What was asked for beside how it stands.
    pub(super) fn heard(&self) -> Vec<Wish> {
        self.0.lock().expect("nobody panicked").heard.clone()
    }

    async fn speak(self, own: Channel) {
        while let Ok(Some((Report::Ask { id, wish }, _))) = own.receive().await {
            let trusts = self.0.lock().expect("nobody panicked").trusts.clone();
            let outcome = match (&wish, trusts) {
                (Wish::Take { accept_stale, .. }, Some(trusts)) => {
                    self.0.lock().expect("nobody panicked").heard.push(wish.clone());
                    let trust = Trust::below(&trusts.state, trusts.clock, Moment(0));
                    match trust.take(&trusts.incoming, *accept_stale).await {
                        Ok(()) => Outcome::Done(json!({ "installed": null })),
                        Err(why) => Outcome::Refused { code: why.code, detail: why.detail },
                    }
                }
                _ => self.answer(wish),
            };
            if own.send(&Order::Answer { id, outcome }, &[]).await.is_err() {
                return;
            }
        }
    }

    /// A switch ends as soon as it is asked for: with the end that was told before, if any.
    fn answer(&self, wish: Wish) -> Outcome {
        let mut says = self.0.lock().expect("nobody panicked");
        if wish == Wish::Standing {
            return Outcome::Done(says.standing.clone());
        }
        says.heard.push(wish.clone());
        if let (Some((code, detail)), false) = (says.refusal, wish == Wish::Seen) {
            let (code, detail) = (code.to_owned(), detail.to_owned());
            return Outcome::Refused { code, detail };
        }
        match wish {
            Wish::Switch { transaction, .. } | Wish::Rollback { transaction, .. } => {
                let mut ended = says.standing["ends"].clone();
                ended["transaction"] = json!(transaction);
                says.standing["last"] = ended;
            }
            Wish::Run { .. } => {
                return Outcome::Done(says.rehearsal.clone().expect("a report was told"));
            }
            Wish::Seen => says.standing["last"] = Value::Null,
            Wish::Standing | Wish::Take { .. } => {}
        }
        Outcome::Done(json!({ "armed": true }))
    }
}

/// How a switch ends, for [`Supervisor::set`] of `ends`.
pub(super) fn ends(end: &str, why: &Value, at: i64) -> Value {
    let entered = |state: &str, after: i64| json!({ "state": state, "at": at + after });
    json!({
        "kind": "update", "from": installed(6, "1.4.1"), "to": installed(7, "1.4.2"),
        "end": end, "why": why, "is_restored": false, "ended_at": at + 900, "is_seen": false,
        "states": [
            entered("armed", 100), entered("hold", 200), entered("exposed", 500),
            entered("probation", 600), entered(end, 900),
        ],
    })
}
