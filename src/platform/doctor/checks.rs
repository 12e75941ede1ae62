//! Which facts each check takes, and which rule judges them.

use std::os::unix::fs::MetadataExt;

use super::facts::stored::Stored;
use super::facts::{access, disk, machine, process, reach};
use super::host::text_of;
use super::look::Look;
use super::rules::access::Key;
use super::rules::authority::{Authority, Signed};
use super::rules::standing::Process;
use super::rules::words::quoted;
use super::rules::{self, Verdict};
use crate::platform::about::api::time_of_build;
use crate::platform::clock::Moment;
use crate::platform::secrets::{self, Examined};
use crate::platform::tls;
use crate::platform::tls::rules::CLOCK_PLAUSIBLE_FROM;
use crate::platform::updates::report::{UpdateQuarantined, UpdateSupervision};

/// A log so many times longer than it may grow before it is folded is too long.
const LOG_GROWTH_MAX: u64 = 16;

/// For the box that does not live on.
const SWITCH_OFF: &str =
    "systemctl disable --now holdfast.socket holdfast.service  # if the other one lives";

/// Looks and judges. Blocks.
pub(super) type Check = fn(&Look) -> Verdict;

/// The check of a code.
pub(super) fn check(code: &str) -> Option<Check> {
    Some(match code {
        "data-missing" | "config-invalid" | "config-elsewhere" | "variables-ignored"
        | "config-open" | "not-answering" | "socket-stale" | "storage-refusing" | "queue-long" => {
            return of_process(code);
        }
        "port-taken" => ports,
        "not-listening" => {
            |look| rules::reach::listeners(&reach::listeners(look), look.is_running())
        }
        "host-name-unresolved" => host_name,
        "names-elsewhere" => names,
        "proxies-unset" => |look| {
            let server = &look.config.server;
            rules::reach::proxy(server.behind_proxy.is_some(), server.trusted_proxies.len())
        },
        "proxies-too-wide" => trusted,
        "forwarded-untrusted" => |look| {
            let seen = look.live.as_ref().and_then(|live| live.forwarded.as_ref());
            let seen = seen.map(|(count, peer)| (*count, peer.as_str()));
            rules::reach::forwarded(seen, look.is_running())
        },
        "certificate-authority"
        | "certificate-ended"
        | "certificate-names"
        | "certificate-chain"
        | "certificate-key"
        | "certificate-key-readable"
        | "root-ends" => return of_certificate(code),
        "disk-low" | "inodes-low" | "file-system" | "data-read-only" | "disk-slow"
        | "databases-damaged" | "log-too-large" | "leftovers" => return of_disk(code),
        "owner-wrong"
        | "modes-open"
        | "master-key-missing"
        | "master-key-readable"
        | "master-key-another" => return of_access(code),
        "clock-off" | "clock-unsynced" | "time-zones-missing" | "memory-low" | "memory-limit"
        | "oom-kills" | "open-files-low" | "kernel-old" | "libc-old" | "entropy-low"
        | "swap-open" | "disk-open" | "running-as-root" | "journal-volatile" | "logs-nowhere"
        | "unit-changed" | "unit-masked" => return of_machine(code),
        "update-channel" => |look| {
            let updates = &look.config.updates;
            let channel = updates.channel.name();
            match (&updates.feed, &updates.root) {
                (None, _) => Verdict::skipped("No feed of releases is set; apt brings updates."),
                (Some(_), None) => Verdict::skipped("A feed is set, and no root to believe it by."),
                (Some(feed), Some(_)) => {
                    Verdict::ok(format!("Releases come from {feed}, channel {channel}."))
                }
            }
        },
        "update-alone" | "update-unprotected" | "update-trust-ends" | "update-quarantined" => {
            return of_updates(code);
        }
        _ => return of_stored(code),
    })
}

fn of_updates(code: &str) -> Option<Check> {
    Some(match code {
        "update-alone" => |look| {
            let is_supervised = supervision(look).map(|one| one.is_supervised);
            rules::updates::supervised(look.config.updates.root.is_some(), is_supervised)
        },
        "update-unprotected" => |look| {
            let found = supervision(look).and_then(|one| {
                let detail = one.protection_detail.as_deref().unwrap_or_default();
                Some((one.protection.as_deref()?, detail))
            });
            rules::updates::protection(found)
        },
        "update-trust-ends" => {
            |look| stored(look, |one| rules::updates::trust(one.trust_ends, look.now()))
        }
        "update-quarantined" => |look| {
            let found = supervision(look).filter(|one| one.is_supervised).map(|one| {
                let name = |bad: &UpdateQuarantined| {
                    bad.version.clone().unwrap_or_else(|| format!("number {}", bad.seq))
                };
                one.quarantine.iter().map(name).collect::<Vec<_>>()
            });
            rules::updates::quarantine(found.as_deref())
        },
        _ => return None,
    })
}

