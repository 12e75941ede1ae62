//! One certificate from an authority: the account, the order, the proofs, the chain.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, CertificateIdentifier, ChallengeType,
    Error as AcmeError, Identifier, NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use rustls::crypto::CryptoProvider;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::challenges::{Challenges, Held};
use super::failure::Failure;
use super::hook::{Hook, Step};
use super::rules::said;
use crate::platform::secret::Secret;
use crate::platform::tls::rules::Name;

/// Orders in one go: a name that is refused is left out of the next.
const ROUNDS_MAX: usize = 8;
/// How long an authority may take to look at the proofs.
const PROOF_MAX: Duration = Duration::from_mins(3);
const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// And to sign.
const SIGNING: RetryPolicy =
    RetryPolicy::new().initial_delay(PAUSE_FIRST).backoff(1.5).timeout(Duration::from_mins(2));

/// A way to prove a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Http,
    TlsAlpn,
    Dns,
}

impl Method {
    fn kind(self) -> ChallengeType {
        match self {
            Self::Http => ChallengeType::Http01,
            Self::TlsAlpn => ChallengeType::TlsAlpn01,
            Self::Dns => ChallengeType::Dns01,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http-01",
            Self::TlsAlpn => "tls-alpn-01",
            Self::Dns => "dns-01",
        }
    }
}

/// What an order is carried out with.
pub(super) struct Means<'a> {
    pub(super) account: &'a Account,
    pub(super) challenges: &'a Arc<Challenges>,
    pub(super) provider: &'a CryptoProvider,
    pub(super) methods: &'a [Method],
    pub(super) hook: Option<&'a Hook>,
    /// Says whether somebody wants it to end.
    pub(super) is_ended: &'a (dyn Fn() -> bool + Send + Sync),
}

/// What came of it.
pub(super) struct Issued {
    pub(super) chain: String,
    pub(super) key: Secret,
    pub(super) refused: Vec<(Name, String)>,
}

/// A name on its way.
struct Candidate {
    name: Name,
    tried: Vec<Method>,
    said: Vec<String>,
}

/// A name that was not proved, and what was said of it.
struct Unproved {
    name: Name,
    by: Option<Method>,
    said: String,
}

/// Asks for one certificate over as many of the names as the authority signs for.
pub(super) async fn obtain(
    means: &Means<'_>,
    names: &[Name],
    replaces: Option<CertificateIdentifier<'static>>,
) -> Result<Issued, Failure> {
    let candidate = |name: &Name| Candidate { name: name.clone(), tried: vec![], said: vec![] };
    let mut open: Vec<Candidate> = names.iter().map(candidate).collect();
    let mut refused: Vec<(Name, String)> = Vec::new();
    for _ in 0..ROUNDS_MAX {
        if open.is_empty() {
            break;
        }
        let mut order = match place(means.account, &open, replaces.clone()).await {
            Ok(order) => order,
            Err(AcmeError::Api(problem)) => {
                let out = rejected(&problem, &open);
                if out.is_empty() {
                    return Err(Failure::of(AcmeError::Api(problem)).with(refused));
                }
                open.retain(|one| !out.iter().any(|(name, _)| *name == one.name));
                refused.extend(out);
                continue;
            }
            Err(error) => return Err(Failure::of(error).with(refused)),
        };
        let unproved = match prove(means, &mut order, &open).await {
            Ok(unproved) => unproved,
            Err(failure) => return Err(failure.with(refused)),
        };
        if unproved.is_empty() {
            return sign(order, refused).await;
        }
        for one in unproved {
            refused.extend(next_way(means.methods, &mut open, one));
        }
    }
    Err(Failure::refused(refused))
}

/// Places the order. What it replaces is only a courtesy, so it is left out when that is wrong.
async fn place(
    account: &Account,
    open: &[Candidate],
    replaces: Option<CertificateIdentifier<'static>>,
) -> Result<Order, AcmeError> {
    let identifier = |one: &Candidate| Identifier::Dns(one.name.to_string());
    let identifiers: Vec<Identifier> = open.iter().map(identifier).collect();
    if let Some(replaces) = replaces {
        let order = NewOrder::new(&identifiers).replaces(replaces);
        match account.new_order(&order).await {
            Ok(order) => return Ok(order),
            Err(AcmeError::Api(problem)) if is_kind(&problem, "rateLimited") => {
                return Err(AcmeError::Api(problem));
            }
            Err(error) => warn!("The authority takes no replacement, asking anew: {error}"),
        }
    }
    account.new_order(&NewOrder::new(&identifiers)).await
}

