//! Which text columns can say something about a person.

use crate::platform::app::ColumnMarks;
use crate::platform::app::Mark::{Impersonal, Personal};

/// Every text column of the app. What people write freely, and what names them, is personal.
pub(super) const MARKS: &[ColumnMarks] = &[
    ColumnMarks {
        table: "items",
        columns: &[
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
    },
    ColumnMarks { table: "item_barcodes", columns: &[("code", Impersonal), ("kind", Impersonal)] },
    ColumnMarks {
        table: "suppliers",
        columns: &[
            ("name", Personal),
            ("name_key", Personal),
            ("email", Personal),
            ("phone", Personal),
            ("notes", Personal),
        ],
    },
    ColumnMarks { table: "item_suppliers", columns: &[("sku", Impersonal)] },
    ColumnMarks { table: "lots", columns: &[("code", Impersonal), ("expires_on", Impersonal)] },
    ColumnMarks {
        table: "locations",
        columns: &[
            ("code", Impersonal),
            ("code_key", Impersonal),
            ("name", Impersonal),
            ("temp_zone", Impersonal),
        ],
    },
    ColumnMarks {
        table: "purchase_orders",
        columns: &[
            ("po_number", Impersonal),
            ("po_number_key", Impersonal),
            ("supplier_name", Personal),
            ("status", Impersonal),
            ("expected_on", Impersonal),
            ("notes", Personal),
        ],
    },
    ColumnMarks { table: "purchase_order_lines", columns: &[("note", Personal)] },
    ColumnMarks { table: "receipts", columns: &[("delivery_reference", Personal)] },
    ColumnMarks {
        table: "count_sessions",
        columns: &[("name", Impersonal), ("scope_json", Impersonal), ("state", Impersonal)],
    },
    ColumnMarks {
        table: "count_entries",
        columns: &[("unknown_code", Impersonal), ("mode", Impersonal), ("device", Personal)],
    },
    ColumnMarks { table: "count_lines", columns: &[("state", Impersonal)] },
    ColumnMarks {
        table: "movements",
        columns: &[
            ("type", Impersonal),
            ("note", Personal),
            ("reference", Personal),
            ("reason_code", Impersonal),
            ("override_reason", Personal),
            ("device", Personal),
        ],
    },
    ColumnMarks {
        table: "items_fts",
        columns: &[
            ("item_number", Impersonal),
            ("name", Impersonal),
            ("category", Impersonal),
            ("supplier_skus", Impersonal),
        ],
    },
    ColumnMarks {
        table: "items_trigrams",
        columns: &[("item_number", Impersonal), ("name", Impersonal)],
    },
    ColumnMarks { table: "movements_fts", columns: &[("reference", Personal), ("note", Personal)] },
    ColumnMarks { table: "alert_states", columns: &[("kind", Impersonal)] },
    ColumnMarks {
        table: "import_jobs",
        columns: &[("kind", Impersonal), ("state", Impersonal), ("report_json", Impersonal)],
    },
    ColumnMarks { table: "import_rows", columns: &[("cells_json", Personal)] },
];
