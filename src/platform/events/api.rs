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

use super::rules::{Event, Resume, event, resume};
use super::streams::StreamPermit;
use crate::platform::app::Routes;
use crate::platform::audit;
use crate::platform::audit::rules::Record;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::db::DatabaseFile;
use crate::platform::error::Result;
use crate::platform::id::Id;
use crate::platform::identity::sessions::ops::refresh;
use crate::platform::identity::users;
use crate::platform::jobs::{self, JobChange};
use crate::platform::notices;
use crate::platform::tasks::Stop;
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
    let people = PeopleHeard {
        belonging: audit::ops::last_seq_people(&ctx).await?,
        accounts: audit::ops::last_seq_box(&ctx).await?,
    };
    let source = Source::Workspace(ctx, file);
    Ok(answer(Follower { people_heard: people, ..Follower::new(source, start, permit) }))
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
            Self::Workspace(ctx, _) => event(record, &ctx.platform.events, &ctx.membership.grant),
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

    /// What says that people joined, left, were invited or got another role, or that one of them
    /// was renamed or cannot sign in any more, to those who may see them. It stands in the box's
    /// log; `heard` is how far that was looked at.
    async fn people(&self, heard: &mut PeopleHeard, seq: i64) -> Result<Option<Event>> {
        let Self::Workspace(ctx, _) = self else { return Ok(None) };
        if !ctx.may(PEOPLE_PERMISSION) {
            return Ok(None);
        }
        let last = audit::ops::last_seq_people(ctx).await?;
        let has_changed = std::mem::replace(&mut heard.belonging, last) != last;
        if !accounts_changed(ctx, &mut heard.accounts).await? && !has_changed {
            return Ok(None);
        }
        let (kind, id) = (members::ops::KIND.to_owned(), Some(ctx.workspace().to_string()));
        Ok(Some(Event { seq, kind, id, version: None }))
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

/// Whether somebody of the workspace has another name, or may sign in where they could not, or
/// the other way round. `heard` is the last entry of the box's log that was looked at.
async fn accounts_changed(ctx: &Ctx, heard: &mut i64) -> Result<bool> {
    let entries = audit::ops::tail_box(ctx, *heard, BATCH).await?;
    let Some(last) = entries.last() else { return Ok(false) };
    *heard = last.seq;
    if entries.len() == BATCH {
        // So much happened that looking once too often costs less than looking at all of it.
        *heard = audit::ops::last_seq_box(ctx).await?;
        return Ok(true);
    }
    let accounts = entries.iter().filter(|one| one.object_kind == users::ops::KIND);
    let persons = accounts.filter_map(|one| one.object_id).map(Id::cast).collect();
    members::ops::has_any(ctx, persons).await
}

/// How far the box's log was looked at for what concerns the people of a workspace.
#[derive(Default)]
struct PeopleHeard {
    /// The last entry about the workspace.
    belonging: i64,
    /// The last entry at all.
    accounts: i64,
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
    people_heard: PeopleHeard,
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
            people_heard: PeopleHeard::default(),
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
        let people = self.source.people(&mut self.people_heard, self.seq).await.ok()?;
        self.waiting.extend(people);
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
