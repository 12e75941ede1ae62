//! Who may do what with a count, and what those who count blind are not told.

use super::*;

#[tokio::test]
async fn each_role_does_its_own_part_of_a_count() {
    let server = TestServer::start().await;
    let (manager, counter) = (server.person("manager").await, server.person("counter").await);
    let viewer = server.person("viewer").await;
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let body = json!({ "name": "Mine" });
    counter.post("/inventory/counts", &body).await.is_problem(403, "forbidden");
    let count = open(&manager, false).await;
    let entries = json!({ "entries": [entry(1, &salmon, &freezer, "set", "9")] });
    let refusal = viewer.post(&below(&count, "entries"), &entries).await;
    refusal.is_problem(403, "forbidden");
    viewer.get(&path("counts", &count)).await.is(200);
    for what in ["approve", "reject", "cancel"] {
        let body = if what == "reject" { json!({ "reason": "No" }) } else { json!({}) };
        counter.post(&below(&count, what), &body).await.is_problem(403, "forbidden");
    }
    counter.get("/inventory/count-settings").await.is_problem(403, "forbidden");

    enter(&counter, &count, &[entry(1, &salmon, &freezer, "set", "9")]).await;
    for client in [&counter, &viewer] {
        let page = client.get(&below(&count, "lines")).await;
        let line = &page.is(200)["items"][0];
        assert_eq!((&line["variance"], line.get("variance_value")), (&json!("-1.000"), None));
        assert!(!page.text().contains("value"), "{}", page.text());
    }
    server.finish().await;
}

#[tokio::test]
async fn whoever_counts_blind_sees_neither_what_is_expected_nor_what_others_counted() {
    let server = TestServer::start().await;
    let (manager, ann) = (server.person("manager").await, server.person("counter").await);
    let ben = server.person("counter").await;
    let (salmon, cod) = (item(&manager, "S").await, item(&manager, "C").await);
    let freezer = location(&manager, "F").await;
    post(&manager, "receive", &salmon, &freezer, "10").await;
    post(&manager, "receive", &cod, &freezer, "5").await;
    let count = open(&manager, true).await;
    let found = [entry(1, &salmon, &freezer, "set", "9"), entry(2, &cod, &freezer, "set", "5")];
    enter(&ann, &count, &found).await;
    enter(&ben, &count, &[entry(3, &salmon, &freezer, "set", "8")]).await;

    let own = ["C@F counted 5/-", "S@F counted -/-"];
    assert_eq!(lines(&ann, &count, "").await, own);
    assert_eq!(lines(&ben, &count, "").await, ["C@F counted -/-", "S@F counted -/-"]);
    assert_eq!(lines(&ben, &count, "state=conflict").await, Vec::<String>::new());
    let all = ["S@F conflict 8/10", "C@F ok 5/5"];
    assert_eq!(lines(&manager, &count, "order=variance").await, all);
    let page = ben.get(&below(&count, "lines?order=variance")).await.is(200);
    for line in page["items"].as_array().expect("lines") {
        let hidden = ["expected", "variance", "variance_value", "conflicts", "counters", "counted"];
        assert!(hidden.iter().all(|name| line.get(name).is_none()), "{line}");
    }
    let mine = ben.get(&below(&count, "entries")).await.is(200);
    assert_eq!(column(&mine, "qty"), ["8.000"]);
    let told = ben.get(&path("counts", &count)).await.is(200);
    assert_eq!(told["summary"], json!({ "counted": 2 }));
    server.finish().await;
}

#[tokio::test]
async fn a_role_that_is_lowered_while_counting_ends_it_and_keeps_what_was_entered() {
    let server = TestServer::start().await;
    let (owner, manager) = (server.person("owner").await, server.person("manager").await);
    let user = server.user("counter").await;
    let counter = server.token_of(user).await;
    let (salmon, freezer) = (item(&manager, "S").await, location(&manager, "F").await);
    post(&manager, "receive", &salmon, &freezer, "10").await;
    let count = open(&manager, false).await;
    enter(&counter, &count, &[entry(1, &salmon, &freezer, "set", "9")]).await;
    let address = format!("/members/{user}");
    let lower = json!({ "role": "viewer" });
    owner.change(http::Method::PATCH, &address, 1, &lower).await.is(200);

    let refusal = counter.post(&below(&count, "submit"), &json!({})).await;

    refusal.is_problem(403, "forbidden");
    let more = json!({ "entries": [entry(2, &salmon, &freezer, "set", "1")] });
    counter.post(&below(&count, "entries"), &more).await.is_problem(403, "forbidden");
    act(&manager, &count, "submit", json!({})).await;
    act(&manager, &count, "approve", json!({})).await;
    assert_eq!(on_hand(&manager, &salmon).await, "9.000");
    server.finish().await;
}
