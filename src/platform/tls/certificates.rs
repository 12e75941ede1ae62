//! The certificate in use: made or read at start, kept fresh, swapped without dropping anybody.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::MissedTickBehavior;
use tracing::{error, info, warn};

use super::acme::challenges::{PROTOCOL, is_asking};
use super::acme::files::seal_anew;
use super::acme::{Acme, AcmeSettings, Challenges};
use super::authority::{Authority, Leaf};
use super::files::TlsFiles;
use super::own::{self, LoadedPair, OwnPair, Stamp};
use super::reading::fingerprint;
use super::rules::{self, LeafFacts, Name, ROOTS_MAX, Renewal, RootFacts, Validity};
use super::{CertificateKind, CertificateStatus, Root};
use crate::platform::clock::{Clock, Moment};
use crate::platform::error::{Error, Result};
use crate::platform::random::Random;
use crate::platform::secrets::Secrets;
use crate::platform::tasks::{Tasks, blocking};

/// Says which names people reach the box by; asked at every check, so it may change its answer.
pub type WantedNames = Box<dyn Fn() -> Vec<Name> + Send + Sync>;

/// Where the certificate comes from.
pub enum Source {
    LocalCa {
        /// `<data>/tls`; made when missing.
        directory: PathBuf,
        /// Tells people whose root it is, e.g. the host's name.
        label: String,
        names: WantedNames,
        /// What keys of roots are sealed with.
        secrets: Arc<Secrets>,
    },
    Own(OwnPair),
    /// A public authority for the names it signs for, and the local CA for all others.
    Acme {
        directory: PathBuf,
        label: String,
        names: WantedNames,
        secrets: Arc<Secrets>,
        settings: Box<AcmeSettings>,
    },
}

/// The certificate that answers handshakes, and all there is to say about it.
pub struct Certificates {
    served: ArcSwap<CertifiedKey>,
    status: ArcSwap<CertificateStatus>,
    roots: ArcSwap<Vec<Root>>,
    provider: Arc<CryptoProvider>,
    clock: Clock,
    /// Where a public authority signs as well.
    acme: Option<Arc<Acme>>,
    keeper: Mutex<Keeper>,
}

/// What a check reads and changes.
enum Keeper {
    LocalCa(LocalCa),
    Own { pair: OwnPair, stamp: Stamp, facts: LeafFacts, refusal: Option<String> },
}

struct LocalCa {
    files: TlsFiles,
    label: String,
    wanted: WantedNames,
    random: Random,
    /// Oldest first, as numbered on disk.
    roots: Vec<Authority>,
    leaf: Option<Leaf>,
    /// Wanted names the leaf does without.
    left_out: Vec<Name>,
}