fn is_kind(problem: &Problem, kind: &str) -> bool {
    problem.r#type.as_deref().is_some_and(|one| one.ends_with(&format!(":{kind}")))
}

/// The names an authority did not want in an order.
fn rejected(problem: &Problem, open: &[Candidate]) -> Vec<(Name, String)> {
    let text = |kind: Option<&String>, detail: Option<&String>| {
        said(kind.map_or("", String::as_str), detail.map_or("", String::as_str))
    };
    let mut out: Vec<(Name, String)> = Vec::new();
    for sub in &problem.subproblems {
        let Some(Identifier::Dns(dns)) = &sub.identifier else { continue };
        let found = open.iter().find(|one| one.name.to_string().eq_ignore_ascii_case(dns));
        if let Some(one) = found {
            out.push((one.name.clone(), text(sub.r#type.as_ref(), sub.detail.as_ref())));
        }
    }
    // One name alone is the one that is meant.
    if let ([only], true) = (open, out.is_empty() && is_kind(problem, "rejectedIdentifier")) {
        out.push((only.name.clone(), text(problem.r#type.as_ref(), problem.detail.as_ref())));
    }
    out
}

/// Lets a name go the next way, or gives it up.
fn next_way(
    methods: &[Method],
    open: &mut Vec<Candidate>,
    unproved: Unproved,
) -> Option<(Name, String)> {
    let at = open.iter().position(|one| one.name == unproved.name)?;
    let candidate = open.get_mut(at)?;
    match unproved.by {
        Some(method) => {
            candidate.tried.push(method);
            candidate.said.push(format!("{}: {}", method.name(), unproved.said));
        }
        None => candidate.said.push(unproved.said),
    }
    let is_over = unproved.by.is_none() || methods.iter().all(|one| candidate.tried.contains(one));
    if !is_over {
        return None;
    }
    let candidate = open.remove(at);
    Some((candidate.name, candidate.said.join(" ")))
}

/// Proves all names of an order, and gives those that could not be proved.
async fn prove(
    means: &Means<'_>,
    order: &mut Order,
    open: &[Candidate],
) -> Result<Vec<Unproved>, Failure> {
    let mut proofs = Proofs::default();
    let mut outcome = begin(means, order, open, &mut proofs).await;
    if let Ok(unproved) = &mut outcome {
        match wait(means, order, &proofs, unproved).await {
            Ok(()) => {}
            Err(failure) => outcome = Err(failure),
        }
    }
    if let Some(hook) = means.hook {
        for (record, value) in &proofs.records {
            if let Err(said) = hook.call(Step::Remove, record, value).await {
                warn!("The record {record} stays: {said}");
            }
        }
    }
    outcome
}

/// What was put up to be looked at.
#[derive(Default)]
struct Proofs {
    held: Vec<Held>,
    records: Vec<(String, String)>,
    asked: Vec<(Name, Method)>,
}

async fn begin(
    means: &Means<'_>,
    order: &mut Order,
    open: &[Candidate],
    proofs: &mut Proofs,
) -> Result<Vec<Unproved>, Failure> {
    let mut unproved = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let authorization = authorization.map_err(Failure::of)?;
        let Some(candidate) = find(open, &authorization) else { continue };
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            _ => {
                let (name, said) = (candidate.name.clone(), why(&authorization));
                unproved.push(Unproved { name, by: None, said });
                continue;
            }
        }
        unproved.extend(put_up(means, authorization, candidate, proofs).await);
    }
    Ok(unproved)
}

/// Puts the proof for one name up and has the authority look.
async fn put_up(
    means: &Means<'_>,
    mut authorization: AuthorizationHandle<'_>,
    candidate: &Candidate,
    proofs: &mut Proofs,
) -> Option<Unproved> {
    let name = &candidate.name;
    let is_offered =
        |method: &&Method| authorization.challenges.iter().any(|it| it.r#type == method.kind());
    let left = means.methods.iter().filter(|one| !candidate.tried.contains(one));
    let method = left.copied().find(|one| is_offered(&one));
    let unproved = |by, said| Some(Unproved { name: name.clone(), by, said });
    let Some(method) = method else {
        let said = "The authority offers no other way that the box can go.".to_owned();
        return unproved(None, said);
    };
    let mut challenge = authorization.challenge(method.kind())?;
    let answer = challenge.key_authorization();
    match method {
        Method::Http => {
            proofs.held.push(means.challenges.hold_http(&challenge.token, answer.as_str()));
        }
        Method::TlsAlpn => {
            let digest = answer.digest();
            let name = name.to_string();
            match means.challenges.hold_tls(&name, digest.as_ref(), means.provider) {
                Ok(held) => proofs.held.push(held),
                Err(error) => return unproved(Some(method), error.to_string()),
            }
        }
        Method::Dns => {
            let (record, value) = (format!("_acme-challenge.{name}"), answer.dns_value());
            let Some(hook) = means.hook else {
                return unproved(None, "There is no program that makes records.".to_owned());
            };
            // Removed also when it was not made: it may have been, in part.
            proofs.records.push((record.clone(), value.clone()));
            if let Err(said) = hook.call(Step::Add, &record, &value).await {
                return unproved(Some(method), said);
            }
        }
    }
    proofs.asked.push((name.clone(), method));
    match challenge.set_ready().await {
        Ok(()) => None,
        Err(error) => unproved(Some(method), Failure::of(error).detail),
    }
}

/// Waits until the authority has looked at all of them.
async fn wait(
    means: &Means<'_>,
    order: &mut Order,
    proofs: &Proofs,
    unproved: &mut Vec<Unproved>,
) -> Result<(), Failure> {
    let until = Instant::now() + PROOF_MAX;
    let mut pause = PAUSE_FIRST;
    loop {
        if (means.is_ended)() {
            return Err(Failure::ended());
        }
        sleep(pause).await;
        pause = (pause * 3 / 2).min(PAUSE_MAX);
        let is_late = Instant::now() > until;
        let mut waiting = 0;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(Failure::of)?;
            let here = authorization.identifier().to_string();
            let asked = proofs.asked.iter().find(|(name, _)| name.to_string() == here);
            let Some((name, method)) = asked else { continue };
            if unproved.iter().any(|one| one.name == *name) {
                continue;
            }
            if authorization.status == AuthorizationStatus::Pending {
                authorization.refresh().await.map_err(Failure::of)?;
            }
            let said = match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending if is_late => {
                    "The authority did not look in time.".to_owned()
                }
                AuthorizationStatus::Pending => {
                    waiting += 1;
                    continue;
                }
                _ => why(&authorization),
            };
            unproved.push(Unproved { name: name.clone(), by: Some(*method), said });
        }
        if waiting == 0 {
            return Ok(());
        }
    }
}

fn find<'a>(
    open: &'a [Candidate],
    authorization: &AuthorizationHandle<'_>,
) -> Option<&'a Candidate> {
    let here = authorization.identifier().to_string();
    open.iter().find(|one| one.name.to_string().eq_ignore_ascii_case(&here))
}

/// What an authority says of a name it did not find proved.
fn why(authorization: &AuthorizationHandle<'_>) -> String {
    let problem = authorization.challenges.iter().find_map(|one| one.error.as_ref());
    match problem {
        Some(problem) => said(
            problem.r#type.as_deref().unwrap_or_default(),
            problem.detail.as_deref().unwrap_or_default(),
        ),
        None => "The authority did not find the name proved.".to_owned(),
    }
}

/// Has the proved names signed for, under a new key.
async fn sign(mut order: Order, refused: Vec<(Name, String)>) -> Result<Issued, Failure> {
    let signed = async {
        if order.state().status != OrderStatus::Ready
            && order.poll_ready(&SIGNING).await? != OrderStatus::Ready
        {
            return Err(AcmeError::Str("the authority gave the order up"));
        }
        let key = Secret::new(order.finalize().await?);
        Ok((order.poll_certificate(&SIGNING).await?, key))
    };
    match signed.await {
        Ok((chain, key)) => Ok(Issued { chain, key, refused }),
        Err(error) => Err(Failure::of(error).with(refused)),
    }
}
