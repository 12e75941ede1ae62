//! Asking an authority for certificates, and what is written down of it.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, CertificateIdentifier, ExternalAccountKey, NewAccount,
};
use serde_json::{Value, json};
use tracing::{info, warn};

use super::client::{Client, Directory};
use super::failure::{Failure, RATE_LIMITED, REFUSED};
use super::files::{PublicLeaf, Standing};
use super::hook::Hook;
use super::order::{self, Issued, Means};
use super::rules::{self, Why};
use super::{Acme, is_held};
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::jobs::Work;
use crate::platform::jobs::rules::PASSES;
use crate::platform::secret::{Secret, from_base64};
use crate::platform::tasks;
use crate::platform::tls::rules::Name;

/// Audit kind.
const KIND: &str = "certificate";
/// Steps of one run: the directory, the account, the order, the certificate.
const STEPS: u64 = 4;

/// What a run comes to.
enum Outcome {
    /// The certificate that is there does.
    Current,
    /// Somebody has to agree to the terms first.
    Terms,
    /// None of the names can be asked for now.
    Nothing,
    Obtained(Why),
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Terms => "terms",
            Self::Nothing => "nothing",
            Self::Obtained(_) => "obtained",
        }
    }
}

/// Does what is due: the job. A failure is tried again by itself, as the authority wants it.
pub(in crate::platform::tls) async fn run(work: &Work, acme: &Arc<Acme>) -> Result<Value> {
    let now = work.on_box().now();
    let standing = acme.standing();
    let is_asked = acme.take_asked();
    if is_held(&standing, now) || !is_asked && standing.failures > 0 && !acme.is_due(now) {
        return Err(again(&standing));
    }
    let mut run = Run { work, acme, standing, is_asked, remark: None };
    run.standing.tried_at = Some(now.0);
    let outcome = run.attempt().await;
    let Run { mut standing, .. } = run;
    match outcome {
        Ok(outcome) => {
            (standing.failures, standing.held_until) = (0, None);
            let result = json!({
                "outcome": outcome.name(),
                "why": match outcome { Outcome::Obtained(why) => Some(why.name()), _ => None },
                "next_at": standing.next_at.map(|at| Moment(at).to_string()),
            });
            keep(acme, standing).await?;
            Ok(result)
        }
        Err(Stop::Own(error)) => Err(error),
        Err(Stop::Authority(failure, retry_after)) => {
            note(work.on_box(), acme, standing, failure, retry_after).await
        }
    }
}

async fn keep(acme: &Arc<Acme>, standing: Standing) -> Result<()> {
    let acme = Arc::clone(acme);
    tasks::blocking(move || acme.keep(standing)).await
}

/// Why a run stopped.
enum Stop {
    /// A fault of the box itself.
    Own(Error),
    Authority(Failure, Option<Duration>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

/// Notes a failure and when it is tried again.
async fn note(
    ctx: &BoxCtx,
    acme: &Arc<Acme>,
    mut standing: Standing,
    failure: Failure,
    retry_after: Option<Duration>,
) -> Result<Value> {
    let now = ctx.now();
    let Failure { code, detail, is_account_gone, refused } = failure;
    standing.failures = standing.failures.saturating_add(1);
    let next = rules::again_at(now, standing.failures, retry_after, acme.chance());
    standing.next_at = Some(next.0);
    let is_held = retry_after.is_some() || code == RATE_LIMITED;
    standing.held_until = is_held.then_some(next.0);
    standing.trouble = Some(format!("{detail} The box tries again at {}.", minute(next)));
    warn!(failures = standing.failures, "There is no new public certificate: {detail}");
    let public = rules::public_names(&acme.settings.chosen);
    let is_new = refused
        .iter()
        .any(|(name, _)| !standing.refusals().iter().any(|before| before.name == *name));
    let names = joined(refused.iter().map(|(name, _)| name));
    let refusals = rules::note_refusals(&standing.refusals(), &public, &[], refused, now);
    standing.set_refusals(refusals);
    let error = Error::Conflict(
        Refusal::new(code, standing.trouble.clone().unwrap_or_default()).with(PASSES, "true"),
    );
    let acme = Arc::clone(acme);
    // The first failure in a row is worth an entry; how it goes on, the job says.
    if standing.failures == 1 || is_new || is_account_gone {
        let directory = standing.directory.clone();
        let entry = Entry::about("tls.certificate.refused", KIND)
            .set("authority", directory)
            .set("names", names)
            .set("detail", detail);
        ctx.write(move |scope| {
            if is_account_gone {
                acme.files.drop_account(&standing.directory)?;
                standing.account = None;
            }
            acme.keep(standing)?;
            scope.audit(entry)?;
            Ok(())
        })
        .await?;
    } else {
        tasks::blocking(move || acme.keep(standing)).await?;
    }
    Err(error)
}

/// The refusal of a try that comes too early.
fn again(standing: &Standing) -> Error {
    let detail = standing.trouble.clone().unwrap_or_else(|| {
        let until = standing.held_until.map(Moment).unwrap_or_default();
        format!("The authority wants to be left alone until {}.", minute(until))
    });
    Error::Conflict(Refusal::new(super::failure::UNREACHABLE, detail).with(PASSES, "true"))
}

fn minute(moment: Moment) -> String {
    let text: String = moment.to_string().chars().take("2026-11-22T03:04".len()).collect();
    format!("{} UTC", text.replace('T', " "))
}

fn joined<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    names.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// One run with what it changes.
struct Run<'a> {
    work: &'a Work,
    acme: &'a Arc<Acme>,
    standing: Standing,
    is_asked: bool,
    /// What the authority did not take, in a sentence, where it signs all the same.
    remark: Option<String>,
}

impl Run<'_> {
    fn now(&self) -> Moment {
        self.work.on_box().now()
    }

