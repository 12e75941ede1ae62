//! Which text columns of the platform's own tables can say something about a person. Erasure and
//! the audit log rely on it; a column without a mark fails a test.
//!
//! Personal is what people type freely as or about somebody, and what identifies or describes one
//! person. Impersonal are the names of things, words of a closed list, and hashes of neither.
//!
//! Beside the marks stands whose the rows are: export and erasure know nothing else. Tables without
//! a text column are here when they are about a person all the same.

use super::app::ColumnMarks;
use super::app::Mark::{self, Impersonal, Personal, Secret};
use super::app::Named::{Dropped, Masked};
use super::app::Whose::{Addressed, Elsewhere, Theirs};

/// Tables of the set `system`: the box's own file.
pub const SYSTEM: &[ColumnMarks] = &[
    MIGRATIONS,
    table("box_settings", &[("name", Impersonal)]),
    table(
        "users",
        &[
            ("name", Personal),
            ("email", Personal),
            ("email_key", Personal),
            ("password_hash", Secret),
            ("language", Personal),
            ("theme", Personal),
        ],
    )
    .whose(Theirs("id")),
    table(
        "auth_families",
        &[
            ("kind", Impersonal),
            // People call a token after themselves or their machine.
            ("name", Personal),
            ("permissions", Impersonal),
            ("address", Personal),
            ("user_agent", Personal),
            ("revoked_reason", Impersonal),
        ],
    )
    .whose(Theirs("user_id"))
    .named(Masked),
    // People call a kit after whoever keeps it.
    table("backup_kits", &[("name", Personal), ("recipient", Impersonal)]).named(Masked),
    table(
        "backup_targets",
        &[
            ("name", Impersonal),
            ("kind", Impersonal),
            ("settings", Impersonal),
            ("last_detail", Impersonal),
            ("last_steps", Impersonal),
        ],
    ),
    table(
        "backup_packs",
        &[("name", Impersonal), ("sha256", Impersonal), ("recipients", Impersonal)],
    ),
    table("backup_pack_blobs", &[("pack", Impersonal)]),
    table("backup_pack_uses", &[("pack", Impersonal)]),
    table("backup_pack_copies", &[("pack", Impersonal), ("state", Impersonal)]),
    table(
        "backups",
        &[
            ("state", Impersonal),
            ("folder", Impersonal),
            ("detail", Impersonal),
            ("reason", Impersonal),
        ],
    ),
    table("backup_copies", &[("detail", Impersonal), ("state", Impersonal)]),
    table("backup_fence", &[("detail", Impersonal)]),
    table("backup_retention", &[("clock_jump", Impersonal)]),
    table(
        "security_reviews",
        &[("note", Personal), ("points", Impersonal), ("routes", Impersonal)],
    )
    .named(Masked),
    table("damaged_workspaces", &[("found", Impersonal)]),
    table(
        "updates",
        &[
            ("kind", Impersonal),
            ("requested_as", Impersonal),
            ("from_version", Impersonal),
            ("to_version", Impersonal),
            ("channel", Impersonal),
            ("severity", Impersonal),
            // Ids of keys.
            ("signers", Impersonal),
            // Versions, counts and the names of tables.
            ("plan", Impersonal),
            ("confirmed_as", Impersonal),
            ("digest", Impersonal),
            ("taken_back_as", Impersonal),
            ("outcome", Impersonal),
            ("reason_code", Impersonal),
            ("reason", Impersonal),
        ],
    ),
    table("update_states", &[("state", Impersonal)]),
    table(
        "update_feed",
        &[
            ("problem_code", Impersonal),
            ("problem", Impersonal),
            ("offered_version", Impersonal),
            ("offered_severity", Impersonal),
            ("released_at", Impersonal),
            // Of the publisher.
            ("notes", Impersonal),
        ],
    ),
    table(
        "restores",
        &[
            ("mode", Impersonal),
            ("state", Impersonal),
            ("detail", Impersonal),
            // Names of workspaces and tables.
            ("found", Impersonal),
        ],
    ),
    table("people_elsewhere", &[("name", Personal), ("email", Personal), ("role", Impersonal)])
        .whose(Theirs("person_id"))
        .named(Masked),
    table(
        "service_accounts",
        &[
            ("name", Impersonal),
            ("permissions", Impersonal),
            ("channels", Impersonal),
            // Networks of machines.
            ("allow_cidrs", Impersonal),
            ("last_used_from", Impersonal),
        ],
    ),
    // People call a key after themselves or their machine.
    table("service_keys", &[("name", Personal)]).named(Masked),
    table(
        "workspaces",
        &[
            ("name", Impersonal),
            ("time_zone", Impersonal),
            ("currency", Impersonal),
            ("locale", Impersonal),
            ("apps", Impersonal),
        ],
    ),
    table(
        "registration_settings",
        &[("mode", Impersonal), ("domains", Impersonal), ("role", Impersonal)],
    ),
    table(
        "registrations",
        &[("name", Personal), ("email", Personal), ("email_key", Personal), ("network", Personal)],
    )
    .whose(Addressed("email_key")),
    table("memberships", &[("role", Impersonal)]).whose(Theirs("user_id")),
    table(
        "custom_roles",
        &[
            ("name", Impersonal),
            ("name_key", Impersonal),
            ("description", Impersonal),
            ("permissions", Impersonal),
        ],
    ),
    table(
        "error_groups",
        &[
            ("kind", Impersonal),
            // What looks like a value is left out before it is kept.
            ("message", Impersonal),
            ("route", Impersonal),
            ("last_request_id", Impersonal),
            ("version", Impersonal),
            ("sample", Impersonal),
        ],
    ),
    table("mfa_requests", &[("address", Personal)]).whose(Theirs("user_id")),
    // People call a passkey after themselves or their device.
    table("passkeys", &[("name", Personal), ("rp_id", Impersonal)]).whose(Theirs("user_id")),
    table("invitations", &[("email", Personal), ("email_key", Personal), ("role", Impersonal)])
        .whose(Addressed("email_key")),
    AUDIT_ENTRIES,
    AUDIT_PERSONAL,
    IDEMPOTENCY_KEYS,
    table(
        "jobs",
        &[
            ("kind", Impersonal),
            ("subject", Impersonal),
            ("state", Impersonal),
            ("input", Impersonal),
            ("result", Impersonal),
            ("problem_code", Impersonal),
            ("problem_detail", Impersonal),
        ],
    ),
    table(
        "notices",
        // What is told names people.
        &[("kind", Impersonal), ("params", Personal), ("link", Impersonal)],
    )
    .whose(Theirs("user_id"))
    .named(Dropped),
    table(
        "mail_settings",
        &[
            ("host", Impersonal),
            ("security", Impersonal),
            ("user_name", Personal),
            ("sender", Personal),
            // A server may repeat an address.
            ("last_detail", Personal),
        ],
    )
    .named(Masked),
    table(
        "webhooks",
        &[
            ("name", Impersonal),
            ("url", Impersonal),
            ("kinds", Impersonal),
            ("last_detail", Impersonal),
        ],
    ),
    table(
        "outbox",
        &[
            ("channel", Impersonal),
            ("kind", Impersonal),
            ("recipient", Personal),
            ("state", Impersonal),
            ("last_error", Personal),
        ],
    )
    .whose(Theirs("user_id"))
    .named(Dropped),
    table("notice_settings", &[("email", Impersonal)]).whose(Theirs("user_id")),
    table("notice_choices", &[("kind", Impersonal)]).whose(Theirs("user_id")),
    table("known_devices", &[]).whose(Theirs("user_id")),
    table("password_resets", &[]).whose(Theirs("user_id")),
    table("totp_secrets", &[]).whose(Theirs("user_id")),
    table("totp_enrolments", &[]).whose(Theirs("user_id")),
    table("backup_codes", &[]).whose(Theirs("user_id")),
    table("factor_losses", &[]).whose(Theirs("user_id")),
    table("erasures", &[("looked_for", Personal)])
        .whose(Elsewhere("it is emptied when the erasure ends")),
    table("job_schedules", &[("kind", Impersonal)]),
    table("job_settings", &[("kind", Impersonal), ("cron", Impersonal)]),
    JOB_EFFECTS,
];

