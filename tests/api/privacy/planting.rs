//! A word of a person's own in every column that is marked personal.

use std::collections::BTreeSet;

use holdfast::platform::app::{ColumnMarks, Mark, Named, Whose};
use holdfast::platform::id::Id;
use holdfast::platform::identity::UserId;
use holdfast::wiring;
use rusqlite::named_params;
use serde_json::json;

use crate::inventory::{item, location, movement};
use crate::support::{Client, TestServer, system};

/// Somebody whose name and address hold a word that stands nowhere else.
pub struct Planted {
    pub user: UserId,
    pub word: &'static str,
    pub client: Client,
}

/// Rows of the box's file. `:word` is the word, `:name` the name, `:user` the person, `:id` unique.
const OF_THE_BOX: &[&str] = &[
    "INSERT INTO mfa_requests (id, user_id, address, asked_at) VALUES (:id, :user, :word, 1)",
    "INSERT INTO passkeys (id, user_id, name, rp_id, credential_id, credential, sign_count,
         created_at)
     VALUES (:id, :user, :word, 'x', randomblob(32), randomblob(99), 0, 1)",
    "INSERT INTO registrations (id, name, email, email_key, token_hash, network, created_at,
         expires_at)
     VALUES (:id, :word, :email, :email, randomblob(32), :word, 1, 1)",
    "INSERT INTO invitations (id, workspace_id, email, email_key, role, token_hash, invited_by,
         created_at, expires_at)
     SELECT :id, id, :email, :email, 'viewer', randomblob(32), NULL, 1, 1
     FROM workspaces LIMIT 1",
    "INSERT INTO notices (id, user_id, kind, params, created_at)
     VALUES (:id, :user, 'test.told', '{\"what\":\"' || :word || '\"}', 1)",
    "INSERT INTO outbox (id, channel, kind, recipient, user_id, state, created_at, next_at,
         give_up_at, last_error)
     VALUES (:id, 'mail', 'test.told', :email, :user, 'failed', 1, 1, 1, :word)",
    "INSERT INTO idempotency_keys (principal_id, path, idempotency_key, body_hash, object_id,
         created_at)
     VALUES (:user, '/x', :word, randomblob(32), :id, 1)",
    "INSERT INTO notice_settings (user_id, email, digest_at, digested_at)
     VALUES (:user, 'each', 1, 1)",
    "INSERT INTO known_devices (user_id, device_hash, used_at) VALUES (:user, randomblob(32), 1)",
    "INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
     VALUES (:id, :user, randomblob(32), 1, 1)",
    "INSERT INTO totp_secrets (user_id, secret, last_step, created_at)
     VALUES (:user, randomblob(40), 1, 1)",
    "INSERT INTO backup_codes (user_id, number, code_hash) VALUES (:user, 1, randomblob(40))",
    "INSERT INTO factor_losses (user_id, lost_at) VALUES (:user, 1)",
    "INSERT INTO people_elsewhere (workspace_id, person_id, name, email)
     SELECT id, :user, :word, :email FROM workspaces LIMIT 1",
    "UPDATE auth_families SET name = :word || ' name', address = :word || ' address',
         user_agent = :word || ' agent' WHERE user_id = :user",
];

/// What somebody else wrote of them: it stays, without the name.
const OF_THE_BOX_NAMING: &[&str] = &[
    "INSERT INTO service_accounts (id, name, permissions, channels, allow_cidrs, family_id,
         created_at)
     VALUES (:id, 'Scales', '[]', '[]', '[]', randomblob(16), 1)",
    "INSERT INTO service_keys (id, service_id, name, public_key, created_at)
     SELECT randomblob(16), id, 'Key of ' || :name, randomblob(32), 1 FROM service_accounts
     WHERE id = :id",
    "INSERT INTO security_reviews (id, reviewed_at, note, points, routes, good, look, bad)
     VALUES (:id, 1, 'Agreed with ' || :name, '[]', '', 0, 0, 0)",
    "INSERT INTO backup_kits (id, name, recipient, created_at)
     VALUES (:id, 'Kit of ' || :name, 'age1' || hex(:id), 1)",
    "INSERT INTO mail_settings (id, host, port, security, user_name, sender, updated_at,
         last_detail)
     VALUES (1, 'mail.example.com', 25, 'none', 'box', 'box@example.com', 1, 'no ' || :email)
     ON CONFLICT (id) DO UPDATE SET last_detail = last_detail || ', no ' || :email",
];

