//! Telling people, and what they do with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::live::News;
use super::rules::{Change, KEPT, NOTICES_MAX, Notice, NoticeId, NoticeSpec, Settings, Telling};
use super::{
    BOX_TROUBLE, CERTIFICATE_ENDS, FACTOR_CHANGED, HELP_ASKED, INVITED, JOB_FAILED, JOINED,
    NEW_DEVICE, PASSWORD_CHANGED, PASSWORD_RESET, ROLE_CHANGED, SERVICE_ACCOUNT_MADE,
    SESSION_REUSED, WORKSPACE_DAMAGED, WORKSPACE_DELETED, mail, outbox, store, webhooks,
};
use crate::platform::Platform;
use crate::platform::access::Grant;
use crate::platform::audit::Entry;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause, Unit};
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, users};
use crate::platform::tls::CertificateStatus;
use crate::platform::workspaces::{self, WorkspaceId, members};

/// What streams call a notice.
pub const KIND: &str = "notice";
/// Notices told to windows at once.
const NEWS_AT_ONCE: usize = 256;
/// The same trouble is told again after so long.
const TROUBLE_TOLD_EVERY: Duration = Duration::from_hours(24);
/// Members looked at at once.
const MEMBERS_AT_ONCE: usize = 200;
/// Characters of a browser's name for itself.
const DEVICE_LENGTH_MAX: usize = 80;

/// Tells people inside the caller's transaction. Whoever is named twice is told once.
pub fn tell_in(scope: &BoxScope<'_>, to: &[UserId], telling: &Telling) -> Result<()> {
    let is_mail_on = mail::ops::is_on_in(scope)?;
    let mut told: Vec<UserId> = Vec::with_capacity(to.len());
    for user in to {
        if told.contains(user) {
            continue;
        }
        told.push(*user);
        let notice = tell_one(scope, *user, telling)?;
        if is_mail_on {
            mail_one(scope, *user, telling, notice)?;
        }
    }
    webhooks::ops::announce_in(scope, &told, telling)
}

fn mail_one(scope: &BoxScope<'_>, user: UserId, telling: &Telling, notice: NoticeId) -> Result<()> {
    let spec = telling.spec;
    if !store::settings(scope, user)?.mails_at_once(spec) {
        return Ok(());
    }
    let person = users::ops::get_in(scope, user)?;
    if person.disabled_at.is_some() {
        return Ok(());
    }
    outbox::ops::queue_notice_in(scope, (user, &person.email), spec.kind, notice)
}

fn tell_one(scope: &BoxScope<'_>, user: UserId, telling: &Telling) -> Result<NoticeId> {
    let notice = Notice {
        seq: 0,
        id: scope.new_id(),
        user,
        workspace: telling.workspace,
        kind: telling.spec.kind.to_owned(),
        params: telling.params.clone(),
        link: telling.link.clone(),
        created_at: scope.now(),
        read_at: None,
    };
    store::insert(scope, &notice)?;
    store::drop_beyond(scope, user, NOTICES_MAX)?;
    Ok(notice.id)
}

/// A notice, when it is still kept.
pub(super) fn get_in(scope: &BoxScope<'_>, id: NoticeId) -> Result<Option<Notice>> {
    store::get(scope, id)
}

/// Tells a person that a session of theirs was used by somebody with an old copy.
pub(in crate::platform) fn session_reused_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    let telling = Telling::new(&SESSION_REUSED).with("address", address(scope)).link("/account");
    tell_in(scope, &[user], &telling)
}

/// Tells a person that they signed in with a browser they never used before.
pub(in crate::platform) fn new_device_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    let device = scope.cause().user_agent.as_deref().unwrap_or("?");
    let device: String = device.chars().take(DEVICE_LENGTH_MAX).collect();
    let telling = Telling::new(&NEW_DEVICE).with("address", address(scope)).with("device", device);
    tell_in(scope, &[user], &telling.link("/account"))
}

fn address(scope: &Unit<'_>) -> String {
    scope.cause().address.map_or_else(|| "?".to_owned(), |address| address.to_string())
}

/// Tells a person that their password was changed by whoever knew it.
pub(in crate::platform) fn password_changed_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    tell_in(scope, &[user], &Telling::new(&PASSWORD_CHANGED).link("/account"))
}

