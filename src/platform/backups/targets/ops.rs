//! Naming targets, changing them, trying them.

use std::sync::Arc;
use std::time::Duration;

use super::faults::{Fault, Why};
use super::http::{Http, Limits};
use super::onedrive::{Endpoints, TokenKeeper};
use super::remote::{Means, Remote};
use super::rules::{Credential, Place, TARGETS_MAX, Target, TargetId, Tried};
use super::settings::{Kept, Settings, check};
use super::signing_in::{self, Answered, Code, SignIn};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::backups::bases::rules::box_folder;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::secret::Secret;
use crate::platform::secrets::{self, Purpose, Secrets};
use crate::platform::tasks::Stop;

/// Audit kind.
pub const KIND: &str = "box.backup_target";
/// Characters of what is kept of a failure.
const DETAIL_LENGTH_MAX: usize = 1_000;
/// How much less often Microsoft is asked when it was asked too often.
const SLOWER: Duration = Duration::from_secs(5);
/// Somebody has at most so long to type a code.
const SIGN_IN_MAX: Duration = Duration::from_mins(30);

fn sealed_at(id: &TargetId) -> secrets::Place<'_> {
    secrets::Place { table: "backup_targets", column: "secret", row: id.as_bytes() }
}

fn seal(secrets: &Secrets, id: TargetId, credential: &Credential) -> Result<Vec<u8>> {
    let text = credential.text();
    secrets.seal(Purpose::BackupTargets, &sealed_at(&id), text.reveal().as_bytes())
}

/// All targets, the oldest first.
pub async fn list(ctx: &BoxCtx) -> Result<Vec<Target>> {
    ctx.read(list_in).await
}

pub(in crate::platform) fn list_in(scope: &BoxScope<'_>) -> Result<Vec<Target>> {
    store::list(scope)
}

pub async fn get(ctx: &BoxCtx, id: TargetId) -> Result<Target> {
    ctx.read(move |scope| store::get(scope, id)?.ok_or(Error::NotFound)).await
}

/// Names a target.
pub async fn create(
    ctx: &BoxCtx,
    name: &str,
    kind: &str,
    settings: Settings,
) -> Result<Created<Target>> {
    let checked = check(name, kind, &settings, ctx.platform.config.data(), None)?;
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id| store::get(scope, id)?.ok_or(Error::NotFound);
    ctx.create(load, move |scope| {
        let known = store::list(scope)?;
        if known.len() >= TARGETS_MAX {
            let detail = format!("A box has at most {TARGETS_MAX} targets.");
            return Err(Error::conflict("targets-too-many", detail));
        }
        refuse_known(&known, &checked.place)?;
        let (id, created_at) = (scope.new_id(), scope.now());
        let (name, place) = (checked.name, checked.place);
        let has_secret = checked.credential.is_some();
        let target = Target { id, name, place, has_secret, created_at, last: None };
        let sealed = checked.credential.map(|it| seal(&platform.secrets, id, &it)).transpose()?;
        store::insert(scope, &target, sealed.as_deref())?;
        scope.audit(entry("box.backup_target.created", &target).set("at", target.place.said()))?;
        Ok((id, target))
    })
    .await
}

fn refuse_known<'a>(others: impl IntoIterator<Item = &'a Target>, place: &Place) -> Result<()> {
    match others.into_iter().find(|target| target.place == *place) {
        Some(same) => {
            let detail = format!("{} goes there already.", same.name);
            Err(Error::conflict("target-known", detail))
        }
        None => Ok(()),
    }
}

/// Changes a target. A secret that is left out stays, unless the target is pointed elsewhere.
pub async fn change(
    ctx: &BoxCtx,
    id: TargetId,
    name: Option<String>,
    settings: Settings,
) -> Result<Target> {
    let platform = Arc::clone(&ctx.platform);
    ctx.write(move |scope| {
        let known = store::list(scope)?;
        let before = known.iter().find(|one| one.id == id).cloned().ok_or(Error::NotFound)?;
        let kept = Kept { place: &before.place, has_secret: before.has_secret };
        let settings = settings.over(Settings::of(&before.place));
        let name = name.as_deref().unwrap_or(&before.name);
        let data = platform.config.data();
        let checked = check(name, before.place.kind(), &settings, data, Some(kept))?;
        refuse_known(known.iter().filter(|one| one.id != id), &checked.place)?;
        let trusts_the_same = checked.place.trusts_the_same(&before.place);
        let secret = match &checked.credential {
            Some(credential) => Some(Some(seal(&platform.secrets, id, credential)?)),
            None if trusts_the_same => None,
            // What opened the old place opens nothing here.
            None => Some(None),
        };
        let after = Target { name: checked.name, place: checked.place, ..before.clone() };
        if after == before && secret.is_none() {
            return Ok(after);
        }
        store::update(scope, &after)?;
        if let Some(sealed) = &secret {
            store::set_secret(scope, id, sealed.as_deref())?;
        }
        let entry = entry("box.backup_target.changed", &after);
        scope.audit(
            entry
                .changed("at", Some(before.place.said()), Some(after.place.said()))
                .set("secret_changed", secret.is_some().to_string()),
        )?;
        store::get(scope, id)?.ok_or(Error::NotFound)
    })
    .await
}

