//! Inventory: items, places, the ledger of movements, and files in and out.

mod api;
mod columns;
#[cfg(test)]
mod tests;

pub mod alerts;
pub mod amounts;
pub mod comments;
pub mod count_reports;
pub mod counts;
pub mod exports;
pub mod files;
pub mod imports;
pub mod items;
pub mod locations;
pub mod locks;
pub mod matrix;
pub mod movements;
pub mod orders;
pub mod periods;
pub mod sample;
pub mod saved_filters;
pub mod search;
pub mod smoke;
pub mod stocks;
pub mod subjects;
pub mod suppliers;
pub mod texts;
pub mod usage;
pub mod usage_reports;
pub mod valuations;

use crate::platform::app::{AppSpec, Audience, CleanUpSpec, EventSpec, RecycleSpec, SearchSpec};

/// What the platform knows of this app.
pub const SPEC: AppSpec = AppSpec {
    id: "inventory",
    title: "Inventory",
    permissions: matrix::PERMISSIONS,
    migrations: crate::migration_set!(
        "inventory",
        "0001_items.sql",
        "0002_locations.sql",
        "0003_orders.sql",
        "0004_counts.sql",
        "0005_ledger.sql",
        "0006_search.sql",
        "0007_alerts_and_imports.sql",
        "0008_recycle_bin.sql",
        "0009_search_movements.sql",
        "0011_ledger_index.sql",
        "0014_erasure.sql",
        "0015_item_files.sql",
        "0016_count_reviews.sql",
        "0017_orders.sql",
        "0019_closed_periods.sql",
        "0020_comments.sql",
        "0021_saved_filters.sql",
        "0022_thumbnails.sql",
        "0023_order_files.sql",
    ),
    events: EVENTS,
    recycle_bin: RECYCLE_BIN,
    search: SEARCH,
    codes: &[
        amounts::rules::CODES,
        texts::rules::CODES,
        items::rules::CODES,
        items::rules::costing::CODES,
        items::rules::several::CODES,
        saved_filters::rules::CODES,
        locations::rules::CODES,
        movements::rules::CODES,
        imports::rules::CODES,
        sample::CODES,
        stocks::rules::CODES,
        valuations::rules::CODES,
        exports::rules::CODES,
        files::rules::CODES,
        comments::rules::CODES,
        counts::rules::CODES,
        locks::rules::CODES,
        periods::rules::CODES,
        suppliers::rules::CODES,
        orders::rules::CODES,
    ],
    columns: columns::MARKS,
    jobs: &[
        stocks::jobs::SELF_CHECK,
        imports::jobs::IMPORT,
        exports::jobs::EXPORT,
        alerts::jobs::DIGEST,
        comments::jobs::MENTIONS,
    ],
    notices: &[&alerts::rules::RAN_LOW, &comments::rules::MENTIONED],
    clean_up: &[CleanUpSpec { what: "import_previews", drop: imports::ops::drop_expired_in }],
    routes: api::routes,
    usage: usage::ops::SPEC,
    smoke: smoke::CHECKS,
    sample_data: Some(sample::SPEC),
};

const fn told(kind: &'static str) -> EventSpec {
    EventSpec { kind, permission: "inventory.read", audience: Audience::All }
}

/// What says how much there is is told to nobody who may be counting blind.
const fn told_without_counters(kind: &'static str) -> EventSpec {
    let audience = Audience::AllBut(counts::ops::only_counts);
    EventSpec { kind, permission: "inventory.read", audience }
}

/// Orders and who delivers are seen by those who see prices, and so is that they changed.
const fn told_with_prices(kind: &'static str) -> EventSpec {
    EventSpec { kind, permission: "inventory.prices", audience: Audience::All }
}

/// What is somebody's own is told to their other windows alone.
const fn told_to_oneself(kind: &'static str) -> EventSpec {
    EventSpec { kind, permission: "inventory.read", audience: Audience::WhoMadeIt }
}

const EVENTS: &[EventSpec] = &[
    told(items::ops::KIND),
    told(locations::ops::KIND),
    told(movements::ops::KIND),
    told(imports::ops::KIND),
    told(files::ops::ITEM_KIND),
    told(comments::ops::ITEM_KIND),
    told(counts::ops::KIND),
    told_without_counters(alerts::ops::KIND),
    told(locks::ops::KIND),
    told_with_prices(suppliers::ops::KIND),
    told_with_prices(orders::ops::KIND),
    told_with_prices(files::ops::ORDER_KIND),
    told_with_prices(comments::ops::ORDER_KIND),
    told_to_oneself(saved_filters::ops::KIND),
];

const RECYCLE_BIN: &[RecycleSpec] = &[
    RecycleSpec {
        kind: items::ops::KIND,
        permission: "inventory.write",
        restore_any: RESTORE_ANY,
        list: items::ops::deleted_in,
        forget: items::ops::forget_in,
    },
    RecycleSpec {
        kind: locations::ops::KIND,
        permission: "inventory.write",
        restore_any: RESTORE_ANY,
        list: locations::ops::deleted_in,
        forget: locations::ops::forget_in,
    },
    RecycleSpec {
        kind: suppliers::ops::KIND,
        permission: "inventory.prices",
        restore_any: RESTORE_ANY,
        list: suppliers::ops::deleted_in,
        forget: suppliers::ops::forget_in,
    },
];

/// What is needed to restore what somebody else deleted.
const RESTORE_ANY: &str = "inventory.restore";

const SEARCH: &[SearchSpec] = &[
    SearchSpec {
        kind: items::ops::KIND,
        permission: "inventory.read",
        find: search::ops::items_in,
    },
    SearchSpec {
        kind: locations::ops::KIND,
        permission: "inventory.read",
        find: search::ops::locations_in,
    },
    SearchSpec {
        kind: suppliers::ops::KIND,
        // Who delivers, and at what price, is seen by the same people.
        permission: "inventory.prices",
        find: search::ops::suppliers_in,
    },
    SearchSpec {
        kind: orders::ops::KIND,
        permission: "inventory.prices",
        find: search::ops::orders_in,
    },
    SearchSpec {
        kind: movements::ops::KIND,
        permission: "inventory.read",
        find: search::ops::movements_in,
    },
];