/// Tells a person that somebody chose a password for them with a link.
pub(in crate::platform) fn password_reset_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    tell_in(scope, &[user], &Telling::new(&PASSWORD_RESET).link("/account"))
}

/// Tells a person that their second factor changed. `change` is a sentence that says how.
pub fn factor_changed_in(scope: &BoxScope<'_>, user: UserId, change: &str) -> Result<()> {
    let telling = Telling::new(&FACTOR_CHANGED).with("change", change);
    tell_in(scope, &[user], &telling.link("/account"))
}

/// Tells those who may vouch for a person that they ask for a way in without a factor.
/// `may_help` says of those who keep a workspace whether they may decide about it.
pub(in crate::platform) fn help_asked_in(
    scope: &BoxScope<'_>,
    user: UserId,
    may_help: impl Fn(WorkspaceId, UserId) -> Result<bool>,
) -> Result<()> {
    let person = users::ops::name_in(scope, user)?.unwrap_or_default();
    let telling = Telling::new(&HELP_ASKED).with("person", person);
    let telling = telling.with("address", address(scope));
    let mut told = vec![user];
    let mut groups = vec![None];
    let workspaces = members::ops::list_of_in(scope, user)?;
    groups.extend(workspaces.into_iter().map(|(workspace, ..)| Some(workspace)));
    for group in groups {
        let mut to = Vec::new();
        for keeper in keepers_in(scope, group)? {
            let may_help = group.map_or(Ok(true), |workspace| may_help(workspace, keeper))?;
            if may_help && !told.contains(&keeper) {
                to.push(keeper);
            }
        }
        if !to.is_empty() {
            tell_in(scope, &to, &telling.clone().link(security_page(group)))?;
            told.extend(to);
        }
    }
    Ok(())
}

/// Where those look who watch over a workspace, or over the box.
fn security_page(workspace: Option<WorkspaceId>) -> String {
    match workspace {
        Some(workspace) => format!("/w/{workspace}/security"),
        None => "/box/security".to_owned(),
    }
}

/// Tells operators that a part of the box is not well, once a day. Says whether it was told now.
pub(in crate::platform) fn box_trouble_in(
    scope: &BoxScope<'_>,
    part: &str,
    detail: &str,
) -> Result<bool> {
    let telling = Telling::new(&BOX_TROUBLE).with("part", part).with("detail", detail);
    let since = scope.now().minus(TROUBLE_TOLD_EVERY);
    if store::is_told(scope, BOX_TROUBLE.kind, &telling.params["part"], since)? {
        return Ok(false);
    }
    let keepers = keepers_in(scope, None)?;
    if keepers.is_empty() {
        // Before the box is set up there is nobody to be told.
        return Ok(false);
    }
    tell_in(scope, &keepers, &telling.link("/system"))?;
    scope.audit(Entry::about("box.trouble.told", "box").set("part", part).set("detail", detail))?;
    Ok(true)
}

/// Tells operators that a certificate ends soon: once for each number of days, certificate by
/// certificate.
pub(in crate::platform) fn certificate_ends_in(
    scope: &BoxScope<'_>,
    status: &CertificateStatus,
    days: u8,
) -> Result<()> {
    let part = format!("{days} {}", status.fingerprint);
    if store::is_told(scope, CERTIFICATE_ENDS.kind, &part, status.not_before)? {
        return Ok(());
    }
    let day: String = status.not_after.to_string().chars().take("2026-11-22".len()).collect();
    let telling = Telling::new(&CERTIFICATE_ENDS).with("part", part).with("day", day);
    let detail = status.trouble.clone().unwrap_or_default();
    let telling = telling.with("names", status.names.join(", ")).with("detail", detail);
    tell_in(scope, &keepers_in(scope, None)?, &telling.link("/system"))?;
    scope.audit(
        Entry::about("tls.certificate.ends", "certificate")
            .set("days", days.to_string())
            .set("until", status.not_after.to_string()),
    )?;
    Ok(())
}

