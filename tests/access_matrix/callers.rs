//! Every kind of caller, and the people and programs that stand for them.

use super::*;

/// What the narrowed token may do.
pub(super) const NARROWED: &str = "workspace.read";

/// What the workspace's own role may do.
pub(super) const CUSTOM: &[&str] = &["audit.read", "events.read", "people.read", "workspace.read"];
/// What the service accounts may do.
pub(super) const SERVICE: &[&str] = &["people.manage", "workspace.read"];
/// Where the service accounts may be used from, an address there, and one that is not.
const NETWORK: &str = "192.0.2.0/24";
const IN_NETWORK: [u8; 4] = [192, 0, 2, 7];
pub(super) const OFF_NETWORK: [u8; 4] = [198, 51, 100, 7];

/// A kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Anonymous,
    Member(Role),
    /// Has a role that the workspace made.
    Custom,
    /// Runs the box and belongs to no workspace.
    Operator,
    /// Owns another workspace.
    Outsider,
    /// An owner's token that may only do `NARROWED`.
    Narrowed,
    /// Was an owner's token until it was revoked.
    Revoked,
    /// Was an owner's token until it expired.
    Expired,
    /// The token of an owner who was disabled.
    Disabled,
    /// An owner's browser, right after signing in.
    Fresh,
    /// An owner's browser whose last proof is too old.
    Stale,
    /// The browser of an owner who should have had a second factor by now.
    Late,
    /// A program that an owner signed in with (an access token).
    Program,
    /// An owner's program whose scope is `NARROWED`.
    Scoped,
    /// An owner's program with an access token that is over.
    LapsedProgram,
    /// An owner's program that was signed out.
    RevokedProgram,
    /// A service account of the workspace.
    Service,
    /// The same, from an address off its list.
    OffList,
    /// A service account that was disabled.
    EndedService,
}

impl Caller {
    pub(super) fn all() -> Vec<Self> {
        let others = [
            Self::Operator,
            Self::Outsider,
            Self::Narrowed,
            Self::Revoked,
            Self::Expired,
            Self::Disabled,
            Self::Fresh,
            Self::Stale,
            Self::Late,
            Self::Program,
            Self::Scoped,
            Self::LapsedProgram,
            Self::RevokedProgram,
            Self::Service,
            Self::OffList,
            Self::EndedService,
        ];
        let members = Role::ALL.map(Self::Member).into_iter().chain([Self::Custom]);
        [Self::Anonymous].into_iter().chain(members).chain(others).collect()
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Member(role) => role.name(),
            Self::Custom => "custom",
            Self::Operator => "operator",
            Self::Outsider => "outsider",
            Self::Narrowed => "narrowed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Late => "late",
            Self::Program => "program",
            Self::Scoped => "scoped",
            Self::LapsedProgram => "lapsed-program",
            Self::RevokedProgram => "revoked-program",
            Self::Service => "service",
            Self::OffList => "off-list",
            Self::EndedService => "ended-service",
        }
    }

    /// Whether the credential is worth anything at all.
    pub(super) fn is_somebody(self) -> bool {
        !matches!(
            self,
            Self::Anonymous
                | Self::Revoked
                | Self::Expired
                | Self::Disabled
                | Self::LapsedProgram
                | Self::RevokedProgram
                | Self::EndedService
        )
    }

    pub(super) fn is_service(self) -> bool {
        matches!(self, Self::Service | Self::OffList | Self::EndedService)
    }

    pub(super) fn is_program(self) -> bool {
        matches!(self, Self::Program | Self::Scoped | Self::LapsedProgram | Self::RevokedProgram)
    }

    /// Whoever owns the workspace, however they come in.
    pub(super) fn is_owner(self) -> bool {
        matches!(
            self,
            Self::Narrowed
                | Self::Revoked
                | Self::Expired
                | Self::Disabled
                | Self::Fresh
                | Self::Stale
                | Self::Late
        ) || self.is_program()
    }

    pub(super) fn address(self) -> Option<IpAddr> {
        match self {
            Self::Service | Self::EndedService => Some(IN_NETWORK.into()),
            Self::OffList => Some(OFF_NETWORK.into()),
            _ => None,
        }
    }
}

/// One person for each kind of caller.
pub(super) struct People {
    everybody: Vec<(Caller, UserId)>,
}

