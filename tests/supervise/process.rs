//! A supervisor in a process of its own: this very test program, told by a variable what it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use holdfast::config::{Config, Sources};
use holdfast::platform::clock::Clock;
use holdfast::platform::footprint::Text;
use holdfast::platform::updates::release::Status;
use holdfast::platform::updates::supervisor::reasons;
use holdfast::platform::updates::supervisor::resident::{Limits, Over, Settings, Supervisor};
use holdfast::platform::updates::supervisor::rules::Vouched;
use holdfast::platform::updates::supervisor::sockets::listen;
use holdfast::platform::updates::supervisor::standing::Alert;
use holdfast::platform::updates::supervisor::vouching::{Later, Vouches};
use holdfast::platform::wait_until_free;
use serde::{Deserialize, Serialize};

/// Says what the process is.
pub(crate) const VARIABLE: &str = "HOLDFAST_TEST_SUPERVISOR";
/// The test that is no test when the variable is there.
pub(crate) const NAME: &str = "process::a_supervisor_in_a_process_of_its_own";
/// What is vouched for, in a folder: names are targets.
pub(crate) const VOUCHED: &str = "vouched.json";

/// What the process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) state: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) own: PathBuf,
    pub(crate) address: String,
    pub(crate) ready_ms: u64,
    pub(crate) restore_standstill_ms: u64,
}

/// What is vouched for, in the words of a test.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) seq: u64,
    pub(crate) sha256: String,
    pub(crate) size_bytes: u64,
    pub(crate) is_revoked: bool,
}

/// Trusts whatever lies in its folder, so that tests decide it.
struct Believing {
    folder: PathBuf,
}

impl Vouches for Believing {
    fn vouched(&self) -> Result<Vec<Vouched>, Alert> {
        let text = std::fs::read(self.folder.join(VOUCHED)).unwrap_or_else(|_| b"{}".to_vec());
        let named: BTreeMap<String, Named> = serde_json::from_slice(&text)
            .map_err(|error| Alert::new(reasons::RELEASE_UNVOUCHED, error.to_string()))?;
        let vouched = named.into_iter().map(|(target, one)| Vouched {
            seq: one.seq,
            version: one.seq.to_string(),
            sha256: one.sha256,
            size_bytes: one.size_bytes,
            status: if one.is_revoked { Status::Revoked } else { Status::Active },
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            target,
            supervisor_proto: 1,
        });
        Ok(vouched.collect())
    }

    fn take<'a>(&'a self, feed: &'a Path, _accept_stale: bool) -> Later<'a, Result<(), Alert>> {
        Box::pin(async move {
            std::fs::create_dir_all(&self.folder).expect("a folder");
            std::fs::copy(feed.join(VOUCHED), self.folder.join(VOUCHED)).expect("a copy");
            Ok(())
        })
    }
}

#[test]
fn a_supervisor_in_a_process_of_its_own() {
    let Ok(told) = std::env::var(VARIABLE) else { return };
    let told: Told = serde_json::from_str(&told).expect("what this process is");
    let code = match supervise(told) {
        Over::Stop => 0,
        Over::Exit(code) => code,
        Over::Fault(error) => {
            println!("{error}");
            1
        }
    };
    std::process::exit(code);
}

fn supervise(told: Told) -> Over {
    let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
    let flags = vec![
        ("storage.data", text(&told.data)),
        ("server.https", String::new()),
        ("server.behind_proxy", told.address.clone()),
    ];
    let sources = Sources { file: None, variables: Vec::new(), flags };
    let config = Config::load(&sources).expect("a configuration");
    let (_flusher, _chosen) =
        holdfast::platform::monitoring::logs::start(&config.logs).expect("a log");
    let vouches = Arc::new(Believing { folder: told.state.join("trust") });
    let settings = Settings {
        text: Text::default(),
        enclose: vec![env!("CARGO_BIN_EXE_holdfast").to_owned(), "enclose".to_owned()],
        worker: ["serve", "--worker", "--data", &text(&told.data)].map(ToOwned::to_owned).into(),
        package: told.own.clone(),
        own: told.own,
        version: "1".to_owned(),
        limits: Limits {
            ready: Duration::from_millis(told.ready_ms),
            restore_standstill: Duration::from_millis(told.restore_standstill_ms),
            finish: Duration::from_millis(100),
            close: Duration::from_secs(1),
            life: Duration::from_secs(3),
            probe_every: Duration::from_millis(100),
            ..Limits::default()
        },
        state: told.state,
        data: told.data.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let patience = Duration::from_secs(10);
        wait_until_free(&told.data, patience).await.expect("free data");
        let listening = listen(&config, Vec::new()).expect("sockets");
        Supervisor::open(settings, Clock::System, vouches, listening).expect("files").run().await
    })
}
