//! Giving access tokens.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::access::moment;
use super::claims::{ACCESS_TOKEN, ASSERTION, AUDIENCE, AccessClaims, AssertionClaims};
use super::rules::{
    ACCESS_LIFE, AssertionTimes, REFRESH_LIFE, REFRESH_PREFIX, Turn, jti, no_client, scope_of,
    service_life, turn,
};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::id::Id;
use crate::platform::identity::factors::ops::Origin;
use crate::platform::identity::services::ops::{Client, Proof, ServiceId};
use crate::platform::identity::sessions::ops::programs::{self, ProgramDraft};
use crate::platform::identity::sessions::rules::{FamilyId, Kind};
use crate::platform::identity::sign_in::ops::{Attempt, as_signed_in, check_password};
use crate::platform::identity::sign_in::rules::sign_in_again;
use crate::platform::identity::sign_in::{Pending, counted};
use crate::platform::identity::signing::jwt::{Flaw, Token};
use crate::platform::identity::signing::ops::KeySet;
use crate::platform::identity::{UserId, factors, services, sign_in, signing, users};
use crate::platform::secret::{Secret, from_base64, to_base64, token_hash};

/// Where programs ask for tokens, below the box's address.
pub const ENDPOINT: &str = "/api/v1/auth/token";

/// A program that signs in for a person.
pub struct PasswordGrant {
    pub username: String,
    pub password: Secret,
    /// The code of a second factor, of an app or from paper.
    pub totp: Option<Secret>,
    /// What the program calls itself.
    pub name: String,
    /// Narrows it to some permissions.
    pub scope: Option<String>,
    pub network: Option<IpAddr>,
}

/// A service account that asks for a token.
pub struct ClientGrant {
    pub client: Option<String>,
    pub credential: ClientCredential,
    pub expires_in_s: Option<u64>,
    pub scope: Option<String>,
    pub network: Option<IpAddr>,
}

pub enum ClientCredential {
    Secret(Secret),
    Assertion(Secret),
}

/// What a program gets.
pub struct Issued {
    pub access_token: Secret,
    pub life: Duration,
    pub refresh_token: Option<Secret>,
    pub scope: Option<String>,
}

/// Signs a program in with somebody's password.
pub async fn by_password(ctx: &BoxCtx, grant: PasswordGrant) -> Result<Issued> {
    let attempt = Attempt {
        email: grant.username,
        password: grant.password,
        device: None,
        old_session: None,
        network: grant.network,
    };
    let (scope, name, network) = (grant.scope, grant.name, attempt.network);
    let right = check_password(ctx, attempt).await?;
    let user = right.user.id;
    let standing = ctx.read(move |scope| factors::ops::standing_in(scope, user)).await?;
    if !standing.is_enrolled() {
        return begin(ctx, right, None, name, scope).await;
    }
    let Some(code) = grant.totp else { return Err(factor_needed()) };
    let origin = Origin::SignIn { network, device: None };
    factors::ops::with_code(ctx, user, &code, origin, async |proof| {
        begin(ctx, right, Some(proof), name, scope).await
    })
    .await
}

async fn begin(
    ctx: &BoxCtx,
    right: Pending,
    proof: Option<factors::ops::Proof>,
    name: String,
    named: Option<String>,
) -> Result<Issued> {
    let keys = signing::ops::keys(ctx).await?;
    let (user, family): (UserId, FamilyId) = (right.user.id, ctx.platform.random.id());
    let value = new_value(&ctx.platform.random.bytes());
    let permissions = scope_of(named.as_deref());
    let draft = ProgramDraft {
        id: family,
        user,
        name,
        permissions: permissions.clone(),
        value_hash: token_hash(value.reveal()),
        life: REFRESH_LIFE,
    };
    let platform = Arc::clone(&ctx.platform);
    let ctx = as_signed_in(ctx, &right.user, family, Kind::Program);
    ctx.write(move |scope| {
        // What was compared may have been changed while it was.
        let kept = users::ops::kept_in(scope, user)?;
        let is_enrolled = factors::ops::standing_in(scope, user)?.is_enrolled();
        if kept.user.disabled_at.is_some() || kept.password_hash != right.password_hash {
            return Err(sign_in_again());
        }
        match &proof {
            Some(proof) => drop(proof.use_in(scope)?),
            None if is_enrolled => return Err(factor_needed()),
            None => {}
        }
        if let Some(hash) = &right.rehashed {
            users::ops::keep_rehashed_in(scope, user, hash)?;
        }
        programs::begin_in(scope, &draft)?;
        let standing = programs::standing_in(scope, family, &platform)?;
        let (_, principal) = standing.ok_or_else(|| Error::internal("a sign-in is not there"))?;
        let grants: Vec<_> = principal.memberships.iter().map(|one| &one.grant).collect();
        let is_held = |one: &String| grants.iter().any(|grant| grant.allows(one));
        permissions.iter().flatten().all(is_held).then_some(()).ok_or_else(scope_not_held)
    })
    .await?;
    access_for_person(&keys, &ctx, user, family, value, named.as_deref())
}

