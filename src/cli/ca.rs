//! `holdfast ca show`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::Common;
use super::output::{self, Answer, Failure};
use crate::platform::clock::Clock;
use crate::platform::tls::{Root, kept_roots};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Shows the roots of the box's own CA, the one in use first.
    Show {
        /// Prints the certificate of the root in use as PEM and nothing else.
        #[arg(long)]
        pem: bool,
    },
}

pub(super) fn run(common: &Common, verb: &Verb) -> Answer {
    match verb {
        Verb::Show { pem } => show(common, *pem),
    }
}

fn show(common: &Common, pem: bool) -> Answer {
    let config = common.load(Vec::new())?;
    let roots = kept_roots(&config.data().join("tls"), &Clock::System).map_err(Failure::of)?;
    let Some(first) = roots.first() else {
        let data = config.data().display();
        return Err(Failure::NotFound(format!("There is no CA in {data}.")));
    };
    if pem {
        return output::print(&first.pem);
    }
    if common.json {
        let items: Vec<Value> = roots.iter().map(to_json).collect();
        return output::print_json(&json!({ "items": items, "next_cursor": null }));
    }
    let line = |root: &Root| format!("{}  until {}\n", root.fingerprint, root.not_after);
    output::print(&roots.iter().map(line).collect::<String>())
}

fn to_json(root: &Root) -> Value {
    json!({
        "fingerprint": root.fingerprint, "not_after": root.not_after.to_string(),
        "pem": root.pem,
    })
}
