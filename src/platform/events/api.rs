//! The event streams.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use http::HeaderMap;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::rules::{Event, Listener, Resume, event, resume};
use super::streams::StreamPermit;
use crate::platform::app::Routes;
use crate::platform::audit;
use crate::platform::audit::rules::Record;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, Ctx, Membership};
use crate::platform::db::DatabaseFile;
use crate::platform::error::Result;
use crate::platform::id::Id;
use crate::platform::identity::sessions::ops::refresh;
use crate::platform::identity::users;
use crate::platform::identity::users::rules::UserId;
use crate::platform::jobs::{self, JobChange};
use crate::platform::notices;
use crate::platform::tasks::Stop;
use crate::platform::updates;
use crate::platform::workspaces::{self, members};

/// A comment is sent so often, so that proxies keep the stream open and listeners notice when
/// it broke.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a listener whose stream broke waits before it begins another.
const RETRY: Duration = Duration::from_secs(3);
/// The same where the box goes on at once in another process.
const RETRY_AT_ONCE: Duration = Duration::from_millis(250);
/// Entries read at once.
const BATCH: usize = 256;
/// What a listener in a workspace needs.
const PERMISSION: &str = "events.read";
/// What a listener needs to hear of changes among the members.
const PEOPLE_PERMISSION: &str = "people.read";

/// What an event says.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeEvent {
    /// E.g. `inventory.item`.
    pub kind: String,
    pub id: Option<String>,
    pub version: Option<i64>,
}

pub fn workspace_routes() -> Routes {
    Routes::new().routes(routes!(follow_workspace))
}

pub fn box_routes() -> Routes {
    Routes::new().routes(routes!(follow_box))
}

/// Follow what changes in a workspace.
///
/// Each message is `event: change` with the audit entry's number as its id; after an
/// interruption send it as `Last-Event-ID`. A frame without data, at the start and before an
/// interruption that will be short, says where you are and when to come back. `event: reload` says
/// that too much was missed, or that you may see more or less than before: fetch everything anew.
#[utoipa::path(get, path = "/events", tag = "events",
    security(("session" = ["events.read"])),
    params(("Last-Event-ID" = Option<i64>, Header, description = "The last message heard")),
    responses((status = 200, body = ChangeEvent, content_type = "text/event-stream")))]
async fn follow_workspace(ctx: Ctx, headers: HeaderMap) -> Result<impl IntoResponse> {
    let permit = ctx.platform.streams.admit(ctx.principal()?.user)?;
    let file = ctx.file().await?;
    let start = resume(last_event_id(&headers), audit::ops::last_seq(&ctx).await?);
    let box_heard = BoxHeard {
        belonging: audit::ops::last_seq_people(&ctx).await?,
        all: audit::ops::last_seq_box(&ctx).await?,
    };
    let source = Source::Workspace(ctx, file);
    Ok(answer(Follower { box_heard, ..Follower::new(source, start, permit) }))
}

/// Follow what changes on the box (operators).
#[utoipa::path(get, path = "/events", tag = "events",
    security(("session" = ["box.operate"])),
    params(("Last-Event-ID" = Option<i64>, Header, description = "The last message heard")),
    responses((status = 200, body = ChangeEvent, content_type = "text/event-stream")))]
async fn follow_box(ctx: BoxCtx, headers: HeaderMap) -> Result<impl IntoResponse> {
    let permit = ctx.platform.streams.admit(ctx.principal()?.user)?;
    let start = resume(last_event_id(&headers), audit::ops::last_seq_box(&ctx).await?);
    Ok(answer(Follower::new(Source::Box(ctx), start, permit)))
}

