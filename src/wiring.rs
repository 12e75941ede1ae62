//! The only module that sees everything: it joins the platform, the toolkit and the apps.

mod faces;
pub mod reloading;
pub mod serving;
pub mod working;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use serde_json::Value;

use crate::apps;
use crate::config::{Config, TlsMode};
use crate::http::front::{Front, Insist, front};
use crate::http::guard::{Asked, Guard};
use crate::http::meter::Meters;
use crate::http::pages::{self, Pages};
use crate::http::{problem, server, ui};
use crate::platform::access::{PermissionSpec, RoleTable, rules};
use crate::platform::app::{Audience, ColumnMarks, EventSpec, Routes};
use crate::platform::clock::Clock;
use crate::platform::error::{Code, Error, Refusal, Result};
use crate::platform::jobs::JobSpec;
use crate::platform::{
    self, Parts, Platform, about, audit, backups, blobs, clean_up, columns, doctor, errors, events,
    idempotency, identity, jobs, keys, monitoring, notices, pictures, privacy, recycle_bin,
    samples, search, secrets, security_review, setup, spool, tls, updates, workspaces,
};

/// Kinds of the platform itself that event streams of workspaces tell of.
const PLATFORM_EVENTS: &[EventSpec] = &[EventSpec {
    kind: workspaces::ops::KIND,
    permission: "workspace.read",
    audience: Audience::All,
}];

/// Kinds of jobs of the platform itself.
const PLATFORM_JOBS: &[JobSpec] = &[
    samples::LOAD,
    clean_up::jobs::CLEAN_UP,
    audit::jobs::CHECK_LOGS,
    keys::jobs::ROTATE,
    privacy::jobs::ERASE,
    privacy::jobs::EXPORT,
    backups::bases::jobs::BACKUP,
    backups::bases::jobs::SEND,
    backups::restores::jobs::RESTORE,
    backups::portable::jobs::EXPORT,
    backups::portable::jobs::IMPORT,
    backups::verification::jobs::CHECK,
    backups::verification::jobs::DRILL,
    backups::retention::jobs::PRUNE,
    workspaces::damage::jobs::CHECK_FILES,
    tls::jobs::RENEW,
    updates::jobs::CHECK,
    updates::jobs::TAKE_BUNDLE,
    updates::jobs::PREPARE,
    updates::jobs::SWITCH,
];

/// Opens the box. Blocks; call it before serving.
pub fn open(config: Config, clock: Clock) -> Result<Arc<Platform>> {
    open_with(config, clock, parts())
}

/// Opens the box with parts of one's own, as tests do.
pub fn open_with(config: Config, clock: Clock, parts: Parts) -> Result<Arc<Platform>> {
    monitoring::install()?;
    Platform::open(config, clock, parts)
}

/// What the apps bring along, collected.
pub fn parts() -> Parts {
    let app_events = apps::ALL.iter().flat_map(|app| app.events);
    let app_jobs = apps::ALL.iter().flat_map(|app| app.jobs);
    let app_notices = apps::ALL.iter().flat_map(|app| app.notices);
    Parts {
        roles: RoleTable::new(permissions()),
        events: PLATFORM_EVENTS.iter().chain(app_events).copied().collect(),
        apps: apps::ALL,
        jobs: PLATFORM_JOBS.iter().chain(app_jobs).copied().collect(),
        notices: notices::PLATFORM.iter().chain(app_notices).copied().collect(),
        updates: None,
    }
}

fn permissions() -> Vec<PermissionSpec> {
    let of_apps = apps::ALL.iter().flat_map(|app| app.permissions);
    rules::PERMISSIONS.iter().chain(of_apps).copied().collect()
}

/// Every error code of the product; each has a page at `/problems/<id>`.
pub fn codes() -> Vec<Code> {
    let of_platform = [
        problem::CODES,
        server::CODES,
        platform::CODES,
        audit::ops::CODES,
        audit::ops::checkpoints::CODES,
        rules::CODES,
        idempotency::rules::CODES,
        errors::ops::CODES,
        monitoring::lines::rules::CODES,
        doctor::rules::CODES,
        recycle_bin::rules::CODES,
        secrets::CODES,
        setup::rules::CODES,
        workspaces::rules::CODES,
        workspaces::damage::rules::CODES,
        workspaces::members::rules::CODES,
        workspaces::roles::rules::CODES,
        jobs::rules::CODES,
        jobs::schedules::rules::CODES,
        spool::CODES,
        blobs::rules::CODES,
        pictures::rules::CODES,
        privacy::rules::CODES,
        security_review::rules::CODES,
    ];
    let of_platform = of_platform.into_iter().chain(identity::CODES.iter().copied());
    let of_platform = of_platform.chain(notices::CODES.iter().copied());
    let of_platform = of_platform.chain(backups::CODES.iter().copied());
    let of_platform = of_platform.chain(tls::CODES.iter().copied());
    let of_platform = of_platform.chain(updates::CODES.iter().copied());
    let of_apps = apps::ALL.iter().flat_map(|app| app.codes).copied();
    of_platform.chain(of_apps).flatten().copied().collect()
}

