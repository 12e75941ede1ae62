//! What the real program says to whoever watches it, held against Prometheus' own tools, against
//! the alert rules that come with it, and against the manual.

#[path = "monitoring/following.rs"]
mod following;
#[path = "monitoring/served.rs"]
mod served;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use holdfast::platform::monitoring::families;

use serde_json::{Value, json};
use served::Served;

const MANUAL: &str = include_str!("../docs/manual/watching.md");
const RULES: &str = include_str!("../packaging/prometheus/holdfast.rules.yml");
const RULE_TESTS: &str = include_str!("../packaging/prometheus/holdfast.tests.yml");

/// Runs promtool in the folder of the rules. None, with a word about it, where it is not.
fn promtool(arguments: &[&str], input: &str) -> Option<Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/prometheus");
    let started = Command::new("promtool")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        #[expect(clippy::print_stderr, reason = "a skipped test says why")]
        {
            eprintln!("SKIPPED: promtool {arguments:?} was not run, because it is not here");
        }
        return None;
    };
    let mut stdin = child.stdin.take().expect("a pipe");
    // What ends early does not read all of it.
    stdin.write_all(input.as_bytes()).unwrap_or_default();
    drop(stdin);
    Some(child.wait_with_output().expect("an end"))
}

fn is_content(output: &Output) {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_request_leaves_one_line_with_what_it_was_and_none_of_what_was_typed() {
    let mut served = Served::start(&[]);
    let body = served.get("/api/v1/me?name=typed");

    let line = served.line("GET /api/v1/me 401");

    let problem: Value = serde_json::from_str(&body).expect("a problem document");
    let id = line["request_id"].as_str().expect("an id");
    assert_eq!(problem["instance"], format!("/requests/{id}"));
    assert_eq!(line["route"], "/api/v1/me");
    assert_eq!((&line["status"], &line["code"]), (&json!(401), &json!("sign-in-needed")));
    assert_eq!((&line["who"], &line["bytes"]), (&json!("stranger"), &json!(body.len())));
    assert!(line["ms"].as_f64().is_some_and(|ms| ms > 0.0 && ms < 30_000.0), "{line}");
    assert!(!line.to_string().contains("typed"), "{line}");
}

#[test]
fn the_command_line_shows_the_last_lines_and_no_set_up_link() {
    let mut served = Served::start(&[("HOLDFAST_LOGS__SLOW_STATEMENT_MS", "1")]);
    served.get("/api/v1/me");
    served.line("GET /api/v1/me 401");

    let all = served.holdfast(&["logs", "-n", "1000", "--json"]);
    let text = served.holdfast(&["logs", "--search", "api/v1/me 401"]);
    let box_does_not_run = {
        let nowhere = tempfile::tempdir().expect("a folder");
        Served::holdfast_in(nowhere.path(), &["logs"])
    };

    let lines: Vec<Value> =
        all.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let says = |words: &str| {
        lines.iter().any(|line| line["message"].as_str().is_some_and(|one| one.contains(words)))
    };
    assert!(says("ready") && says("GET /api/v1/me 401"), "{all}");
    let levels = lines.iter().all(|line| line["level"] != "trace" && line["level"] != "debug");
    assert!(levels, "what is not logged is not kept either: {all}");
    assert!(says("Open this link once") && says("/setup#token=…"), "{all}");
    assert!(!served.link.is_empty() && !all.contains(&served.link), "the link is shown");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(" INFO  GET /api/v1/me 401 request_id="), "{text}");
    assert!(!box_does_not_run.status.success());
}

#[test]
fn health_says_of_every_part_how_it_is_and_how_long_it_took() {
    let served = Served::start(&[]);

    let health: Value = serde_json::from_str(&served.get("/health")).expect("JSON");

    let parts = [
        "api",
        "backups",
        "certificate",
        "clock",
        "database",
        "disk",
        "jobs",
        "memory",
        "notices",
        "queue",
        "workspaces",
    ];
    let checks = health["checks"].as_object().expect("checks");
    for part in parts {
        let check = checks.get(part).unwrap_or_else(|| panic!("{part} is missing: {health}"));
        assert!(check["status"].is_string() && check["ms"].is_u64(), "{part}: {check}");
    }
    let score = health["stability"]["score"].as_u64().expect("a score");
    assert!((1..=100).contains(&score), "{health}");
    let scrape = served.get("/metrics");
    assert!(scrape.lines().any(|line| line.starts_with("holdfast_stability_score ")), "{scrape}");
    let graded = scrape.contains("holdfast_stability_grade{part=\"disk\"} ");
    assert!(graded, "{scrape}");
}

