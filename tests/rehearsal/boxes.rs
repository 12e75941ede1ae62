//! Boxes to try releases out on, and what their files hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast::apps::inventory::items;
use holdfast::apps::inventory::items::rules::ItemInput;
use holdfast::config::{Config, Sources};
use holdfast::platform::access::Role;
use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause, Ctx, Membership};
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::platform::workspaces::rules::Draft;
use holdfast::platform::workspaces::{self, WorkspaceId};
use holdfast::platform::{Parts, Platform, samples};
use holdfast::wiring;
use rusqlite::{Connection, OpenFlags};

/// Opens a box over a folder.
pub(crate) fn open(data: &Path, parts: Parts) -> Arc<Platform> {
    let flags = vec![("storage.data", data.to_str().expect("a plain path").to_owned())];
    let config = Config::load(&Sources { flags, ..Sources::default() }).expect("a configuration");
    wiring::open_with(config, Clock::System, parts).expect("a box")
}

pub(crate) fn system(platform: &Arc<Platform>) -> BoxCtx {
    BoxCtx::new(platform, Cause::of(Actor::System))
}

/// Makes so many workspaces with one member; the first `samples` of them hold sample data.
pub(crate) async fn fill(
    platform: &Arc<Platform>,
    count: usize,
    samples: usize,
) -> Vec<WorkspaceId> {
    let ctx = system(platform);
    let new = NewUser {
        name: "Mira Novak".to_owned(),
        email: "mira@example.com".to_owned(),
        password_hash: "!".to_owned(),
        is_operator: true,
    };
    let user = ctx.write(move |scope| insert_in(scope, &new)).await.expect("a person").id;
    let mut all = Vec::new();
    for number in 1..=count {
        let is_sample = number <= samples;
        let draft = Draft { name: format!("Kitchen {number}"), is_sample, ..Draft::default() };
        let made = workspaces::ops::make_file(&ctx, draft, "").await.expect("a file");
        all.push(made.id);
        let written = ctx.write(move |scope| {
            workspaces::ops::record_in(scope, &made)?;
            workspaces::ops::add_member_in(scope, made.id, user, Role::Owner)
        });
        written.await.expect("a workspace");
    }
    for id in &all[..samples] {
        let inside = inside(platform, *id);
        samples::ops::load(&inside, |_| Ok(())).await.expect("sample data");
    }
    all
}

/// The box itself in a workspace.
pub(crate) fn inside(platform: &Arc<Platform>, id: WorkspaceId) -> Ctx {
    let grant = platform.roles.grant(Role::Owner);
    Ctx::new(system(platform), Membership::new(id, Role::Owner, grant))
}

/// Adds an item as people do.
pub(crate) async fn add_item(ctx: &Ctx, name: &str) {
    let input = ItemInput {
        item_number: ctx.platform.random.id::<Ctx>().to_string(),
        name: name.to_owned(),
        unit: "kg".to_owned(),
        ..ItemInput::default()
    };
    items::ops::create(ctx, input).await.expect("an item");
}

/// All database files of a box.
pub(crate) fn files(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data.join("workspaces")).expect("the workspaces");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.push(data.join("system.db"));
    files.retain(|path| path.extension().is_some_and(|end| end == "db"));
    files.sort();
    files
}

/// Every value of every table of a file, as text, by table.
#[expect(clippy::disallowed_methods, reason = "a look from outside, beside the box")]
pub(crate) fn contents(file: &Path) -> BTreeMap<String, Vec<String>> {
    let file = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a file");
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let mut tables = file.prepare(tables).expect("a schema");
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).expect("a schema");
    let mut found = BTreeMap::new();
    for table in tables {
        let table = table.expect("a name");
        // Tables of search indexes need what only the program has.
        let Ok(mut all) = file.prepare(&format!("SELECT * FROM \"{table}\"")) else { continue };
        let columns = all.column_count();
        let rows = all.query_map([], |row| {
            let values = (0..columns).map(|at| row.get_ref(at).map(|value| format!("{value:?}")));
            Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
        });
        let rows = rows.expect("rows").collect::<rusqlite::Result<Vec<_>>>().expect("rows");
        found.insert(table, rows);
    }
    assert!(!found.is_empty(), "a file without tables proves nothing");
    found
}
