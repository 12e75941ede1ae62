//! `holdfast ca show`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use crate::platform::clock::Clock;
use crate::platform::control::{self, Status};
use crate::platform::reach::{SetUpAt, planned_addresses};
use crate::platform::tls::{FOLDER, Root, kept_roots};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Shows the roots of the box's own CA with their fingerprints and the names they are good
    /// for, the one in use first.
    Show(Options),
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Prints the certificate of the root in use as PEM and nothing else.
    #[arg(long)]
    pem: bool,
    /// Draws the address of the page where a device takes the root as a QR code, too.
    #[arg(long, conflicts_with = "pem")]
    qr: bool,
}

pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    let Verb::Show(options) = verb;
    let config = common.load(Vec::new())?;
    let roots = kept_roots(&config.data().join(FOLDER), &Clock::System).map_err(Failure::of)?;
    let Some(first) = roots.first() else {
        let data = config.data().display();
        return Err(Failure::NotFound(format!("There is no CA in {data}.")));
    };
    if options.pem {
        return output::print(&first.pem);
    }
    if common.json {
        let items: Vec<Value> = roots.iter().map(to_json).collect();
        return output::print_json(&json!({ "items": items, "next_cursor": null }));
    }
    let text: String = roots.iter().map(lines).collect();
    if !options.qr {
        return output::print(&text);
    }
    let page = trust_page(common)?;
    output::print(&format!("{page}\n\n{}\n{text}", output::qr(&page)?))
}

fn lines(root: &Root) -> String {
    let Root { fingerprint, not_after, name, .. } = root;
    let names = root.names.join(", ");
    format!("{fingerprint}  until {not_after}\n    {name}\n    good for {names}\n")
}

fn to_json(root: &Root) -> Value {
    json!({
        "fingerprint": root.fingerprint, "not_after": root.not_after.to_string(),
        "name": root.name, "names": root.names, "pem": root.pem,
    })
}

/// Where a device takes the root: of the running box, or of one that will run.
fn trust_page(common: &Common) -> Answer<String> {
    let config = common.load(Vec::new())?;
    // Whoever may not speak to the box still learns what its configuration says.
    let told = common.ask(&control::Verb::Status).ok().flatten();
    let told: Option<Status> = told.map(read).transpose()?;
    let running = told.and_then(|status| status.process).into_iter();
    let mut bound = running.flat_map(|process| process.addresses);
    let https = bound.find(|one| one.listener == "https").and_then(|one| one.address.parse().ok());
    let addresses = https.map_or_else(|| planned_addresses(&config), |at| vec![("https", at)]);
    Ok(format!("{}/trust", SetUpAt::of(&config, &addresses).origin))
}