impl Certificates {
    /// Makes or reads the certificate. Blocks on files.
    pub fn open(source: Source, clock: Clock) -> Result<Arc<Self>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        match source {
            Source::LocalCa { directory, label, names, secrets } => {
                let random = Random::new(clock.clone());
                let files = TlsFiles::open(&directory, Some(secrets))?;
                let ca = LocalCa::open(files, label, names, random)?;
                Self::of_local_ca(ca, None, provider, clock)
            }
            Source::Acme { directory, label, names, secrets, settings } => {
                let random = Random::new(clock.clone());
                let files = TlsFiles::open(&directory, Some(Arc::clone(&secrets)))?;
                let ca = LocalCa::open(files, label, names, random.clone())?;
                let parts = (Arc::clone(&provider), random);
                let acme = Acme::open(&directory, *settings, secrets, parts.0, parts.1)?;
                Self::of_local_ca(ca, Some(Arc::new(acme)), provider, clock)
            }
            Source::Own(pair) => {
                // Taken before reading: a file changed in between is read again.
                let stamp = pair.stamp();
                let loaded = pair.load(clock.now(), &provider)?;
                let trouble = own::trouble_of(&loaded.facts, clock.now());
                let status = own_status(&loaded.facts, loaded.fingerprint, trouble);
                let keeper = Keeper::Own { pair, stamp, facts: loaded.facts, refusal: None };
                Ok(Arc::new(Self {
                    served: ArcSwap::from_pointee(loaded.key),
                    status: ArcSwap::from_pointee(status),
                    roots: ArcSwap::default(),
                    provider,
                    clock,
                    acme: None,
                    keeper: Mutex::new(keeper),
                }))
            }
        }
    }

    fn of_local_ca(
        mut ca: LocalCa,
        acme: Option<Arc<Acme>>,
        provider: Arc<CryptoProvider>,
        clock: Clock,
    ) -> Result<Arc<Self>> {
        ca.seal_plain_keys()?;
        let now = clock.now();
        let trouble = match ca.refresh(now) {
            Ok(_) => None,
            Err(cause) if ca.leaf.is_none() => return Err(cause),
            Err(cause) => Some(not_renewed_sentence(&cause)),
        };
        let status = with_public(ca.status(trouble)?, acme.as_deref(), now);
        Ok(Arc::new(Self {
            served: ArcSwap::from_pointee(ca.certified(&provider)?),
            status: ArcSwap::from_pointee(status),
            roots: ArcSwap::from_pointee(ca.offered(now)),
            provider,
            clock,
            acme,
            keeper: Mutex::new(Keeper::LocalCa(ca)),
        }))
    }

    /// The public authority's part, where there is one.
    pub(super) fn acme(&self) -> Option<&Arc<Acme>> {
        self.acme.as_ref()
    }

    /// What authorities are answered with over HTTP.
    pub fn challenges(&self) -> Option<&Challenges> {
        self.acme.as_ref().map(|acme| acme.challenges())
    }

    /// Whether browsers trust the certificate for this name without help.
    pub fn is_publicly_trusted(&self, name: &str) -> bool {
        let now = self.clock.now();
        self.acme.as_ref().is_some_and(|acme| acme.is_trusted(name, now))
    }

    /// For health, the system screen and `holdfast status`.
    pub fn status(&self) -> Arc<CertificateStatus> {
        self.status.load_full()
    }

    /// The roots people can take: the one that signs now first, then the newest. Empty with an
    /// own certificate.
    pub fn roots(&self) -> Arc<Vec<Root>> {
        self.roots.load_full()
    }

    /// TLS 1.3 and 1.2, HTTP/2 and HTTP/1.1. Connections made with it see every later swap.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>> {
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&versions)
            .map_err(Error::internal)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if self.acme.is_some() {
            // Chosen only by an authority that asks, which `resolve` answers or sends away.
            config.alpn_protocols.push(PROTOCOL.to_vec());
        }
        Ok(Arc::new(config))
    }

    /// Renews or reads again what is due. Call it when names changed; the task of [`keep`] calls
    /// it by itself. Blocks on files; a failure keeps the certificate and shows in the status.
    ///
    /// [`keep`]: Self::keep
    pub fn check(&self) {
        let now = self.clock.now();
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = match &mut *keeper {
            Keeper::LocalCa(ca) => self.check_local_ca(ca, now),
            Keeper::Own { pair, stamp, facts, refusal } => {
                self.check_own(pair, (stamp, facts, refusal), now);
                Ok(())
            }
        };
        if let Err(cause) = outcome {
            error!("The certificate could not be checked: {cause}");
        }
    }

    fn check_local_ca(&self, ca: &mut LocalCa, now: Moment) -> Result<()> {
        let trouble = match ca.refresh(now) {
            Ok(None) => None,
            Ok(Some(_)) => {
                self.served.store(Arc::new(ca.certified(&self.provider)?));
                None
            }
            Err(cause) => Some(not_renewed_sentence(&cause)),
        };
        self.publish(with_public(ca.status(trouble)?, self.acme.as_deref(), now));
        let roots = ca.offered(now);
        if *self.roots.load_full() != roots {
            self.roots.store(Arc::new(roots));
        }
        Ok(())
    }

    fn check_own(
        &self,
        pair: &OwnPair,
        (stamp, facts, refusal): (&mut Stamp, &mut LeafFacts, &mut Option<String>),
        now: Moment,
    ) {
        let seen = pair.stamp();
        let mut print = self.status().fingerprint.clone();
        if seen != *stamp {
            *stamp = seen;
            match pair.load(now, &self.provider) {
                Ok(LoadedPair { key, facts: new_facts, fingerprint }) => {
                    self.served.store(Arc::new(key));
                    let ends = new_facts.validity.not_after;
                    info!("The own certificate was read again; it ends on {ends}");
                    (*facts, *refusal, print) = (new_facts, None, fingerprint);
                }
                Err(cause) => *refusal = Some(kept_sentence(&cause)),
            }
        }
        let trouble = refusal.clone().or_else(|| own::trouble_of(facts, now));
        self.publish(own_status(facts, print, trouble));
    }

    /// Shows the status; new trouble is logged once.
    fn publish(&self, status: CertificateStatus) {
        let before = self.status.load_full();
        if *before == status {
            return;
        }
        if let Some(trouble) = status.trouble.as_ref().filter(|_| before.trouble != status.trouble)
        {
            warn!("{trouble}");
        }
        self.status.store(Arc::new(status));
    }

    /// Starts the task that checks every `interval` (some seconds: a check reads a few small
    /// files) until the process stops.
    pub fn keep(self: &Arc<Self>, tasks: &Tasks, interval: Duration) {
        let certificates = Arc::clone(self);
        tasks.start("certificates", move |mut stop| async move {
            let mut ticks = tokio::time::interval(interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = stop.requested() => return,
                    _ = ticks.tick() => {}
                }
                let one = Arc::clone(&certificates);
                let check = move || {
                    one.check();
                    Ok(())
                };
                if let Err(cause) = blocking(check).await {
                    error!("The certificate check failed: {cause}");
                }
            }
        });
    }
}