/// Who watches over the releases of the running box.
fn supervision(look: &Look) -> Option<&UpdateSupervision> {
    look.live.as_ref()?.supervision.as_ref()
}

fn of_process(code: &str) -> Option<Check> {
    Some(match code {
        "data-missing" => |look| {
            let has_box = look.data().join("system.db").is_file();
            rules::standing::data(look.data().is_dir(), has_box, &look.data_text())
        },
        "config-invalid" => |look| {
            let file = look.config_file.as_deref().map(text_of);
            rules::standing::config(&look.config_errors, file.as_deref())
        },
        "config-elsewhere" => |look| rules::standing::origins(&look.elsewhere),
        "variables-ignored" => |look| rules::standing::variables(&look.ignored),
        "config-open" => |look| {
            let mode = look.config_file.as_deref().and_then(access::mode_of);
            let path = look.config_file.as_deref().map(text_of);
            let has_secret = !look.config.monitoring.token.reveal().is_empty();
            rules::access::config_file(path.as_deref().zip(mode), has_secret)
        },
        "not-answering" => |look| {
            let holder = process::holder(&look.host, look.data());
            let holder = holder.as_ref().map(|(id, name)| (*id, name.as_str()));
            rules::standing::process(look.process, holder, &look.silent)
        },
        "socket-stale" => |look| {
            let socket = look.data().join(crate::platform::control::SOCKET);
            let is_stale = look.process == Process::None && socket.exists();
            let fix = format!("rm {}", quoted(&text_of(&socket)));
            rules::standing::socket(is_stale, fix)
        },
        "storage-refusing" => {
            |look| rules::standing::storage(look.live.as_ref().map(|live| live.is_refusing_writes))
        }
        "queue-long" => |look| {
            let queue = look.live.as_ref().map(|live| (live.queue_waiting, live.queue_max));
            rules::standing::queue(queue)
        },
        _ => return None,
    })
}

fn ports(look: &Look) -> Verdict {
    let server = &look.config.server;
    let wanted = [
        ("server.https", server.https),
        ("server.http", server.http),
        ("server.behind_proxy", server.behind_proxy.map(crate::config::LoopbackAddress::socket)),
    ];
    let wanted: Vec<_> =
        wanted.into_iter().filter_map(|(key, address)| Some((key, address?))).collect();
    let held = if look.is_running() { Vec::new() } else { process::held(&look.host, &wanted) };
    rules::reach::ports(&held, look.is_running())
}

fn host_name(look: &Look) -> Verdict {
    let planted = look.host.read("/etc/hostname").filter(|_| look.host.is_planted());
    let name = planted.map_or_else(tls::host_name, |name| name.trim().to_owned());
    let resolved = reach::resolve(&name);
    let found = resolved.found.as_deref().map_err(String::as_str);
    rules::reach::host_name(&resolved.name, found)
}

fn names(look: &Look) -> Verdict {
    let given = reach::given_names(look);
    let is_name = |name: &&String| name.parse::<std::net::IpAddr>().is_err();
    let resolved: Vec<_> = given.iter().filter(is_name).map(|name| reach::resolve(name)).collect();
    rules::reach::names(&resolved, &reach::own_addresses())
}

fn trusted(look: &Look) -> Verdict {
    let networks = &look.config.server.trusted_proxies;
    let networks: Vec<(String, u8)> =
        networks.iter().map(|net| (net.to_string(), net.prefix_len())).collect();
    rules::reach::trusted(&networks)
}

