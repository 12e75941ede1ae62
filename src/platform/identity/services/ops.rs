//! Making, changing and using service accounts.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use flate2::Crc;
use ipnet::IpNet;
use subtle::ConstantTimeEq;

pub use super::rules::ServiceId;
use super::rules::{
    Account, Key, KeyId, SECRET_PREFIX, Wish, check_above, check_giver, check_key, check_manager,
    check_room, is_from, may_see,
};
use super::store;
use crate::platform::Platform;
use crate::platform::access::rules::{BOX_PARTS, OPERATE};
use crate::platform::access::{Grant, Role, RoleTable};
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope, Membership};
use crate::platform::error::{Error, Result};
use crate::platform::id::Id;
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::factors::Standing as Factors;
use crate::platform::identity::programs::rules::no_client;
use crate::platform::identity::sessions::ops::Asker;
use crate::platform::identity::sessions::rules::{FamilyId, Kind};
use crate::platform::identity::signing::rules::KEY_BYTES;
use crate::platform::identity::{Principal, users};
use crate::platform::notices;
use crate::platform::random::Random;
use crate::platform::secret::{Secret, to_base64, to_hex, token_hash};
use crate::platform::workspaces::{self, State, WorkspaceId};

/// Audit kind.
const KIND: &str = "identity.service_account";

/// An account with its keys, as it is shown.
pub struct Shown {
    pub account: Account,
    pub keys: Vec<Key>,
    /// Who made it, by name.
    pub created_by: Option<String>,
    /// Right after it was made.
    pub secret: Option<Secret>,
}

fn shown(scope: &BoxScope<'_>, account: Account) -> Result<Shown> {
    let created_by = match account.created_by {
        Some(maker) => users::ops::name_in(scope, maker.cast())?,
        None => None,
    };
    Ok(Shown { keys: store::keys(scope, account.id)?, created_by, account, secret: None })
}

/// An account to be made.
pub struct Draft {
    pub workspace: Option<String>,
    pub wish: Wish,
    /// Then it gets no secret.
    pub public_key: Option<[u8; KEY_BYTES]>,
}

/// Makes an account. A repeated request gets the same one without its secret: that is shown once.
pub async fn create(ctx: &BoxCtx, draft: Draft) -> Result<Created<Shown>> {
    let caller = std::sync::Arc::clone(ctx.principal()?);
    let workspace = match &draft.workspace {
        Some(text) => Some(named(&caller, text)?),
        None => None,
    };
    check_giver(&caller, workspace)?;
    let asker = Asker::of(ctx)?;
    let load = |scope: &BoxScope<'_>, id: ServiceId| {
        shown(scope, store::get(scope, id)?.ok_or(Error::NotFound)?)
    };
    ctx.create(load, move |scope| {
        let caller = asker.by_now_in(scope)?;
        check_giver(&caller, workspace)?;
        let blank = Account {
            id: scope.new_id(),
            name: String::new(),
            workspace,
            permissions: BTreeSet::new(),
            channels: Vec::new(),
            networks: Vec::new(),
            has_secret: draft.public_key.is_none(),
            family: scope.new_id(),
            created_by: scope.user().map(Id::cast),
            created_at: scope.now(),
            disabled_at: None,
            last_used_at: None,
            last_used_from: None,
        };
        let account = draft.wish.apply(&blank, &caller, scope.now())?;
        check_room(store::count(scope, workspace)?)?;
        let secret = account.has_secret.then(|| new_secret(scope.random()));
        let hash = secret.as_ref().map(|secret| token_hash(secret.reveal()));
        store::insert(scope, &account, hash.as_ref())?;
        scope.audit(described("identity.service_account.created", &account)?)?;
        notices::ops::service_account_made_in(scope, account.workspace, &account.name)?;
        if let Some(public_key) = draft.public_key {
            add_key_in(scope, &account, "Key", public_key)?;
        }
        let id = account.id;
        Ok((id, Shown { secret, ..shown(scope, account)? }))
    })
    .await
}

fn named(caller: &Principal, text: &str) -> Result<WorkspaceId> {
    let id = text.parse().ok().filter(|id| caller.membership(*id).is_some());
    id.ok_or_else(|| {
        let detail = "You belong to no such workspace.";
        Error::invalid("workspace_id", "workspace-unknown", detail)
    })
}

fn described(action: &'static str, account: &Account) -> Result<Entry> {
    let permissions = serde_json::to_string(&account.permissions).map_err(Error::internal)?;
    let mut entry = Entry::new(action, KIND, account.id)
        .set("name", account.name.clone())
        .set("permissions", permissions)
        .set("allow_cidrs", networks(account));
    if let Some(workspace) = account.workspace {
        entry = entry.set("workspace", workspace.to_string());
    }
    Ok(entry)
}

