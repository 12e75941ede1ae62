//! What is wrong with an answer, whatever was asked.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::Value;

use super::description::{Description, Operation, Rest};
use super::sent::Sent;
use crate::support::Reply;

/// Words that only a look inside the program can give.
const INSIDES: &[&str] = &["sqlite", "panicked", "rusqlite", "src/", ".rs:", "constraint failed"];

pub struct Judge<'a> {
    pub description: &'a Description,
    /// Every code of the product.
    pub codes: &'a BTreeSet<String>,
}

impl Judge<'_> {
    /// All that is wrong with an answer; nothing when it is as described.
    pub fn faults(&self, operation: &Operation, sent: &Sent, reply: &Reply) -> Vec<String> {
        let mut found = Vec::new();
        let status = reply.status;
        let Some(documented) = self.description.response(operation, status.as_u16()) else {
            return vec![format!("{status} is not documented: {}", start(&reply.text()))];
        };
        let is_own = documented["content"].get("application/problem+json").is_none()
            && documented["content"].is_object();
        if status.is_server_error() && !is_own {
            found.push(format!("{status}: {}", start(&reply.text())));
        }
        if status.as_u16() >= 400 && !is_own {
            self.look_at_problem(reply, &mut found);
        } else {
            self.look_at_body(documented, reply, &mut found);
        }
        if let (true, Some(why)) = (status.is_success(), &sent.breaks) {
            found.push(format!("{status} although {why}"));
        }
        if reply.header("x-request-id").is_none() {
            found.push("no request id".to_owned());
        }
        found
    }

    fn look_at_body(&self, documented: &Value, reply: &Reply, found: &mut Vec<String>) {
        let Some(content) = documented["content"].as_object() else {
            if !reply.bytes.is_empty() {
                found.push(format!("a body nobody described: {}", start(&reply.text())));
            }
            return;
        };
        let kind = media_type(reply);
        let Some(about) = content.get(&kind) else {
            found.push(format!("the media type {kind:?} is not documented"));
            return;
        };
        if kind != "application/json" {
            return;
        }
        match serde_json::from_slice::<Value>(&reply.bytes) {
            Ok(body) => {
                found.extend(self.description.faults(&about["schema"], &body, Rest::Closed));
            }
            Err(error) => found.push(format!("not JSON: {error}")),
        }
    }

    fn look_at_problem(&self, reply: &Reply, found: &mut Vec<String>) {
        let kind = media_type(reply);
        if kind != "application/problem+json" {
            found.push(format!("a refusal as {kind:?}: {}", start(&reply.text())));
            return;
        }
        let problem: Value = match serde_json::from_slice(&reply.bytes) {
            Ok(problem) => problem,
            Err(error) => return found.push(format!("a refusal that is not JSON: {error}")),
        };
        found.extend(self.description.faults(self.description.problem(), &problem, Rest::Open));
        let code = problem["code"].as_str().unwrap_or_default();
        let errors = problem["errors"].as_array().map_or(&[][..], Vec::as_slice);
        for code in errors.iter().filter_map(|one| one["code"].as_str()).chain([code]) {
            if !self.codes.contains(code) {
                found.push(format!("the code {code:?} is in no table"));
            }
        }
        if problem["status"] != reply.status.as_u16()
            || problem["type"] != format!("/problems/{code}")
        {
            found.push(format!("status or type do not fit: {problem}"));
        }
        let id = reply.header("x-request-id").unwrap_or_default();
        if problem["instance"] != format!("/requests/{id}") {
            found.push(format!("the instance is not the request {id}: {problem}"));
        }
        let needs_wait = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
        if needs_wait.contains(&reply.status) && reply.header("retry-after").is_none() {
            found.push(format!("{} without Retry-After", reply.status));
        }
        let told = reply.text().to_lowercase();
        if let Some(word) = INSIDES.iter().find(|word| told.contains(*word)) {
            found.push(format!("{word:?} shows the inside: {problem}"));
        }
    }
}

fn media_type(reply: &Reply) -> String {
    let kind = reply.header("content-type").unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_owned()
}

fn start(text: &str) -> String {
    text.chars().take(300).collect()
}