/// Exchanges a one-time value for its successor and an access token. A value that comes back ends
/// the family.
pub async fn by_refresh(ctx: &BoxCtx, value: Secret, network: Option<IpAddr>) -> Result<Issued> {
    counted(ctx.platform.sign_ins.check_programs(network, ctx.now()))?;
    let keys = signing::ops::keys(ctx).await?;
    let successor = successor(&keys, &value);
    let next = successor.clone();
    let outcome = ctx.write(move |scope| exchange(scope, &value, &next)).await?;
    match outcome {
        Exchanged::Good(user, family) => {
            access_for_person(&keys, ctx, user, family, successor, None)
        }
        Exchanged::Reused(user) => {
            let code = "refresh-token-reused";
            sign_in::ops::report_program(ctx, network, code, Some(user.cast())).await;
            let detail = "This refresh token was used before, so the sign-in was ended.";
            Err(Error::SignInNeeded(Refusal::new(code, detail)))
        }
        Exchanged::Unknown => {
            let code = "refresh-token-unknown";
            sign_in::ops::report_program(ctx, network, code, None).await;
            ctx.platform.sign_ins.program_failed(network, ctx.now())?;
            let detail = "This refresh token is not good (any more). Sign in again.";
            Err(Error::SignInNeeded(Refusal::new(code, detail)))
        }
    }
}

enum Exchanged {
    Good(UserId, FamilyId),
    Reused(UserId),
    Unknown,
}

/// The end of a family must be kept, so a refusal is no error here.
fn exchange(scope: &BoxScope<'_>, value: &Secret, successor: &Secret) -> Result<Exchanged> {
    let Some(known) = programs::find_in(scope, value.reveal())? else {
        return Ok(Exchanged::Unknown);
    };
    match turn(&known, scope.now()) {
        Turn::Exchange => {
            programs::exchange_in(scope, &known, successor.reveal(), REFRESH_LIFE)?;
            Ok(Exchanged::Good(known.user, known.family))
        }
        Turn::Repeat => {
            // Another one only when the key that signs changed in between.
            let is_same = programs::find_in(scope, successor.reveal())?.is_some();
            let good = Exchanged::Good(known.user, known.family);
            Ok(if is_same { good } else { Exchanged::Unknown })
        }
        Turn::Reused => {
            programs::end_reused_in(scope, &known)?;
            Ok(Exchanged::Reused(known.user))
        }
        Turn::Ended => Ok(Exchanged::Unknown),
    }
}

/// Gives a service account a token for itself.
pub async fn by_client(ctx: &BoxCtx, grant: ClientGrant) -> Result<Issued> {
    counted(ctx.platform.sign_ins.check_programs(grant.network, ctx.now()))?;
    let life = service_life(grant.expires_in_s)?;
    let network = grant.network;
    let mut about = None;
    let outcome = client_token(ctx, grant, life, &mut about).await;
    if let Err(Error::SignInNeeded(refusal) | Error::Denied(refusal)) = &outcome {
        let about = about.map(Id::cast);
        sign_in::ops::report_program(ctx, network, refusal.code, about).await;
        ctx.platform.sign_ins.program_failed(network, ctx.now())?;
    }
    outcome
}

async fn client_token(
    ctx: &BoxCtx,
    grant: ClientGrant,
    life: Duration,
    about: &mut Option<ServiceId>,
) -> Result<Issued> {
    let keys = signing::ops::keys(ctx).await?;
    let (client, proof) = match grant.credential {
        ClientCredential::Secret(secret) => by_secret(ctx, grant.client, &secret, about).await?,
        ClientCredential::Assertion(assertion) => {
            by_assertion(ctx, &keys, grant.client, &assertion, about).await?
        }
    };
    let wished = scope_of(grant.scope.as_deref());
    if !wished.iter().flatten().all(|one| client.permissions.contains(one)) {
        return Err(scope_not_held());
    }
    let issued = services::ops::use_once(ctx, client.id, proof).await?;
    let scope = words(wished.as_ref().unwrap_or(&issued.permissions));
    let claims = AccessClaims {
        client_id: Some(issued.id.to_string()),
        wid: issued.workspace.map(|id| id.to_string()),
        scope: Some(scope.clone()),
        ..claims(&keys, ctx, issued.id, issued.family, life)
    };
    let access_token = keys.signer.sign(ACCESS_TOKEN, &claims)?;
    Ok(Issued { access_token, life, refresh_token: None, scope: Some(scope) })
}

async fn by_secret(
    ctx: &BoxCtx,
    client: Option<String>,
    secret: &Secret,
    about: &mut Option<ServiceId>,
) -> Result<(Client, Proof)> {
    let client = named(ctx, client.as_deref(), about).await?;
    if !client.has_secret(secret) {
        return Err(refused());
    }
    Ok((client, Proof::Secret))
}