impl People {
    pub(super) async fn invite(server: &TestServer) -> Self {
        let elsewhere = server.second_workspace().await;
        let here = server.workspace;
        let ctx = system(&server.platform);
        let invited = ctx.write(move |scope| {
            let callers = Caller::all().into_iter().filter(|one| *one != Caller::Anonymous);
            callers.map(|one| Ok((one, invite(scope, one, here, elsewhere)?))).collect()
        });
        Self { everybody: invited.await.expect("people") }
    }

    /// A fresh credential of each, so that no probe can spoil the next one's. Whoever left comes
    /// back.
    pub(super) async fn credentials(&self, server: &TestServer) -> Vec<(Caller, Option<String>)> {
        let (everybody, here) = (self.everybody.clone(), server.workspace);
        let ctx = system(&server.platform);
        let lifetimes = lifetimes(&ctx);
        let keys = signing::ops::keys(&ctx).await.expect("keys");
        let made = ctx.write(move |scope| {
            for (caller, user) in &everybody {
                bring_back(scope, *caller, *user, here)?;
            }
            let made = everybody.into_iter().map(|(caller, user)| {
                let value = match caller {
                    Caller::Stale => begin_as_in(scope, scope.new_id(), user, lifetimes, None)?,
                    Caller::Fresh | Caller::Late => {
                        begin_in(scope, scope.new_id(), user, lifetimes)?
                    }
                    _ if caller.is_service() || caller.is_program() => {
                        return Ok((caller, Some(access_token(scope, &keys, caller, user)?)));
                    }
                    _ => return Ok((caller, Some(token(scope, caller, user)?))),
                };
                Ok((caller, Some(value.reveal().to_owned())))
            });
            made.collect()
        });
        let made: Vec<_> = made.await.expect("credentials");
        [(Caller::Anonymous, None)].into_iter().chain(made).collect()
    }
}

fn invite(
    scope: &BoxScope<'_>,
    caller: Caller,
    here: WorkspaceId,
    elsewhere: WorkspaceId,
) -> Result<UserId> {
    if caller.is_service() {
        return service(scope, caller, here);
    }
    let new = NewUser {
        name: caller.name().to_owned(),
        email: format!("{}@example.com", caller.name()),
        password_hash: "!".to_owned(),
        is_operator: caller == Caller::Operator,
    };
    let user = insert_in(scope, &new)?.id;
    match caller {
        Caller::Member(role) => workspaces::ops::add_member_in(scope, here, user, role)?,
        Caller::Outsider => {
            workspaces::ops::add_member_in(scope, elsewhere, user, Role::Owner)?;
        }
        Caller::Custom => {
            let role = AnyRole::Custom(custom_role(scope, here)?);
            workspaces::ops::add_member_in(scope, here, user, role)?;
        }
        _ if caller.is_owner() => {
            workspaces::ops::add_member_in(scope, here, user, Role::Owner)?;
        }
        _ => {}
    }
    if caller == Caller::Disabled {
        scope
            .prepare_cached("UPDATE users SET disabled_at = :now WHERE id = :user")?
            .execute(named_params! { ":now": scope.now(), ":user": user })?;
    }
    Ok(user)
}

fn custom_role(scope: &BoxScope<'_>, here: WorkspaceId) -> Result<CustomRoleId> {
    scope
        .prepare_cached(
            "INSERT OR IGNORE INTO custom_roles (id, workspace_id, name, name_key, description,
                 permissions, needs_factor, created_at, updated_at)
             VALUES (:id, :here, 'Auditor', 'auditor', '', :permissions, 1, :now, :now)",
        )?
        .execute(named_params! {
            ":id": scope.new_id::<()>(), ":here": here, ":permissions": json!(CUSTOM).to_string(),
            ":now": scope.now(),
        })?;
    Ok(scope
        .prepare_cached("SELECT id FROM custom_roles WHERE workspace_id = :here")?
        .query_row(named_params! { ":here": here }, |row| row.get(0))?)
}

