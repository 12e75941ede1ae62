//! Going through the security of the box, keeping what was found, reminding of the next time.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::rules::{
    Copies, Face, Facts, KEPT_MAX, Keys, Place, Point, REVIEWED_WITHIN, Review, ReviewId,
    SecretPlace, Settings, clean_note, is_due, points, tally,
};
use super::store;
use crate::config::{Config, Origin};
use crate::platform::audit::Entry;
use crate::platform::backups::standing::ops::standing_in;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::keys::ops::state as key_state;
use crate::platform::notices::REVIEW_DUE;
use crate::platform::secrets::Source;
use crate::platform::tls::CertificateKind;
use crate::platform::{audit, keys, notices, tasks};

/// Audit kind.
pub const KIND: &str = "box.security_review";
/// A trusted proxy is a machine or a few: networks with more addresses are told.
const PROXY_PREFIX_V4_MIN: u8 = 28;
const PROXY_PREFIX_V6_MIN: u8 = 124;

/// Goes through everything as it is now.
pub async fn look(ctx: &BoxCtx) -> Result<Vec<Point>> {
    Ok(points(&facts(ctx).await?))
}

/// The lines of who may call which route, in a stable order.
pub fn routes(ctx: &BoxCtx) -> BTreeSet<String> {
    ctx.platform.asked.get().cloned().unwrap_or_default()
}

/// Goes through everything and keeps what was found with a note.
pub async fn keep(ctx: &BoxCtx, note: &str) -> Result<Created<Review>> {
    let note = clean_note(note)?;
    let facts = facts(ctx).await?;
    let found = points(&facts);
    let [good, look, bad] = tally(&found);
    let kept = Value::from(found.iter().map(kept_point).collect::<Vec<_>>()).to_string();
    let routes = facts.routes.into_iter().collect::<Vec<_>>().join("\n");
    let reviewed_by = ctx.principal().ok().map(|principal| principal.user);
    let load = |scope: &BoxScope<'_>, id| store::get(scope, id)?.ok_or(Error::NotFound);
    ctx.create(load, move |scope| {
        let (id, reviewed_at) = (scope.new_id(), scope.now());
        let points = kept;
        let review = Review { id, reviewed_by, reviewed_at, note, points, good, look, bad };
        store::insert(scope, &review, &routes)?;
        store::forget_old(scope, KEPT_MAX)?;
        let count = |number: u32| number.to_string();
        scope.audit(
            Entry::new("box.security_review.kept", KIND, id)
                .set("good", count(good))
                .set("look", count(look))
                .set("bad", count(bad)),
        )?;
        Ok((id, review))
    })
    .await
}

/// What is kept of a point: everything but whom it is about.
fn kept_point(point: &Point) -> Value {
    json!({
        "code": point.code, "verdict": point.verdict.name(), "said": point.said,
        "remedy": point.remedy,
    })
}

/// Kept reviews, the newest first.
pub async fn list(ctx: &BoxCtx, before: Option<ReviewId>, limit: usize) -> Result<Vec<Review>> {
    ctx.read(move |scope| store::list(scope, before, limit)).await
}

pub async fn get(ctx: &BoxCtx, id: ReviewId) -> Result<Review> {
    ctx.read(move |scope| store::get(scope, id)?.ok_or(Error::NotFound)).await
}

/// When the box was last reviewed, and whether it is time to do it again.
pub async fn standing(ctx: &BoxCtx) -> Result<(Option<Moment>, bool)> {
    ctx.read(|scope| {
        let (last, since) = (store::last_at(scope)?, store::box_since(scope)?);
        Ok((last, is_due(last, since, scope.now())))
    })
    .await
}

/// Reminds operators once a month to go through it.
pub(in crate::platform) async fn remind(ctx: &BoxCtx) -> Result<()> {
    if !standing(ctx).await?.1 {
        return Ok(());
    }
    notices::ops::remind(ctx, (&REVIEW_DUE, "/box/review"), REVIEWED_WITHIN).await
}

