//! What people are told.

mod bell;
mod certificates;
mod low_stock;
mod mail;
mod mentions;
mod real_server;
pub mod receivers;
mod security;
mod webhooks;

use serde_json::Value;

use crate::support::{Client, Reply};

pub const NOTICES: &str = "/api/v1/me/notices";
pub const SETTINGS: &str = "/api/v1/me/notice-settings";

/// A list's rows.
pub fn items(reply: &Reply) -> Vec<Value> {
    reply.is(200)["items"].as_array().expect("a list").clone()
}

/// Kinds of somebody's notices, newest first.
pub async fn kinds(client: &Client) -> Vec<String> {
    let kind = |notice: Value| notice["kind"].as_str().expect("a kind").to_owned();
    items(&client.get(NOTICES).await).into_iter().map(kind).collect()
}