fn last_event_id(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

fn answer(follower: Follower) -> impl IntoResponse {
    Sse::new(stream(follower)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn stream(follower: Follower) -> impl Stream<Item = Result<Message, Infallible>> {
    unfold(follower, |mut follower| async move {
        let message = follower.told().await?;
        Some((Ok(message), follower))
    })
}

/// Whose log is followed.
enum Source {
    /// The file stays open as long as somebody follows it.
    Workspace(Ctx, Arc<DatabaseFile>),
    Box(BoxCtx),
}

impl Source {
    fn on_box(&self) -> &BoxCtx {
        match self {
            Self::Workspace(ctx, _) => ctx,
            Self::Box(ctx) => ctx,
        }
    }

    async fn tail(&self, seq: i64) -> Result<Vec<Record>> {
        match self {
            Self::Workspace(ctx, _) => audit::ops::tail(ctx, seq, BATCH).await,
            Self::Box(ctx) => audit::ops::tail_box(ctx, seq, BATCH).await,
        }
    }

    fn event(&self, record: &Record) -> Option<Event> {
        match self {
            Self::Workspace(ctx, _) => {
                let user = ctx.principal().ok().map(|one| one.user);
                let Membership { grant, of_role, .. } = &ctx.membership;
                let listener = Listener { grant, of_role, user };
                event(record, &ctx.platform.events, listener)
            }
            // Reading changes nothing, and whoever reads when told so would go on for ever.
            Self::Box(_) if record.action == audit::reads::READ => None,
            Self::Box(_) => Some(Event {
                seq: record.seq,
                kind: record.object_kind.clone(),
                id: record.object_id.map(|id| id.to_string()),
                version: record.object_version,
            }),
        }
    }

    /// The version of the workspace's settings; the box has none.
    fn version(&self) -> Option<i64> {
        match self {
            Self::Workspace(ctx, _) => Some(ctx.membership.standing.version),
            Self::Box(_) => None,
        }
    }

    /// What stands in the box's log and concerns a workspace: to everybody, that an update of the
    /// box was planned, began or ended; to those who may see them, that people joined, left, were
    /// invited or got another role, or that one of them was renamed or cannot sign in any more.
    /// `heard` is how far the log was looked at.
    async fn of_box(&self, heard: &mut BoxHeard, seq: i64) -> Result<Vec<Event>> {
        let Self::Workspace(ctx, _) = self else { return Ok(Vec::new()) };
        let news = news_of_box(ctx, &mut heard.all).await?;
        let about_here = |kind: &str| {
            let id = Some(ctx.workspace().to_string());
            Event { seq, kind: kind.to_owned(), id, version: None }
        };
        let mut events = Vec::new();
        if news.is_of_update {
            events.push(about_here(updates::ops::KIND));
        }
        if ctx.may(PEOPLE_PERMISSION) {
            let last = audit::ops::last_seq_people(ctx).await?;
            let has_changed = std::mem::replace(&mut heard.belonging, last) != last;
            if has_changed || news.concerns_members(ctx).await? {
                events.push(about_here(members::ops::KIND));
            }
        }
        Ok(events)
    }

    /// What says that the workspace itself changed. Its settings stand in the box's file, so the
    /// tail of its own log does not tell of them.
    fn changed(&self, seq: i64) -> Option<Event> {
        let Self::Workspace(ctx, _) = self else { return None };
        let kind = workspaces::ops::KIND.to_owned();
        let id = Some(ctx.workspace().to_string());
        Some(Event { seq, kind, id, version: self.version() })
    }

    /// What the listener hears of a job: its own jobs, and all where it may see them.
    fn job(&self, change: &JobChange) -> Option<ChangeEvent> {
        let may_hear = match self {
            Self::Box(_) => true,
            Self::Workspace(ctx, _) => {
                let is_mine = change.requested_by.is_some()
                    && change.requested_by == ctx.principal().ok().map(|one| one.user);
                change.workspace == Some(ctx.workspace()) && (is_mine || ctx.may("jobs.read"))
            }
        };
        may_hear.then(|| ChangeEvent {
            kind: jobs::ops::KIND.to_owned(),
            id: Some(change.id.to_string()),
            version: Some(change.version),
        })
    }

    /// What the listener was told in person. A narrowed token is told nothing.
    fn notice(&self, news: &notices::News) -> Option<ChangeEvent> {
        let principal = self.on_box().principal().ok()?;
        let is_mine = principal.user == news.user && !principal.is_narrowed;
        is_mine.then(|| ChangeEvent {
            kind: notices::ops::KIND.to_owned(),
            id: Some(news.id.to_string()),
            version: None,
        })
    }

    /// Takes on who the caller is by now. None when they may not listen any more.
    async fn recheck(&mut self) -> Option<Standing> {
        let (principal, good_until) = refresh(self.on_box()).await.ok()?;
        let mut standing = Standing { good_until, has_changed: false };
        match self {
            Self::Box(_) => principal.is_operator.then_some(standing),
            Self::Workspace(ctx, _) => {
                let membership = principal.membership(ctx.workspace())?;
                standing.has_changed = ctx.membership.grant != membership.grant;
                ctx.membership = membership.clone();
                ctx.may(PERMISSION).then_some(standing)
            }
        }
    }
}

/// What came into the box's log since somebody last looked.
struct BoxNews {
    is_of_update: bool,
    /// Whose accounts changed; none where so much happened that looking at all of it costs more
    /// than telling once too often.
    accounts: Option<Vec<UserId>>,
}

impl BoxNews {
    /// Whether somebody of the workspace has another name, or may sign in where they could not,
    /// or the other way round.
    async fn concerns_members(self, ctx: &Ctx) -> Result<bool> {
        match self.accounts {
            None => Ok(true),
            Some(accounts) => members::ops::has_any(ctx, accounts).await,
        }
    }
}

/// Reads on in the box's log; `heard` is the last entry that was looked at.
async fn news_of_box(ctx: &Ctx, heard: &mut i64) -> Result<BoxNews> {
    let entries = audit::ops::tail_box(ctx, *heard, BATCH).await?;
    if entries.len() == BATCH {
        *heard = audit::ops::last_seq_box(ctx).await?;
        return Ok(BoxNews { is_of_update: true, accounts: None });
    }
    *heard = entries.last().map_or(*heard, |one| one.seq);
    let of_update = |one: &Record| one.object_kind == updates::ops::KIND && one.outcome == "ok";
    let accounts = entries.iter().filter(|one| one.object_kind == users::ops::KIND);
    Ok(BoxNews {
        is_of_update: entries.iter().any(of_update),
        accounts: Some(accounts.filter_map(|one| one.object_id).map(Id::cast).collect()),
    })
}

/// How far the box's log was looked at for what concerns a workspace.
#[derive(Default)]
struct BoxHeard {
    /// The last entry about the workspace.
    belonging: i64,
    /// The last entry at all.
    all: i64,
}

/// What a listener is by now.
struct Standing {
    /// Until when that holds if nothing happens.
    good_until: Moment,
    /// Whether they may see more or less than before.
    has_changed: bool,
}

/// One listener.
struct Follower {
    source: Source,
    seq: i64,
    box_heard: BoxHeard,
    must_reload: bool,
    /// Until when the listener may listen as far as is known.
    good_until: Moment,
    waiting: std::collections::VecDeque<Event>,
    commits: tokio::sync::watch::Receiver<u64>,
    people: tokio::sync::watch::Receiver<u64>,
    /// Most of what happens to jobs is no audit entry, so it is heard here.
    jobs: tokio::sync::broadcast::Receiver<JobChange>,
    /// Told after another look at who listens.
    changed_job: Option<JobChange>,
    /// What this person and others are told.
    news: tokio::sync::broadcast::Receiver<notices::News>,
    /// Told after another look at who listens.
    notice: Option<notices::News>,
    stop: Stop,
    part: Part,
    _permit: StreamPermit,
}

/// How far a stream has come.
enum Part {
    Beginning,
    Going,
    Over,
}

impl Follower {
    fn new(source: Source, start: Resume, permit: StreamPermit) -> Self {
        let platform = Arc::clone(&source.on_box().platform);
        let mut commits = match &source {
            Source::Workspace(_, file) => file.commits(),
            Source::Box(_) => platform.system.commits(),
        };
        // Look once at the start: something may have been committed since the head was read.
        commits.mark_changed();
        let (seq, must_reload) = match start {
            Resume::From(seq) => (seq, false),
            Resume::Reload(seq) => (seq, true),
        };
        Self {
            source,
            seq,
            box_heard: BoxHeard::default(),
            must_reload,
            // Looked up with the first message.
            good_until: Moment(0),
            waiting: std::collections::VecDeque::new(),
            commits,
            people: platform.system_commits.clone(),
            jobs: platform.jobs.changes(),
            changed_job: None,
            news: platform.notices.news(),
            notice: None,
            stop: platform.tasks.stop(),
            part: Part::Beginning,
            _permit: permit,
        }
    }

    /// The next frame; none when the stream is over. The first says from where the listener goes
    /// on, the last one when to begin anew, where the box only changes hands.
    async fn told(&mut self) -> Option<Message> {
        match self.part {
            Part::Beginning => {
                self.part = Part::Going;
                let frame = Message::default().retry(RETRY);
                // What was missed is still to be told.
                Some(if self.must_reload { frame } else { frame.id(self.seq.to_string()) })
            }
            Part::Going => {
                let message = self.next().await;
                if message.is_some() {
                    return message;
                }
                self.part = Part::Over;
                let streams = &self.source.on_box().platform.streams;
                let is_handed_over = self.stop.is_requested() && streams.are_handed_over();
                // What waits was not told yet, so its numbers are not said.
                is_handed_over.then(|| {
                    let frame = Message::default().retry(RETRY_AT_ONCE);
                    let is_all_told = self.waiting.is_empty() && !self.must_reload;
                    if is_all_told { frame.id(self.seq.to_string()) } else { frame }
                })
            }
            Part::Over => None,
        }
    }

    /// Waits for the next message; none when the stream is over.
    async fn next(&mut self) -> Option<Message> {
        loop {
            let now = self.source.on_box().now();
            if self.people.has_changed().ok()? || now >= self.good_until {
                self.people.mark_unchanged();
                self.look_again().await?;
            }
            if std::mem::take(&mut self.must_reload) {
                return Some(reload(self.seq));
            }
            let job = self.changed_job.take();
            if let Some(event) = job.and_then(|change| self.source.job(&change)) {
                return Message::default().event("change").json_data(event).ok();
            }
            let notice = self.notice.take();
            if let Some(event) = notice.and_then(|news| self.source.notice(&news)) {
                return Message::default().event("change").json_data(event).ok();
            }
            if let Some(event) = self.waiting.pop_front() {
                return message(&event);
            }
            tokio::select! {
                () = self.stop.requested() => return None,
                () = tokio::time::sleep(self.good_until.since(now)) => {}
                change = self.jobs.recv() => match change {
                    Ok(change) => self.changed_job = Some(change),
                    Err(RecvError::Lagged(_)) => self.must_reload = true,
                    Err(RecvError::Closed) => return None,
                },
                news = self.news.recv() => match news {
                    Ok(news) => self.notice = Some(news),
                    Err(RecvError::Lagged(_)) => self.must_reload = true,
                    Err(RecvError::Closed) => return None,
                },
                changed = self.people.changed() => {
                    changed.ok()?;
                    self.people.mark_changed();
                }
                changed = self.commits.changed() => {
                    if changed.is_err() || !self.fill().await {
                        return None;
                    }
                }
            }
        }
    }

    /// Looks who the listener is by now, and at what the box's file says of the workspace. None
    /// when they may not listen any more.
    async fn look_again(&mut self) -> Option<()> {
        let version = self.source.version();
        let standing = self.source.recheck().await?;
        self.good_until = standing.good_until;
        if standing.has_changed {
            // What was waiting was chosen for what they were.
            self.waiting.clear();
            self.must_reload = true;
        }
        if self.source.version() != version {
            self.waiting.extend(self.source.changed(self.seq));
        }
        let of_box = self.source.of_box(&mut self.box_heard, self.seq).await.ok()?;
        self.waiting.extend(of_box);
        Some(())
    }

    /// Reads what was committed. False when the file cannot be read any more.
    async fn fill(&mut self) -> bool {
        let Ok(records) = self.source.tail(self.seq).await else { return false };
        if let Some(last) = records.last() {
            self.seq = last.seq;
        }
        if records.len() == BATCH {
            self.commits.mark_changed();
        }
        self.waiting.extend(records.iter().filter_map(|record| self.source.event(record)));
        true
    }
}

fn reload(seq: i64) -> Message {
    Message::default().event("reload").id(seq.to_string()).data("{}")
}

fn message(event: &Event) -> Option<Message> {
    let body =
        ChangeEvent { kind: event.kind.clone(), id: event.id.clone(), version: event.version };
    Message::default().event("change").id(event.seq.to_string()).json_data(body).ok()
}
