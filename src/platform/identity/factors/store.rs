//! The SQL of second factors.

use rusqlite::named_params;

use super::rules::Standing;
use crate::platform::clock::Moment;
use crate::platform::ctx::Unit;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

pub(super) fn standing(scope: &Unit<'_>, user: UserId) -> Result<Standing> {
    Ok(scope
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM totp_secrets WHERE user_id = u.id),
                 (SELECT count(*) FROM backup_codes WHERE user_id = u.id AND used_at IS NULL),
                 (SELECT lost_at FROM factor_losses WHERE user_id = u.id),
                 CASE WHEN u.is_operator = 1 THEN coalesce(u.operator_since, u.created_at) END,
                 (SELECT min(coalesce(m.role_since, m.created_at))
                  FROM memberships AS m
                  JOIN workspaces AS w ON w.id = m.workspace_id AND w.deleted_at IS NULL
                  WHERE m.user_id = u.id AND m.role IN ('owner', 'admin'))
             FROM users AS u WHERE u.id = :user",
        )?
        .query_row(named_params! { ":user": user }, |row| {
            let as_operator: Option<Moment> = row.get(3)?;
            let as_member: Option<Moment> = row.get(4)?;
            Ok(Standing {
                has_totp: row.get(0)?,
                backup_codes_left: row.get(1)?,
                lost_at: row.get(2)?,
                needed_since: [as_operator, as_member].into_iter().flatten().min(),
            })
        })?)
}