/// The same in the workspace's file.
const OF_THE_WORKSPACE: &[&str] = &[
    "INSERT INTO idempotency_keys (principal_id, path, idempotency_key, body_hash, object_id,
         created_at)
     VALUES (:user, '/x', :word, randomblob(32), :id, 1)",
    "INSERT INTO purchase_orders (id, po_number, po_number_key, supplier_name, notes, created_at,
         updated_at)
     VALUES (:id, hex(:id), hex(:id), 'Fish by ' || :name, 'Ring ' || :name, 1, 1)",
    "INSERT INTO purchase_order_lines (id, purchase_order_id, position, item_id, req_qty,
         unit_price, note)
     SELECT randomblob(16), p.rid, 0, i.rid, 1, 1, 'for ' || :name
     FROM purchase_orders AS p, items AS i WHERE p.id = :id LIMIT 1",
    "INSERT INTO receipts (id, purchase_order_id, delivery_reference, received_at, received_by)
     SELECT randomblob(16), rid, :word, 1, :user FROM purchase_orders WHERE id = :id",
    "INSERT INTO suppliers (id, name, name_key, email, phone, notes, created_at, updated_at)
     VALUES (:id, :name, lower(:name), :email, :name, :name || ' asked', 1, 1)",
    "INSERT INTO count_sessions (id, name, start_seq, rejected_by, reject_reason, created_at,
         updated_at)
     VALUES (:id, 'Freezer', 0, :user, 'Ask ' || :name || :word, 1, 1)",
    "INSERT INTO count_entries (client_op, item_id, location_id, qty, mode, device, counted_by,
         counted_at, received_at)
     SELECT :id, i.rid, l.rid, 1, 'set', :word, :user, 1, 1
     FROM items AS i, locations AS l LIMIT 1",
    "INSERT INTO movements (id, type, item_id, location_id, qty, value, effective_at, posted_at,
         posted_by, note, reference, override_reason, device)
     SELECT :id, 'receive', i.rid, l.rid, 1000, 0, 1, 1, :user, :word || ' note',
         :word || ' slip', :word || ' reason', :word || ' device'
     FROM items AS i, locations AS l LIMIT 1",
    "INSERT INTO import_jobs (id, kind, plan_hash, row_count, error_count, created_at, created_by,
         expires_at)
     VALUES (:id, 'items', randomblob(32), 1, 0, 1, :user, 9000000000000)",
    "INSERT INTO import_rows (import_job_id, line, cells_json)
     SELECT rid, 2, '{\"name\":\"' || :word || '\"}' FROM import_jobs WHERE id = :id",
    "INSERT INTO item_files (id, item_id, sha256, name, media_type, size_bytes, created_at)
     SELECT :id, rid, randomblob(32), 'Photo by ' || :name, 'image/png', 1, 1 FROM items LIMIT 1",
    "INSERT INTO purchase_order_files (id, purchase_order_id, sha256, name, media_type,
         size_bytes, created_at)
     SELECT :id, rid, randomblob(32), 'Note by ' || :name, 'application/pdf', 1, 1
     FROM purchase_orders WHERE id = :id",
    "INSERT INTO comments (id, item_id, text, created_at, created_by)
     SELECT :id, rid, :word || ' said so', 1, :user FROM items LIMIT 1",
    "INSERT INTO comment_mentions (comment_id, person_id)
     SELECT rid, :user FROM comments WHERE id = :id",
    "INSERT INTO saved_filters (id, person_id, name, name_key, search, created_at, updated_at)
     VALUES (:id, :user, :word || ' today', :word || ' today', :word, 1, 1)",
    "INSERT INTO saved_filters (id, person_id, name, name_key, search, created_at, updated_at)
     VALUES (randomblob(16), randomblob(16), 'For ' || :name, 'for ' || lower(:name), :name, 1, 1)",
    "UPDATE items SET notes = notes || ' Ask ' || :name || '.'",
];