    async fn attempt(&mut self) -> Result<Outcome, Stop> {
        let acme = Arc::clone(self.acme);
        let (root, clock) = (acme.settings.root.clone(), self.work.on_box().platform.clock.clone());
        let client = tasks::blocking(move || Client::new(root.as_deref(), clock)).await?;
        match self.with(&client).await {
            Err(Stop::Authority(failure, None)) => {
                Err(Stop::Authority(failure, client.take_retry_after()))
            }
            other => other,
        }
    }

    async fn with(&mut self, client: &Client) -> Result<Outcome, Stop> {
        let acme = Arc::clone(self.acme);
        self.work.progress(0, STEPS);
        let public = rules::public_names(&acme.settings.chosen);
        if public.is_empty() {
            return Ok(self.rest(Outcome::Nothing, Some(NONE_PUBLIC.to_owned())));
        }
        let directory = client.directory(&acme.settings.directory).await;
        let directory = directory.map_err(|said| failed(Failure::unreached(&said)))?;
        self.standing.terms.clone_from(&directory.meta.terms_of_service);
        if let Some(terms) = self.standing.terms.clone().filter(|_| !acme.settings.is_agreed) {
            let trouble = format!(
                "The authority signs for whoever agrees to its terms: {terms}. Read them, set \
                 tls.acme_terms_agreed to true and restart the box."
            );
            return Ok(self.rest(Outcome::Terms, Some(trouble)));
        }
        self.work.progress(1, STEPS);
        let account = self.account(client, &directory).await?;
        self.look(&account, &directory).await;
        let (now, refusals) = (self.now(), self.standing.refusals());
        let wanted =
            if self.is_asked { public.clone() } else { rules::wanted_now(&public, &refusals, now) };
        let renewal_at = Moment(self.standing.renewal_at.unwrap_or_default());
        let due = rules::due(now, acme.facts().as_ref(), renewal_at, &wanted);
        let Some(why) = due.or(self.is_asked.then_some(Why::Ends)) else {
            let trouble = self.standing.trouble.clone().filter(|_| wanted.is_empty());
            return Ok(self.rest(Outcome::Current, trouble));
        };
        self.work.progress(2, STEPS);
        let (issued, leaf) = self.obtain(&account, &directory, &wanted).await?;
        self.work.progress(3, STEPS);
        self.take(why, issued, leaf).await?;
        self.look(&account, &directory).await;
        Ok(self.rest(Outcome::Obtained(why), None))
    }

    /// Sets when to look again.
    fn rest(&mut self, outcome: Outcome, trouble: Option<String>) -> Outcome {
        let now = self.now();
        let refused = self.standing.refusals().iter().map(rules::Refused::again_at).min();
        let renewal = self.acme.facts().and(self.standing.renewal_at).map(Moment);
        let look = rules::look_at(now, None);
        let next = [refused, renewal, Some(look)].into_iter().flatten().min();
        self.standing.next_at = next.map(|next| next.max(now.plus(rules::BACK_OFF_FIRST)).0);
        self.standing.trouble = trouble.or_else(|| self.remark.take());
        outcome
    }

