//! Setting up, using and dropping a second factor.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;

use super::codes::{self, CODES, Typed};
use super::rules::{
    ENROLMENT_LIFE, EnrolmentId, Standing, code_used, is_refused_code, need_browser, not_begun,
    wrong_code,
};
use super::sealing::{in_use, on_paper, row_of, waiting};
use super::store;
use super::totp::{self, Match, SECRET_BYTES};
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::passkeys::ops::{Asker, Checked};
use crate::platform::identity::sessions::rules::Kind;
use crate::platform::identity::sign_in::{
    Reason, Target, count_failure, count_refused_proof, counted,
};
use crate::platform::identity::users::ops::KIND;
use crate::platform::identity::{UserId, passkeys, users};
use crate::platform::notices;
use crate::platform::secret::{Secret, token_hash};
use crate::platform::secrets::{Purpose, Secrets};
use crate::platform::setup;

/// What a person has of a second factor, and since when they need one.
pub(in crate::platform) fn standing_in(scope: &BoxScope<'_>, user: UserId) -> Result<Standing> {
    store::standing(scope, user)
}

/// Since when the caller has an authenticator app.
pub async fn totp_since(ctx: &BoxCtx) -> Result<Option<Moment>> {
    let principal = ctx.principal()?;
    principal.need_whole()?;
    let user = principal.user;
    ctx.read(move |scope| Ok(store::totp(scope, user)?.map(|kept| kept.created_at))).await
}

/// A secret to be read by an app.
pub struct Begun {
    /// As it is typed where no camera is.
    pub secret: String,
    pub uri: String,
}

/// Makes a secret that waits for its first code. A repeated request gets the same one.
pub async fn begin_totp(ctx: &BoxCtx) -> Result<Created<Begun>> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let user = principal.user;
    let (secrets, again) = (Arc::clone(&ctx.platform.secrets), Arc::clone(&ctx.platform.secrets));
    let load = move |scope: &BoxScope<'_>, id: EnrolmentId| {
        let begun = store::begun(scope, user)?.filter(|begun| begun.id == id);
        let begun = begun.ok_or_else(not_begun)?;
        shown(scope, user, &again.unseal(Purpose::Totp, &waiting(&id), &begun.secret)?)
    };
    ctx.create(load, move |scope| {
        let (id, secret) = (scope.new_id(), scope.random().bytes::<SECRET_BYTES>());
        let sealed = secrets.seal(Purpose::Totp, &waiting(&id), &secret)?;
        store::begin(scope, id, user, &sealed)?;
        scope.audit(Entry::new("identity.factor.begun", KIND, user).set("factor", "totp"))?;
        Ok((id, shown(scope, user, &secret)?))
    })
    .await
}

fn shown(scope: &BoxScope<'_>, user: UserId, secret: &[u8]) -> Result<Begun> {
    let user = users::ops::get_in(scope, user)?;
    let uri = totp::uri(&setup::ops::box_name_in(scope)?, &user.email, secret);
    Ok(Begun { secret: totp::base32(secret).to_string(), uri })
}

/// Takes the waiting secret into use by its first code; gives new backup codes.
pub async fn confirm_totp(ctx: &BoxCtx, code: &Secret) -> Result<Vec<String>> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let (user, secrets) = (principal.user, Arc::clone(&ctx.platform.secrets));
    let typed = Typed::read(code);
    ctx.write(move |scope| {
        let begun = store::begun(scope, user)?
            .filter(|begun| scope.now().since(begun.created_at) < ENROLMENT_LIFE);
        let begun = begun.ok_or_else(not_begun)?;
        let secret = secrets.unseal(Purpose::Totp, &waiting(&begun.id), &begun.secret)?;
        let Typed::Totp(code) = typed else { return Err(wrong_code()) };
        let Match::Fresh(step) = totp::check(&secret, code.reveal(), scope.now(), 0) else {
            return Err(wrong_code());
        };
        let sealed = secrets.seal(Purpose::Totp, &in_use(&user), &secret)?;
        store::keep_totp(scope, user, &sealed, step)?;
        store::forget_begun(scope, user)?;
        scope.audit(Entry::new("identity.factor.added", KIND, user).set("factor", "totp"))?;
        notices::ops::factor_changed_in(scope, user, "An authenticator app was added.")?;
        added_in(scope, &secrets, user)
    })
    .await
}

/// What follows when somebody has a new factor: a loss is over, and there are new backup codes.
pub(in crate::platform) fn added_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    user: UserId,
) -> Result<Vec<String>> {
    store::forget_loss(scope, user)?;
    new_codes_in(scope, secrets, user)
}

/// Drops the caller's authenticator app; the backup codes go with the last factor.
pub async fn remove_totp(ctx: &BoxCtx) -> Result<()> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let user = principal.user;
    ctx.write(move |scope| {
        if !store::remove_totp(scope, user)? {
            return Err(Error::NotFound);
        }
        scope.audit(Entry::new("identity.factor.removed", KIND, user).set("factor", "totp"))?;
        notices::ops::factor_changed_in(scope, user, "An authenticator app was removed.")?;
        removed_in(scope, user)
    })
    .await
}