/// Tells those who watch over a workspace, or over the box, that a program got an account.
pub fn service_account_made_in(
    scope: &BoxScope<'_>,
    workspace: Option<WorkspaceId>,
    account: &str,
) -> Result<()> {
    let telling = Telling::new(&SERVICE_ACCOUNT_MADE);
    let telling = telling.with("account", account).with("actor", actor(scope)?);
    let place = workspace.map_or_else(|| "/box".to_owned(), |id| format!("/w/{id}"));
    let telling = telling.link(format!("{place}/programs"));
    tell_in(scope, &keepers_in(scope, workspace)?, &telling_about(telling, workspace))
}

fn telling_about(telling: Telling, workspace: Option<WorkspaceId>) -> Telling {
    match workspace {
        Some(workspace) => telling.about(workspace),
        None => telling,
    }
}

/// Who watches over a workspace, or over the box.
pub fn keepers_in(scope: &BoxScope<'_>, workspace: Option<WorkspaceId>) -> Result<Vec<UserId>> {
    match workspace {
        Some(workspace) => store::admins(scope, workspace),
        None => store::operators(scope),
    }
}

/// Tells those of a workspace whose grant lets them hear of it and who want to hear of this kind.
/// Of a workspace that is not in use nobody is told.
pub fn tell_members_in(
    scope: &BoxScope<'_>,
    platform: &Platform,
    workspace: WorkspaceId,
    hears: impl Fn(&Grant) -> bool,
    telling: Telling,
) -> Result<()> {
    let about = workspaces::ops::get_in(scope, workspace)?;
    if about.state() != workspaces::State::Active {
        return Ok(());
    }
    let telling = telling.about(workspace).with("workspace", &about.name);
    let (mut to, mut after) = (Vec::new(), None);
    loop {
        let some = members::ops::list_in(scope, workspace, after, MEMBERS_AT_ONCE)?;
        let Some(last) = some.last() else { return tell_in(scope, &to, &telling) };
        after = Some(last.user);
        for member in some.iter().filter(|member| !member.is_disabled) {
            let role = member.role;
            let grant = workspaces::roles::ops::grant_in(scope, &platform.roles, workspace, role)?;
            let wants = store::settings(scope, member.user)?.wants(telling.spec);
            if wants && hears(&grant) {
                to.push(member.user);
            }
        }
    }
}

/// Tells those of some people who belong to a workspace and may do something there; gives how many
/// that are. They were named, so it stands in their bell whatever they chose. Of a workspace that
/// is not in use nobody is told.
pub fn tell_named_in(
    scope: &BoxScope<'_>,
    platform: &Platform,
    (workspace, permission): (WorkspaceId, &'static str),
    people: &[UserId],
    telling: Telling,
) -> Result<usize> {
    let about = workspaces::ops::get_in(scope, workspace)?;
    if about.state() != workspaces::State::Active {
        return Ok(0);
    }
    let mut to = Vec::with_capacity(people.len());
    for user in people {
        if members::ops::may_in(scope, &platform.roles, workspace, *user, permission)? {
            to.push(*user);
        }
    }
    if !to.is_empty() {
        let telling = telling.about(workspace).with("workspace", &about.name);
        tell_in(scope, &to, &telling.needing(permission))?;
    }
    Ok(to.len())
}

/// The numbers of a person's notices that tell what they may not learn any more: they lost the
/// permission that the notice came with, or left the workspace.
pub(super) fn untold_in(
    scope: &BoxScope<'_>,
    platform: &Platform,
    user: UserId,
) -> Result<Vec<i64>> {
    let mut known: HashMap<(WorkspaceId, String), bool> = HashMap::new();
    let mut untold = Vec::new();
    for (seq, workspace, permission) in store::needing(scope, user)? {
        let Some(workspace) = workspace else { continue };
        let asked = (workspace, permission);
        let may = match known.get(&asked) {
            Some(may) => *may,
            None => members::ops::may_in(scope, &platform.roles, workspace, user, &asked.1)?,
        };
        if !may {
            untold.push(seq);
        }
        known.insert(asked, may);
    }
    Ok(untold)
}

/// The name of whoever does it.
fn actor(scope: &BoxScope<'_>) -> Result<String> {
    name_in(scope, scope.user())
}

/// What a notice calls somebody; none is the box itself.
pub fn name_in(scope: &BoxScope<'_>, user: Option<UserId>) -> Result<String> {
    let name = match user {
        Some(user) => users::ops::name_in(scope, user)?,
        None => None,
    };
    Ok(name.unwrap_or_else(|| "Holdfast".to_owned()))
}

/// Tells a person that somebody gave them another role.
pub(in crate::platform) fn role_changed_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    user: UserId,
    before: &str,
    after: &str,
) -> Result<()> {
    let name = workspaces::ops::get_in(scope, workspace)?.name;
    let telling = Telling::new(&ROLE_CHANGED).about(workspace).with("workspace", name);
    let telling = telling.with("before", before).with("after", after);
    tell_in(scope, &[user], &telling.link(format!("/w/{workspace}")))
}