/// Puts a person into the workspace who writes everywhere.
pub async fn plant(server: &TestServer, word: &'static str) -> Planted {
    let user = server.account(&email(word), "manager").await;
    let token = server.token_of(user).await;
    let client = token.at("192.0.2.77").saying("user-agent", &format!("{word} browser"));
    let me = client.get("/api/v1/me").await.is(200);
    let named = json!({ "name": name(word) });
    let version = me["version"].as_i64().expect("a version");
    client.change(http::Method::PATCH, "/api/v1/me", version, &named).await.is(200);
    let thing = item(&client, &format!("S-{}", word.len())).await;
    let shelf = location(&client, &format!("P-{}", word.len())).await;
    let mut receipt = movement("receive", &thing, &shelf, "5");
    receipt["note"] = json!(format!("{word} by hand"));
    receipt["reference"] = json!(format!("slip of {word}"));
    client.post("/inventory/movements", &receipt).await.is(201);
    write(server, user, word).await;
    Planted { user, word, client }
}

pub fn email(word: &str) -> String {
    format!("{word}@example.com")
}

pub fn name(word: &str) -> String {
    format!("{}{} Nightjar", word[..1].to_uppercase(), &word[1..])
}

async fn write(server: &TestServer, user: UserId, word: &'static str) {
    let statements: Vec<&str> = OF_THE_BOX.iter().chain(OF_THE_BOX_NAMING).copied().collect();
    let on_box = system(&server.platform);
    let written = on_box.write(move |scope| {
        let id = scope.new_id::<()>();
        for sql in statements {
            execute(&mut *scope.prepare_cached(sql)?, user, word, id)?;
        }
        Ok(())
    });
    written.await.expect("rows of the box");
    let inside = server.inside();
    let written = inside.write(move |scope| {
        let id = scope.new_id::<()>();
        for sql in OF_THE_WORKSPACE {
            execute(&mut *scope.prepare_cached(sql)?, user, word, id)?;
        }
        Ok(())
    });
    written.await.expect("rows of the workspace");
}

fn execute(
    statement: &mut rusqlite::Statement<'_>,
    user: UserId,
    word: &str,
    id: Id<()>,
) -> rusqlite::Result<()> {
    let (name, email) = (name(word), email(word));
    let all = named_params! {
        ":user": user, ":word": word, ":name": name, ":email": email, ":id": id,
    };
    for (key, value) in all {
        if let Some(place) = statement.parameter_index(key)? {
            statement.raw_bind_parameter(place, value)?;
        }
    }
    statement.raw_execute().map(drop)
}

/// What a marked column is to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// They get it.
    Given,
    /// It names them, or nobody ever gets it.
    Kept,
}

/// Every column marked personal, and whether its person gets it.
pub fn personal(marks: &[ColumnMarks]) -> Vec<(&'static str, &'static str, Held)> {
    let mut found = Vec::new();
    for table in marks {
        for (column, mark) in table.columns.iter().filter(|(_, mark)| *mark != Mark::Impersonal) {
            let is_given = *mark == Mark::Personal
                && !matches!(table.whose, Whose::Nobodys | Whose::Elsewhere(_));
            found.push((table.table, *column, if is_given { Held::Given } else { Held::Kept }));
        }
    }
    found
}

/// Personal columns in which the word stands nowhere.
pub async fn unplanted(server: &TestServer, word: &str) -> BTreeSet<String> {
    let marks = wiring::column_marks();
    let mut missing = BTreeSet::new();
    let like = format!("%{word}%");
    for (table, column, _) in personal(&marks.system) {
        let (sql, like) = (count(table, column), like.clone());
        let on_box = system(&server.platform);
        let found = on_box.read(move |scope| {
            Ok(scope.prepare_cached(&sql)?.query_row([like], |row| row.get::<_, i64>(0))?)
        });
        if found.await.expect("a count") == 0 {
            missing.insert(format!("{table}.{column}"));
        }
    }
    let inside = server.inside();
    for (table, column, _) in personal(&marks.workspace) {
        let (sql, like) = (count(table, column), like.clone());
        let found = inside.read(move |scope| {
            Ok(scope.prepare_cached(&sql)?.query_row([like], |row| row.get::<_, i64>(0))?)
        });
        if found.await.expect("a count") == 0 {
            missing.insert(format!("{table}.{column}"));
        }
    }
    missing
}

fn count(table: &str, column: &str) -> String {
    format!("SELECT count(*) FROM {table} WHERE {column} LIKE ?1")
}

/// Whether an erasure finds what a table holds of people.
pub fn is_handled(marks: &ColumnMarks) -> bool {
    let has_personal = marks.columns.iter().any(|(_, mark)| *mark != Mark::Impersonal);
    !has_personal || marks.whose != Whose::Nobodys || marks.named != Named::Kept
}