    /// The box's account with the authority; made when there is none.
    async fn account(&mut self, client: &Client, directory: &Directory) -> Result<Account, Stop> {
        let settings = &self.acme.settings;
        let files = Arc::clone(self.acme);
        let kept = tasks::blocking(move || files.files.account(&files.settings.directory)).await?;
        let builder = Account::builder_with_http(Box::new(client.clone()));
        if let Some(kept) = kept {
            let kept: AccountCredentials =
                serde_json::from_str(kept.reveal()).map_err(Error::internal)?;
            let account = builder.from_credentials(kept).await.map_err(of)?;
            self.standing.account = Some(account.id().to_owned());
            self.tell_contact(&account).await?;
            return Ok(account);
        }
        let binding = binding(settings.binding.as_ref(), directory)?;
        let contact = settings.contact.as_deref().map(mail_to);
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let wanted = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let made = builder.create(&wanted, settings.directory.clone(), binding.as_ref()).await;
        let (account, credentials) = made.map_err(of)?;
        let kept = Secret::new(serde_json::to_string(&credentials).map_err(Error::internal)?);
        self.standing.account = Some(account.id().to_owned());
        self.standing.contact = Some(settings.contact.clone().unwrap_or_default());
        let acme = Arc::clone(self.acme);
        let terms = self.standing.terms.clone().unwrap_or_default();
        let entry = Entry::about("tls.account.created", KIND)
            .set("authority", settings.directory.clone())
            .set("terms", terms);
        self.work
            .on_box()
            .write(move |scope| {
                acme.files.keep_account(&acme.settings.directory, &kept)?;
                scope.audit(entry)?;
                Ok(())
            })
            .await?;
        info!("The box has an account with {}", settings.directory);
        Ok(account)
    }

    /// Tells the authority whom it may write to, when that is another than it was told. One it does
    /// not take is no reason to do without a certificate.
    async fn tell_contact(&mut self, account: &Account) -> Result<(), Stop> {
        let settings = &self.acme.settings;
        let wanted = settings.contact.clone().unwrap_or_default();
        if self.standing.contact.as_ref() == Some(&wanted) {
            return Ok(());
        }
        let contact = settings.contact.as_deref().map(mail_to);
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        if let Err(error) = account.update_contacts(&contact).await {
            let failure = Failure::of(error);
            if failure.code != REFUSED || failure.is_account_gone {
                return Err(failed(failure));
            }
            warn!("The authority was not told the new address: {}", failure.detail);
            self.remark = Some(failure.detail);
            return Ok(());
        }
        let entry =
            Entry::about("tls.account.changed", KIND).set("authority", settings.directory.clone());
        self.standing.contact = Some(wanted);
        let (acme, standing) = (Arc::clone(self.acme), self.standing.clone());
        self.work
            .on_box()
            .write(move |scope| {
                acme.keep(standing)?;
                scope.audit(entry)?;
                Ok(())
            })
            .await?;
        info!("The authority was told the new address of tls.acme_contact");
        Ok(())
    }

    /// Asks when the authority would like the certificate to be renewed, where it says so.
    async fn look(&mut self, account: &Account, directory: &Directory) {
        let kept = self.acme.kept.load_full();
        let Some(leaf) = kept else { return };
        let plain = rules::renewal_at(leaf.facts.validity, self.acme.chance());
        if self.standing.renewal_at.is_none() {
            self.standing.renewal_at = Some(plain.0);
        }
        if directory.renewal_info.is_none() {
            return;
        }
        let Some(Ok(id)) = leaf.der().map(CertificateIdentifier::try_from) else { return };
        match account.renewal_info(&id).await {
            Ok((info, _)) => {
                let moment = |at: time::OffsetDateTime| Moment(at.unix_timestamp() * 1000);
                let window = info.suggested_window;
                let (start, end) = (moment(window.start), moment(window.end));
                let chosen = self.standing.renewal_at.map(Moment);
                // A moment that was chosen stays as long as it is inside the window.
                let stays = chosen.filter(|at| start <= *at && *at <= end);
                let at = stays.or_else(|| rules::moment_in(start, end, self.acme.chance()));
                self.standing.is_renewal_suggested = at.is_some();
                self.standing.renewal_at = Some(at.unwrap_or(plain).0);
            }
            Err(error) => {
                warn!("When to renew could not be asked: {error}");
                if self.standing.is_renewal_suggested {
                    return;
                }
                self.standing.renewal_at = Some(plain.0);
            }
        }
    }