impl ResolvesServerCert for Certificates {
    /// The public certificate for its names, and one certificate for everything else: clients
    /// that came by an address send no name at all.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Some(acme) = &self.acme else { return Some(self.served.load_full()) };
        let name = hello.server_name();
        if is_asking(&hello) {
            return acme.challenges().over_tls(name?);
        }
        let public = name.and_then(|name| acme.certified(name, self.clock.now()));
        Some(public.unwrap_or_else(|| self.served.load_full()))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// Seals the keys of the roots in a folder anew that an older master key sealed; gives how many.
/// `certificates` make no root meanwhile. Blocks.
pub fn seal_keys_anew(
    directory: &Path,
    secrets: &Secrets,
    certificates: Option<&Certificates>,
) -> Result<usize> {
    let keeper = certificates.map(|certificates| &certificates.keeper);
    let _held = keeper.map(|keeper| keeper.lock().unwrap_or_else(PoisonError::into_inner));
    if !directory.is_dir() {
        return Ok(0);
    }
    let _writing = certificates.and_then(|one| one.acme.as_ref()).map(|acme| acme.hold());
    Ok(TlsFiles::open(directory, None)?.seal_anew(secrets)? + seal_anew(directory, secrets)?)
}

/// Reads the roots of a box that need not run, in the order of [`Certificates::roots`]; makes
/// nothing. For `holdfast ca show`.
pub fn kept_roots(directory: &Path, clock: &Clock) -> Result<Vec<Root>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let names: WantedNames = Box::new(Vec::new);
    let files = TlsFiles::open(directory, None)?;
    let ca = LocalCa::open(files, String::new(), names, Random::new(clock.clone()))?;
    Ok(ca.offered(clock.now()))
}

impl LocalCa {
    fn open(files: TlsFiles, label: String, wanted: WantedNames, random: Random) -> Result<Self> {
        let stored = files.read_roots()?;
        let roots = stored.iter().map(Authority::read).collect::<Result<Vec<_>>>()?;
        // A leaf that cannot be read is simply made again.
        let leaf = files.read_leaf()?.and_then(|pem| Leaf::read(pem).ok());
        let leaf = leaf.filter(|leaf| roots.iter().any(|root| root.signed(&leaf.der)));
        Ok(Self { files, label, wanted, random, roots, leaf, left_out: Vec::new() })
    }

    /// Seals the keys that an earlier version wrote as they are.
    fn seal_plain_keys(&self) -> Result<()> {
        for (number, root) in (1..).zip(self.files.read_roots()?) {
            if root.is_plain {
                self.files.write_root(number, &root)?;
                info!("The key of root {number} was sealed");
            }
        }
        Ok(())
    }

    /// Makes what is due. Says why, when the leaf is another than before.
    fn refresh(&mut self, clock: Moment) -> Result<Option<Renewal>> {
        let wanted = rules::leaf_names((self.wanted)());
        let now = rules::steady_now(clock, self.validities());
        if rules::is_root_needed(now, &self.signing_facts(), &wanted) {
            self.add_root(now, &wanted)?;
        }
        let plan = rules::plan_leaf(now, &self.signing_facts(), &wanted)
            .ok_or_else(|| Error::internal("no root can sign"))?;
        self.left_out = plan.left_out;
        let due = match &self.leaf {
            Some(leaf) => rules::renewal_due(now, &leaf.facts, &plan.names),
            None => Some(Renewal::NamesChanged),
        };
        let Some(due) = due else { return Ok(None) };
        let root = self.roots.iter().filter(|root| root.has_key()).nth(plan.root);
        let root = root.ok_or_else(|| Error::internal("no root can sign"))?;
        let leaf = root.make_leaf(&self.random, now, &plan.names)?;
        self.files.write_leaf(&leaf.pem)?;
        let (names, ends) = (plan.names.len(), leaf.facts.validity.not_after);
        info!(?due, certificate.names = names, "A certificate was made, it ends on {ends}");
        self.leaf = Some(leaf);
        Ok(Some(due))
    }