async fn facts(ctx: &BoxCtx) -> Result<Facts> {
    let config = std::sync::Arc::clone(&ctx.platform.config);
    let settings = tasks::blocking(move || Ok(settings(&config))).await?;
    let changed = audit::ops::Filter {
        action: Some(keys::ops::ROTATED.to_owned()),
        ..audit::ops::Filter::default()
    };
    let rotated_at = audit::ops::list_box(ctx, changed, 1).await?.first().map(|one| one.record.at);
    let (face, key, routes) = (face(ctx), key_state(&ctx.platform), routes(ctx));
    ctx.read(move |scope| {
        let now = scope.now();
        let standing = standing_in(scope)?;
        Ok(Facts {
            now,
            people: store::people(scope)?,
            help_asked: store::help_asked(scope)?,
            registration_open: store::registration_open(scope)?,
            programs: store::programs(scope, now.minus(super::rules::IDLE))?,
            settings,
            face,
            keys: Keys {
                master_since: rotated_at.map_or_else(|| store::box_since(scope), Ok)?,
                is_credential: key.source == Source::Credential,
                is_rotating: key.is_rotating,
                signing_since: store::signing_since(scope)?,
            },
            copies: Copies {
                is_set_up: standing.ready_since.is_some(),
                verified_at: standing.last_verified_at,
                drilled_at: standing.last_drilled_at,
                is_drill_due: standing.is_drill_due(now),
                is_kit_confirmed: standing.is_kit_confirmed,
            },
            routes,
            routes_before: store::last_routes(scope)?,
        })
    })
    .await
}

fn face(ctx: &BoxCtx) -> Face {
    let Some(reach) = ctx.platform.reach.get() else { return Face::Unknown };
    let Some(certificates) = &reach.certificates else { return Face::Proxy };
    let status = certificates.status();
    Face::Https {
        is_local: status.kind == CertificateKind::LocalCa,
        not_after: status.not_after,
        trouble: status.trouble.clone(),
    }
}

/// What the settings open. Blocks: it looks at files.
fn settings(config: &Config) -> Settings {
    let secrets = config.effective.values().filter(|value| value.is_hidden());
    let secrets =
        secrets.map(|value| SecretPlace { key: value.key.path(), place: place(&value.origin) });
    let raised = config.effective.values().filter(|value| value.key.section == "limits");
    let raised = raised.filter_map(|value| {
        let (usual, now) = value.is_above_usual()?;
        Some(format!("{} = {now} ({usual})", value.key.path()))
    });
    let is_wide = |net: &&ipnet::IpNet| match net {
        ipnet::IpNet::V4(net) => net.prefix_len() < PROXY_PREFIX_V4_MIN,
        ipnet::IpNet::V6(net) => net.prefix_len() < PROXY_PREFIX_V6_MIN,
    };
    let elsewhere =
        |net: &&ipnet::IpNet| !(net.network().is_loopback() && net.broadcast().is_loopback());
    let texts = |nets: Vec<&ipnet::IpNet>| nets.into_iter().map(ToString::to_string).collect();
    Settings {
        secrets: secrets.collect(),
        cors_origins: config.server.cors_origins.iter().map(ToString::to_string).collect(),
        session_idle_min: config.sessions.idle_min,
        session_life_days: config.sessions.life_days,
        limits_raised: raised.collect(),
        proxies_wide: texts(config.server.trusted_proxies.iter().filter(is_wide).collect()),
        monitoring_networks: texts(config.monitoring.allowed.iter().filter(elsewhere).collect()),
    }
}

fn place(origin: &Origin) -> Place {
    const OTHERS_READ: u32 = 0o004;
    match origin {
        Origin::Variable(_) => Place::Environment,
        Origin::Flag(_) => Place::CommandLine,
        Origin::Default => Place::Safe,
        Origin::File { path, .. } => match std::fs::metadata(path) {
            Ok(about) if about.permissions().mode() & OTHERS_READ != 0 => {
                Place::ReadableFile(path.display().to_string())
            }
            Ok(_) | Err(_) => Place::Safe,
        },
    }
}
