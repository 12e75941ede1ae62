//! Certificates that a public authority signs, by ACME (RFC 8555).
//!
//! The box's own root answers for every name until an authority signed for it, and again when
//! that certificate has ended. Accounts and keys lie sealed in `<data>/tls/acme` and go into
//! backups, so that another machine goes on with the same ones.

pub mod challenges;
mod client;
mod failure;
pub(super) mod files;
mod hook;
pub mod ops;
mod order;
pub mod rules;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use tracing::warn;

pub use self::challenges::Challenges;
use self::files::{AcmeFiles, PublicLeaf, Standing};
pub use self::order::Method;
use self::rules::{BACK_OFF_MAX, LOOK_EVERY, Refused};
use super::rules::{LeafFacts, Name};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Result};
use crate::platform::random::Random;
use crate::platform::secret::{Secret, to_hex};
use crate::platform::secrets::Secrets;

pub(super) const CODES: &[Code] = failure::CODES;

/// What the configuration says.
#[derive(Debug, Clone)]
pub struct AcmeSettings {
    /// Where the authority says what it can do.
    pub directory: String,
    pub contact: Option<String>,
    pub is_agreed: bool,
    /// Ways to prove a name, the first one first.
    pub methods: Vec<Method>,
    pub hook: Option<PathBuf>,
    /// Vouches for a private authority.
    pub root: Option<PathBuf>,
    /// Binds the account to one that there is with the authority.
    pub binding: Option<(String, Secret)>,
    /// Names somebody chose, also those that no public authority signs for.
    pub chosen: Vec<Name>,
}

impl AcmeSettings {
    /// Whether browsers trust what this authority signs.
    fn is_public(&self) -> bool {
        self.root.is_none() && !self.directory.contains("staging")
    }

    /// Changes when anything does that a failure may have come from.
    fn mark(&self) -> String {
        let Self { directory, contact, is_agreed, methods, hook, root, binding, chosen } = self;
        let binding = binding.as_ref().map(|(id, _)| id);
        let text = format!(
            "{directory:?} {contact:?} {is_agreed} {methods:?} {hook:?} {root:?} {binding:?} \
             {chosen:?}"
        );
        to_hex(Sha256::digest(text).get(..8).unwrap_or_default())
    }
}

/// The public certificate of a running box.
pub struct Acme {
    settings: AcmeSettings,
    files: AcmeFiles,
    provider: Arc<CryptoProvider>,
    random: Random,
    challenges: Arc<Challenges>,
    /// What is there, also when it has ended.
    kept: ArcSwapOption<PublicLeaf>,
    standing: Mutex<Standing>,
    /// Somebody wants one now.
    is_asked: AtomicBool,
}

/// How a name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameState {
    pub name: Name,
    pub state: State,
    /// Why it is not public, in a sentence.
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A public authority signed for it.
    Public,
    /// It stays with the box's own root.
    Local,
    /// The authority would not sign for it; the box's own root does.
    Refused,
    /// It is going to be asked for; the box's own root signs until then.
    Waiting,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Local => "local",
            Self::Refused => "refused",
            Self::Waiting => "waiting",
        }
    }
}

impl Acme {
    /// Reads what is kept in `directory`. Blocks.
    pub(super) fn open(
        directory: &Path,
        settings: AcmeSettings,
        secrets: Arc<Secrets>,
        provider: Arc<CryptoProvider>,
        random: Random,
    ) -> Result<Self> {
        let files = AcmeFiles::open(directory, secrets)?;
        let mut standing = files.standing()?;
        if standing.directory != settings.directory {
            standing = Standing { signed_by: standing.signed_by, ..Standing::default() };
            standing.directory.clone_from(&settings.directory);
        }
        if standing.asked_with != settings.mark() {
            standing.asked_with = settings.mark();
            (standing.failures, standing.next_at, standing.trouble) = (0, None, None);
            standing.refused.clear();
        }
        let kept = match files.certificate(&provider) {
            // One of another authority, such as for trying out, is not shown to anybody.
            Ok(kept) => kept.filter(|_| standing.signed_by == settings.directory),
            Err(error) => {
                warn!("The public certificate that is kept cannot be read: {error}");
                None
            }
        };
        if kept.is_none() && standing.failures == 0 {
            standing.next_at = None;
        }
        Ok(Self {
            settings,
            files,
            provider,
            random,
            challenges: Arc::default(),
            kept: ArcSwapOption::new(kept.map(Arc::new)),
            standing: Mutex::new(standing),
            is_asked: AtomicBool::new(false),
        })
    }

