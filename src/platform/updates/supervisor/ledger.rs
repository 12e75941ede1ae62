//! Every change of the boot state, in the order in which a switch makes them. Each is on the disk
//! when its function returns. All of it blocks shortly.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;
use uuid::Uuid;

use super::boot::{Boot, BootState, Found, Installed, Kind, Pending, Phase, Quarantined};
use super::crash;
use super::disk::Disk;
use super::journal::{self, Journal};
use super::reasons;
use super::standing::{Alert, End, Ended, Entered, State};
use crate::platform::clock::Clock;

/// Below the data folder: what updates leave there, a folder for each switch.
pub const UPDATES: &str = "update";
/// In the folder of a switch: the files as they were before.
pub const SNAPSHOT: &str = "snapshot";
/// Starts of a new release until people reach it, and again afterwards while it is watched.
pub const TRIES: u32 = 2;
/// Older ones are forgotten: their numbers are below the floor by then.
const QUARANTINED_MAX: usize = 64;

/// The boot state and how it changes.
pub struct Ledger {
    disk: Arc<dyn Disk>,
    boot: Boot,
    state: BootState,
    updates: PathBuf,
    clock: Clock,
}

impl Ledger {
    /// Reads the boot state. Where there is none, or none that is whole, the package's program is
    /// what is started; the second of these is told.
    pub fn open(
        disk: Arc<dyn Disk>,
        state: &Path,
        data: &Path,
        packaged: &Installed,
        clock: Clock,
    ) -> io::Result<(Self, Option<Alert>)> {
        let boot = Boot::open(Arc::clone(&disk), state)?;
        let (state, alert) = match boot.read()? {
            Found::State(state) => (*state, None),
            Found::Nothing => (BootState::of(packaged.clone()), None),
            Found::Damaged => {
                let detail = "Both copies of the boot state are damaged".to_owned();
                let alert = Alert::new(reasons::BOOT_STATE_DAMAGED, detail);
                (BootState::of(packaged.clone()), Some(alert))
            }
        };
        let updates = data.join(UPDATES);
        Ok((Self { disk, boot, state, updates, clock }, alert))
    }

    pub fn state(&self) -> &BootState {
        &self.state
    }

    /// The release that is on its way, and how it got there.
    pub fn pending(&self) -> Option<&Pending> {
        self.state.pending.as_ref()
    }

    /// The folder of a switch below the data.
    pub fn folder(&self, transaction: &str) -> PathBuf {
        self.updates.join(transaction)
    }

    pub fn snapshot(&self, transaction: &str) -> PathBuf {
        self.folder(transaction).join(SNAPSHOT)
    }

    /// The package brought another program while nothing was under way.
    pub fn packaged(&mut self, packaged: &Installed) -> io::Result<()> {
        let mut next = self.state.clone();
        next.active = packaged.clone();
        self.write(next)
    }

    /// Notes a state of the switch that changes nothing of what is started next.
    pub fn enter(&mut self, state: State) {
        let mut next = self.state.clone();
        self.note(&mut next, state);
        self.state = next;
    }

    /// It is confirmed.
    pub fn arm(&mut self, pending: Pending) -> io::Result<()> {
        let mut next = BootState { phase: Phase::Armed, ..self.state.clone() };
        next.pending = Some(pending);
        self.note(&mut next, State::Armed);
        self.write(next)?;
        crash::point("armed");
        Ok(())
    }

    /// From here on the files may be those of the new release.
    pub fn switched(&mut self) -> io::Result<()> {
        let mut next = BootState { phase: Phase::Switched, ..self.state.clone() };
        if let Some(pending) = &mut next.pending {
            pending.tries_left = TRIES;
        }
        self.note(&mut next, State::Switched);
        self.write(next)?;
        crash::point("switched");
        Ok(())
    }

    /// Counts a start of the new release before it is made. False: there is none left.
    pub fn count_try(&mut self) -> io::Result<bool> {
        let mut next = self.state.clone();
        let Some(pending) = &mut next.pending else { return Ok(false) };
        let Some(left) = pending.tries_left.checked_sub(1) else { return Ok(false) };
        pending.tries_left = left;
        self.write(next)?;
        crash::point("try-counted");
        Ok(true)
    }

    /// People reach the new release next; what they write is not taken back any more.
    pub fn exposed(&mut self) -> io::Result<()> {
        crash::point("exposing");
        let is_first = self.state.phase != Phase::Exposed;
        let mut next = BootState { phase: Phase::Exposed, ..self.state.clone() };
        if let Some(pending) = next.pending.as_mut().filter(|_| is_first) {
            // One start has gone well. What comes now are other starts, which are counted once: a
            // release that takes the machine down each time comes to its end.
            pending.tries_left = TRIES;
        }
        self.note(&mut next, State::Exposed);
        self.write(next)?;
        crash::point("exposed");
        Ok(())
    }

