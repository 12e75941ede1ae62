//! `holdfast user create|list|disable|enable|reset|token|recover|export|erase`.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use crate::platform::clock::Moment;
use crate::platform::control::{self, Person, PersonLink, PersonToken, PersonWork, UserVerb};
use crate::platform::identity::User;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Adds a person and prints the link with which they choose a password.
    Create {
        /// What they are called.
        #[arg(long)]
        name: String,
        /// Their e-mail address, with which they sign in.
        #[arg(long)]
        email: String,
        /// Lets them run the box.
        #[arg(long)]
        operator: bool,
    },
    /// Lists the people of the box, oldest first, with when they were last here.
    List,
    /// Keeps a person from signing in; their sessions and tokens end at once.
    Disable(Who),
    /// Lets a person sign in again.
    Enable(Who),
    /// Prints a link with which a person chooses a new password.
    Reset(Who),
    /// Makes a personal token that may do all its owner may, and prints it.
    Token {
        #[command(flatten)]
        who: Who,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// Days until it ends, 1 to 365.
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
    /// Makes a person an operator who can sign in and prints a link for a new password: the way
    /// back when nobody can run the box any more.
    Recover(Who),
    /// Writes all that is held on a person into a zip.
    Export {
        #[command(flatten)]
        who: Who,
        /// Where the zip goes; a file that is there already is left alone.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Erases all that is held on a person, for good.
    Erase {
        #[command(flatten)]
        who: Who,
        /// Says that it is meant: there is no way back.
        #[arg(long, required = true)]
        yes: bool,
    },
}

/// Who is meant.
#[derive(Debug, Clone, Args)]
pub(super) struct Who {
    /// E-mail address or id.
    #[arg(value_name = "PERSON")]
    who: String,
}

pub(super) fn run(common: &Common, verb: Verb) -> Answer {
    match verb {
        Verb::List => list(common),
        Verb::Create { name, email, operator } => {
            let verb = UserVerb::Create { name, email, is_operator: operator };
            print_link(common, perform(common, verb)?)
        }
        Verb::Disable(Who { who }) => {
            print_person(common, &perform_on(common, &who, |who| UserVerb::Disable { who })?)
        }
        Verb::Enable(Who { who }) => {
            print_person(common, &perform_on(common, &who, |who| UserVerb::Enable { who })?)
        }
        Verb::Reset(Who { who }) => {
            print_link(common, perform_on(common, &who, |who| UserVerb::Reset { who })?)
        }
        Verb::Recover(Who { who }) => {
            print_link(common, perform_on(common, &who, |who| UserVerb::Recover { who })?)
        }
        Verb::Export { who: Who { who }, out } => export(common, &who, &out),
        Verb::Erase { who: Who { who }, yes: _ } => erase(common, &who),
        Verb::Token { who: Who { who }, name, days } => {
            let verb = |who| UserVerb::Token { who, name, days };
            print_token(common, &perform_on(common, &who, verb)?)
        }
    }
}

fn perform<T: DeserializeOwned>(common: &Common, verb: UserVerb) -> Answer<T> {
    read(common.perform(control::Verb::User(verb))?)
}

/// Like `perform`, saying who was not found.
fn perform_on<T: DeserializeOwned>(
    common: &Common,
    who: &str,
    verb: impl FnOnce(String) -> UserVerb,
) -> Answer<T> {
    // A folder without a box is told apart from a box without the person.
    drop(common.offline()?);
    perform(common, verb(who.to_owned())).map_err(|failure| match failure {
        Failure::NotFound(_) => {
            Failure::NotFound(format!("Nobody on this box has the address or id {who}."))
        }
        other => other,
    })
}

/// Asks again until the work has ended.
fn finished(common: &Common, mut work: PersonWork) -> Answer<PersonWork> {
    while ["waiting", "running"].contains(&work.state.as_str()) {
        work = perform(common, UserVerb::Look { job: work.job })?;
    }
    if work.state == "done" {
        return Ok(work);
    }
    let why = work.detail.unwrap_or_else(|| format!("The job was {}.", work.state));
    Err(Failure::Failed(why))
}

fn erase(common: &Common, who: &str) -> Answer {
    let work = perform_on(common, who, |who| UserVerb::Erase { who })?;
    let work = finished(common, work)?;
    if common.json {
        return output::print_json(&json!({ "job": work.job, "state": work.state }));
    }
    output::print(&format!("All that was held on {who} is erased.\n"))
}

fn export(common: &Common, who: &str, out: &Path) -> Answer {
    let mut options = File::options();
    let mut copy = options.write(true).create_new(true).mode(0o600).open(out)?;
    let written = perform_on(common, who, |who| UserVerb::Export { who })
        .and_then(|work| finished(common, work))
        .and_then(|work| work.file.ok_or_else(|| Failure::Failed("No file came.".to_owned())))
        .and_then(|file| Ok(std::io::copy(&mut File::open(file)?, &mut copy)?));
    let size_bytes = match written {
        Ok(size_bytes) => size_bytes,
        Err(failure) => {
            drop(copy);
            std::fs::remove_file(out)?;
            return Err(failure);
        }
    };
    copy.sync_all()?;
    if common.json {
        return output::print_json(&json!({ "file": out, "size_bytes": size_bytes }));
    }
    output::print(&format!("{} holds all that is held on {who}.\n", out.display()))
}

fn print_person(common: &Common, person: &Person) -> Answer {
    if common.json {
        return output::print_json(&json!({ "user": person }));
    }
    let state = if person.is_disabled { "cannot sign in any more" } else { "can sign in" };
    output::print(&format!("{} <{}> {state}.\n", person.name, person.email))
}

/// The link alone goes to standard output, so that a script can take it.
fn print_link(common: &Common, made: PersonLink) -> Answer {
    if common.json {
        return output::print_json(&json!(made));
    }
    let PersonLink { user, link, expires_at } = made;
    output::note(&format!("For {} <{}>, once, until {expires_at}:", user.name, user.email));
    output::print(&format!("{link}\n"))
}

fn print_token(common: &Common, made: &PersonToken) -> Answer {
    if common.json {
        return output::print_json(&json!(made));
    }
    let PersonToken { user, expires_at, .. } = made;
    output::note(&format!("For {} <{}>, until {expires_at}:", user.name, user.email));
    output::print(&format!("{}\n", made.token))
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