    pub(super) fn settings(&self) -> &AcmeSettings {
        &self.settings
    }

    /// What authorities are answered with.
    pub fn challenges(&self) -> &Challenges {
        &self.challenges
    }

    /// The certificate for a name, when there is a public one that has not ended.
    pub(super) fn certified(&self, name: &str, now: Moment) -> Option<Arc<CertifiedKey>> {
        let kept = self.kept.load();
        let leaf = kept.as_ref().filter(|leaf| leaf.facts.validity.not_after >= now)?;
        let is_named =
            |one: &Name| matches!(one, Name::Domain(it) if it.eq_ignore_ascii_case(name));
        leaf.facts.names.iter().any(is_named).then(|| Arc::clone(&leaf.key))
    }

    /// The certificate in use.
    pub(super) fn leaf(&self, now: Moment) -> Option<Arc<PublicLeaf>> {
        self.kept.load_full().filter(|leaf| leaf.facts.validity.not_after >= now)
    }

    /// Whether browsers trust the certificate for a name without help.
    pub(super) fn is_trusted(&self, name: &str, now: Moment) -> bool {
        self.settings.is_public() && self.certified(name, now).is_some()
    }

    fn facts(&self) -> Option<LeafFacts> {
        self.kept.load().as_ref().map(|leaf| leaf.facts.clone())
    }

    /// Whether the authority should be asked something.
    pub(super) fn is_due(&self, now: Moment) -> bool {
        let standing = self.standing();
        let far = now.plus(LOOK_EVERY).plus(BACK_OFF_MAX).plus(BACK_OFF_MAX);
        // One that is far off was set before the clock went back.
        let is_now = |at: i64| Moment(at) <= now || Moment(at) > far;
        standing.next_at.is_none_or(is_now) && !is_held(&standing, now)
    }

    pub(super) fn standing(&self) -> Standing {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps how it stands. Blocks.
    fn keep(&self, standing: Standing) -> Result<()> {
        let mut held = self.locked();
        self.files.keep_standing(&standing)?;
        *held = standing;
        Ok(())
    }

    fn ask(&self) {
        self.is_asked.store(true, Ordering::SeqCst);
    }

    fn take_asked(&self) -> bool {
        self.is_asked.swap(false, Ordering::SeqCst)
    }

    fn chance(&self) -> u16 {
        u16::from_be_bytes(self.random.bytes())
    }

    /// Nothing sealed is written here as long as this is held.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        self.files.hold()
    }

    /// How each chosen name stands.
    pub fn names(&self, now: Moment) -> Vec<NameState> {
        let refusals = self.standing().refusals();
        let leaf = self.leaf(now);
        let is_public = |name: &Name| leaf.as_ref().is_some_and(|it| it.facts.names.contains(name));
        let state = |name: &Name| {
            let refused = refusals.iter().find(|one| one.name == *name);
            let (state, detail) = match (rules::locality(name), refused) {
                (Some(local), _) => (State::Local, Some(local.why().to_owned())),
                (None, _) if is_public(name) => (State::Public, None),
                (None, Some(Refused { reason, .. })) => (State::Refused, Some(reason.clone())),
                (None, None) => (State::Waiting, None),
            };
            NameState { name: name.clone(), state, detail }
        };
        self.settings.chosen.iter().map(state).collect()
    }

    /// What is wrong, in a sentence.
    pub(super) fn trouble(&self, now: Moment) -> Option<String> {
        let standing = self.standing();
        if let Some(trouble) = standing.trouble {
            return Some(trouble);
        }
        let names = self.names(now);
        let refused: Vec<String> = names
            .iter()
            .filter(|one| one.state == State::Refused)
            .map(|one| format!("{}: {}", one.name, one.detail.as_deref().unwrap_or_default()))
            .collect();
        if !refused.is_empty() {
            return Some(format!("The authority does not sign for {}", refused.join(" ")));
        }
        let is_waiting = names.iter().any(|one| one.state == State::Waiting);
        let waiting = "The authority is being asked for a certificate; until it comes the box \
                       shows its own.";
        is_waiting.then(|| waiting.to_owned())
    }
}

fn is_held(standing: &Standing, now: Moment) -> bool {
    standing.held_until.is_some_and(|until| now < Moment(until))
}