    /// The new release is kept.
    pub fn committed(&mut self) -> io::Result<()> {
        let mut next = self.state.clone();
        self.note(&mut next, State::Committed);
        let Some(pending) = next.pending.take() else { return Ok(()) };
        let before = std::mem::replace(&mut next.active, pending.release.clone());
        if pending.kind == Kind::Rollback {
            quarantine(&mut next, &before, reasons::ASKED_BACK);
            next.fallback = None;
        } else {
            next.fallback = Some(before.clone());
        }
        next.seq_floor = next.seq_floor.max(pending.release.seq);
        self.end(&mut next, pending, before, End::Committed, None);
        self.write(next)?;
        crash::point("committed");
        Ok(())
    }

    /// The files are to be brought back, because of this.
    pub fn restoring(&mut self, why: &Alert) -> io::Result<()> {
        let mut next = BootState { phase: Phase::Restoring, ..self.state.clone() };
        if let Some(pending) = &mut next.pending {
            pending.why = Some(why.clone());
        }
        self.note(&mut next, State::Restore);
        self.write(next)?;
        crash::point("restore-begun");
        Ok(())
    }

    /// The new release is given up; the one before is started next.
    pub fn rolled_back(&mut self, why: &Alert) -> io::Result<()> {
        let mut next = self.state.clone();
        self.note(&mut next, State::RolledBack);
        let Some(pending) = next.pending.take() else { return Ok(()) };
        quarantine(&mut next, &pending.release, &why.code);
        let active = next.active.clone();
        self.end(&mut next, pending, active, End::RolledBack, Some(why));
        self.write(next)?;
        crash::point("rolled-back");
        Ok(())
    }

    /// It is given up before anything was changed.
    pub fn disarmed(&mut self, why: &Alert) -> io::Result<()> {
        let mut next = self.state.clone();
        self.note(&mut next, State::Disarmed);
        let Some(pending) = next.pending.take() else { return Ok(()) };
        let active = next.active.clone();
        self.end(&mut next, pending, active, End::Disarmed, Some(why));
        self.write(next)
    }

    /// Somebody has seen how the last switch ended.
    pub fn seen(&mut self) -> io::Result<()> {
        let mut next = self.state.clone();
        match &mut next.last {
            Some(last) if !last.is_seen => last.is_seen = true,
            _ => return Ok(()),
        }
        self.write(next)
    }

    /// Removes what earlier switches left: the history has what their journals say.
    pub fn clean_up(&self, transaction: &str) -> io::Result<()> {
        let journal = Journal::of(Arc::clone(&self.disk), &self.folder(transaction));
        journal.append(Entered { state: State::Cleaned, at: self.clock.now().0 })?;
        for name in self.disk.names(&self.updates)? {
            if name != transaction {
                self.disk.remove(&self.snapshot(&name))?;
                self.drop_left(&name)?;
            }
        }
        Ok(())
    }

    /// Removes the folder of an earlier switch in which nothing but its journal is left. Names of
    /// switches are ids; other folders here are the box's own.
    fn drop_left(&self, name: &str) -> io::Result<()> {
        if Uuid::parse_str(name).is_err() {
            return Ok(());
        }
        let folder = self.folder(name);
        let is_spent = self.disk.names(&folder)?.iter().all(|one| one == journal::FILE);
        if is_spent { self.disk.remove(&folder) } else { Ok(()) }
    }

    /// Removes a snapshot of which nothing is needed.
    pub fn drop_snapshot(&self, transaction: &str) -> io::Result<()> {
        self.disk.remove(&self.snapshot(transaction))
    }

    /// What was written is what holds; without that, what held before.
    fn write(&mut self, mut next: BootState) -> io::Result<()> {
        self.boot.write(&mut next, self.clock.now().0)?;
        self.state = next;
        Ok(())
    }

    /// A journal that cannot be written stops nothing.
    fn note(&self, next: &mut BootState, state: State) {
        let at = self.clock.now().0;
        let Some(pending) = &mut next.pending else { return };
        pending.states.push(Entered { state, at });
        let folder = self.updates.join(&pending.transaction);
        let journal = Journal::of(Arc::clone(&self.disk), &folder);
        if let Err(error) = journal.append(Entered { state, at }) {
            warn!("The journal of the update cannot be written: {error}");
        }
    }

    fn end(
        &self,
        next: &mut BootState,
        pending: Pending,
        from: Installed,
        end: End,
        why: Option<&Alert>,
    ) {
        next.phase = Phase::Steady;
        next.last = Some(Ended {
            transaction: pending.transaction,
            kind: pending.kind,
            from,
            to: pending.release,
            end,
            why: why.cloned(),
            is_restored: pending.states.iter().any(|one| one.state == State::Restore),
            states: pending.states,
            ended_at: self.clock.now().0,
            is_seen: false,
        });
    }
}

fn quarantine(next: &mut BootState, release: &Installed, code: &str) {
    let (seq, sha256, code) = (release.seq, release.sha256.clone(), code.to_owned());
    next.quarantine.push(Quarantined { seq, sha256, code });
    let over = next.quarantine.len().saturating_sub(QUARANTINED_MAX);
    next.quarantine.drain(..over);
}