    async fn obtain(
        &self,
        account: &Account,
        directory: &Directory,
        wanted: &[Name],
    ) -> Result<(Issued, PublicLeaf), Stop> {
        let acme = self.acme;
        let hook = acme.settings.hook.as_deref().map(Hook::new);
        let is_ended = || self.work.check().is_err();
        let means = Means {
            account,
            challenges: &acme.challenges,
            provider: &acme.provider,
            methods: &acme.settings.methods,
            hook: hook.as_ref(),
            is_ended: &is_ended,
        };
        let kept = acme.leaf(self.now());
        let replaces =
            kept.as_ref().and_then(|leaf| leaf.der()).filter(|_| directory.renewal_info.is_some());
        let replaces = replaces.and_then(|der| CertificateIdentifier::try_from(der).ok());
        let replaces = replaces.map(CertificateIdentifier::into_owned);
        let issued = order::obtain(&means, wanted, replaces).await.map_err(failed)?;
        let leaf = PublicLeaf::read(&issued.chain, &issued.key, &acme.provider)
            .map_err(|error| failed(Failure::unclear(&error.to_string())))?;
        let is_refused = |name: &Name| issued.refused.iter().any(|(one, _)| one == name);
        let is_whole = wanted.iter().all(|it| is_refused(it) || leaf.facts.names.contains(it));
        if !is_whole || leaf.facts.validity.not_after <= self.now() {
            let said = "the certificate is for other names or another time than was asked for";
            return Err(failed(Failure::unclear(said)));
        }
        Ok((issued, leaf))
    }

    /// Keeps the certificate and shows it from here on.
    async fn take(&mut self, why: Why, issued: Issued, leaf: PublicLeaf) -> Result<(), Stop> {
        let (now, acme) = (self.now(), Arc::clone(self.acme));
        let public = rules::public_names(&acme.settings.chosen);
        let refused = joined(issued.refused.iter().map(|(name, _)| name));
        let before = self.standing.refusals();
        let refusals =
            rules::note_refusals(&before, &public, &leaf.facts.names, issued.refused, now);
        self.standing.set_refusals(refusals);
        self.standing.signed_by.clone_from(&acme.settings.directory);
        self.standing.obtained_at = Some(now.0);
        let validity = leaf.facts.validity;
        self.standing.renewal_at = Some(rules::renewal_at(validity, acme.chance()).0);
        self.standing.is_renewal_suggested = false;
        let names = joined(leaf.facts.names.iter());
        let mut entry = Entry::about("tls.certificate.obtained", KIND)
            .set("names", &names)
            .set("issuer", &leaf.issuer)
            .set("until", validity.not_after.to_string())
            .set("why", why.name());
        if !refused.is_empty() {
            entry = entry.set("refused", refused);
        }
        let (chain, key, standing) = (issued.chain, issued.key, self.standing.clone());
        self.work
            .on_box()
            .write(move |scope| {
                acme.files.keep_certificate(&chain, &key)?;
                acme.keep(standing)?;
                acme.kept.store(Some(Arc::new(leaf)));
                scope.audit(entry)?;
                Ok(())
            })
            .await?;
        info!("A public certificate for {names} is in use until {}", validity.not_after);
        Ok(())
    }
}

const NONE_PUBLIC: &str = "None of the names in server.names and server.public_url can have a \
    public certificate, so the box's own root signs for all of them.";

/// An address as RFC 8555 §7.3 has it.
fn mail_to(address: &str) -> String {
    format!("mailto:{address}")
}

fn failed(failure: Failure) -> Stop {
    Stop::Authority(failure, None)
}

fn of(error: instant_acme::Error) -> Stop {
    failed(Failure::of(error))
}

/// The key that binds the account, where the authority asks for one.
fn binding(
    set: Option<&(String, Secret)>,
    directory: &Directory,
) -> Result<Option<ExternalAccountKey>, Stop> {
    let Some((id, key)) = set else {
        if directory.meta.external_account_required {
            let said = rules::said("externalAccountRequired", "");
            return Err(failed(Failure::new(REFUSED, said)));
        }
        return Ok(None);
    };
    let Some(key) = from_base64(key.reveal().trim_end_matches('=')) else {
        let said = "tls.acme_binding_key is not URL-safe base64.";
        return Err(failed(Failure::new(REFUSED, said)));
    };
    Ok(Some(ExternalAccountKey::new(id.clone(), &key)))
}

/// Has a certificate asked for as soon as the job runs, also when none is due.
pub(in crate::platform::tls) fn want_now(acme: &Acme, now: Moment) -> Result<()> {
    let standing = acme.standing();
    if is_held(&standing, now) {
        let until = standing.held_until.map(Moment).unwrap_or_default();
        let detail = format!("The authority wants to be left alone until {}.", minute(until));
        return Err(Error::conflict(RATE_LIMITED, detail));
    }
    acme.ask();
    Ok(())
}