fn networks(account: &Account) -> String {
    account.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// At most so many of the accounts the caller may see, the newest first, older than `before`.
pub async fn list(ctx: &BoxCtx, before: Option<ServiceId>, limit: usize) -> Result<Vec<Shown>> {
    let caller = std::sync::Arc::clone(ctx.principal()?);
    ctx.read(move |scope| {
        let mut found = Vec::new();
        if caller.is_operator {
            found = store::list(scope, before, limit)?;
        } else {
            let workspaces = caller.memberships.iter().map(|one| one.workspace);
            for workspace in workspaces.filter(|id| may_see(&caller, Some(*id))) {
                found.extend(store::list_of(scope, workspace, before, limit)?);
            }
            found.sort_by_key(|account| Reverse(account.id));
            found.truncate(limit);
        }
        found.into_iter().map(|account| shown(scope, account)).collect()
    })
    .await
}

/// Deletes the accounts of a workspace that is gone, inside the caller's transaction.
pub(in crate::platform) fn delete_all_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
) -> Result<()> {
    for account in store::list_of(scope, workspace, None, usize::MAX)? {
        delete_in(scope, account.id)?;
    }
    Ok(())
}

fn delete_in(scope: &BoxScope<'_>, id: ServiceId) -> Result<()> {
    store::delete(scope, id)?;
    scope.audit(Entry::new("identity.service_account.deleted", KIND, id))?;
    Ok(())
}

/// An account the caller may see.
pub async fn get(ctx: &BoxCtx, id: ServiceId) -> Result<Shown> {
    let caller = std::sync::Arc::clone(ctx.principal()?);
    ctx.read(move |scope| shown(scope, visible(scope, &caller, id)?)).await
}

fn visible(scope: &BoxScope<'_>, caller: &Principal, id: ServiceId) -> Result<Account> {
    let found = store::get(scope, id)?.filter(|one| may_see(caller, one.workspace));
    found.ok_or(Error::NotFound)
}

/// Changes an account. What it may do later acts on its next request.
pub async fn change(ctx: &BoxCtx, id: ServiceId, wish: Wish) -> Result<Shown> {
    let asker = Asker::of(ctx)?;
    let known = known(ctx);
    ctx.write(move |scope| {
        let caller = asker.by_now_in(scope)?;
        let before = visible(scope, &caller, id)?;
        if wish.only_disables() {
            check_manager(&caller, before.workspace)?;
        } else {
            check_above(&caller, &before, &known)?;
        }
        let after = wish.apply(&before, &caller, scope.now())?;
        if after == before {
            return shown(scope, after);
        }
        store::update(scope, &after)?;
        let action = match (before.disabled_at, after.disabled_at) {
            (None, Some(_)) => "identity.service_account.disabled",
            (Some(_), None) => "identity.service_account.enabled",
            _ => "identity.service_account.changed",
        };
        scope.audit(described(action, &after)?)?;
        shown(scope, after)
    })
    .await
}

/// Deletes an account: its tokens, its secret and its keys are good for nothing from then on.
pub async fn delete(ctx: &BoxCtx, id: ServiceId) -> Result<()> {
    let asker = Asker::of(ctx)?;
    ctx.write(move |scope| {
        let caller = asker.by_now_in(scope)?;
        let account = visible(scope, &caller, id)?;
        check_manager(&caller, account.workspace)?;
        delete_in(scope, id)
    })
    .await
}

/// Gives an account a new secret. The old one dies, and with it every token.
pub async fn renew_secret(ctx: &BoxCtx, id: ServiceId) -> Result<Secret> {
    let asker = Asker::of(ctx)?;
    let known = known(ctx);
    ctx.write(move |scope| {
        let caller = asker.by_now_in(scope)?;
        let account = visible(scope, &caller, id)?;
        check_above(&caller, &account, &known)?;
        let secret = new_secret(scope.random());
        store::set_secret(scope, id, &token_hash(secret.reveal()))?;
        store::replace_family(scope, account.family, scope.new_id())?;
        scope.audit(Entry::new("identity.service_account.secret_made", KIND, id))?;
        Ok(secret)
    })
    .await
}

