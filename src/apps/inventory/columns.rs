//! Which text columns can say something about a person.

use crate::platform::app::Mark::{self, Impersonal, Personal};
use crate::platform::app::Named::{Dropped, Masked};
use crate::platform::app::Whose::{Elsewhere, Theirs, Through, Written};
use crate::platform::app::{ColumnMarks, Whose};

/// Every text column of the app. What people write freely, and what names them, is personal.
///
/// What describes a thing (notes of an item, a supplier's details) is the team's, whoever typed it
/// last; only names are taken out of it. What somebody wrote beside something they did is theirs.
pub(super) const MARKS: &[ColumnMarks] = &[
    table(
        "items",
        &[
            ("item_number", Impersonal),
            ("item_number_key", Impersonal),
            ("name", Impersonal),
            ("name_key", Impersonal),
            ("unit", Impersonal),
            ("category", Impersonal),
            ("cost_method", Impersonal),
            ("temp_zone", Impersonal),
            ("notes", Personal),
            ("supplier_skus", Impersonal),
        ],
    )
    .named(Masked),
    // What somebody looks for is theirs alone, and goes with them.
    table(
        "saved_filters",
        &[
            ("name", Personal),
            ("name_key", Personal),
            ("search", Personal),
            ("category", Impersonal),
            ("sort", Impersonal),
        ],
    )
    .whose(Theirs("person_id"))
    .named(Masked),
    // People call pictures after whoever is on them.
    table(
        "item_files",
        &[("name", Personal), ("media_type", Impersonal), ("thumbnail_media_type", Impersonal)],
    )
    .named(Masked),
    table(
        "purchase_order_files",
        &[("name", Personal), ("media_type", Impersonal), ("thumbnail_media_type", Impersonal)],
    )
    .named(Masked),
    // Emptied with whoever wrote it. Others stand in it by their ids, and by name where somebody
    // typed it.
    table("comments", &[("text", Personal)]).whose(Written("created_by")).named(Masked),
    table("comment_mentions", &[]).whose(Theirs("person_id")),
    table("item_barcodes", &[("code", Impersonal), ("kind", Impersonal)]),
    table(
        "suppliers",
        &[
            ("name", Personal),
            ("name_key", Personal),
            ("email", Personal),
            ("phone", Personal),
            ("notes", Personal),
        ],
    )
    .named(Masked),
    table("item_suppliers", &[("sku", Impersonal)]),
    table("lots", &[("code", Impersonal), ("expires_on", Impersonal)]),
    table(
        "locations",
        &[
            ("code", Impersonal),
            ("code_key", Impersonal),
            ("name", Impersonal),
            ("temp_zone", Impersonal),
        ],
    ),
    table(
        "purchase_orders",
        &[
            ("po_number", Impersonal),
            ("po_number_key", Impersonal),
            ("supplier_name", Personal),
            ("status", Impersonal),
            ("expected_on", Impersonal),
            ("notes", Personal),
        ],
    )
    .named(Masked),
    table("purchase_order_lines", &[("note", Personal)]).named(Masked),
    table("receipts", &[("delivery_reference", Personal)])
        .whose(Written("received_by"))
        .named(Masked),
    table(
        "count_sessions",
        &[
            ("name", Impersonal),
            ("scope_json", Impersonal),
            ("state", Impersonal),
            ("reject_reason", Personal),
        ],
    )
    .whose(Written("rejected_by"))
    .named(Masked),
    table(
        "count_entries",
        &[("unknown_code", Impersonal), ("mode", Impersonal), ("device", Personal)],
    )
    .whose(Written("counted_by"))
    .named(Masked),
    table("count_lines", &[("state", Impersonal), ("decision", Impersonal)]),
    table(
        "movements",
        &[
            ("type", Impersonal),
            ("note", Personal),
            ("reference", Personal),
            ("reason_code", Impersonal),
            ("override_reason", Personal),
            ("device", Personal),
        ],
    )
    .whose(Written("posted_by"))
    .named(Masked),
    table(
        "items_fts",
        &[
            ("item_number", Impersonal),
            ("name", Impersonal),
            ("category", Impersonal),
            ("supplier_skus", Impersonal),
        ],
    ),
    table("items_trigrams", &[("item_number", Impersonal), ("name", Impersonal)]),
    table("movements_fts", &[("reference", Personal), ("note", Personal)]).whose(INDEX),
    table("lock_dates", &[("day", Impersonal)]),
    table("alert_states", &[("kind", Impersonal)]),
    table(
        "import_jobs",
        &[("kind", Impersonal), ("state", Impersonal), ("report_json", Impersonal)],
    ),
    table("import_rows", &[("cells_json", Personal)]).whose(UPLOADED).named(Dropped),
];

/// Its words are those of the table it reads from.
const INDEX: Whose = Elsewhere("an index follows its table");

/// Rows of a file belong to whoever sent it.
const UPLOADED: Whose =
    Through { column: "import_job_id", table: "import_jobs", key: "rid", person: "created_by" };

const fn table(table: &'static str, columns: &'static [(&'static str, Mark)]) -> ColumnMarks {
    ColumnMarks::new(table, columns)
}
