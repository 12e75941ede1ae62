//! Who may know whom. The file name is the layer (`rules.rs`, `store.rs`, `ops.rs`, `api.rs`,
//! `jobs.rs`), the folder is the area.

use crate::rust::NamedPath;
use crate::tree::{File, Tree, Violation};

/// Crates that speak HTTP.
const HTTP_CRATES: &[&str] = &[
    "axum",
    "axum_core",
    "http",
    "http_body",
    "http_body_util",
    "hyper",
    "hyper_util",
    "tower_http",
    "utoipa_axum",
];
/// Files outside `http/` and `api.rs` that may name them, each with its reason.
const HTTP_ALSO: [(&str, &str); 12] = [
    ("src/wiring.rs", "it puts the router together"),
    ("src/wiring/faces.rs", "it binds the listeners to the router"),
    ("src/wiring/serving.rs", "it serves what was bound"),
    ("src/wiring/working.rs", "it serves what a supervisor hands over"),
    ("src/platform/app.rs", "an app's data holds its routes"),
    ("src/platform/tls/acme/client.rs", "authorities are spoken to over HTTP"),
    ("src/platform/notices/webhooks/client.rs", "it calls receivers over HTTP"),
    ("src/platform/backups/targets/http.rs", "it calls targets over HTTP"),
    ("src/platform/backups/targets/onedrive.rs", "OneDrive is spoken to over HTTP"),
    ("src/platform/backups/targets/signing_in.rs", "so is the sign-in to it"),
    ("src/platform/backups/targets/webdav.rs", "WebDAV is HTTP"),
    ("src/platform/updates/metadata/web.rs", "feeds are asked over HTTP"),
];
/// Files outside `platform/db` and `store.rs` that may name SQLite's types.
const SQLITE_ALSO: [(&str, &str); 1] =
    [("src/platform/ctx.rs", "a scope is the connection that stores prepare statements on")];
/// What opens a file of backups to be written without saying how it reaches the disk.
const OPENS_FILES: [&str; 6] = [
    "std::fs::OpenOptions",
    "std::fs::File::options",
    "std::fs::File::create",
    "tokio::fs::OpenOptions",
    "tokio::fs::File::options",
    "tokio::fs::File::create",
];
/// Files of `backups` that may open one without bringing it to the disk steadily.
const UNSTEADY_ALSO: [(&str, &str); 1] = [(
    "src/platform/backups/portable/ops/uploads.rs",
    "a piece is small, and is synced before it is answered",
)];
/// What decisions must not know: the outside world and everything that does not repeat itself.
const NEVER_IN_RULES: &[&str] = &[
    "rusqlite",
    "axum",
    "http",
    "hyper",
    "tower",
    "tower_http",
    "utoipa",
    "utoipa_axum",
    "tokio",
    "tokio_stream",
    "futures_util",
    "serde",
    "serde_json",
    "tracing",
    "metrics",
    "getrandom",
    "std::fs",
    "std::env",
    "std::io",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "crate::http",
    "crate::platform::clock::Clock",
    "crate::platform::random",
    "crate::platform::db",
    "crate::platform::ctx::Ctx",
    "crate::platform::ctx::Scope",
    "crate::platform::tasks",
    "crate::wiring",
    "crate::cli",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    Rules,
    Store,
    Ops,
    Api,
    Jobs,
}

impl Layer {
    const ALL: [(&str, Self); 5] = [
        ("rules", Self::Rules),
        ("store", Self::Store),
        ("ops", Self::Ops),
        ("api", Self::Api),
        ("jobs", Self::Jobs),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
    }

    /// The layer of a file in a resource folder; a folder `rules/` is as good as `rules.rs`.
    pub(crate) fn of(file: &File) -> Option<Self> {
        if !is_resource_area(&file.path) {
            return None;
        }
        let folders = file.folders().enumerate().filter(|place| !is_a_resource(*place));
        Self::named(file.stem()).or_else(|| folders.into_iter().find_map(|(_, it)| Self::named(it)))
    }

    /// The module of this layer that a path goes into, and the module of its resource.
    fn entered(path: &NamedPath) -> Option<(Self, String)> {
        if !path.is_ours() {
            return None;
        }
        let area = path.segments.get(1).map(String::as_str);
        if !matches!(area, Some("platform" | "apps")) {
            return None;
        }
        let is_resource =
            |at: usize| area == Some("platform") && is_a_resource((at, &path.segments[at]));
        let at = (0..path.segments.len())
            .find(|at| Self::named(&path.segments[*at]).is_some() && !is_resource(*at))?;
        Some((Self::named(&path.segments[at])?, path.segments[..at].join("::")))
    }
}

/// `platform/db` is below the layers: it is what stores stand on.
fn is_resource_area(path: &str) -> bool {
    let is_area = path.starts_with("src/platform/") || path.starts_with("src/apps/");
    is_area && !path.starts_with("src/platform/db/")
}

/// The resource `platform/jobs` is called like a layer. Counted from `src` or `crate`.
fn is_a_resource((at, name): (usize, &str)) -> bool {
    at == 2 && name == "jobs"
}

/// The resource of a file in module form: `crate::apps::inventory::items`.
fn resource_of(file: &File) -> String {
    let folders = file.folders().enumerate().skip(1);
    let above =
        folders.take_while(|place| is_a_resource(*place) || Layer::named(place.1).is_none());
    let names = above.map(|(_, folder)| folder);
    std::iter::once("crate").chain(names).collect::<Vec<_>>().join("::")
}

pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.rust().filter(|file| file.path.starts_with("src/")) {
        for path in &file.scan().paths {
            let broken = area_rule(file, path).or_else(|| {
                if path.is_test { None } else { layer_rule(file, path).or(unsteady(file, path)) }
            });
            violations.extend(broken.map(|what| Violation::new(file, path.line, what)));
        }
    }
    violations.sort();
    violations.dedup();
    violations
}

/// Which area may know which; holds for tests as well.
fn area_rule(file: &File, path: &NamedPath) -> Option<String> {
    let area = file.folders().nth(1).unwrap_or_default();
    let forbidden: &[&str] = match area {
        "platform" => &["crate::apps", "crate::wiring", "crate::cli"],
        "http" => &["crate::apps", "crate::wiring", "crate::cli", "rusqlite"],
        "config" => &["crate::apps", "crate::wiring", "crate::cli", "crate::http", "rusqlite"],
        "apps" => &["crate::wiring", "crate::cli"],
        _ => return None,
    };
    if let Some(name) = forbidden.iter().find(|name| path.is_below(name)) {
        return Some(format!("{area} must not know {name} ({})", path.text()));
    }
    let own_app = file.folders().nth(2).filter(|_| area == "apps")?;
    let other_app = path.segments.get(2).filter(|_| path.is_below("crate::apps"))?;
    let is_module = other_app.chars().next().is_some_and(char::is_lowercase);
    (is_module && other_app != own_app).then(|| {
        format!("app {own_app} must not know app {other_app}; link them through the platform")
    })
}

/// Parts, packs and archives are large: a commit waits for all of one that is synced at its end.
fn unsteady(file: &File, path: &NamedPath) -> Option<String> {
    let may = !file.path.starts_with("src/platform/backups/")
        || UNSTEADY_ALSO.iter().any(|(also, _)| file.path == *also);
    if may || !OPENS_FILES.iter().any(|name| path.is_below(name)) {
        return None;
    }
    let steady = |one: &NamedPath| {
        matches!(one.segments.last().map(String::as_str), Some("SteadyFile" | "HashedFile"))
    };
    let is_steady = file.scan().paths.iter().any(steady);
    (!is_steady).then(|| {
        format!("a large file is written through SteadyFile or HashedFile ({})", path.text())
    })
}

fn layer_rule(file: &File, path: &NamedPath) -> Option<String> {
    let layer = Layer::of(file);
    speaks_http(file, layer, path)
        .or_else(|| names_sqlite(file, layer, path))
        .or_else(|| layer.and_then(|layer| own_rule(file, layer, path)))
}

fn speaks_http(file: &File, layer: Option<Layer>, path: &NamedPath) -> Option<String> {
    let is_ours = path.is_below("crate::http");
    let is_http = is_ours || HTTP_CRATES.contains(&path.segments[0].as_str());
    let may = layer == Some(Layer::Api)
        || ["src/http/", "src/cli/"].iter().any(|area| file.path.starts_with(area))
        || HTTP_ALSO.iter().any(|(also, _)| file.path.starts_with(also));
    (is_http && !may).then(|| format!("HTTP belongs into http/ and api.rs ({})", path.text()))
}

fn names_sqlite(file: &File, layer: Option<Layer>, path: &NamedPath) -> Option<String> {
    let may = layer == Some(Layer::Store)
        || file.path.starts_with("src/platform/db/")
        || SQLITE_ALSO.iter().any(|(also, _)| file.path == *also);
    let is_broken = path.segments[0] == "rusqlite" && !may;
    is_broken.then(|| format!("SQL belongs into store.rs ({})", path.text()))
}

fn own_rule(file: &File, layer: Layer, path: &NamedPath) -> Option<String> {
    let entered = Layer::entered(path);
    let enters = |wanted: Layer| entered.as_ref().is_some_and(|(layer, _)| *layer == wanted);
    let is_foreign_store = enters(Layer::Store)
        && entered.as_ref().is_some_and(|(_, resource)| *resource != resource_of(file));
    let text = path.text();
    match layer {
        Layer::Rules => {
            if let Some(name) = NEVER_IN_RULES.iter().find(|name| path.is_below(name)) {
                return Some(format!("rules decide and know nothing of {name} ({text})"));
            }
            let is_upward = entered.is_some_and(|(layer, _)| layer != Layer::Rules);
            is_upward.then(|| format!("rules know no other layer ({text})"))
        }
        Layer::Store if is_foreign_store => {
            Some(format!("a store does not know another resource's store ({text})"))
        }
        Layer::Store if enters(Layer::Ops) || enters(Layer::Api) || enters(Layer::Jobs) => {
            Some(format!("a store knows only its rules and the database ({text})"))
        }
        Layer::Ops if is_foreign_store => Some(format!(
            "ops do not know another resource's store; call its `…_in(scope, …)` ops ({text})"
        )),
        Layer::Ops if enters(Layer::Api) => Some(format!("ops know no HTTP ({text})")),
        Layer::Api | Layer::Jobs if enters(Layer::Store) => {
            Some(format!("only ops know stores ({text})"))
        }
        _ => None,
    }
}
