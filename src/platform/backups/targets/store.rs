//! The SQL of targets.

use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::{Value, json};

use super::rules::{Place, STEPS, Step, Target, TargetId, Tried};
use crate::platform::ctx::Unit;
use crate::platform::error::Result;

pub(super) fn insert(scope: &Unit<'_>, target: &Target, secret: Option<&[u8]>) -> Result<()> {
    scope
        .prepare_cached(
            "INSERT INTO backup_targets (id, name, kind, settings, secret, created_at)
             VALUES (:id, :name, :kind, :settings, :secret, :created_at)",
        )?
        .execute(named_params! {
            ":id": target.id, ":name": target.name, ":kind": target.place.kind(),
            ":settings": settings_of(&target.place).to_string(), ":secret": secret,
            ":created_at": target.created_at,
        })?;
    Ok(())
}

pub(super) fn update(scope: &Unit<'_>, target: &Target) -> Result<()> {
    scope
        .prepare_cached(
            "UPDATE backup_targets SET name = :name, settings = :settings WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": target.id, ":name": target.name,
            ":settings": settings_of(&target.place).to_string(),
        })?;
    Ok(())
}

/// What is kept of a target's secret, sealed.
pub(super) fn secret(scope: &Unit<'_>, id: TargetId) -> Result<Option<Vec<u8>>> {
    let found = scope
        .prepare_cached("SELECT secret FROM backup_targets WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get::<_, Option<Vec<u8>>>(0))
        .optional()?;
    Ok(found.flatten())
}

pub(super) fn set_secret(scope: &Unit<'_>, id: TargetId, secret: Option<&[u8]>) -> Result<()> {
    scope
        .prepare_cached("UPDATE backup_targets SET secret = :secret WHERE id = :id")?
        .execute(named_params! { ":id": id, ":secret": secret })?;
    Ok(())
}

/// All targets, the oldest first.
pub(super) fn list(scope: &Unit<'_>) -> Result<Vec<Target>> {
    let mut statement = scope.prepare_cached(
        "SELECT id, name, kind, settings, secret IS NOT NULL, created_at, last_at, last_is_ok,
             last_detail, last_steps, can_delete
         FROM backup_targets ORDER BY id",
    )?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn get(scope: &Unit<'_>, id: TargetId) -> Result<Option<Target>> {
    Ok(scope
        .prepare_cached(
            "SELECT id, name, kind, settings, secret IS NOT NULL, created_at, last_at, last_is_ok,
                 last_detail, last_steps, can_delete
             FROM backup_targets WHERE id = :id",
        )?
        .query_row(named_params! { ":id": id }, read)
        .optional()?)
}

pub(super) fn remove(scope: &Unit<'_>, id: TargetId) -> Result<()> {
    scope
        .prepare_cached("DELETE FROM backup_targets WHERE id = :id")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}

/// Notes how a try to reach it ended. What a test found stays where this was none.
pub(super) fn note(scope: &Unit<'_>, id: TargetId, tried: &Tried) -> Result<()> {
    let steps = (!tried.steps.is_empty()).then(|| steps_of(tried).to_string());
    scope
        .prepare_cached(
            "UPDATE backup_targets SET last_at = :at, last_is_ok = :is_ok, last_detail = :detail,
                 last_steps = :steps, can_delete = coalesce(:can_delete, can_delete)
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":at": tried.at, ":is_ok": tried.is_ok, ":detail": tried.detail,
            ":steps": steps, ":can_delete": tried.can_delete,
        })?;
    Ok(())
}

fn steps_of(tried: &Tried) -> Value {
    let step = |one: &Step| json!({ "step": one.name, "ok": one.is_ok, "detail": one.detail });
    tried.steps.iter().map(step).collect()
}

fn settings_of(place: &Place) -> Value {
    match place {
        Place::Folder { path } => json!({ "path": path }),
        Place::S3 { endpoint, bucket, region, access_key, prefix } => json!({
            "endpoint": endpoint, "bucket": bucket, "region": region, "access_key": access_key,
            "prefix": prefix,
        }),
        Place::Sftp { host, port, user, host_key, path } => json!({
            "host": host, "port": port, "user": user, "host_key": host_key, "path": path,
        }),
        Place::WebDav { url, user, path } => json!({ "url": url, "user": user, "path": path }),
        Place::OneDrive { client_id, folder } => {
            json!({ "client_id": client_id, "folder": folder })
        }
    }
}

fn place_of(kind: &str, settings: &Value) -> Option<Place> {
    let text = |name: &str| settings[name].as_str().map(str::to_owned);
    Some(match kind {
        "folder" => Place::Folder { path: text("path")?.into() },
        "s3" => Place::S3 {
            endpoint: text("endpoint")?,
            bucket: text("bucket")?,
            region: text("region")?,
            access_key: text("access_key")?,
            prefix: text("prefix")?,
        },
        "sftp" => Place::Sftp {
            host: text("host")?,
            port: settings["port"].as_u64()?.try_into().ok()?,
            user: text("user")?,
            host_key: text("host_key"),
            path: text("path")?,
        },
        "webdav" => Place::WebDav { url: text("url")?, user: text("user"), path: text("path")? },
        "onedrive" => Place::OneDrive { client_id: text("client_id")?, folder: text("folder")? },
        _ => return None,
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Target> {
    let unusable = |at: usize| {
        let why = "settings that this version cannot read";
        rusqlite::Error::FromSqlConversionFailure(at, Type::Text, why.into())
    };
    let json = |at: usize, text: &str| -> rusqlite::Result<Value> {
        serde_json::from_str(text).map_err(|_| unusable(at))
    };
    let (kind, settings) = (row.get::<_, String>(2)?, row.get::<_, String>(3)?);
    let place = place_of(&kind, &json(3, &settings)?).ok_or_else(|| unusable(3))?;
    let steps = match row.get::<_, Option<String>>(9)? {
        Some(steps) => json(9, &steps)?.as_array().into_iter().flatten().filter_map(step).collect(),
        None => Vec::new(),
    };
    let last = match row.get(6)? {
        Some(at) => Some(Tried {
            at,
            is_ok: row.get(7)?,
            detail: row.get(8)?,
            steps,
            can_delete: row.get(10)?,
        }),
        None => None,
    };
    Ok(Target {
        id: row.get(0)?,
        name: row.get(1)?,
        place,
        has_secret: row.get(4)?,
        created_at: row.get(5)?,
        last,
    })
}

fn step(of: &Value) -> Option<Step> {
    let name = STEPS.into_iter().find(|name| of["step"] == *name)?;
    let detail = of["detail"].as_str().map(str::to_owned);
    Some(Step { name, is_ok: of["ok"].as_bool()?, detail })
}