/// Tells somebody with an account that they are invited. The link is given to them otherwise.
pub(in crate::platform) fn invited_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: &str,
) -> Result<()> {
    let name = workspaces::ops::get_in(scope, workspace)?.name;
    let telling = Telling::new(&INVITED).with("workspace", name).with("role", role);
    tell_in(scope, &[user], &telling.with("actor", actor(scope)?))
}

/// Tells whoever invited somebody that they came.
pub(in crate::platform) fn joined_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    by: Option<UserId>,
    person: UserId,
    role: &str,
) -> Result<()> {
    let Some(by) = by else { return Ok(()) };
    let name = workspaces::ops::get_in(scope, workspace)?.name;
    let person = users::ops::name_in(scope, person)?.unwrap_or_default();
    let telling = Telling::new(&JOINED).about(workspace).with("workspace", name);
    let telling = telling.with("person", person).with("role", role);
    tell_in(scope, &[by], &telling.link(format!("/w/{workspace}/people")))
}

/// Tells everybody of a workspace that it was deleted and when it will be gone.
pub(in crate::platform) fn workspace_deleted_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    name: &str,
    kept: Duration,
) -> Result<()> {
    let gone_at = scope.now().plus(kept).to_string();
    let day = gone_at.split('T').next().unwrap_or_default();
    let telling = Telling::new(&WORKSPACE_DELETED).with("workspace", name).with("day", day);
    tell_in(scope, &store::members(scope, workspace)?, &telling.link("/workspaces"))
}

/// Reminds operators of something to be done on a page, once in so long. Only a reminder that is
/// due writes: every commit has all remembered sessions looked up again.
pub(in crate::platform) async fn remind(
    ctx: &BoxCtx,
    (spec, page): (&'static NoticeSpec, &'static str),
    every: Duration,
) -> Result<()> {
    const PART: &str = "reminder";
    let is_told = move |scope: &BoxScope<'_>| {
        store::is_told(scope, spec.kind, PART, scope.now().minus(every))
    };
    if ctx.read(is_told).await? {
        return Ok(());
    }
    ctx.write(move |scope| {
        let telling = Telling::new(spec).with("part", PART).link(page);
        tell_in(scope, &keepers_in(scope, None)?, &telling)
    })
    .await
}

/// Tells operators, and those who watch over the workspace, that its file is damaged.
pub(in crate::platform) fn workspace_damaged_in(
    scope: &BoxScope<'_>,
    workspace: WorkspaceId,
    name: &str,
) -> Result<()> {
    let telling = Telling::new(&WORKSPACE_DAMAGED).with("workspace", name);
    let operators = keepers_in(scope, None)?;
    tell_in(scope, &operators, &telling.clone().link("/box/backups"))?;
    let mut others = keepers_in(scope, Some(workspace))?;
    others.retain(|one| !operators.contains(one));
    tell_in(scope, &others, &telling.about(workspace).link(format!("/w/{workspace}")))
}

/// Tells whoever asked for a job that it failed; for jobs of schedules, those who watch over it.
pub(in crate::platform) fn job_failed_in(
    scope: &BoxScope<'_>,
    workspace: Option<WorkspaceId>,
    requester: Option<UserId>,
    title: &str,
    reason: &str,
) -> Result<()> {
    let to = match requester {
        Some(user) => vec![user],
        None => keepers_in(scope, workspace)?,
    };
    let page = match workspace {
        Some(workspace) => format!("/w/{workspace}/jobs"),
        None => "/box/jobs".to_owned(),
    };
    let telling = Telling::new(&JOB_FAILED).with("job", title).with("reason", reason).link(page);
    tell_in(scope, &to, &telling_about(telling, workspace))
}