/// A service account; its id stands for that of a person.
fn service(scope: &BoxScope<'_>, caller: Caller, here: WorkspaceId) -> Result<UserId> {
    let id = scope.new_id();
    let disabled_at = (caller == Caller::EndedService).then(|| scope.now());
    scope
        .prepare_cached(
            "INSERT INTO service_accounts (id, name, workspace_id, permissions, channels,
                 allow_cidrs, family_id, created_at, disabled_at)
             VALUES (:id, :name, :here, :permissions, '[]', :networks, :family, :now, :disabled)",
        )?
        .execute(named_params! {
            ":id": id, ":name": caller.name(), ":here": here, ":family": scope.new_id::<()>(),
            ":permissions": json!(SERVICE).to_string(), ":disabled": disabled_at,
            ":networks": json!([NETWORK]).to_string(), ":now": scope.now(),
        })?;
    Ok(id)
}

/// An access token as the box signs it.
fn access_token(
    scope: &BoxScope<'_>,
    keys: &Arc<KeySet>,
    caller: Caller,
    user: UserId,
) -> Result<String> {
    let now = scope.now().0 / 1_000;
    let family: FamilyId = if caller.is_service() {
        let sql = "SELECT family_id FROM service_accounts WHERE id = :user";
        let mut family = scope.prepare_cached(sql)?;
        family.query_row(named_params! { ":user": user }, |row| row.get(0))?
    } else {
        program(scope, caller, user)?
    };
    let until = if caller == Caller::LapsedProgram { now - 3_600 } else { now + 900 };
    let mut claims = json!({
        "iss": keys.issuer, "aud": "holdfast", "sub": user.to_string(), "sid": family.to_string(),
        "jti": scope.new_id::<()>().to_string(), "iat": now - 7_200, "nbf": now - 7_200,
        "exp": until,
    });
    if caller.is_service() {
        claims["client_id"] = json!(user.to_string());
    }
    Ok(keys.signer.sign("at+jwt", &claims)?.reveal().to_owned())
}

/// A sign-in of a program.
fn program(scope: &BoxScope<'_>, caller: Caller, user: UserId) -> Result<FamilyId> {
    let id: FamilyId = scope.new_id();
    let permissions = (caller == Caller::Scoped).then(|| BTreeSet::from([NARROWED.to_owned()]));
    let draft = ProgramDraft {
        id,
        user,
        name: "probe".to_owned(),
        permissions,
        value_hash: scope.random().bytes::<32>(),
        life: Duration::from_hours(1),
    };
    programs::begin_in(scope, &draft)?;
    if caller == Caller::RevokedProgram {
        scope
            .prepare_cached("UPDATE auth_families SET revoked_at = :now WHERE id = :family")?
            .execute(named_params! { ":now": scope.now(), ":family": id })?;
    }
    Ok(id)
}

fn bring_back(scope: &BoxScope<'_>, caller: Caller, user: UserId, here: WorkspaceId) -> Result<()> {
    let role = match caller {
        Caller::Member(role) => role.into(),
        Caller::Custom => AnyRole::Custom(custom_role(scope, here)?),
        _ if caller.is_owner() && caller.is_somebody() => Role::Owner.into(),
        _ => return Ok(()),
    };
    scope
        .prepare_cached(
            "INSERT INTO memberships (user_id, workspace_id, role, custom_role_id, created_at)
             VALUES (:user, :here, :role, :custom, :now)
             ON CONFLICT DO UPDATE SET role_since = :now",
        )?
        .execute(named_params! {
            ":user": user, ":here": here, ":role": role.base().name(),
            ":custom": role.custom(), ":now": since(scope, caller),
        })?;
    Ok(())
}

/// Since when somebody has their role.
fn since(scope: &BoxScope<'_>, caller: Caller) -> Moment {
    match caller {
        Caller::Late => scope.now().minus(Duration::from_hours(8 * 24)),
        _ => scope.now(),
    }
}

fn token(scope: &BoxScope<'_>, caller: Caller, user: UserId) -> Result<String> {
    let life = if caller == Caller::Expired { Duration::ZERO } else { Duration::from_hours(1) };
    let permissions = (caller == Caller::Narrowed).then(|| BTreeSet::from([NARROWED.to_owned()]));
    let draft = TokenDraft { name: "probe".to_owned(), life, workspace: None, permissions };
    let (family, value) = make_token_in(scope, user, &draft)?;
    if caller == Caller::Revoked {
        scope
            .prepare_cached("UPDATE auth_families SET revoked_at = :now WHERE id = :family")?
            .execute(named_params! { ":now": scope.now(), ":family": family })?;
    }
    Ok(value.reveal().to_owned())
}
