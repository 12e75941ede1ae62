//! The table of roles, cell by cell: every route of the app is called as every role, with
//! something real to be called on.

mod calls;

use calls::{Call, Scene};
use holdfast::apps::inventory::matrix::{Deed, MATRIX, Row};
use holdfast::http::guard::{Access, Asked};
use holdfast::platform::access::Role;
use holdfast::wiring;
use http::Method;

use crate::fuzz::world::SETTINGS;
use crate::support::TestServer;

const BELOW: &str = "/api/v1/workspaces/{workspace}/inventory/";
/// Reads that ask for more than the first deed of their row.
const NARROWER: &[(&str, Deed)] = &[
    ("GET count-settings", Deed::Approve),
    ("GET export/{file}", Deed::Export),
    ("GET exports/{id}", Deed::Export),
    ("GET items/{id}/comments/people", Deed::Comment),
];

/// What is one's own alone: whoever may read may change it.
const OWN: &[&str] = &["saved-filters"];

/// A route, the row of the table that it belongs to, and what it asks for.
struct Route {
    /// Its verb and its address below the app's.
    name: String,
    row: &'static Row,
    deed: Deed,
}

impl Route {
    fn of(asked: &Asked) -> Option<Self> {
        let below = asked.path.strip_prefix(BELOW)?;
        let name = format!("{} {below}", asked.method);
        let first = below.split('/').next().unwrap_or_default();
        let row = MATRIX.iter().find(|row| row.paths.contains(&first));
        let row = row.unwrap_or_else(|| panic!("{name} stands in no row of the table"));
        let Access::Permission(permission) = &asked.access else {
            panic!("{name} asks for {}", asked.access)
        };
        let deed = Deed::ALL.into_iter().find(|deed| deed.permission() == *permission);
        let deed = deed.unwrap_or_else(|| panic!("{name} asks for {permission}"));
        Some(Self { name, row, deed })
    }

    fn is_own(&self) -> bool {
        self.row.paths == OWN
    }

    fn is_read(&self) -> bool {
        self.name.starts_with("GET ")
    }
}

fn routes(server: &TestServer) -> Vec<Route> {
    let table = wiring::access_table(&server.platform).expect("the routes");
    table.iter().filter_map(Route::of).collect()
}

#[tokio::test]
async fn every_route_asks_for_what_its_row_of_the_table_says() {
    let server = TestServer::start().await;
    let routes = routes(&server);

    for route in &routes {
        let Route { name, row, deed } = route;
        assert!(row.admin.contains(deed), "{name} asks for {deed:?}, which its row does not have");
        let narrower = NARROWER.iter().find(|(route, _)| route == name);
        let is_read = name.starts_with("GET ");
        let reads = narrower.map_or(row.admin[0], |(_, deed)| *deed);
        assert!(!is_read || *deed == reads, "{name} asks for {deed:?}");
        let is_common = !route.is_own();
        let asks_to_read = *deed == Deed::Read;
        assert!(is_read || is_common != asks_to_read, "{name} changes something for {deed:?}");
    }
    for row in MATRIX {
        let is_there = |path: &&str| {
            routes.iter().any(|route| route.name.split([' ', '/']).nth(1) == Some(path))
        };
        assert!(row.paths.iter().all(is_there), "{} names addresses that are not", row.object);
    }
    server.finish().await;
}

#[tokio::test]
async fn every_role_gets_from_every_route_what_its_cell_says() {
    let server = TestServer::start_with(SETTINGS).await;
    let scene = Scene::make(&server).await;
    let outsider = server.person_in(server.second_workspace().await, "owner").await;
    let outsider = outsider.in_workspace(server.workspace);

    for route in routes(&server) {
        for role in Role::ALL {
            let client = server.person(role.name()).await;
            let may = route.row.cell(role).contains(&route.deed);
            // Whoever may do nothing with it needs no thing of their own to be refused.
            let maker = if may { &client } else { &scene.owner };
            let call = scene.call(&server, maker, &route.name).await;
            let reply = call.send(&client).await;
            let asked = format!("{} as {role}: {}", route.name, reply.text());
            if may {
                assert!(reply.status.is_success(), "{asked}");
            } else {
                assert_eq!(reply.status, 403, "{asked}");
                assert_eq!(reply.json()["code"], "forbidden", "{asked}");
            }
        }
        let call = scene.call(&server, &scene.owner, &route.name).await;
        assert_eq!(call.send(&outsider).await.status, 404, "{} from outside", route.name);
    }
    server.finish().await;
}

#[tokio::test]
async fn what_is_not_there_is_told_only_to_whoever_might_have_seen_it() {
    let server = TestServer::start_with(SETTINGS).await;
    let mut tried = 0;

    for route in routes(&server).iter().filter(|route| route.is_read()) {
        let Some((_, path)) = route.name.split_once(' ') else { continue };
        if !path.contains("{id}") {
            continue;
        }
        let call = Call::of(Method::GET, &calls::unknown(path));
        for role in Role::ALL {
            let client = server.person(role.name()).await;
            let may = route.row.cell(role).contains(&route.deed);
            let reply = call.send(&client).await;
            let expected = if may { 404 } else { 403 };
            assert_eq!(reply.status, expected, "{} as {role}: {}", route.name, reply.text());
            tried += 1;
        }
    }
    assert!(tried > 70, "{tried}");
    server.finish().await;
}