fn of_certificate(code: &str) -> Option<Check> {
    Some(match code {
        "certificate-authority" => |look| {
            let authority = reach::authority(look);
            rules::authority::standing(authority.as_ref(), look.now(), look.is_running())
        },
        "certificate-ended" => |look| {
            of_signed(look, |one, signed| rules::authority::lifetime(one, signed, look.now()))
                .unwrap_or_else(|| {
                    let at = certificate_file(look);
                    rules::reach::lifetime(reach::certificate(look).as_ref(), look.now(), &at)
                })
        },
        "certificate-names" => |look| {
            of_signed(look, rules::authority::covered).unwrap_or_else(|| {
                let wanted = reach::given_names(look);
                rules::reach::covered(reach::certificate(look).as_ref(), &wanted)
            })
        },
        "certificate-chain" => |look| {
            let signed = |_: &Authority, _: &Signed| Verdict::ok("The authority sent it along.");
            of_signed(look, signed).unwrap_or_else(|| {
                rules::reach::chain(reach::certificate(look).as_ref(), &certificate_file(look))
            })
        },
        "certificate-key" => |look| {
            let key = look.config.tls.key.as_deref().map(text_of).unwrap_or_default();
            rules::reach::pair(reach::certificate(look).as_ref(), &certificate_file(look), &key)
        },
        "certificate-key-readable" => |look| {
            let pair = reach::own_pair(look);
            let mode = pair.as_ref().and_then(|pair| access::mode_of(&pair.key));
            let path = pair.as_ref().map(|pair| text_of(&pair.key));
            rules::access::certificate_key(path.as_deref().zip(mode))
        },
        "root-ends" => |look| rules::reach::root(reach::root(look), look.now()),
        _ => return None,
    })
}

/// Judges the certificate of a public authority; none before there was one.
fn of_signed(look: &Look, judge: impl FnOnce(&Authority, &Signed) -> Verdict) -> Option<Verdict> {
    let authority = reach::authority(look)?;
    Some(judge(&authority, authority.signed.as_ref()?))
}

fn certificate_file(look: &Look) -> String {
    look.config.tls.certificate.as_deref().map(|path| quoted(&text_of(path))).unwrap_or_default()
}

fn of_disk(code: &str) -> Option<Check> {
    Some(match code {
        "disk-low" => |look| on_disk(look, rules::disk::room),
        "inodes-low" => |look| on_disk(look, rules::disk::inodes),
        "file-system" => |look| {
            let mount = disk::mount(&look.host, look.data());
            let kind = mount.as_ref().map(|mount| mount.kind.as_str());
            rules::disk::file_system(kind, &look.data_text())
        },
        "data-read-only" => |look| {
            on_disk(look, |disk, data| {
                let mount = disk::mount(&look.host, look.data());
                let at = mount.map_or_else(|| data.to_owned(), |mount| mount.at);
                rules::disk::writable(disk, look.probe().refused.as_deref(), &at)
            })
        },
        "disk-slow" => |look| rules::disk::sync(look.sync()),
        "databases-damaged" => |look| {
            let found = disk::look_through(look.data(), look.is_running());
            let from = look.stored().ok().and_then(Stored::first_folder);
            rules::disk::databases(&found, from.as_deref())
        },
        "log-too-large" => |look| {
            let most = look.config.storage.checkpoint_bytes.saturating_mul(LOG_GROWTH_MAX);
            let long = disk::long_logs(look.data(), most);
            let named: Vec<_> = long
                .iter()
                .map(|(path, size)| (disk::relative(path, look.data()), *size))
                .collect();
            let fix = look.command("holdfast doctor --fix --only log-too-large");
            rules::disk::logs(&named, most, fix)
        },
        "leftovers" => |look| {
            let files = disk::leftovers(look.data());
            let size_bytes = files.iter().map(|(_, size)| size).sum();
            let names: Vec<String> =
                files.iter().map(|(path, _)| disk::relative(path, look.data())).collect();
            let fix = look.command("holdfast doctor --fix --only leftovers");
            rules::disk::leftovers(&names, size_bytes, fix)
        },
        _ => return None,
    })
}

fn on_disk(look: &Look, judge: impl Fn(&rules::disk::Disk, &str) -> Verdict) -> Verdict {
    match disk::disk(&look.host, look.data()) {
        Ok(found) => judge(&found, &look.data_text()),
        Err(error) => Verdict::skipped(format!("The disk cannot be looked at: {error}.")),
    }
}

