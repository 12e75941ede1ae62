//! `holdfast user list`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use crate::platform::clock::Moment;
use crate::platform::identity::User;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists the people of the box, oldest first, with when they were last here.
    List,
}

pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    match verb {
        Verb::List => list(common),
    }
}

fn list(common: &Common) -> Answer {
    let people = common.offline()?.people().map_err(Failure::of)?;
    if common.json {
        let items: Vec<Value> = people.iter().map(to_json).collect();
        return output::print_json(&json!({ "items": items, "next_cursor": null }));
    }
    output::print(&people.iter().map(line).collect::<String>())
}

fn line((user, last_seen_at): &(User, Option<Moment>)) -> String {
    let User { id, name, email, .. } = user;
    let seen = last_seen_at.map_or("never here".to_owned(), |at| format!("last here {at}"));
    let operator = if user.is_operator { ", operator" } else { "" };
    let disabled = if user.disabled_at.is_some() { ", disabled" } else { "" };
    format!("{id}  {name} <{email}>  {seen}{operator}{disabled}\n")
}

fn to_json((user, last_seen_at): &(User, Option<Moment>)) -> Value {
    let text = |at: Option<Moment>| at.map(|at| at.to_string());
    json!({
        "id": user.id.to_string(), "name": user.name, "email": user.email,
        "is_operator": user.is_operator, "disabled_at": text(user.disabled_at),
        "created_at": user.created_at.to_string(), "last_seen_at": text(*last_seen_at),
    })
}
