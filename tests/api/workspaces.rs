//! Workspaces: many of them, few open files, and what each may be.

mod apps;
pub(crate) mod before;
mod life;
mod settings;
mod usage;

use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn more_workspaces_than_open_files_work_and_stay_apart() {
    const WORKSPACES: usize = 12;
    let server = TestServer::start_with(&[("storage.workspaces_open_max", "3")]).await;
    let mut managers = Vec::new();
    for _ in 0..WORKSPACES {
        let workspace = server.second_workspace().await;
        managers.push(server.person_in(workspace, "manager").await);
    }

    for (number, manager) in managers.iter().enumerate() {
        let item = json!({ "item_number": format!("N-{number}"), "name": "Salt", "unit": "kg" });
        manager.post("/inventory/items", &item).await.is(201);
        assert!(server.platform.workspaces.open_count() <= 3);
    }

    for (number, manager) in managers.iter().enumerate() {
        let items = manager.get("/inventory/items").await.is(200);
        let items = items["items"].as_array().expect("a list");
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["item_number"], format!("N-{number}"));
    }
    server.finish().await;
}

#[tokio::test]
async fn a_file_that_belongs_to_another_workspace_is_refused() {
    let server = TestServer::start_with(&[("storage.workspaces_open_max", "1")]).await;
    let other = server.second_workspace().await;
    let manager = server.person("manager").await;
    let theirs = server.platform.workspaces.path(other);
    let ours = server.platform.workspaces.path(server.workspace);
    server.platform.workspaces.close_all().await;
    let kept = std::fs::read(&ours).expect("our file");
    std::fs::copy(theirs, &ours).expect("a mix-up");

    manager.get("/inventory/items").await.is_problem(503, "workspace-damaged");

    std::fs::write(&ours, kept).expect("our file");
    let operator = server.operator().await;
    operator.post("/api/v1/jobs", &json!({ "kind": "platform.check-files" })).await.is(202);
    server.run_jobs().await;
    manager.get("/inventory/items").await.is(200);
    server.finish().await;
}
