//! What the supervisor and a worker say to each other, over a pair of sockets that keep messages
//! apart: one JSON text each, with file descriptors beside it. Version 1 of it is
//! [`SUPERVISOR_PROTO`](crate::platform::updates::release::SUPERVISOR_PROTO) and does not change: a
//! release that needs more says so in its metadata. Only additions that the other side may ignore
//! are allowed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// From the supervisor to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The first message: what the worker is, and the sockets that come as descriptors with it, in
    /// this order.
    Start { proto: u32, seq: u64, sockets: Vec<SocketKind> },
    /// Answer connections to the shared sockets. Until then only the private one is served.
    Accept,
    /// Put no further request through, finish what runs within so many milliseconds, close the
    /// files, say [`Report::Closed`], and keep the connections. The worker waits for a moment
    /// without a request older than two seconds before it holds anybody back; when only two
    /// seconds are left it does so in any case, and cuts off what still runs at the end. So 2,000
    /// means at once, and 62,000 gives slow uploads a minute. Closing takes its time after that:
    /// up to a second for event streams, and up to five for tasks.
    Hold { finish_within_ms: u64 },
    /// Pass what was kept waiting, and what still comes over open connections, to the worker that
    /// answers at this private socket; end when the last connection has ended, 90 s later at the
    /// latest. It may come again with another socket: when that worker is replaced, or ends, every
    /// worker that still forwards is told of the next one, and requests wait for it meanwhile.
    Forward { socket: PathBuf },
    /// The answer to an [`Ask`](Report::Ask).
    Answer { id: u64, outcome: Outcome },
}

/// What a socket that the worker gets serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketKind {
    Https,
    /// Plain HTTP that leads to HTTPS.
    Redirect,
    BehindProxy,
    /// Where the supervisor looks at the worker and requests are passed on; a unix socket.
    Private,
    /// Where the command line asks; a unix socket.
    Control,
}

/// From a worker to the supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// What it does, in one sentence.
    Status(String),
    /// The files are open, its own trial went well, and requests to the private socket are
    /// answered.
    Ready { status: String },
    /// It cannot start, for this reason; it ends now.
    Failed { code: String, detail: String },
    /// A sign of life, with what was counted since it started: answers, and faults of its own
    /// among them.
    Alive { answers: u64, faults: u64 },
    /// Nothing of the data is open any more, after [`Order::Hold`].
    Closed,
    /// It wants something done that only the supervisor may do.
    Ask { id: u64, wish: Wish },
}

/// What a worker asks of the supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// How everything stands: what runs, what it would go back to, the update under way.
    Standing,
    /// Look at what lies in the folder of incoming files (`<data>/update/incoming`, in the layout
    /// of a feed), take its metadata over, and install the target of this number for this machine
    /// where there is one. Stale metadata is accepted only where a person said so, and never
    /// below the floors.
    Take { seq: Option<u64>, accept_stale: bool },
    /// Run one step of the installed release with this number, or of the one that runs, on a
    /// folder below `<data>/update`; answered with what the step printed as JSON.
    Run { seq: u64, step: Step },
    /// Switch to the installed release with this number. `migrates` is what the rehearsal found.
    Switch { seq: u64, transaction: String, migrates: bool, limits: SwitchLimits },
    /// Go back to the release that was active before and watch it, for a minute where nothing is
    /// said.
    Rollback {
        transaction: String,
        #[serde(default)]
        probation_s: Option<u64>,
    },
    /// The operator has seen the end of the last update.
    Seen,
}

/// A step that a release does on files, started as `holdfast update-step …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Migrate a copy of the data, look at it whole, and try it out.
    Rehearse { folder: PathBuf },
}

/// How long the parts of a switch may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchLimits {
    pub probation_s: u64,
    /// Holds for putting the files aside and for bringing them along, for each by itself: ten times
    /// what the rehearsal took for both, at least a minute.
    pub migration_ms_max: u64,
}

/// How a wish ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done(Value),
    /// The code is one of the reasons of `docs/formats/release.md`.
    Refused {
        code: String,
        detail: String,
    },
}