/// Registers a key.
pub async fn add_key(
    ctx: &BoxCtx,
    id: ServiceId,
    name: String,
    public_key: [u8; KEY_BYTES],
) -> Result<Created<Key>> {
    let asker = Asker::of(ctx)?;
    let known = known(ctx);
    let load = move |scope: &BoxScope<'_>, key: KeyId| {
        let found = store::keys(scope, id)?.into_iter().find(|one| one.id == key);
        found.ok_or(Error::NotFound)
    };
    ctx.create(load, move |scope| {
        let caller = asker.by_now_in(scope)?;
        let account = visible(scope, &caller, id)?;
        check_above(&caller, &account, &known)?;
        let key = add_key_in(scope, &account, &name, public_key)?;
        Ok((key.id, key))
    })
    .await
}

fn add_key_in(
    scope: &BoxScope<'_>,
    account: &Account,
    name: &str,
    public_key: [u8; KEY_BYTES],
) -> Result<Key> {
    check_key(&store::keys(scope, account.id)?, &public_key)?;
    let name = workspaces::rules::clean_name("name", name)?;
    let key = Key { id: scope.new_id(), name, public_key, created_at: scope.now() };
    store::insert_key(scope, account.id, &key)?;
    scope.audit(
        Entry::new("identity.service_account.key_added", KIND, account.id)
            .set("key", key.id.to_string())
            .set("public_key", to_base64(&public_key)),
    )?;
    Ok(key)
}

/// Removes a key. Every token of the account ends, whichever it was given for.
pub async fn remove_key(ctx: &BoxCtx, id: ServiceId, key: KeyId) -> Result<()> {
    let asker = Asker::of(ctx)?;
    ctx.write(move |scope| {
        let caller = asker.by_now_in(scope)?;
        let account = visible(scope, &caller, id)?;
        check_manager(&caller, account.workspace)?;
        if !store::remove_key(scope, id, key)? {
            return Err(Error::NotFound);
        }
        store::replace_family(scope, account.family, scope.new_id())?;
        scope.audit(
            Entry::new("identity.service_account.key_removed", KIND, id)
                .set("key", key.to_string()),
        )?;
        Ok(())
    })
    .await
}

fn known(ctx: &BoxCtx) -> Vec<&'static str> {
    let of_workspaces = ctx.platform.roles.permissions().iter().map(|one| one.id);
    of_workspaces.chain(BOX_PARTS.iter().copied()).collect()
}

/// 256 random bits and a checksum, so that a half copied one is told from a wrong one.
fn new_secret(random: &Random) -> Secret {
    let body = format!("{SECRET_PREFIX}{}", to_base64(&random.bytes::<32>()));
    let sum = checksum(&body);
    Secret::new(format!("{body}_{sum}"))
}

fn checksum(body: &str) -> String {
    let mut crc = Crc::new();
    crc.update(body.as_bytes());
    to_hex(&crc.sum().to_be_bytes())
}

/// An account that wants a token, with what its proof is compared with.
pub struct Client {
    pub id: ServiceId,
    pub permissions: BTreeSet<String>,
    secret_hash: Option<[u8; 32]>,
    pub keys: Vec<(KeyId, [u8; KEY_BYTES])>,
}

impl Client {
    pub fn has_secret(&self, secret: &Secret) -> bool {
        let text = secret.reveal();
        let is_whole = text.rsplit_once('_').is_some_and(|(body, sum)| checksum(body) == sum);
        let hash = token_hash(text);
        is_whole && self.secret_hash.is_some_and(|kept| bool::from(kept.ct_eq(&hash)))
    }
}

/// What an account proved itself with.
#[derive(Debug, Clone, Copy)]
pub enum Proof {
    Secret,
    Assertion { key: KeyId, jti_hash: [u8; 32], until: Moment },
}

/// An account by its client id; none when it cannot be used.
pub async fn client(ctx: &BoxCtx, id: ServiceId) -> Result<Option<Client>> {
    ctx.read(move |scope| {
        let Some(account) = usable(scope, store::get(scope, id)?)? else { return Ok(None) };
        let keys = store::keys(scope, id)?.into_iter().map(|key| (key.id, key.public_key));
        Ok(Some(Client {
            id,
            permissions: account.permissions,
            secret_hash: store::secret_hash(scope, id)?,
            keys: keys.collect(),
        }))
    })
    .await
}