fn of_access(code: &str) -> Option<Check> {
    Some(match code {
        "owner-wrong" => |look| {
            let walked = access::walk(look.data());
            let names: Vec<String> =
                walked.others.iter().map(|path| disk::relative(path, look.data())).collect();
            let can_fix = rustix::process::geteuid().is_root();
            rules::access::owners(&names, walked.owner.0, &look.data_text(), can_fix)
        },
        "modes-open" => |look| {
            let open: Vec<_> =
                access::walk(look.data()).open.into_iter().map(|(_, open)| open).collect();
            let is_key = |name: &str| name.starts_with("master.");
            let open: Vec<_> = open.into_iter().filter(|one| !is_key(&one.name)).collect();
            let fix = look.command("holdfast doctor --fix --only modes-open");
            rules::access::modes(&open, fix)
        },
        "master-key-missing" => |look| {
            let (key, _) = master_key(look);
            rules::access::key_there(key, &look.data_text())
        },
        "master-key-readable" => |look| rules::access::key_modes(&access::open_keys(look.data())),
        "master-key-another" => |look| {
            let (key, why) = master_key(look);
            rules::access::key_fits(key, &why, &look.data_text())
        },
        _ => return None,
    })
}

/// A running box has the right key, wherever it has it from.
fn master_key(look: &Look) -> (Key, String) {
    if look.is_running() || access::has_credential(&look.host) {
        return (Key::Fits, String::new());
    }
    match secrets::examine(look.data()) {
        Examined::NotYet => (Key::NotYet, String::new()),
        Examined::Fits => (Key::Fits, String::new()),
        Examined::Missing => (Key::Missing, String::new()),
        Examined::Another => (Key::Another, String::new()),
        Examined::Unusable(why) => (Key::Unusable, why),
    }
}

fn of_machine(code: &str) -> Option<Check> {
    Some(match code {
        "clock-off" => clock,
        "clock-unsynced" => |look| rules::host::clock_sync(machine::clock_sync(&look.host)),
        "time-zones-missing" => |look| {
            let zone = look.config.notices.time_zone.as_ref();
            let name = zone.and_then(|zone| zone.iana_name());
            rules::host::time_zones(machine::has_time_zones(&look.host), name)
        },
        "memory-low" => |look| rules::host::memory(machine::memory_available(&look.host)),
        "memory-limit" => |look| {
            let group = machine::group(&look.host, look.live.as_ref().map(|live| live.pid));
            rules::host::memory_limit(group.used_and_limit)
        },
        "oom-kills" => |look| {
            let group = machine::group(&look.host, look.live.as_ref().map(|live| live.pid));
            rules::host::oom_kills(group.oom_kills, machine::oom_kills(&look.host))
        },
        "open-files-low" => |look| {
            let own = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
            let live = look.live.as_ref();
            let limit = live.map_or(own, |live| live.open_files_max);
            let used = live.and_then(|live| live.open_files);
            rules::host::open_files(limit, used, look.is_running())
        },
        "kernel-old" => |look| rules::host::kernel(&machine::kernel(&look.host)),
        "libc-old" => |look| rules::host::libc(machine::libc(&look.host).as_deref()),
        "entropy-low" => |look| rules::host::entropy(machine::entropy(&look.host)),
        "swap-open" => |look| rules::host::swap(&machine::swap(&look.host)),
        "disk-open" => {
            |look| rules::host::disk_encryption(machine::disk_encryption(&look.host, look.data()))
        }
        "running-as-root" => |look| rules::host::user(look.live.as_ref().map(|live| live.uid)),
        "journal-volatile" => |look| rules::host::journal(machine::journal(&look.host)),
        "logs-nowhere" => {
            |look| rules::host::logs(look.live.as_ref().map(|live| live.logs.as_str()))
        }
        "unit-changed" => |look| {
            let changes = machine::unit_changes(&look.host);
            rules::host::unit(machine::has_unit(&look.host), &changes)
        },
        "unit-masked" => |look| rules::host::masked(&machine::masked(&look.host)),
        _ => return None,
    })
}

fn clock(look: &Look) -> Verdict {
    let built = time_of_build().map_or(CLOCK_PLAUSIBLE_FROM, |at| at.max(CLOCK_PLAUSIBLE_FROM));
    let file = machine::newest_file(look.data());
    let entry = look.stored().ok().and_then(|stored| stored.audit.at);
    let entry = entry.map(|at| (at, "the newest entry of the audit log".to_owned()));
    let newest = file.into_iter().chain(entry).max_by_key(|(at, _)| *at);
    let newest: Option<(Moment, &str)> = newest.as_ref().map(|(at, what)| (*at, what.as_str()));
    rules::host::clock(look.now(), built, newest)
}

