//! Decisions about how people reach the box: names, ports, certificate, proxies.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::Verdict;
use super::words::{day, listed, quoted, sentence, span};
use crate::platform::clock::Moment;

const DAY: Duration = Duration::from_hours(24);
/// An authority or a person has replaced a certificate by then.
const CERTIFICATE_WARNED: Duration = Duration::from_hours(14 * 24);
/// The box itself renews its own ten days before the end; less is a renewal that fails.
const LEAF_WARNED: Duration = Duration::from_hours(5 * 24);
/// People need time to take another root.
const ROOT_HINTED: Duration = Duration::from_hours(365 * 24);
const ROOT_WARNED: Duration = Duration::from_hours(60 * 24);
/// Networks wider than this hold strangers.
const PREFIX_MIN: u8 = 8;

pub fn host_name(name: &str, found: Result<&[IpAddr], &str>) -> Verdict {
    match found {
        Ok(addresses) if !addresses.is_empty() => Verdict::ok(format!("{name} is known.")),
        Ok(_) | Err(_) => Verdict::hint(format!("{name} is not known to this machine itself."))
            .fix(format!("echo '127.0.1.1 {name}' >> /etc/hosts")),
    }
}

/// A name people type, and the addresses it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub name: String,
    pub found: Result<Vec<IpAddr>, String>,
}

/// `own` are the addresses of this machine.
pub fn names(all: &[Resolved], own: &[IpAddr]) -> Verdict {
    if all.is_empty() {
        return Verdict::ok("No name was given to the box.");
    }
    let mut wrong = Vec::new();
    for one in all {
        match &one.found {
            Err(_) => wrong.push(format!("{} is not known", one.name)),
            Ok(found) if found.is_empty() => wrong.push(format!("{} is not known", one.name)),
            Ok(found) if !found.iter().any(|address| own.contains(address)) => {
                let to: Vec<String> = found.iter().map(ToString::to_string).collect();
                wrong.push(format!("{} leads to {}", one.name, to.join(", ")));
            }
            Ok(_) => {}
        }
    }
    if wrong.is_empty() {
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        return Verdict::ok(format!("{} lead to this machine.", listed(&names)));
    }
    let here: Vec<String> =
        own.iter().filter(|one| !one.is_loopback()).map(ToString::to_string).collect();
    Verdict::warning(format!("{}; this machine is {}.", listed(&wrong), listed(&here)))
        .fix(format!("getent ahosts {}", all.first().map_or("", |one| one.name.as_str())))
        .fix("resolvectl flush-caches")
}

/// Who holds a port that the box wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub key: &'static str,
    pub port: u16,
    /// Id and name, where they may be seen.
    pub process: Option<(u32, String)>,
}

/// The id of the process that hands ports on to units.
const INIT: u32 = 1;

pub fn ports(held: &[Held], is_running: bool) -> Verdict {
    if is_running {
        return Verdict::ok("The running box has its ports.");
    }
    let is_in_the_way = |one: &&Held| one.process.as_ref().is_none_or(|(id, _)| *id != INIT);
    let taken: Vec<&Held> = held.iter().filter(is_in_the_way).collect();
    let Some(first) = taken.first() else { return Verdict::ok("They are free.") };
    let who = match &first.process {
        Some((id, name)) => format!("by {name} (process {id})"),
        None => "by a process that is not to be seen from here".to_owned(),
    };
    let verdict =
        Verdict::failed(format!("{} wants {}, which is taken {who}.", first.key, first.port))
            .fix(format!("ss -ltnp 'sport = :{}'", first.port));
    match &first.process {
        Some((id, _)) => verdict.fix(format!("kill {id}")),
        None => verdict,
    }
}

/// Listeners of the running box, each with what came of a connection to it.
pub fn listeners(all: &[(String, SocketAddr, Option<String>)], is_running: bool) -> Verdict {
    if !is_running {
        return Verdict::skipped("No box runs.");
    }
    let said =
        |(name, address, _): &(String, SocketAddr, Option<String>)| format!("{name} on {address}");
    match all.iter().find_map(|one| one.2.as_ref().map(|why| (one, why))) {
        Some((one, why)) => Verdict::failed(format!("{} does not answer: {why}.", said(one)))
            .fix("systemctl restart holdfast.service"),
        None => Verdict::ok(format!("{}.", listed(&all.iter().map(said).collect::<Vec<_>>()))),
    }
}

pub fn proxy(is_behind_proxy: bool, trusted: usize) -> Verdict {
    match (is_behind_proxy, trusted) {
        (false, _) => Verdict::ok("The box listens for none."),
        (true, 0) => {
            Verdict::warning("server.behind_proxy is set, server.trusted_proxies is empty.")
                .fix("editor /etc/holdfast/holdfast.toml  # trusted_proxies = [\"127.0.0.1/32\"]")
                .fix("systemctl restart holdfast.service")
        }
        (true, count) => Verdict::ok(format!("Networks that are trusted: {count}.")),
    }
}