fn usable(scope: &BoxScope<'_>, account: Option<Account>) -> Result<Option<Account>> {
    let Some(account) = account.filter(|one| one.disabled_at.is_none()) else { return Ok(None) };
    let Some(workspace) = account.workspace else { return Ok(Some(account)) };
    match workspaces::ops::get_in(scope, workspace) {
        Ok(found) if found.state() != State::Deleted => Ok(Some(account)),
        Ok(_) | Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Uses a proof up and notes that a token was given.
pub async fn use_once(ctx: &BoxCtx, id: ServiceId, proof: Proof) -> Result<Account> {
    ctx.write(move |scope| {
        let account = usable(scope, store::get(scope, id)?)?;
        let account =
            account.ok_or_else(|| no_client("client-refused", "It was just disabled."))?;
        check_from(scope, &account)?;
        let mut entry = Entry::new("identity.service_account.token_given", KIND, id);
        if let Proof::Assertion { key, jti_hash, until } = proof {
            if !store::remember(scope, id, &jti_hash, until)? {
                let detail = "This assertion was used before. Make a new one.";
                return Err(no_client("assertion-replayed", detail));
            }
            entry = entry.set("key", key.to_string());
        }
        scope.audit(entry)?;
        touch_in(scope, id)?;
        Ok(account)
    })
    .await
}

/// A token is not even given where it could not be used.
fn check_from(scope: &BoxScope<'_>, account: &Account) -> Result<()> {
    if is_from(&account.networks, scope.cause().address) {
        return Ok(());
    }
    Err(no_client("address-not-allowed", "This account may not be used from this address."))
}

/// Notes that an account was used, inside the caller's transaction.
pub fn touch_in(scope: &BoxScope<'_>, id: ServiceId) -> Result<()> {
    let from = scope.cause().address.map(|address| address.to_string());
    store::touch(scope, id, from.as_deref())
}

/// Ends every token of a family, inside the caller's transaction.
pub fn end_tokens_in(scope: &BoxScope<'_>, family: FamilyId) -> Result<()> {
    let Some(account) = store::of_family(scope, family)? else { return Ok(()) };
    store::replace_family(scope, family, scope.new_id())?;
    scope.audit(Entry::new("identity.service_account.tokens_ended", KIND, account.id))?;
    Ok(())
}

/// Who a family stands for by now.
pub struct Standing {
    pub principal: Principal,
    pub last_used_at: Moment,
    pub networks: Vec<IpNet>,
}

/// The principal of a family; none when the account was disabled, deleted or given other
/// credentials. It may do no more than `only`, where a token names that.
pub fn standing_in(
    scope: &BoxScope<'_>,
    family: FamilyId,
    only: Option<&BTreeSet<String>>,
    platform: &Platform,
) -> Result<Option<Standing>> {
    let Some(account) = usable(scope, store::of_family(scope, family)?)? else { return Ok(None) };
    let is_left = |one: &&String| only.is_none_or(|only| only.contains(*one));
    let left: BTreeSet<String> = account.permissions.iter().filter(is_left).cloned().collect();
    let grant = platform.roles.grant_of(&left);
    let of_role = platform.roles.grant_of(&account.permissions);
    let is_of_the_box = account.workspace.is_none();
    let memberships = match account.workspace {
        Some(workspace) => {
            let standing = workspaces::ops::get_in(scope, workspace)?.standing();
            let whole = grant;
            let grant = standing.narrow(whole.clone(), &platform.app_ids());
            // Its permissions are all it has; no rule that looks at roles lets it do more.
            let role = Role::Viewer.into();
            vec![Membership { workspace, role, grant, whole, of_role, standing }]
        }
        None => Vec::new(),
    };
    let principal = Principal {
        user: account.id.cast(),
        name: account.name.as_str().into(),
        family,
        kind: Kind::Service,
        good_until: None,
        is_narrowed: true,
        factors: Factors::default(),
        elevated_until: None,
        is_operator: is_of_the_box && left.contains(OPERATE),
        box_parts: BOX_PARTS.iter().filter(|one| left.contains(**one)).copied().collect(),
        memberships,
        deleted: Vec::new(),
    };
    Ok(Some(Standing {
        principal,
        last_used_at: account.last_used_at.unwrap_or(account.created_at),
        networks: account.networks,
    }))
}

/// The release channels that an account may serve; none when it is gone.
pub(in crate::platform) fn channels_in(scope: &BoxScope<'_>, id: ServiceId) -> Result<Vec<String>> {
    Ok(store::get(scope, id)?.map(|account| account.channels).unwrap_or_default())
}

/// What an account may do in a workspace by now; none when it was disabled or deleted.
pub(in crate::platform) fn grant_in(
    scope: &BoxScope<'_>,
    table: &RoleTable,
    id: ServiceId,
    workspace: WorkspaceId,
) -> Result<Option<Grant>> {
    let account = usable(scope, store::get(scope, id)?)?;
    let account = account.filter(|one| one.workspace == Some(workspace));
    Ok(account.map(|one| table.grant_of(&one.permissions)))
}

/// Drops assertions that are over, inside the caller's transaction.
pub fn drop_used_in(scope: &BoxScope<'_>, most: usize) -> Result<usize> {
    store::drop_used(scope, most)
}
