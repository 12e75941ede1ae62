//! What happens to a certificate in the course of time: renewal, an authority that is away, one
//! that forgot the box, another master key, another machine.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::boxes::{Ports, Served, Settings, now};
use crate::pebble::{LIFE, Pebble, is_there};

const DAY: Duration = Duration::from_hours(24);

fn settings(folder: &Path, ports: Ports, pebble: &Pebble) -> Settings {
    Settings::new(&folder.join("data"), ports)
        .with("HOLDFAST_SERVER__NAMES", "a.example.com")
        .with("HOLDFAST_TLS__ACME_DIRECTORY", pebble.directory())
        .with("HOLDFAST_TLS__ACME_ROOT", pebble.server_root())
}

async fn signed(served: &Served) {
    // Until the job has said when it looks next: before, it is still at work.
    served
        .until("signed", |it| {
            it.states()["a.example.com"] == "public" && it.authority().next_at.is_some()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_after_two_thirds_of_its_life_and_not_before() {
    if !is_there("a renewal") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::start(folder.path(), ports);
    let served = Served::start(&settings(folder.path(), ports, &pebble), now()).await;
    signed(&served).await;
    let first = served.shown("a.example.com").await;

    // Of the two thirds the chance takes a twentieth of its life off at most.
    served.pass((LIFE * 37 / 60).saturating_sub(DAY)).await;
    assert_eq!(served.shown("a.example.com").await, first);

    served.clock.advance(LIFE / 20 + 2 * DAY);
    // The authority's own clock stands where it was, so the new one ends sooner than it might.
    served
        .until("renewed", |it| {
            it.authority().obtained_at.is_some_and(|at| it.clock.now().since(at) < DAY)
        })
        .await;
    assert_ne!(served.shown("a.example.com").await, first);
    let actions = served.actions().await;
    let of = |action: &str| actions.iter().filter(|one| *one == action).count();
    assert_eq!((of("tls.account.created"), of("tls.certificate.obtained")), (1, 2));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_authority_is_away_the_old_certificate_is_shown_until_it_is_back() {
    if !is_there("an outage") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let mut pebble = Pebble::start(folder.path(), ports);
    let settings = settings(folder.path(), ports, &pebble);
    let served = Served::start(&settings, now()).await;
    signed(&served).await;
    let first = served.shown("a.example.com").await;
    pebble.stop();

    served.clock.advance(LIFE * 2 / 3);
    let is_told = |it: &Served| it.authority().failures == 1 && it.status().trouble.is_some();
    served.until("missed", is_told).await;

    let trouble = served.status().trouble.clone().expect("it is told");
    assert!(trouble.contains("cannot be reached"), "{trouble}");
    assert_eq!(served.shown("a.example.com").await, first);
    // It waits longer each time, and a restart does not make it forget how long.
    let mut pauses = Vec::new();
    for failures in 2..=4 {
        let next = served.authority().next_at.expect("a time");
        pauses.push(next.since(served.clock.now()));
        // The job that waits looks at least once an hour.
        served.clock.advance(next.since(served.clock.now()).max(2 * DAY / 24));
        served.until("missed again", |it| it.authority().failures == failures).await;
    }
    assert!(pauses.windows(2).all(|two| two[1] >= two[0] * 3 / 2), "{pauses:?}");
    let at = served.clock.now();
    served.stop().await;
    let served = Served::start(&settings, at).await;
    assert_eq!(served.authority().failures, 4);
    assert_eq!(served.shown("a.example.com").await, first);

    // It comes back and has forgotten everybody: the box makes another account.
    pebble.go_on();
    served.clock.advance(DAY);
    let is_forgotten =
        |it: &Served| it.authority().last_error.is_some_and(|said| said.contains("not know"));
    served.until("forgotten", is_forgotten).await;
    served.clock.advance(DAY);
    served
        .until("signed anew", |it| {
            let authority = it.authority();
            authority.failures == 0
                && authority.last_error.is_none()
                && it.status().trouble.is_none()
        })
        .await;
    let again = served.shown("a.example.com").await;
    assert_ne!(again, first);
    assert!(!again.is_of_the_box());
    assert_eq!(served.status().trouble, None);
    let actions = served.actions().await;
    assert_eq!(actions.iter().filter(|one| *one == "tls.account.created").count(), 2);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_certificate_has_ended_the_box_signs_for_its_name_itself_and_people_are_told() {
    if !is_there("an end") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let mut pebble = Pebble::start(folder.path(), ports);
    let served = Served::start(&settings(folder.path(), ports, &pebble), now()).await;
    signed(&served).await;
    pebble.stop();

    served.clock.advance(LIFE + DAY);
    served.until("missed", |it| it.authority().failures >= 1).await;

    assert!(served.shown("a.example.com").await.is_of_the_box());
    assert_eq!(served.states()["a.example.com"], "waiting");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_told_another_mail_address_once() {
    if !is_there("another mail address") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::start(folder.path(), ports);
    let settings = settings(folder.path(), ports, &pebble);
    let with = |contact: &str| settings.clone().with("HOLDFAST_TLS__ACME_CONTACT", contact);
    let served = Served::start(&with("ops@example.com"), now()).await;
    signed(&served).await;
    let (first, account) = (served.shown("a.example.com").await, served.authority().account);
    served.stop().await;

    for (contact, times) in
        [("ops@example.com", 0), ("new@example.com", 1), ("new@example.com", 1), ("", 2), ("", 2)]
    {
        let served = Served::start(&with(contact), now()).await;
        served.clock.advance(DAY + DAY / 24);
        served
            .until("looked at", |it| {
                it.authority().next_at.is_some_and(|next| next > it.clock.now())
            })
            .await;

        let actions = served.actions().await;
        let told = actions.iter().filter(|one| *one == "tls.account.changed").count();
        assert_eq!(told, times, "{contact}");
        let authority = served.authority();
        assert_eq!((authority.failures, authority.last_error), (0, None), "{contact}");
        assert_eq!(authority.account, account);
        assert_eq!(served.shown("a.example.com").await, first);
        served.stop().await;
    }
}

fn holdfast(settings: &Settings, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.env_clear().envs(settings.variables()).args(arguments).stdin(Stdio::null());
    command.output().expect("the program was built for this test")
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn account_and_certificate_go_along_to_another_machine_and_under_another_master_key() {
    if !is_there("a recovery") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::start(folder.path(), ports);
    let settings = settings(folder.path(), ports, &pebble);
    let served = Served::start(&settings, now()).await;
    signed(&served).await;
    let (first, account) = (served.shown("a.example.com").await, served.authority().account);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::create_dir(path("target")).unwrap();
    done(&holdfast(&settings, &["backup", "kit", "create", "--out", &path("kit.txt")]));
    let add = ["backup", "target", "add", "--name", "Disk", "--folder", &path("target")];
    done(&holdfast(&settings, &add));
    done(&holdfast(&settings, &["backup", "run"]));
    served.stop().await;

    let (target, kit, elsewhere) = (path("target"), path("kit.txt"), path("elsewhere"));
    let recover = ["recover", "--from", &target, "--kit", &kit, "--data", &elsewhere];
    done(&holdfast(&settings, &recover));
    let settings = settings.with("HOLDFAST_STORAGE__DATA", &elsewhere);
    done(&holdfast(&settings, &["keys", "rotate"]));

    let served = Served::start(&settings, now()).await;
    assert_eq!(served.shown("a.example.com").await, first);
    assert_eq!(served.authority().account, account);
    // The same account orders with it.
    served.renew().await;
    served
        .until("renewed", |it| it.authority().obtained_at.is_some_and(|at| at == it.clock.now()))
        .await;
    assert_ne!(served.shown("a.example.com").await, first);
    let made = served.actions().await;
    assert_eq!(made.iter().filter(|one| *one == "tls.account.created").count(), 1);
    served.stop().await;
}
