//! Whether the canaries reached what they stand for: every text column of a workspace's file that
//! is marked holds the word, or says here why it cannot.

use std::collections::BTreeMap;

use holdfast::wiring;

use crate::fuzz::world::World;

const CLOSED: &str = "holds a word of a closed list";
const OURS: &str = "is written by the program alone";
const HASHES: &str = "holds commitments, which say nothing";
const ADDRESS: &str = "holds the path of a request: ids and fixed words";
const NOT_YET: &str = "nothing writes it yet";

/// Columns that no canary reaches, with the reason. Once something writes what is said not to be
/// written yet, the entry has to go and `plant_by_hand` has to plant it.
const UNREACHED: &[(&str, &[&str])] = &[
    (
        CLOSED,
        &[
            "items.cost_method",
            "items.temp_zone",
            "item_barcodes.kind",
            "locations.temp_zone",
            "movements.type",
            "movements.reason_code",
            "import_jobs.kind",
            "import_jobs.state",
            "audit_entries.actor_kind",
            "audit_entries.action",
            "audit_entries.object_kind",
            "audit_entries.outcome",
            "alert_states.kind",
            "purchase_orders.status",
            "count_sessions.state",
            "count_entries.mode",
            "count_lines.state",
            "count_lines.decision",
            "lots.expires_on",
            "blobs.media_type",
            "blob_refs.owner_kind",
            "item_files.media_type",
            "item_files.thumbnail_media_type",
            "purchase_order_files.media_type",
            "purchase_order_files.thumbnail_media_type",
            "purchase_orders.expected_on",
            "lock_dates.day",
            "saved_filters.sort",
        ],
    ),
    (
        OURS,
        &[
            "applied_migrations.set_name",
            "applied_migrations.sha256",
            "sample_loads.app",
            "job_effects.step",
            "job_effects.result",
            "import_jobs.report_json",
        ],
    ),
    (HASHES, &["audit_entries.personal"]),
    (ADDRESS, &["idempotency_keys.path"]),
    (
        NOT_YET,
        &["lots.code", "count_entries.unknown_code", "count_entries.device", "movements.device"],
    ),
];

/// How many rows hold the word in a column, by what the index says where there is one.
async fn rows_with(world: &World, table: &str, column: &str, canary: &str) -> i64 {
    let is_index = table.ends_with("_fts") || table.ends_with("_trigrams");
    let sql = if is_index {
        format!("SELECT count(*) FROM {table} WHERE {table} MATCH '{column} : {canary}'")
    } else {
        format!("SELECT count(*) FROM {table} WHERE {column} LIKE '%{canary}%'")
    };
    let inside = world.server.inside();
    let counted = inside.read(move |scope| {
        Ok(scope.prepare_cached(&sql)?.query_row([], |row| row.get::<_, i64>(0))?)
    });
    counted.await.unwrap_or_else(|error| panic!("{table}.{column}: {error}"))
}

/// Asserts that the word was planted in every marked text column but the named ones.
pub(super) async fn every_marked_text_was_planted(world: &World, canary: &str) {
    let mut reasons: BTreeMap<String, &str> = BTreeMap::new();
    for (reason, columns) in UNREACHED {
        reasons.extend(columns.iter().map(|column| ((*column).to_owned(), *reason)));
    }
    let (mut unreached, mut reached) = (Vec::new(), Vec::new());
    for marks in wiring::column_marks().workspace {
        for (column, _) in marks.columns {
            let name = format!("{}.{column}", marks.table);
            let rows = rows_with(world, marks.table, column, canary).await;
            match (rows > 0, reasons.remove(&name)) {
                (true, None) | (false, Some(_)) => {}
                (true, Some(reason)) => reached.push(format!("{name} {reason}?")),
                (false, None) => unreached.push(name),
            }
        }
    }

    assert!(unreached.is_empty(), "no canary was planted in {unreached:#?}");
    assert!(reached.is_empty(), "a canary is where none could be: {reached:#?}");
    assert!(reasons.is_empty(), "there are no such columns: {reasons:#?}");
}