/// What follows when somebody dropped a factor: backup codes stand in for none.
pub(in crate::platform) fn removed_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    if store::standing(scope, user)?.is_enrolled() {
        return Ok(());
    }
    store::remove_backup_codes(scope, user)
}

/// Gives the caller new backup codes; the old ones die.
pub async fn new_codes(ctx: &BoxCtx) -> Result<Vec<String>> {
    let principal = ctx.principal()?;
    need_browser(principal.kind != Kind::Session)?;
    let (user, secrets) = (principal.user, Arc::clone(&ctx.platform.secrets));
    ctx.write(move |scope| {
        if !store::standing(scope, user)?.is_enrolled() {
            let detail = "Set up an authenticator app or a passkey first.";
            return Err(Error::conflict("no-factor", detail));
        }
        let change = "New backup codes were made; the ones before are worth nothing.";
        notices::ops::factor_changed_in(scope, user, change)?;
        new_codes_in(scope, &secrets, user)
    })
    .await
}

fn new_codes_in(scope: &BoxScope<'_>, secrets: &Secrets, user: UserId) -> Result<Vec<String>> {
    store::remove_backup_codes(scope, user)?;
    let mut shown = Vec::new();
    for number in 0..CODES {
        let (text, code) = codes::make(number, scope.random());
        let row = row_of(user, number);
        let hash = token_hash(code.reveal());
        let sealed = secrets.seal(Purpose::BackupCodes, &on_paper(&row), &hash)?;
        store::keep_backup_code(scope, user, number, &sealed)?;
        shown.push(text);
    }
    scope.audit(Entry::new("identity.factor.codes_made", KIND, user))?;
    Ok(shown)
}

/// Drops all that a person has, because they lost it: they can only enrol from now on.
pub(in crate::platform) fn lose_all_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    store::remove_totp(scope, user)?;
    passkeys::ops::remove_all_in(scope, user)?;
    store::forget_begun(scope, user)?;
    store::remove_backup_codes(scope, user)?;
    store::note_loss(scope, user)?;
    scope.audit(Entry::new("identity.factor.lost", KIND, user))?;
    let change = "All of it was dropped, because it was said to be lost.";
    notices::ops::factor_changed_in(scope, user, change)
}

/// Drops secrets that nobody confirmed, inside the caller's transaction. Says how many.
pub fn drop_begun_in(scope: &BoxScope<'_>) -> Result<usize> {
    store::drop_begun(scope, scope.now().minus(ENROLMENT_LIFE))
}

/// A code that is right, until it is used.
enum Right {
    Step(i64),
    Code(i64),
}

fn look(scope: &BoxScope<'_>, secrets: &Secrets, user: UserId, typed: &Typed) -> Result<Right> {
    match typed {
        Typed::Neither => Err(wrong_code()),
        Typed::Totp(code) => {
            let kept = store::totp(scope, user)?.ok_or_else(wrong_code)?;
            let secret = secrets.unseal(Purpose::Totp, &in_use(&user), &kept.secret)?;
            match totp::check(&secret, code.reveal(), scope.now(), kept.last_step) {
                Match::Fresh(step) => Ok(Right::Step(step)),
                Match::Used => Err(code_used()),
                Match::Wrong => Err(wrong_code()),
            }
        }
        Typed::Backup(number, code) => {
            let (sealed, is_used) =
                store::backup_code(scope, user, *number)?.ok_or_else(wrong_code)?;
            let row = row_of(user, *number);
            let kept = secrets.unseal(Purpose::BackupCodes, &on_paper(&row), &sealed)?;
            let is_right = {
                use subtle::ConstantTimeEq;
                bool::from(kept.as_slice().ct_eq(&token_hash(code.reveal())))
            };
            match (is_right, is_used) {
                (false, _) => Err(wrong_code()),
                (true, true) => Err(code_used()),
                (true, false) => Ok(Right::Code(*number)),
            }
        }
    }
}

/// What was looked at and may be used in a transaction.
pub(in crate::platform) enum Proof {
    Code(Code),
    Passkey(Checked),
}

/// A code that somebody typed.
pub(in crate::platform) struct Code {
    user: UserId,
    typed: Typed,
    secrets: Arc<Secrets>,
}

