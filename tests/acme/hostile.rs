//! An authority that limits, fails, talks nonsense, or says when it would like to be asked.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::boxes::{Ports, Served, Settings, now};
use crate::mock::{Mock, Mood};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn settings(folder: &Path, mock: &Mock) -> Settings {
    Settings::new(&folder.join("data"), Ports::free())
        .with("HOLDFAST_SERVER__NAMES", "a.example.com")
        .with("HOLDFAST_TLS__ACME_DIRECTORY", mock.directory())
        .with("HOLDFAST_TLS__ACME_ROOT", mock.server_root())
}

fn problem(kind: &str, detail: &str) -> String {
    let kind = format!("urn:ietf:params:acme:error:{kind}");
    json!({ "type": kind, "detail": detail, "status": 429 }).to_string()
}

async fn signed(served: &Served) {
    // And shown as the one in use.
    served
        .until("signed", |it| {
            it.states()["a.example.com"] == "public" && it.status().trouble.is_none()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_named_and_kept_to_the_minute_also_when_somebody_is_impatient() {
    let folder = tempfile::tempdir().unwrap();
    let mock = Mock::start(folder.path()).await;
    let answer = problem("rateLimited", "too many certificates");
    mock.set(Mood {
        to_orders: Some((429, "Retry-After: 7200\r\n".to_owned(), answer)),
        ..Mood::default()
    });
    let served = Served::start(&settings(folder.path(), &mock), now()).await;
    served.until("limited", |it| it.authority().failures == 1).await;
    let said = served.authority().last_error.unwrap();
    assert!(said.contains("allows no more") && said.contains("too many certificates"), "{said}");
    let next = served.authority().next_at.unwrap();
    assert!(next.since(served.clock.now()) + Duration::from_secs(1) >= 2 * HOUR);

    served.pass(HOUR).await;
    let refusal = holdfast::platform::tls::ops::renew(&served.ctx()).await;
    assert!(refusal.is_err_and(|error| error.to_string().contains("left alone")
        || format!("{error:?}").contains("acme-rate-limited")));
    assert_eq!(mock.orders(), 1);

    mock.set(Mood::default());
    served.clock.advance(HOUR);
    // The job that looked too early rests for some minutes.
    let is_signed = |it: &Served| {
        it.clock.advance(Duration::from_mins(5));
        it.states()["a.example.com"] == "public"
    };
    served.until("signed", is_signed).await;
    assert_eq!(mock.orders(), 2);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_nonsense_are_told_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mock = Mock::start(folder.path()).await;
    let served = Served::start(&settings(folder.path(), &mock), now()).await;
    signed(&served).await;
    let first = served.shown("a.example.com").await;
    let all = |status, body: &str| Mood {
        to_all: Some((status, String::new(), body.to_owned())),
        ..Mood::default()
    };
    let orders = |status, body: &str| Mood {
        to_orders: Some((status, String::new(), body.to_owned())),
        ..Mood::default()
    };
    let other = Mood { signs_for: Some("evil.example.com".to_owned()), ..Mood::default() };
    let cases = [
        (all(500, "<html>Oops</html>"), "500"),
        (all(200, "{}"), "no answer of an ACME"),
        (all(200, "<html>"), "no directory"),
        (all(200, &"x".repeat(2 * 1024 * 1024)), "could not be read"),
        (orders(500, &problem("serverInternal", "down")), "trouble of its own"),
        (orders(503, "<html>"), "no answer of an ACME"),
        (orders(200, "[]"), "no answer of an ACME"),
        (other, "other names"),
    ];
    for (mood, said) in cases {
        mock.set(mood);
        served.clock.advance(7 * HOUR);
        served.renew().await;
        served
            .until(said, |it| {
                let is_told = it.status().trouble.is_some();
                it.authority().last_error.is_some_and(|error| error.contains(said)) && is_told
            })
            .await;
        assert_eq!(served.shown("a.example.com").await, first, "{said}");
    }

    mock.set(Mood::default());
    served.clock.advance(7 * HOUR);
    served.renew().await;
    served.until("mended", |it| it.authority().last_error.is_none()).await;
    assert_ne!(served.shown("a.example.com").await, first);
    assert_eq!(served.authority().failures, 0);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_chooses_when_to_renew_and_hears_what_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mock = Mock::start(folder.path()).await;
    let begun = now();
    let window = (begun.plus(10 * DAY), begun.plus(12 * DAY));
    mock.set(Mood { window: Some(window), ..Mood::default() });
    let served = Served::start(&settings(folder.path(), &mock), begun).await;
    signed(&served).await;
    let (first, authority) = (served.shown("a.example.com").await, served.authority());
    let at = authority.renewal_at.unwrap();
    assert!(authority.is_renewal_suggested);
    assert!(window.0 <= at && at <= window.1, "{at} in {window:?}");

    // The authority has to take certificates back: its window moves into the past.
    let window = (begun.plus(DAY), begun.plus(2 * DAY));
    mock.set(Mood { window: Some(window), ..Mood::default() });
    served.clock.advance(3 * DAY);
    served.until("renewed", |it| it.authority().obtained_at.is_some_and(|at| at > begun)).await;

    assert_ne!(served.shown("a.example.com").await, first);
    assert_eq!((mock.orders(), mock.replaced().len()), (2, 1));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_it_may_write_to_is_told_until_the_authority_takes_it_and_costs_no_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let mock = Mock::start(folder.path()).await;
    let settings = settings(folder.path(), &mock);
    let with = |contact: &str| settings.clone().with("HOLDFAST_TLS__ACME_CONTACT", contact);
    let served = Served::start(&with("ops@example.com"), now()).await;
    signed(&served).await;
    served.stop().await;
    assert_eq!(mock.contacts(), [json!(["mailto:ops@example.com"])]);

    let no = (400, problem("invalidContact", "nobody is there"));
    mock.set(Mood { to_changes: Some(no), ..Mood::default() });
    let served = Served::start(&with("new@example.com"), now()).await;
    let says = |it: &Served, text: &str| {
        it.status().trouble.as_ref().is_some_and(|trouble| trouble.contains(text))
    };
    served.until("refused", |it| says(it, "tls.acme_contact")).await;
    assert!(says(&served, "nobody is there"));
    assert_eq!(served.states()["a.example.com"], "public");
    assert_eq!(served.authority().failures, 0);
    assert!(!served.actions().await.contains(&"tls.account.changed".to_owned()));

    mock.set(Mood::default());
    served.clock.advance(DAY + HOUR);
    served.until("taken", |it| it.status().trouble.is_none()).await;
    assert_eq!(mock.contacts().last(), Some(&json!(["mailto:new@example.com"])));
    served.stop().await;

    let told = mock.contacts().len();
    let served = Served::start(&with(""), now()).await;
    served.until("told", |_| mock.contacts().len() > told).await;
    assert_eq!(mock.contacts().last(), Some(&json!([])));
    assert_eq!(mock.orders(), 1);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_told_14_and_3_days_before_once_each_and_not_after_a_renewal() {
    let folder = tempfile::tempdir().unwrap();
    let mock = Mock::start(folder.path()).await;
    let settings = settings(folder.path(), &mock);
    let served = Served::start(&settings, now()).await;
    served.add_operator().await;
    signed(&served).await;
    let end = served.status().not_after;
    let gone = (503, String::new(), String::new());
    mock.set(Mood { to_all: Some(gone), ..Mood::default() });
    let none: [&str; 0] = [];

    served.go_to(end, 14 * DAY + HOUR);
    served.look().await;
    assert_eq!(served.told_days().await, none);
    served.go_to(end, 14 * DAY);
    served.look().await;
    served.look().await;
    assert_eq!(served.told_days().await, ["14"]);
    served.go_to(end, 3 * DAY + HOUR);
    served.look().await;
    let at = served.clock.now();
    served.stop().await;
    // A restart forgets what was told, the box does not.
    let served = Served::start(&settings, at).await;
    served.look().await;
    assert_eq!(served.told_days().await, ["14"]);
    served.go_to(end, 3 * DAY);
    served.look().await;
    served.pass(HOUR).await;
    assert_eq!(served.told_days().await, ["14", "3"]);

    mock.set(Mood { signs_at: Some(served.clock.now()), ..Mood::default() });
    served.clock.advance(7 * HOUR);
    served.until("renewed", |it| it.status().not_after > end).await;
    served.go_to(end, Duration::from_secs(1));
    served.look().await;
    assert_eq!(served.told_days().await, ["14", "3"]);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_renewed_in_time_is_never_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let mock = Mock::start(folder.path()).await;
    let served = Served::start(&settings(folder.path(), &mock), now()).await;
    served.add_operator().await;
    signed(&served).await;
    let end = served.status().not_after;

    served.go_to(end, 29 * DAY);
    mock.set(Mood { signs_at: Some(served.clock.now()), ..Mood::default() });
    served.until("renewed", |it| it.status().not_after > end).await;
    for left in [14, 3, 1] {
        served.go_to(end, left * DAY);
        served.look().await;
    }

    assert_eq!(served.told_days().await, [] as [&str; 0]);
    served.stop().await;
}