/// The table of contents of the API.
fn routes(pages: &Arc<Pages>) -> Routes {
    let mut in_workspace = Routes::new()
        .merge(workspaces::api::workspace_routes())
        .merge(identity::workspace_routes())
        .merge(audit::api::workspace_routes())
        .merge(events::api::workspace_routes())
        .merge(recycle_bin::api::workspace_routes())
        .merge(search::api::workspace_routes())
        .merge(jobs::api::workspace_routes())
        .merge(backups::portable::api::workspace_routes());
    for app in apps::ALL {
        in_workspace = in_workspace.nest(&format!("/{}", app.id), (app.routes)());
    }
    let api = Routes::new()
        .merge(pages::api_routes(pages))
        .merge(setup::api::routes())
        .merge(identity::routes())
        .merge(workspaces::api::box_routes())
        .merge(audit::api::box_routes())
        .merge(events::api::box_routes())
        .merge(jobs::api::box_routes())
        .merge(jobs::schedules::api::routes())
        .merge(keys::api::routes())
        .merge(tls::api::routes())
        .merge(privacy::api::routes())
        .merge(backups::routes())
        .merge(monitoring::api::api_routes())
        .merge(monitoring::lines::api::routes())
        .merge(notices::routes())
        .merge(errors::api::routes())
        .merge(doctor::api::routes())
        .merge(about::api::routes())
        .merge(security_review::api::routes())
        .merge(updates::api::routes())
        .nest("/workspaces/{workspace}", in_workspace);
    Routes::new()
        .merge(pages::box_routes(pages))
        .merge(monitoring::api::box_routes())
        .merge(identity::box_routes())
        .nest("/api/v1", api)
}

/// The OpenAPI document.
pub fn document() -> Result<Value> {
    let (_, declared) = routes(&Pages::new(codes())).split();
    serde_json::from_str(&declared.text()?).map_err(Error::internal)
}

/// The marks of every text column, by kind of file.
pub struct Marks {
    pub system: Vec<ColumnMarks>,
    pub workspace: Vec<ColumnMarks>,
}

/// Says of every text column whether it can say something about a person.
pub fn column_marks() -> Marks {
    let of_apps = apps::ALL.iter().flat_map(|app| app.columns);
    Marks {
        system: columns::SYSTEM.to_vec(),
        workspace: columns::WORKSPACE.iter().chain(of_apps).copied().collect(),
    }
}

/// Every route and what it asks of its caller, in a stable order.
pub fn access_table(platform: &Platform) -> Result<Vec<Asked>> {
    let (_, declared) = routes(&Pages::new(codes())).split();
    let guard = Guard::new(declared.operations(), platform, &platform.config, Vec::new())?;
    Ok(guard.routes())
}

/// Tells the platform who may call which route, for reviews of its security.
pub fn know_routes(platform: &Platform, table: &[Asked]) {
    platform.asked.get_or_init(|| table.iter().map(ToString::to_string).collect());
}

/// Browsers are told to insist on HTTPS where they trust the certificate without help: with an own
/// one, and under names that a public authority signed for. With the box's own root a browser that
/// lost it could not even be shown the way back, and a proxy in front decides for itself.
fn insist(config: &Config) -> Insist {
    match config.tls.mode {
        TlsMode::Own if config.server.https.is_some() => Insist::Always,
        TlsMode::Acme if config.server.https.is_some() => Insist::WhereTrusted,
        TlsMode::Own | TlsMode::LocalCa | TlsMode::Acme => Insist::Never,
    }
}

/// The whole application over an open box. `own_names` are the names it answers to besides
/// addresses.
pub fn application(platform: &Arc<Platform>, own_names: Vec<String>) -> Result<Router> {
    application_with(platform, own_names, Routes::new())
}

/// The whole application with routes of one's own, as tests have them.
pub fn application_with(
    platform: &Arc<Platform>,
    own_names: Vec<String>,
    more: Routes,
) -> Result<Router> {
    let pages = Pages::new(codes());
    let (router, declared) = routes(&pages).merge(more).split();
    let guard = Guard::new(declared.operations(), platform, &platform.config, own_names)?;
    pages.describe(&declared)?;
    let table = guard.routes();
    know_routes(platform, &table);
    let meters = Meters::new(table.iter().map(|one| (one.path.as_str(), &one.method)));
    let shared = Arc::new(Front {
        platform: Arc::clone(platform),
        guard,
        meters,
        insist: insist(&platform.config),
    });
    Ok(router
        .fallback(|request: Request| async move {
            ui::serve(request.method(), request.uri(), request.headers())
        })
        .method_not_allowed_fallback(|| async {
            let detail = "This address has no such verb.";
            Error::Denied(Refusal::new("method-not-allowed", detail)).into_response()
        })
        // The front limits bodies, by what each route declares.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(shared, front))
        .with_state(Arc::clone(platform)))
}