impl Proof {
    /// Uses it up inside the caller's transaction and says what it was. Of many at the same time
    /// one gets through.
    pub(in crate::platform) fn use_in(&self, scope: &BoxScope<'_>) -> Result<&'static str> {
        match self {
            Self::Code(code) => code.use_in(scope),
            Self::Passkey(checked) => checked.use_in(scope).map(|()| "passkey"),
        }
    }
}

impl Code {
    fn use_in(&self, scope: &BoxScope<'_>) -> Result<&'static str> {
        match look(scope, &self.secrets, self.user, &self.typed)? {
            Right::Step(step) if store::use_step(scope, self.user, step)? => Ok("totp"),
            Right::Code(number) if store::use_backup_code(scope, self.user, number)? => {
                let used = Entry::new("identity.factor.code_used", KIND, self.user);
                scope.audit(used.set("number", number.to_string()))?;
                Ok("backup")
            }
            Right::Step(_) | Right::Code(_) => Err(code_used()),
        }
    }
}

/// Where codes are tried from.
#[derive(Debug, Clone, Copy)]
pub(in crate::platform) enum Origin {
    SignIn {
        network: Option<IpAddr>,
        /// SHA-256 of the device's cookie, when the account knows the device.
        device: Option<[u8; 32]>,
    },
    /// Somebody who is signed in. Counted apart: whoever tries to sign in as them delays nothing
    /// here, and no success here forgives those tries.
    Session,
}

impl Origin {
    fn network(self) -> Option<IpAddr> {
        match self {
            Self::SignIn { network, .. } => network,
            Self::Session => None,
        }
    }

    fn target(self, user: UserId) -> Target {
        let (whose, device) = match self {
            Self::SignIn { device, .. } => ("second factor", device),
            Self::Session => ("own second factor", None),
        };
        Target { account: token_hash(&format!("{whose} of {user}")), device }
    }

    /// Counts a try that has to wait.
    fn begun(self, begun: Result<()>) -> Result<()> {
        match self {
            Self::SignIn { .. } => counted(begun),
            Self::Session => begun.inspect_err(|_| count_refused_proof()),
        }
    }

    fn count_refused(self) {
        match self {
            Self::SignIn { .. } => count_failure(Reason::SecondFactor),
            Self::Session => count_refused_proof(),
        }
    }
}

/// Checks a person's code and does `work` with it.
pub(in crate::platform) async fn with_code<T>(
    ctx: &BoxCtx,
    user: UserId,
    code: &Secret,
    origin: Origin,
    work: impl AsyncFnOnce(Proof) -> Result<T>,
) -> Result<T> {
    let typed = Typed::read(code);
    tried(ctx, user, origin, async || {
        let code = Code { user, typed, secrets: Arc::clone(&ctx.platform.secrets) };
        check(ctx, &code).await?;
        work(Proof::Code(code)).await
    })
    .await
}

/// Checks what a person's device answered to `asker`'s question and does `work` with it.
pub(in crate::platform) async fn with_passkey<T>(
    ctx: &BoxCtx,
    user: UserId,
    (asker, answer): (Asker, Value),
    origin: Origin,
    work: impl AsyncFnOnce(Proof) -> Result<T>,
) -> Result<T> {
    tried(ctx, user, origin, async || {
        let checked = passkeys::ops::check(ctx, user, asker, answer).await?;
        let id = checked.id;
        let outcome = work(Proof::Passkey(checked)).await;
        if let Err(error) = &outcome
            && passkeys::rules::is_cloned(error)
        {
            passkeys::ops::stop(ctx, user, id).await;
        }
        outcome
    })
    .await
}

/// Tries a proof. Wrong ones wait as wrong passwords do, are counted apart from them, and stand in
/// the audit log: whoever tries them knows the password.
async fn tried<T>(
    ctx: &BoxCtx,
    user: UserId,
    origin: Origin,
    work: impl AsyncFnOnce() -> Result<T>,
) -> Result<T> {
    let (network, target) = (origin.network(), origin.target(user));
    let sign_ins = &ctx.platform.sign_ins;
    origin.begun(sign_ins.begin(network, target, ctx.now()))?;
    let outcome = work().await;
    match &outcome {
        Ok(_) => sign_ins.succeeded(network, target, ctx.now()),
        Err(error) if is_refused_code(error) => {
            origin.count_refused();
            report(ctx, user, error).await;
        }
        Err(_) => sign_ins.undone(network, target, ctx.now()),
    }
    outcome
}

/// A wrong code costs no place in the writer's queue.
async fn check(ctx: &BoxCtx, code: &Code) -> Result<()> {
    let (user, typed, secrets) = (code.user, code.typed.clone(), Arc::clone(&code.secrets));
    ctx.read(move |scope| look(scope, &secrets, user, &typed).map(drop)).await
}

/// Writes down that a proof was refused.
pub(in crate::platform) async fn report(ctx: &BoxCtx, user: UserId, error: &Error) {
    let code = if let Error::Rule(refusal) = error { refusal.code } else { "wrong-code" };
    let entry = Entry::new("identity.factor.refused", KIND, user).refused().set("code", code);
    if let Err(error) = ctx.write(move |scope| scope.audit(entry)).await {
        tracing::warn!("A refused code could not be written to the audit log: {error}");
    }
}
