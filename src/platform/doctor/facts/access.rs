//! Who may read and change the box's files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::host::Host;
use super::super::rules::access::Open;
use super::disk::{is_probe, relative};

/// Paths looked at; a box with more has files nobody counts one by one.
const PATHS_MAX: usize = 50_000;
const DEPTH_MAX: usize = 8;
/// Rights of the group and of everybody.
pub(in crate::platform::doctor) const OTHERS: u32 = 0o077;
/// Where Linux keeps rights beyond the mode.
pub(in crate::platform::doctor) const ACL: &str = "system.posix_acl_access";
/// Files with key material.
const KEYS: [&str; 2] = ["master.key", "master.next"];
/// Where the package and systemd keep the key when it is a credential.
const CREDENTIALS: [&str; 4] = [
    "/etc/holdfast/credentials/holdfast-master-key",
    "/etc/holdfast/holdfast-master-key",
    "/etc/credstore/holdfast-master-key",
    "/etc/credstore.encrypted/holdfast-master-key",
];

/// What a walk over the data folder found.
#[derive(Debug, Clone, Default)]
pub(in crate::platform::doctor) struct Walked {
    pub(in crate::platform::doctor) open: Vec<(PathBuf, Open)>,
    pub(in crate::platform::doctor) others: Vec<PathBuf>,
    /// Whose the folder itself is.
    pub(in crate::platform::doctor) owner: (u32, u32),
}

/// Looks at the owner and the mode of everything below the folder; follows no link.
pub(in crate::platform::doctor) fn walk(data: &Path) -> Walked {
    let owner = fs::metadata(data).map_or((0, 0), |about| (about.uid(), about.gid()));
    let mut found = Walked { owner, ..Walked::default() };
    let mut waiting = vec![(data.to_owned(), 0)];
    let mut count = 0;
    while let Some((path, depth)) = waiting.pop() {
        count += 1;
        if count > PATHS_MAX {
            break;
        }
        // The doctor runs as root beside a box of another user, and its checks all at once.
        if is_probe(&path) {
            continue;
        }
        let Ok(about) = fs::symlink_metadata(&path) else { continue };
        if about.uid() != owner.0 {
            found.others.push(path.clone());
        }
        if about.is_symlink() {
            continue;
        }
        let mode = about.mode() & 0o7777;
        let has_acl = rustix::fs::getxattr(&path, ACL, &mut [0_u8; 0]).is_ok_and(|size| size > 0);
        let is_open = mode & OTHERS != 0 && !is_public(&path, data);
        if is_open || has_acl {
            found.open.push((path.clone(), Open { name: relative(&path, data), mode, has_acl }));
        }
        if about.is_dir() && depth < DEPTH_MAX {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            waiting.extend(entries.map(|entry| (entry.path(), depth + 1)));
        }
    }
    found.open.sort_by(|one, other| one.0.cmp(&other.0));
    found.others.sort();
    found
}

/// Certificates of roots are for everybody.
fn is_public(path: &Path, data: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_certificate =
        name.starts_with("root-") && path.extension().is_some_and(|it| it == "pem");
    is_certificate && path.parent() == Some(&data.join("tls"))
}

/// Files with key material that others may read.
pub(in crate::platform::doctor) fn open_keys(data: &Path) -> Vec<(String, u32)> {
    let open = |name: &&str| {
        let path = data.join(name);
        let mode = fs::metadata(&path).ok()?.mode() & 0o7777;
        (mode & OTHERS != 0).then(|| (path.display().to_string(), mode))
    };
    KEYS.iter().filter_map(open).collect()
}

/// The mode of a file.
pub(in crate::platform::doctor) fn mode_of(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.mode() & 0o7777)
}

/// Whether systemd gives the box its key.
pub(in crate::platform::doctor) fn has_credential(host: &Host) -> bool {
    CREDENTIALS.iter().any(|at| host.exists(at))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_others_may_read_is_found_and_neither_public_certificates_nor_the_doctors_own_file() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        fs::create_dir(data.join("tls")).unwrap();
        for (name, mode) in [
            ("tls/root-1.pem", 0o644),
            ("tls/leaf.pem", 0o640),
            ("lock", 0o600),
            (".doctor-1", 0o644),
        ] {
            fs::write(data.join(name), "x").unwrap();
            fs::set_permissions(data.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        for folder in [data, &data.join("tls")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        }

        let walked = walk(data);

        let names: Vec<&str> = walked.open.iter().map(|(_, one)| one.name.as_str()).collect();
        assert_eq!(names, ["tls/leaf.pem"]);
        assert!(walked.others.is_empty());
    }
}