async fn by_assertion(
    ctx: &BoxCtx,
    keys: &KeySet,
    client: Option<String>,
    assertion: &Secret,
    about: &mut Option<ServiceId>,
) -> Result<(Client, Proof)> {
    let token = Token::read(assertion.reveal()).map_err(flawed)?;
    if token.kind.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case(ASSERTION)) {
        return Err(no_client("assertion-type", "This JWT is something else than an assertion."));
    }
    let claims: AssertionClaims = token.claims().map_err(flawed)?;
    let is_consistent = claims.iss == claims.sub && client.is_none_or(|id| id == claims.sub);
    if !is_consistent {
        let detail = "iss, sub and client_id of the assertion must name one account.";
        return Err(no_client("assertion-client", detail));
    }
    let client = named(ctx, Some(&claims.sub), about).await?;
    let Some((key, _)) = client.keys.iter().find(|(_, public)| token.is_signed_by(public)) else {
        return Err(refused());
    };
    let endpoint = format!("{}{ENDPOINT}", ctx.platform.origin());
    if !claims.aud.names(&keys.issuer) && !claims.aud.names(&endpoint) {
        let detail = "The assertion is meant for somebody else.";
        return Err(no_client("assertion-audience", detail));
    }
    let begins_at = claims.nbf.max(claims.iat).map(moment);
    let times = AssertionTimes { begins_at, expires_at: moment(claims.exp) };
    times.check(ctx.now())?;
    let jti_hash = token_hash(jti(claims.jti.as_deref())?);
    let proof = Proof::Assertion { key: *key, jti_hash, until: times.remembered_until() };
    Ok((client, proof))
}

/// The account of a client id. Whoever may not be used here is told so only after the proof.
async fn named(
    ctx: &BoxCtx,
    client: Option<&str>,
    about: &mut Option<ServiceId>,
) -> Result<Client> {
    let Some(client) = client else {
        let detail = "Send client_id, or use HTTP Basic.";
        return Err(Error::Malformed(Refusal::new("token-request-incomplete", detail)));
    };
    let Ok(id) = client.parse::<ServiceId>() else { return Err(refused()) };
    let found = services::ops::client(ctx, id).await?.ok_or_else(refused)?;
    *about = Some(found.id);
    Ok(found)
}

fn refused() -> Error {
    no_client("client-refused", "No service account fits this client_id and its proof.")
}

fn flawed(flaw: Flaw) -> Error {
    match flaw {
        Flaw::Malformed => no_client("assertion-malformed", "This assertion cannot be read."),
        Flaw::Algorithm => {
            no_client("assertion-algorithm", "Sign the assertion with Ed25519 (EdDSA).")
        }
    }
}

/// A password alone opens nothing for whoever has a second factor.
fn factor_needed() -> Error {
    let detail = "This person has a second factor. Send its code as totp.";
    Error::SignInNeeded(Refusal::new("second-factor-needed", detail))
}

fn scope_not_held() -> Error {
    let detail = "The scope names a permission that is not held here.";
    Error::Malformed(Refusal::new("scope-not-held", detail))
}

fn access_for_person(
    keys: &KeySet,
    ctx: &BoxCtx,
    user: UserId,
    family: FamilyId,
    refresh: Secret,
    scope: Option<&str>,
) -> Result<Issued> {
    let scope = scope_of(scope).map(|named| words(&named));
    let claims =
        AccessClaims { scope: scope.clone(), ..claims(keys, ctx, user, family, ACCESS_LIFE) };
    let access_token = keys.signer.sign(ACCESS_TOKEN, &claims)?;
    Ok(Issued { access_token, life: ACCESS_LIFE, refresh_token: Some(refresh), scope })
}

fn claims<K>(
    keys: &KeySet,
    ctx: &BoxCtx,
    subject: Id<K>,
    family: FamilyId,
    life: Duration,
) -> AccessClaims {
    let now = seconds(ctx.now());
    AccessClaims {
        iss: keys.issuer.clone(),
        aud: AUDIENCE.to_owned(),
        sub: subject.to_string(),
        sid: family.to_string(),
        client_id: None,
        wid: None,
        scope: None,
        jti: ctx.platform.random.uuid().to_string(),
        iat: now,
        nbf: now,
        exp: now.saturating_add(i64::try_from(life.as_secs()).unwrap_or(0)),
    }
}

fn seconds(at: Moment) -> i64 {
    at.0.div_euclid(1_000)
}

fn words(permissions: &BTreeSet<String>) -> String {
    permissions.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn new_value(bytes: &[u8; 32]) -> Secret {
    Secret::new(format!("{REFRESH_PREFIX}{}", to_base64(bytes)))
}

/// The value that follows a presented one; some value where that is none of ours.
fn successor(keys: &KeySet, value: &Secret) -> Secret {
    Secret::new(format!("{REFRESH_PREFIX}{}", keys.signer.successor(value.reveal())))
}

/// Reads `Authorization: Basic` (RFC 6749 §2.3.1).
pub fn basic(value: &str) -> Option<(String, Secret)> {
    use base64::Engine;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok();
    let decoded = decoded.or_else(|| from_base64(encoded.trim()))?;
    let text = String::from_utf8(decoded).ok()?;
    let (client, secret) = text.split_once(':')?;
    Some((client.to_owned(), Secret::new(secret)))
}
