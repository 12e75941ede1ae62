//! A certificate that nobody renews is told to whoever runs the box, in time and once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use holdfast::platform::clock::Moment;
use holdfast::platform::identity::UserId;
use holdfast::platform::tls::ops::{Told, look};
use holdfast::platform::tls::{Certificates, OwnPair, Source};
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use time::OffsetDateTime;

use super::{NOTICES, items, kinds};
use crate::support::{START, TestServer};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const ENDS: &str = "box.certificate-ends";

/// Puts a pair of ninety days where the box looks for it, and gives its end.
fn put_pair(folder: &Path, from: Moment) -> Moment {
    let at = |moment: Moment| OffsetDateTime::from_unix_timestamp(moment.0 / 1000).expect("a time");
    let end = from.plus(90 * DAY);
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["kitchen.local".to_owned()]).expect("a name");
    (params.not_before, params.not_after) = (at(from), at(end));
    let certificate = params.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join("box.pem"), certificate.pem()).expect("a file");
    std::fs::write(folder.join("box.key"), key.serialize_pem()).expect("a file");
    end
}

/// A box with a pair of its own, somebody who runs it, and somebody who only works there.
struct Scene {
    server: TestServer,
    certificates: Arc<Certificates>,
    folder: tempfile::TempDir,
    operator: UserId,
    owner: UserId,
    end: Moment,
    told: Told,
}

impl Scene {
    async fn new() -> Self {
        let (server, folder) = (TestServer::start().await, tempfile::tempdir().expect("a folder"));
        let end = put_pair(folder.path(), START);
        let (certificate, key) = (folder.path().join("box.pem"), folder.path().join("box.key"));
        let pair = Source::Own(OwnPair { certificate, key });
        let certificates = server.show(pair);
        let (operator, owner) = (server.user("viewer").await, server.user("owner").await);
        let sql = "UPDATE users SET is_operator = 1 WHERE id = :user";
        server.change_user(operator, sql).await;
        Self { server, certificates, folder, operator, owner, end, told: None }
    }

    /// Goes on to so long before the end and looks, twice.
    async fn look(&mut self, before: Duration) {
        let now = self.server.clock.now();
        self.server.advance(self.end.minus(before).since(now));
        for _ in 0..2 {
            self.certificates.check();
            look(&self.server.platform, &mut self.told).await.expect("a look");
        }
    }

    /// How often somebody was told.
    async fn count(&self, user: UserId) -> usize {
        let kinds = kinds(&self.server.token_of(user).await).await;
        kinds.iter().filter(|kind| *kind == ENDS).count()
    }

    async fn newest(&self) -> Value {
        items(&self.server.token_of(self.operator).await.get(NOTICES).await).remove(0)
    }
}

#[tokio::test]
async fn whoever_runs_the_box_hears_of_an_end_14_and_3_days_before_and_once_each() {
    let mut scene = Scene::new().await;

    for (before, times) in [
        (89 * DAY, 0),
        (14 * DAY + HOUR, 0),
        (14 * DAY, 1),
        (13 * DAY, 1),
        (3 * DAY + HOUR, 1),
        (3 * DAY, 2),
        (DAY, 2),
        (Duration::ZERO, 2),
    ] {
        scene.look(before).await;
        assert_eq!(scene.count(scene.operator).await, times, "{before:?} before the end");
        // What was told before a restart is in the box's file.
        scene.told = None;
    }

    assert_eq!(scene.count(scene.owner).await, 0);
    let notice = scene.newest().await;
    let day: String = scene.end.to_string().chars().take(10).collect();
    assert_eq!(notice["title"], format!("The box's certificate ends on {day}"));
    assert!(notice["detail"].as_str().is_some_and(|it| it.contains("kitchen.local")), "{notice}");
    let entries = scene.server.box_entries("tls.certificate.ends").await;
    let days: Vec<bool> =
        ["14", "3"].iter().zip(&entries).map(|(it, one)| one.changes.contains(it)).collect();
    assert_eq!((entries.len(), days), (2, vec![true, true]));
    scene.server.finish().await;
}

#[tokio::test]
async fn a_box_that_was_off_for_long_tells_the_nearer_of_the_two_alone() {
    let mut scene = Scene::new().await;

    scene.look(2 * DAY).await;
    scene.look(DAY).await;

    assert_eq!(scene.count(scene.operator).await, 1);
    scene.server.finish().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_told_of_when_its_own_end_comes_near() {
    let mut scene = Scene::new().await;
    scene.look(14 * DAY).await;
    assert_eq!(scene.count(scene.operator).await, 1);

    let before = scene.end;
    scene.end = put_pair(scene.folder.path(), scene.server.clock.now());
    for left in [3 * DAY, DAY, Duration::ZERO] {
        scene.look(scene.end.since(before) + left).await;
    }
    assert_eq!(scene.count(scene.operator).await, 1, "the end of the old one");

    scene.look(14 * DAY).await;
    assert_eq!(scene.count(scene.operator).await, 2, "the end of the new one");
    scene.server.finish().await;
}