/// Trusted networks with the lengths of their prefixes.
pub fn trusted(networks: &[(String, u8)]) -> Verdict {
    let wide: Vec<&str> = networks
        .iter()
        .filter(|(_, prefix)| *prefix < PREFIX_MIN)
        .map(|(network, _)| network.as_str())
        .collect();
    if wide.is_empty() {
        return Verdict::ok("None is wider than a private network.");
    }
    Verdict::failed(format!("{} holds strangers.", listed(&wide)))
        .fix("editor /etc/holdfast/holdfast.toml  # trusted_proxies = [\"127.0.0.1/32\"]")
        .fix("systemctl restart holdfast.service")
}

/// Requests of peers that pass others on without being trusted.
pub fn forwarded(seen: Option<(u64, &str)>, is_running: bool) -> Verdict {
    match seen {
        None if !is_running => Verdict::skipped("No box runs."),
        None => Verdict::ok("Nobody passes requests on who is not trusted."),
        Some((count, peer)) => Verdict::warning(format!(
            "Requests passed on by {peer}, which is not trusted: {count}."
        ))
        .fix(format!("editor /etc/holdfast/holdfast.toml  # trusted_proxies = [\"{peer}\"]"))
        .fix("systemctl restart holdfast.service"),
    }
}

/// A certificate, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    pub is_own: bool,
    pub names: Vec<String>,
    pub not_before: Option<Moment>,
    pub not_after: Option<Moment>,
    /// What its keeper complains of.
    pub trouble: Option<String>,
    /// Why it cannot be used at all.
    pub refused: Option<String>,
    /// What is wrong with the certificates behind it.
    pub chain: Option<String>,
}

const NO_CERTIFICATE: &str = "The box shows none.";

pub fn lifetime(certificate: Option<&Certificate>, now: Moment, files: &str) -> Verdict {
    let Some(one) = certificate else { return Verdict::skipped(NO_CERTIFICATE) };
    let Some(ends) = one.not_after else {
        return Verdict::skipped("It could not be read.");
    };
    let renew = |verdict: Verdict| {
        if one.is_own {
            verdict.fix(format!("openssl x509 -noout -dates -in {files}")).fix("certbot renew")
        } else {
            verdict.fix("systemctl restart holdfast.service")
        }
    };
    if ends <= now {
        return renew(Verdict::failed(format!("It ended on {}.", day(ends))));
    }
    if let Some(starts) = one.not_before.filter(|starts| *starts > now) {
        let cause = format!("It begins on {}, and the clock says {}.", day(starts), day(now));
        return Verdict::failed(cause).fix("timedatectl");
    }
    let warned = if one.is_own { CERTIFICATE_WARNED } else { LEAF_WARNED };
    if ends.since(now) <= warned {
        let left = span(ends.since(now).max(DAY / 24));
        return renew(Verdict::warning(format!("It ends on {}, in {left}.", day(ends))));
    }
    match &one.trouble {
        Some(trouble) => renew(Verdict::warning(sentence(trouble))),
        None => Verdict::ok(format!("It is good until {}.", day(ends))),
    }
}

/// `wanted` are the names that somebody gave the box.
pub fn covered(certificate: Option<&Certificate>, wanted: &[String]) -> Verdict {
    let Some(one) = certificate.filter(|one| one.not_after.is_some()) else {
        return Verdict::skipped(NO_CERTIFICATE);
    };
    let covers = |name: &&String| {
        let is_below = |wild: &str| {
            let rest = wild.strip_prefix("*.");
            rest.is_some_and(|rest| name.split_once('.').is_some_and(|(_, after)| after == rest))
        };
        !one.names.iter().any(|has| has == *name || is_below(has))
    };
    let missing: Vec<&String> = wanted.iter().filter(covers).collect();
    if missing.is_empty() {
        return Verdict::ok("It names everything the box was called.");
    }
    let verdict = Verdict::warning(format!("It does not name {}.", listed(&missing)));
    if one.is_own {
        let all: Vec<String> = wanted.iter().map(|name| format!("-d {name}")).collect();
        return verdict.fix(format!("certbot certonly {}", all.join(" ")));
    }
    verdict.fix("systemctl restart holdfast.service")
}