/// The caller, who is told of everything: a narrowed token is not.
fn own(ctx: &BoxCtx) -> Result<UserId> {
    let principal = ctx.principal()?;
    principal.need_whole()?;
    Ok(principal.user)
}

/// The caller's notices and how many of all are unread.
pub struct Bell {
    pub notices: Vec<Notice>,
    pub unread: i64,
    /// What the caller reads.
    pub language: String,
}

/// The caller's notices, newest first; what follows `before`.
pub async fn list(
    ctx: &BoxCtx,
    is_unread: bool,
    before: Option<i64>,
    limit: usize,
) -> Result<Bell> {
    let (user, platform) = (own(ctx)?, Arc::clone(&ctx.platform));
    ctx.read(move |scope| {
        let untold = untold_in(scope, &platform, user)?;
        Ok(Bell {
            notices: store::list(scope, user, &untold, is_unread, before, limit)?,
            unread: store::count_unread(scope, user, &untold)?,
            language: users::ops::get_in(scope, user)?.language,
        })
    })
    .await
}

/// Notes that the caller read a notice. Doing it twice changes nothing.
pub async fn read(ctx: &BoxCtx, id: NoticeId) -> Result<()> {
    let user = own(ctx)?;
    ctx.write(move |scope| {
        if store::read(scope, user, id)?.ok_or(Error::NotFound)? {
            scope.audit(entry("notices.read", user).set("count", "1"))?;
        }
        Ok(())
    })
    .await
}

/// Notes that the caller read all notices.
pub async fn read_all(ctx: &BoxCtx) -> Result<()> {
    let user = own(ctx)?;
    ctx.write(move |scope| {
        let count = store::read_all(scope, user)?;
        if count > 0 {
            scope.audit(entry("notices.read", user).set("count", count.to_string()))?;
        }
        Ok(())
    })
    .await
}

fn entry(action: &'static str, user: UserId) -> Entry {
    Entry::new(action, users::ops::KIND, user)
}

/// What the caller chose, and the language they read.
pub async fn settings(ctx: &BoxCtx) -> Result<(Settings, String)> {
    let user = own(ctx)?;
    ctx.read(move |scope| {
        Ok((store::settings(scope, user)?, users::ops::get_in(scope, user)?.language))
    })
    .await
}

/// Changes what the caller chose.
pub async fn change_settings(ctx: &BoxCtx, change: Change) -> Result<(Settings, String)> {
    let user = own(ctx)?;
    let platform = Arc::clone(&ctx.platform);
    ctx.write(move |scope| {
        let before = store::settings(scope, user)?;
        let after = change.apply(&before, platform.notices.kinds(), scope.now())?;
        let language = users::ops::get_in(scope, user)?.language;
        if after == before {
            return Ok((after, language));
        }
        store::keep_settings(scope, user, &after)?;
        let name = |settings: &Settings| Some(settings.email.name().to_owned());
        let off: Vec<&str> =
            after.choices.iter().filter(|(_, on)| !**on).map(|(kind, _)| kind.as_str()).collect();
        scope.audit(
            entry("notices.settings_changed", user)
                .changed("email", name(&before), name(&after))
                .set("digest_at", after.digest_at.to_string())
                .set("off", off.join(" ")),
        )?;
        Ok((after, language))
    })
    .await
}

/// Drops what was told long ago, at most so many at once.
pub fn drop_old_in(scope: &BoxScope<'_>, most: usize) -> Result<usize> {
    store::drop_before(scope, scope.now().minus(KEPT), most)
}

/// Tells open windows of what is new since the last look. Gives how many notices that were.
pub(super) async fn tell_windows(platform: &Arc<Platform>) -> Result<usize> {
    let (known, started_at) = (platform.notices.told(), platform.started_at);
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let (from, new) = ctx
        .read(move |scope| {
            let from = match known {
                Some(told) => told,
                // Windows open after the start and fetch what is there.
                None => store::newest_before(scope, started_at)?,
            };
            Ok((from, store::after(scope, from, NEWS_AT_ONCE)?))
        })
        .await?;
    platform.notices.set_told(new.last().map_or(from, |last| last.seq));
    for notice in &new {
        platform.notices.tell(News { id: notice.id, user: notice.user });
    }
    Ok(new.len())
}