/// Sends no more backups there. What lies there stays.
pub async fn remove(ctx: &BoxCtx, id: TargetId) -> Result<()> {
    ctx.write(move |scope| {
        let target = store::get(scope, id)?.ok_or(Error::NotFound)?;
        store::remove(scope, id)?;
        scope.audit(entry("box.backup_target.removed", &target))?;
        Ok(())
    })
    .await
}

/// A target, ready to be used. Nothing is asked of it yet.
pub async fn open(ctx: &BoxCtx, target: &Target) -> Result<Remote> {
    if let Place::Folder { path } = &target.place {
        return Ok(Remote::folder(path));
    }
    let id = target.id;
    let sealed = ctx.read(move |scope| store::secret(scope, id)).await?;
    let credential = match sealed {
        Some(sealed) => {
            let plain =
                ctx.platform.secrets.unseal(Purpose::BackupTargets, &sealed_at(&id), &sealed)?;
            std::str::from_utf8(&plain).ok().and_then(Credential::read)
        }
        None => None,
    };
    let platform = &ctx.platform;
    let tls = platform.notices.roots(&platform.config).await?.client();
    let keeper = Some(keeper_of(ctx, id));
    let microsoft = platform.microsoft.endpoints();
    let means = Means { credential, tls, limits: Limits::USUAL, keeper, microsoft };
    Ok(Remote::at(&target.place, means))
}

/// Keeps what OneDrive gives in the place of what opened it before.
fn keeper_of(ctx: &BoxCtx, id: TargetId) -> TokenKeeper {
    let ctx = ctx.clone();
    Arc::new(move |token| {
        let ctx = ctx.clone();
        Box::pin(async move {
            let kept = keep_token(&ctx, id, token).await;
            kept.map_err(|error| Fault::new(Why::Other, format!("It was not kept: {error}.")))
        })
    })
}

async fn keep_token(ctx: &BoxCtx, id: TargetId, token: Secret) -> Result<()> {
    let platform = Arc::clone(&ctx.platform);
    ctx.write(move |scope| {
        let sealed = seal(&platform.secrets, id, &Credential::RefreshToken(token))?;
        store::set_secret(scope, id, Some(&sealed))
    })
    .await
}

/// How a test ended, and which key the server of an SFTP target shows.
pub struct Tested {
    pub tried: Tried,
    pub host_key: Option<String>,
}

/// Writes, reads, lists and deletes something small there, and says how that went.
pub async fn test(ctx: &BoxCtx, id: TargetId) -> Result<Tested> {
    let target = get(ctx, id).await?;
    let remote = open(ctx, &target).await?;
    // Where backups go, too: whatever else lies at the target is not listed for it.
    let below = box_folder(ctx.platform.audit.box_id());
    let name = format!("{below}/holdfast-test-{}", ctx.platform.random.uuid());
    let test = remote.test(&name).await;
    let host_key = remote.shown_host_key().await;
    ctx.write(move |scope| {
        let detail = match (test.fault(), test.can_delete) {
            (Some(fault), _) => fault.to_owned(),
            (None, Some(false)) => "It works, and keeps what it has: nothing is deleted.".into(),
            (None, _) => "It works.".to_owned(),
        };
        let tried = Tried {
            at: scope.now(),
            is_ok: test.fault().is_none(),
            detail: detail.chars().take(DETAIL_LENGTH_MAX).collect(),
            steps: test.steps,
            can_delete: test.can_delete,
        };
        store::note(scope, id, &tried)?;
        let entry = entry("box.backup_target.tested", &target);
        scope.audit(entry.set("ok", tried.is_ok.to_string()))?;
        Ok(Tested { tried, host_key })
    })
    .await
}

/// Notes how a try to reach a target ended.
pub(in crate::platform::backups) fn note_in(
    scope: &BoxScope<'_>,
    id: TargetId,
    outcome: std::result::Result<(), String>,
) -> Result<Tried> {
    let (is_ok, detail) = match outcome {
        Ok(()) => (true, "It works.".to_owned()),
        Err(detail) => (false, detail.chars().take(DETAIL_LENGTH_MAX).collect()),
    };
    let tried = Tried { at: scope.now(), is_ok, detail, steps: Vec::new(), can_delete: None };
    store::note(scope, id, &tried)?;
    Ok(tried)
}