pub fn chain(certificate: Option<&Certificate>, files: &str) -> Verdict {
    match certificate {
        None => Verdict::skipped(NO_CERTIFICATE),
        Some(one) if !one.is_own => Verdict::ok("The box's own root signs it."),
        Some(Certificate { refused: Some(_), .. }) => Verdict::skipped("It could not be read."),
        Some(Certificate { chain: Some(wrong), .. }) => Verdict::warning(sentence(wrong))
            .fix(format!("cat CERTIFICATE.pem INTERMEDIATE.pem > {files}")),
        Some(_) => Verdict::ok("Each certificate is signed by the next."),
    }
}

pub fn pair(certificate: Option<&Certificate>, certificate_file: &str, key_file: &str) -> Verdict {
    match certificate {
        None => Verdict::skipped(NO_CERTIFICATE),
        Some(Certificate { refused: Some(why), .. }) => Verdict::failed(sentence(why))
            .fix(format!(
                "openssl x509 -noout -pubkey -in {} | sha256sum",
                quoted(certificate_file)
            ))
            .fix(format!("openssl pkey -pubout -in {} | sha256sum", quoted(key_file))),
        Some(_) => Verdict::ok("They belong together."),
    }
}

/// The end of the root in use, and whether the box still has its key.
pub fn root(root: Option<(Moment, bool)>, now: Moment) -> Verdict {
    let Some((ends, has_key)) = root else {
        return Verdict::skipped("The box has no root of its own.");
    };
    let show = |verdict: Verdict| verdict.fix("holdfast ca show");
    if ends <= now {
        return show(Verdict::failed(format!("It ended on {}.", day(ends))));
    }
    if !has_key {
        let cause = "Its key is gone: the next certificate will have another root.";
        return show(Verdict::warning(cause));
    }
    let said = format!("It is good until {}.", day(ends));
    match ends.since(now) {
        left if left <= ROOT_WARNED => show(Verdict::warning(said)),
        left if left <= ROOT_HINTED => show(Verdict::hint(said)),
        _ => Verdict::ok(said),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    const NOW: Moment = Moment(1_795_240_800_000);

    fn resolved(name: &str, found: &[&str]) -> Resolved {
        let found = found.iter().map(|one| one.parse().unwrap()).collect();
        Resolved { name: name.to_owned(), found: Ok(found) }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_told_with_both_addresses() {
        let own: Vec<IpAddr> = ["127.0.0.1", "10.0.0.5"].map(|one| one.parse().unwrap()).into();

        let verdict = names(&[resolved("ops.lan", &["10.0.0.9"])], &own);

        assert_eq!(verdict.status, Status::Warning);
        assert_eq!(verdict.cause, "ops.lan leads to 10.0.0.9; this machine is 10.0.0.5.");
        assert_eq!(names(&[resolved("ops.lan", &["10.0.0.5"])], &own).status, Status::Ok);
        assert_eq!(names(&[resolved("ops.lan", &[])], &own).status, Status::Warning);
    }

    #[test]
    fn a_port_that_systemd_holds_for_the_box_is_not_taken() {
        let held = |process| vec![Held { key: "server.https", port: 443, process }];
        assert_eq!(ports(&held(Some((1, "systemd".to_owned()))), false).status, Status::Ok);
        let taken = ports(&held(Some((7, "nginx".to_owned()))), false);
        assert_eq!(taken.status, Status::Failed);
        assert!(taken.cause.contains("nginx (process 7)"));
        assert_eq!(taken.fix, ["ss -ltnp 'sport = :443'", "kill 7"]);
    }

    #[test]
    fn a_certificate_ends_sooner_for_those_who_renew_it_by_hand() {
        let of = |is_own, days: u32| {
            let not_after = Some(NOW.plus(DAY * days));
            let one = Certificate { is_own, not_after, ..Certificate::default() };
            lifetime(Some(&one), NOW, "f").status
        };
        assert_eq!([of(true, 15), of(true, 14)], [Status::Ok, Status::Warning]);
        assert_eq!([of(false, 9), of(false, 5)], [Status::Ok, Status::Warning]);
        assert_eq!([of(true, 0), of(false, 0)], [Status::Failed; 2]);
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        let names = vec!["*.example.org".to_owned(), "box.lan".to_owned()];
        let one = Certificate { names, not_after: Some(NOW), ..Certificate::default() };
        let of = |name: &str| covered(Some(&one), &[name.to_owned()]).status;
        assert_eq!([of("a.example.org"), of("box.lan")], [Status::Ok; 2]);
        assert_eq!([of("a.b.example.org"), of("example.org")], [Status::Warning; 2]);
    }

    #[test]
    fn a_network_of_everybody_is_no_proxy() {
        assert_eq!(trusted(&[("10.0.0.0/8".to_owned(), 8)]).status, Status::Ok);
        assert_eq!(trusted(&[("0.0.0.0/0".to_owned(), 0)]).status, Status::Failed);
    }
}