/// Names of families in a scrape, with their kinds.
fn scraped(text: &str) -> BTreeSet<(String, String)> {
    let of_line = |line: &str| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some((name.to_owned(), kind.to_owned()))
    };
    text.lines().filter_map(of_line).collect()
}

/// Names of ours in a text: rules, or the manual.
fn names_in(text: &str) -> BTreeSet<String> {
    let is_of_name = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == ':';
    let words = text.split(|one| !is_of_name(one));
    let ours = words.filter(|word| {
        (word.starts_with("holdfast_") || word.starts_with("process_")) && !word.ends_with('_')
    });
    ours.map(|word| {
        let shorter = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        shorter.unwrap_or(word).to_owned()
    })
    .collect()
}

/// What a heading of the manual is called in addresses.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|one| one.is_alphanumeric() || " -".contains(*one));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn a_live_scrape_follows_the_conventions_of_prometheus() {
    let served = Served::start(&[]);
    served.get("/api/v1/me");
    served.get("/nothing/0193a5c4-1111-7abc-8def-0123456789ab");

    let scrape = served.get("/metrics");

    for (name, kind) in scraped(&scrape) {
        let family = families::named(&name).unwrap_or_else(|| panic!("{name} is in no list"));
        assert_eq!(family.kind.name(), kind, "{name}");
    }
    assert!(!scrape.contains("0193a5c4"), "an address became a label");
    assert!(scrape.contains("route=\"/api/v1/me\",method=\"GET\",code=\"401\"} 1"), "{scrape}");
    if let Some(said) = promtool(&["check", "metrics"], &scrape) {
        is_content(&said);
        assert!(said.stdout.is_empty() && said.stderr.is_empty(), "{said:?}");
    }
}

#[test]
fn every_number_that_a_rule_needs_is_in_the_scrape_of_a_new_box() {
    let served = Served::start(&[]);

    // The one that is asked for is counted after it was answered.
    served.get("/readyz");
    let there: BTreeSet<String> =
        scraped(&served.get("/metrics")).into_iter().map(|(name, _)| name).collect();

    let wanted = names_in(RULES);
    assert!(wanted.len() > 20, "{wanted:?}");
    let missing: Vec<_> = wanted.difference(&there).collect();
    assert!(missing.is_empty(), "rules name what is not there: {missing:?}");
}

#[test]
fn the_rules_are_right_and_each_alert_fires_and_stays_silent() {
    let alerts: Vec<&str> =
        RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 12);
    for alert in alerts {
        for verb in ["fires", "stays silent"] {
            let name = format!("name: {alert} {verb}\n");
            assert!(RULE_TESTS.contains(&name), "no test shows that {alert} {verb}");
        }
    }
    for arguments in
        [&["check", "rules", "holdfast.rules.yml"][..], &["test", "rules", "holdfast.tests.yml"]]
    {
        if let Some(said) = promtool(arguments, "") {
            is_content(&said);
        }
    }
}

#[test]
fn every_alert_leads_to_a_section_of_the_manual() {
    let anchors: BTreeSet<String> = MANUAL
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let led: Vec<&str> = RULES
        .lines()
        .filter_map(|line| line.trim().strip_prefix("runbook_url: "))
        .map(|link| link.trim_matches('"').rsplit_once("/help/watching#").expect("a link").1)
        .collect();

    assert_eq!(led.len(), RULES.matches("- alert: ").count());
    for link in led {
        assert!(anchors.contains(link), "{link} is no heading of {anchors:?}");
    }
    for alert in RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(MANUAL.contains(&format!("`{alert}`")), "the manual does not know {alert}");
    }
}

#[test]
fn the_manual_lists_every_number_with_its_meaning() {
    for family in families::all() {
        let labels = family.labels.iter().map(|label| format!("`{label}`"));
        let labels = labels.collect::<Vec<_>>().join(", ");
        let kind = family.kind.name();
        let row = format!("| `{}` | {kind} | {labels} | {} |", family.name, family.help);
        assert!(MANUAL.contains(&row), "the manual lacks the row\n{row}");
    }
    let unknown: Vec<String> =
        names_in(MANUAL).into_iter().filter(|name| families::named(name).is_none()).collect();
    assert!(unknown.is_empty(), "the manual names what is not there: {unknown:?}");
}
