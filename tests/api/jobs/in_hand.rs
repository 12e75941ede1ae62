//! What a job is given in memory alone, as the key of a kit, goes with the job, however it ends.

use std::sync::{Arc, Weak};

use holdfast::platform::jobs::JobId;
use serde_json::{Value, json};

use super::kinds::{BUSY, COUNTS, PANICS, SLOW};
use super::{ask, path};
use crate::support::{PASSWORD, TestServer};

fn id_of(job: &Value) -> JobId {
    job["id"].as_str().expect("an id").parse().expect("as described")
}

/// Gives a job something and says whether it is still there.
fn hand(server: &TestServer, job: &Value) -> Weak<Vec<u8>> {
    let key = Arc::new(b"a key".to_vec());
    let seen = Arc::downgrade(&key);
    server.platform.jobs.hand(id_of(job), key);
    seen
}

#[tokio::test]
async fn what_a_job_was_given_goes_when_it_is_done_breaks_or_takes_too_long() {
    let server = TestServer::start_with_jobs(&[], &[COUNTS, PANICS, SLOW]).await;
    let admin = server.person("admin").await;
    for (kind, state) in
        [("test.counts", "done"), ("test.panics", "failed"), ("test.slow", "failed")]
    {
        let asked = admin.post("/jobs", &ask(kind)).await.is(202);
        let key = hand(&server, &asked);

        server.run_jobs().await;

        assert_eq!(admin.get(&path(&asked)).await.is(200)["state"], state, "{kind}");
        assert_eq!(key.strong_count(), 0, "{kind}");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_a_job_was_given_waits_with_it_and_goes_when_it_is_cancelled() {
    let server = TestServer::start_with_jobs(&[], &[BUSY]).await;
    let admin = server.person("admin").await;
    let asked = admin.post("/jobs", &ask("test.busy")).await.is(202);
    let key = hand(&server, &asked);
    server.run_jobs().await;
    assert_eq!(admin.get(&path(&asked)).await.is(200)["state"], "waiting");
    assert_eq!(key.strong_count(), 1, "the next try needs it");

    admin.post(&format!("{}/cancel", path(&asked)), &Value::Null).await.is(202);

    assert_eq!(key.strong_count(), 0);
    server.finish().await;
}

#[tokio::test]
async fn a_passphrase_goes_with_whoever_is_erased_while_their_export_waits() {
    let server = TestServer::start().await;
    let (_owner, operator) = (server.person("owner").await, server.operator().await);
    let mira = server.account("mira@example.com", "owner").await;
    let other = server.token_of(mira).await.in_workspace(server.workspace);
    let to = json!({ "passphrase": PASSWORD });
    let asked = other.post("/exports", &to).await.is(202);
    assert!(server.platform.jobs.has_in_hand(id_of(&asked)));

    let confirm = json!({ "confirm": "mira@example.com" });
    let erase = format!("/api/v1/users/{mira}/erase");
    operator.post(&erase, &confirm).await.is(202);

    assert!(!server.platform.jobs.has_in_hand(id_of(&asked)));
    server.finish().await;
}