/// Begins a sign-in to OneDrive; the box asks on its own until it was done.
pub async fn sign_in(ctx: &BoxCtx, id: TargetId) -> Result<Code> {
    let target = get(ctx, id).await?;
    let Place::OneDrive { client_id, .. } = &target.place else {
        let detail = "Only a OneDrive target is signed in to.";
        return Err(Error::conflict("target-sign-in", detail));
    };
    let platform = &ctx.platform;
    let tls = platform.notices.roots(&platform.config).await?.client();
    let http = Http::new(tls, Limits::USUAL);
    let endpoints = platform.microsoft.endpoints();
    let refused = |fault: Fault| Error::Conflict(Refusal::new("target-unreachable", fault.detail));
    let code = signing_in::begin(&http, &endpoints, client_id).await.map_err(refused)?;
    let number = platform.target_sign_ins.begin(id);
    let (asked, client_id, ctx_then) = (code.clone(), client_id.clone(), ctx.clone());
    let begun = target.clone();
    platform.tasks.start("OneDrive sign-in", move |stop| async move {
        let sign_ins = &ctx_then.platform.target_sign_ins;
        let is_wanted = || sign_ins.is_newest(id, number);
        let state = wait_for(&http, &endpoints, &client_id, &asked, is_wanted, stop).await;
        let state = match state {
            Ok(token) => match signed_in(&ctx_then, begun, token).await {
                Ok(()) => SignIn::Done,
                Err(Error::Conflict(refusal)) => SignIn::Failed(refusal.detail),
                Err(error) => SignIn::Failed(error.to_string()),
            },
            Err(detail) => SignIn::Failed(detail),
        };
        sign_ins.end(id, number, state);
    });
    ctx.write(move |scope| {
        scope.audit(entry("box.backup_target.sign_in_begun", &target))?;
        Ok(code)
    })
    .await
}

async fn wait_for(
    http: &Http,
    endpoints: &Endpoints,
    client_id: &str,
    code: &Code,
    is_wanted: impl Fn() -> bool,
    mut stop: Stop,
) -> std::result::Result<Secret, String> {
    let mut every = code.every.max(Duration::from_secs(1));
    let waiting = async {
        loop {
            tokio::time::sleep(every).await;
            if !is_wanted() {
                return Err("Another code took the place of this one.".to_owned());
            }
            match signing_in::again(http, endpoints, client_id, code).await {
                Ok(Answered::Done(token)) => return Ok(token),
                Ok(Answered::Refused(why)) => return Err(why),
                Ok(Answered::TooOften) => every += SLOWER,
                // A line that broke is no answer; the code runs out by itself.
                Ok(Answered::Waiting) | Err(_) => {}
            }
        }
    };
    let patience = code.expires_in.min(SIGN_IN_MAX);
    tokio::select! {
        outcome = tokio::time::timeout(patience, waiting) => {
            outcome.unwrap_or_else(|_| Err("Nobody typed the code in time.".to_owned()))
        }
        () = stop.requested() => Err("The box stopped in the middle.".to_owned()),
    }
}

/// Keeps what was given for a target as it was when the sign-in began.
async fn signed_in(ctx: &BoxCtx, begun: Target, token: Secret) -> Result<()> {
    let platform = Arc::clone(&ctx.platform);
    ctx.write(move |scope| {
        let now = store::get(scope, begun.id)?;
        let Some(target) = now.filter(|now| now.place.trusts_the_same(&begun.place)) else {
            let detail = "The target was changed or removed meanwhile. Sign in anew.";
            return Err(Error::conflict("target-sign-in", detail));
        };
        let sealed = seal(&platform.secrets, target.id, &Credential::RefreshToken(token))?;
        store::set_secret(scope, target.id, Some(&sealed))?;
        scope.audit(entry("box.backup_target.signed_in", &target))?;
        Ok(())
    })
    .await
}

/// How the sign-in of a target stands.
pub async fn sign_in_state(ctx: &BoxCtx, id: TargetId) -> Result<SignIn> {
    let target = get(ctx, id).await?;
    Ok(match ctx.platform.target_sign_ins.get(id) {
        SignIn::None if target.has_secret => SignIn::Done,
        state => state,
    })
}

/// Seals secrets anew that an older key sealed; gives how many. There are few in all.
pub(in crate::platform) fn seal_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    most: usize,
) -> Result<usize> {
    let mut count = 0;
    for target in store::list(scope)? {
        let Some(sealed) = store::secret(scope, target.id)? else { continue };
        let place = sealed_at(&target.id);
        let anew = secrets.seal_anew(Purpose::BackupTargets, &place, &sealed)?;
        if let Some(anew) = anew.filter(|_| count < most) {
            store::set_secret(scope, target.id, Some(&anew))?;
            count += 1;
        }
    }
    Ok(count)
}

fn entry(action: &'static str, target: &Target) -> Entry {
    Entry::new(action, KIND, target.id).set("name", &target.name).set("kind", target.place.kind())
}