/// Tables of the set `workspace`, beside those of the apps.
pub const WORKSPACE: &[ColumnMarks] = &[
    MIGRATIONS,
    AUDIT_ENTRIES,
    AUDIT_PERSONAL,
    IDEMPOTENCY_KEYS,
    SAMPLE_LOADS,
    JOB_EFFECTS,
    BLOBS,
    BLOB_REFS,
];

const BLOBS: ColumnMarks = table("blobs", &[("media_type", Impersonal)]);

const BLOB_REFS: ColumnMarks = table("blob_refs", &[("owner_kind", Impersonal)]);

const SAMPLE_LOADS: ColumnMarks = table("sample_loads", &[("app", Impersonal)]);

const JOB_EFFECTS: ColumnMarks =
    table("job_effects", &[("step", Impersonal), ("result", Impersonal)]);

const MIGRATIONS: ColumnMarks =
    table("applied_migrations", &[("set_name", Impersonal), ("sha256", Impersonal)]);

const AUDIT_ENTRIES: ColumnMarks = table(
    "audit_entries",
    &[
        ("actor_kind", Impersonal),
        ("action", Impersonal),
        ("object_kind", Impersonal),
        ("outcome", Impersonal),
        ("request_id", Impersonal),
        ("changes", Impersonal),
        // Commitments only: they say nothing once the salt is gone.
        ("personal", Impersonal),
    ],
);

const AUDIT_PERSONAL: ColumnMarks = table("audit_personal", &[("personal_values", Personal)])
    .whose(Elsewhere("it stands beside entries, and goes by them"));

const IDEMPOTENCY_KEYS: ColumnMarks = table(
    "idempotency_keys",
    // The sender chooses the key, so it may say anything.
    &[("path", Impersonal), ("idempotency_key", Personal)],
)
.whose(Theirs("principal_id"))
.named(Dropped);

const fn table(table: &'static str, columns: &'static [(&'static str, Mark)]) -> ColumnMarks {
    ColumnMarks::new(table, columns)
}
