//! `holdfast setup-link`.

use std::io::IsTerminal;

use clap::Args;
use serde_json::json;

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use crate::platform::clock::Clock;
use crate::platform::control::{SetupLink, Verb};
use crate::platform::tls::{self, kept_roots};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Draws the link as a QR code and names the root of the certificate, also where the output is
    /// no terminal.
    #[arg(long)]
    qr: bool,
}

/// Makes the link in the running box, or in its files while it does not run.
pub(super) fn run(common: &Common, options: &Options) -> Answer {
    let SetupLink { link, local_link } = read(common.perform(Verb::SetupLink)?)?;
    if common.json {
        return output::print_json(&match local_link {
            Some(local) => json!({ "link": link, "local_link": local }),
            None => json!({ "link": link }),
        });
    }
    let is_terminal = std::io::stdout().is_terminal();
    if !is_terminal && !options.qr {
        return output::print(&format!("{link}\n"));
    }
    let code = output::qr(&link)?;
    let root = fingerprint(common)?.map_or_else(String::new, |root| {
        format!(
            "\nThe browser warns, because it does not know this box yet. The root of its \
             certificate has this SHA-256 fingerprint:\n{root}\n"
        )
    });
    let local = local_link.map_or_else(String::new, |local| format!("{local}\n"));
    output::print(&format!("{link}\n{local}\n{code}{root}"))
}

/// Of the root in use; none where the operator brought a certificate.
fn fingerprint(common: &Common) -> Answer<Option<String>> {
    let config = common.load(Vec::new())?;
    let folder = config.data().join(tls::FOLDER);
    let roots = kept_roots(&folder, &Clock::System).map_err(Failure::of)?;
    Ok(roots.into_iter().next().map(|root| root.fingerprint))
}