    /// The leaf as rustls serves it.
    fn certified(&self, provider: &CryptoProvider) -> Result<CertifiedKey> {
        let leaf = self.leaf.as_ref().ok_or_else(no_leaf)?;
        CertifiedKey::from_der(vec![leaf.der.clone()], leaf.key.clone_key(), provider)
            .map_err(Error::internal)
    }

    fn add_root(&mut self, now: Moment, names: &[Name]) -> Result<()> {
        if self.roots.len() >= ROOTS_MAX {
            // The roots that are there go on, without the names they do not cover.
            return Ok(());
        }
        let root = Authority::make(&self.random, now, &self.label, names)?;
        self.files.write_root(self.roots.len() + 1, &root.stored())?;
        info!("A root was made with fingerprint {}", fingerprint(&root.der));
        self.roots.push(root);
        Ok(())
    }

    /// Of the roots whose key is there, in their order.
    fn signing_facts(&self) -> Vec<RootFacts> {
        self.roots.iter().filter(|root| root.has_key()).map(|root| root.facts.clone()).collect()
    }

    fn validities(&self) -> impl Iterator<Item = Validity> {
        let leaf = self.leaf.iter().map(|leaf| leaf.facts.validity);
        self.roots.iter().map(|root| root.facts.validity).chain(leaf)
    }

    fn signing_root(&self) -> Option<&Authority> {
        let leaf = self.leaf.as_ref()?;
        self.roots.iter().find(|root| root.signed(&leaf.der))
    }

    fn status(&self, trouble: Option<String>) -> Result<CertificateStatus> {
        let trouble = trouble.or_else(|| self.left_out_sentence());
        let leaf = self.leaf.as_ref().ok_or_else(no_leaf)?;
        Ok(CertificateStatus {
            kind: CertificateKind::LocalCa,
            names: leaf.facts.names.iter().map(ToString::to_string).collect(),
            not_before: leaf.facts.validity.not_before,
            not_after: leaf.facts.validity.not_after,
            fingerprint: fingerprint(&leaf.der),
            root_fingerprint: self.signing_root().map(|root| fingerprint(&root.der)),
            trouble,
        })
    }

    fn left_out_sentence(&self) -> Option<String> {
        let names: Vec<String> = self.left_out.iter().map(ToString::to_string).collect();
        (!names.is_empty()).then(|| {
            format!(
                "The certificate does not cover {}: the box has made {ROOTS_MAX} roots and makes \
                 no more. Use an own certificate for these names.",
                names.join(", ")
            )
        })
    }

    /// The roots worth taking: the one in use first, then the newest; ended ones are gone.
    fn offered(&self, now: Moment) -> Vec<Root> {
        let in_use = self.signing_root();
        let is_other = |root: &&Authority| in_use.is_none_or(|one| one.der != root.der);
        let living = |root: &&Authority| now <= root.facts.validity.not_after;
        let others = self.roots.iter().rev().filter(is_other).filter(living);
        in_use.into_iter().chain(others).map(offered_root).collect()
    }
}

fn offered_root(root: &Authority) -> Root {
    Root {
        fingerprint: fingerprint(&root.der),
        not_after: root.facts.validity.not_after,
        name: root.name.clone(),
        names: root.facts.constraints.names(),
        pem: root.pem.clone(),
        der: root.der.to_vec(),
    }
}

/// What is said of the local CA's certificate beside a public one: that one's facts come first.
fn with_public(local: CertificateStatus, acme: Option<&Acme>, now: Moment) -> CertificateStatus {
    let Some(acme) = acme else { return local };
    let trouble = acme.trouble(now).or(local.trouble);
    let local = CertificateStatus { kind: CertificateKind::Acme, trouble, ..local };
    let Some(leaf) = acme.leaf(now) else { return local };
    CertificateStatus {
        not_before: leaf.facts.validity.not_before,
        not_after: leaf.facts.validity.not_after,
        fingerprint: leaf.fingerprint.clone(),
        ..local
    }
}

fn own_status(
    facts: &LeafFacts,
    fingerprint: String,
    trouble: Option<String>,
) -> CertificateStatus {
    CertificateStatus {
        kind: CertificateKind::Own,
        names: facts.names.iter().map(ToString::to_string).collect(),
        not_before: facts.validity.not_before,
        not_after: facts.validity.not_after,
        fingerprint,
        root_fingerprint: None,
        trouble,
    }
}

fn not_renewed_sentence(cause: &Error) -> String {
    format!("The certificate could not be renewed: {cause}.")
}

fn kept_sentence(cause: &Error) -> String {
    let detail = match cause {
        Error::Rule(refusal) => refusal.detail.clone(),
        other => other.to_string(),
    };
    format!("The new certificate was not taken, the old one stays in use. {detail}")
}

fn no_leaf() -> Error {
    Error::internal("there is no leaf certificate")
}
