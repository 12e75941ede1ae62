//! Checks on the data itself.

use holdfast::apps;
use holdfast::platform::app::{AppSpec, SmokeKind, SmokeSpec};
use holdfast::platform::ctx::Scope;
use holdfast::platform::error::{Error, Result};
use holdfast::platform::updates::rehearsal::rules::{check_checks, differs};
use holdfast::platform::updates::rehearsal::smoke::{ON_BOX, trial};
use holdfast::wiring;

use crate::boxes::{contents, files, fill, inside, open, system};

#[test]
fn every_app_gives_enough_checks() {
    for app in apps::ALL {
        assert_eq!(check_checks(app.id, app.smoke), Ok(()));
    }
    let reads = ON_BOX.iter().filter(|check| check.kind == SmokeKind::Read).count();
    assert!(reads >= 3 && ON_BOX.len() - reads >= 2, "{reads} of {}", ON_BOX.len());
}

#[tokio::test]
async fn a_trial_runs_every_check_and_nothing_of_it_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = open(folder.path(), wiring::parts());
    let made = fill(&platform, 3, 1).await;
    let before: Vec<_> = files(folder.path()).iter().map(|file| contents(file)).collect();

    let tried = trial(&platform).await.expect("a box that works");

    let of_apps: usize = apps::ALL.iter().map(|app| app.smoke.len()).sum();
    assert_eq!(tried.workspaces, 3);
    assert_eq!(tried.checks, ON_BOX.len() + 3 * (2 + of_apps));
    let after: Vec<_> = files(folder.path()).iter().map(|file| contents(file)).collect();
    assert_eq!(after, before);
    // The next one to write has the next number, and the log is whole.
    let ctx = inside(&platform, made[0]);
    let verdict = holdfast::platform::audit::ops::verify(&ctx).await.expect("a verdict");
    assert!(verdict.bad.is_none(), "{verdict:?}");
    platform.close().await;
}

#[tokio::test]
async fn a_box_that_nobody_owns_yet_can_be_tried_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = open(folder.path(), wiring::parts());

    let tried = trial(&platform).await.expect("an empty box");

    assert_eq!((tried.workspaces, tried.checks), (0, ON_BOX.len()));
    platform.close().await;
}

type Run = fn(&Scope<'_>) -> Result<()>;

/// Writes, and then says that it went wrong.
fn writes_and_fails(scope: &Scope<'_>) -> Result<()> {
    let write = apps::ALL[0].smoke.iter().find(|check| check.kind == SmokeKind::Write);
    (write.expect("a check that writes").run)(scope)?;
    Err(differs("It came out otherwise."))
}

fn panics(_: &Scope<'_>) -> Result<()> {
    panic!("it broke");
}

/// The apps of the product, with one more check.
fn with_check(run: Run) -> &'static [AppSpec] {
    let check = SmokeSpec { name: "x", title: "Do it", kind: SmokeKind::Write, run };
    let checks: Vec<SmokeSpec> = apps::ALL[0].smoke.iter().copied().chain([check]).collect();
    vec![AppSpec { smoke: checks.leak(), ..apps::ALL[0] }].leak()
}

#[tokio::test]
async fn a_check_that_fails_or_breaks_is_named_and_takes_nothing_along() {
    let both: [(Run, &str); 2] = [(writes_and_fails, "otherwise"), (panics, "it broke")];
    for (run, why) in both {
        let folder = tempfile::tempdir().expect("a folder");
        let parts = holdfast::platform::Parts { apps: with_check(run), ..wiring::parts() };
        let platform = open(folder.path(), parts);
        fill(&platform, 1, 0).await;
        let before: Vec<_> = files(folder.path()).iter().map(|file| contents(file)).collect();

        let refused = trial(&platform).await.expect_err("a release that does not work");

        let Error::Conflict(refusal) = refused else { panic!("{refused} is no refusal") };
        assert_eq!(refusal.code, "update-trial-failed");
        assert!(refusal.detail.starts_with("Do it (Kitchen 1): "), "{}", refusal.detail);
        assert!(refusal.detail.contains(why), "{}", refusal.detail);
        let after: Vec<_> = files(folder.path()).iter().map(|file| contents(file)).collect();
        assert_eq!(after, before);
        // The box goes on.
        system(&platform).write(|_| Ok(())).await.expect("a commit");
        platform.close().await;
    }
}