/// Checks of what the box's own file says; without it they say nothing.
fn of_stored(code: &str) -> Option<Check> {
    Some(match code {
        "workspace-damaged" => |look| {
            stored(look, |stored| {
                let of_code = stored.trouble.iter().filter(|one| one.code == "workspace-damaged");
                let damaged: Vec<_> = of_code
                    .filter_map(|one| Some((one.workspace?.to_string(), one.detail.clone())))
                    .collect();
                rules::disk::workspaces(&damaged, stored.first_folder().as_deref())
            })
        },
        "data-newer" => |look| stored(look, |one| rules::disk::newer(one.newer.as_deref())),
        "audit-broken" => |look| {
            stored(look, |stored| rules::standing::audit(stored.audit.bad, stored.audit.checked))
        },
        "key-only-copy" => key_copy,
        "jobs-failing" => |look| stored(look, |one| rules::standing::jobs(one.jobs_failed)),
        "errors-open" => |look| stored(look, |one| rules::standing::errors(one.errors_open)),
        "mail-failing" => |look| stored(look, |one| rules::standing::mail(one.mail.as_ref())),
        "receivers-failing" => {
            |look| stored(look, |one| rules::standing::receivers(&one.receivers))
        }
        "notices-nowhere" => |look| {
            stored(look, |one| {
                let is_claimed = one.owned_since.is_some();
                rules::standing::ways(one.mail.is_some(), one.receivers_on, is_claimed)
            })
        },
        "backup-unset" => |look| {
            stored(look, |one| {
                let (kits, targets) = (one.kits, one.targets_count);
                rules::standing::backups(kits, targets, one.owned_since, look.now())
            })
        },
        _ => return of_backups(code),
    })
}

fn of_backups(code: &str) -> Option<Check> {
    Some(match code {
        "backup-late" => |look| {
            let fix = look.command("holdfast backup run");
            trouble(look, "backup-late", "It is young enough, or none is set up.", &fix)
        },
        "backup-damaged" => |look| {
            let fix = look.command("holdfast backup run");
            trouble(look, "backup-damaged", "None is known to be damaged.", &fix)
        },
        "backup-superseded" => |look| {
            let living = look.command("holdfast backup living");
            stored(look, |one| {
                let found = one.trouble_of("backup-superseded");
                rules::standing::trouble(&found, "None was seen.", &[SWITCH_OFF, &living])
            })
        },
        "kit-unconfirmed" => |look| {
            let fix = look.command("holdfast backup kit confirm --kit FILE");
            trouble(look, "kit-unconfirmed", "Somebody showed it, or backups are not set up.", &fix)
        },
        "target-failing" => |look| {
            stored(look, |one| {
                rules::standing::targets(&one.targets, &one.trouble_of("target-away"))
            })
        },
        "backup-same-disk" => same_disk,
        "drill-due" => |look| stored(look, |one| rules::standing::drill(one.is_drill_due)),
        _ => return None,
    })
}

fn stored(look: &Look, judge: impl FnOnce(&Stored) -> Verdict) -> Verdict {
    match look.stored() {
        Ok(stored) => judge(stored),
        Err(why) => Verdict::skipped(format!("The box's own file cannot be read: {why}")),
    }
}

fn trouble(look: &Look, code: &str, when_well: &str, fix: &str) -> Verdict {
    stored(look, |one| rules::standing::trouble(&one.trouble_of(code), when_well, &[fix]))
}

fn key_copy(look: &Look) -> Verdict {
    stored(look, |one| {
        let is_file = look.data().join("master.key").is_file();
        let is_in_backup = one.last_verified_at.is_some();
        rules::access::key_copy(is_file, is_in_backup, one.is_kit_confirmed, &look.data_text())
    })
}

fn same_disk(look: &Look) -> Verdict {
    stored(look, |one| {
        let device = |path: &std::path::Path| std::fs::metadata(path).ok().map(|it| it.dev());
        let own = device(look.data());
        let is_here =
            |(_, path): &&(String, std::path::PathBuf)| own.is_some() && device(path) == own;
        let names: Vec<String> =
            one.folders.iter().filter(is_here).map(|(name, _)| name.clone()).collect();
        let others = one.targets_count.saturating_sub(names.len());
        rules::standing::same_disk(&names, others)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_of_the_catalogue_is_made() {
        for spec in rules::CHECKS {
            assert!(check(spec.code).is_some(), "{} is not made", spec.code);
        }
        assert!(check("nonsense").is_none());
    }
}
