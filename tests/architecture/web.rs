//! The layers of the web UI: `api` talks to the network, `ui` knows no product words, apps know
//! neither each other nor the shell.

use crate::tree::{File, Tree, Violation};

/// What talks to a network.
const NETWORK_CALLS: [&str; 5] =
    ["fetch(", "XMLHttpRequest", "new EventSource(", "new WebSocket(", ".sendBeacon("];

pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.web().filter(|file| file.has_extension(&["ts", "tsx"])) {
        for (number, code) in code_lines(file) {
            let broken = imports(code).into_iter().filter_map(|target| crossing(file, target));
            violations.extend(broken.map(|what| Violation::new(file, number, what)));
            violations.extend(network(file, code).map(|what| Violation::new(file, number, what)));
        }
    }
    violations.sort();
    violations
}

/// Numbered lines without those that are only a comment.
fn code_lines(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let is_comment = |line: &str| {
        let line = line.trim_start();
        line.starts_with("//") || line.starts_with('*') || line.starts_with("/*")
    };
    (1..).zip(file.text.lines()).filter(move |(_, line)| !is_comment(line))
}

/// What follows `from`, `import` and `import(` in quotes on this line.
fn imports(code: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for word in ["from ", "import ", "import("] {
        for (at, _) in code.match_indices(word) {
            let rest = code[at + word.len()..].trim_start();
            let Some(quote) = rest.chars().next().filter(|one| ['"', '\''].contains(one)) else {
                continue;
            };
            targets.extend(rest[1..].split(quote).next());
        }
    }
    targets
}

/// The imported file below `web/src`, as folders and name; `None` for packages.
fn resolve(file: &File, target: &str) -> Option<Vec<String>> {
    let own = |text: &str| text.split('/').map(ToOwned::to_owned).collect::<Vec<_>>();
    if let Some(rest) = target.strip_prefix("@/") {
        return Some(own(rest));
    }
    if !target.starts_with('.') {
        return None;
    }
    let mut path: Vec<String> = file.folders().skip(2).map(ToOwned::to_owned).collect();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(path.pop()),
            name => path.push(name.to_owned()),
        }
    }
    Some(path)
}

fn crossing(file: &File, target: &str) -> Option<String> {
    let to = resolve(file, target)?;
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let area = *to.first()?;
    let from: Vec<&str> = file.folders().skip(2).collect();
    let own_area = from.first().copied().unwrap_or_default();
    let forbidden: &[&str] = match own_area {
        "ui" => &["api", "platform", "apps", "shell"],
        "api" => &["ui", "platform", "apps", "shell"],
        "theme" | "i18n" => &["api", "ui", "platform", "apps", "shell"],
        "platform" => &["apps", "shell"],
        "apps" => &["shell"],
        _ => &[],
    };
    if forbidden.contains(&area) {
        return Some(format!("{own_area}/ must not import {area}/ ({target})"));
    }
    if area != "apps" {
        return None;
    }
    let is_registry = to.get(1).is_some_and(|name| name.split('.').next() == Some("registry"));
    if is_registry {
        let may = own_area == "shell" || file.is_test();
        return (!may).then(|| "only shell/ imports the list of apps".to_owned());
    }
    let own_app = from.get(1).filter(|_| own_area == "apps")?;
    let is_other = to.len() > 2 && to[1] != *own_app;
    is_other.then(|| format!("app {own_app} must not import app {} ({target})", to[1]))
}

fn network(file: &File, code: &str) -> Option<String> {
    if file.path.starts_with("web/src/api/") || file.is_test() {
        return None;
    }
    let call = NETWORK_CALLS.iter().find(|call| {
        code.match_indices(*call).any(|(at, _)| {
            let before = &code[..at];
            let is_part = |one: char| one.is_alphanumeric() || one == '_' || one == '$';
            let is_method = before.ends_with('.')
                && !["window.", "globalThis.", "self."]
                    .iter()
                    .any(|object| before.ends_with(object));
            call.starts_with('.') || !(before.chars().next_back().is_some_and(is_part) || is_method)
        })
    })?;
    Some(format!("only api/ talks to the network (`{call}`)"))
}
