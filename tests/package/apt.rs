//! The recipe for a signed repository, read back by apt.

use std::path::Path;
use std::process::{Command, Output};

use crate::guest::{Guest, impossible};
use crate::packing::{VERSION, is_here, package};
use crate::skip;

const PUBLISH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/apt/publish");

/// Keys of somebody, in a keyring that is gone afterwards.
struct Keyring {
    folder: tempfile::TempDir,
}

impl Keyring {
    fn with_key_of(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keyring = Self { folder };
        let made = keyring
            .command("gpg")
            .args(["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", name])
            .args(["ed25519", "sign", "never"])
            .output()
            .expect("gpg");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        keyring
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("timeout");
        command.args(["60", program]).env("GNUPGHOME", self.folder.path());
        command
    }

    fn publish(&self, folder: &Path, name: &str, package: &Path) -> Output {
        self.command(PUBLISH).arg(folder).arg(name).arg(package).output().expect("bash")
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        // Its agent stays otherwise.
        self.command("gpgconf").args(["--kill", "all"]).output().expect("gpg");
    }
}

#[test]
fn apt_takes_what_was_published_and_nothing_else() {
    const WHAT: &str = "no repository was read by apt";
    if let Some(missing) = ["apt-ftparchive", "gpg"].iter().find(|tool| !is_here(tool)) {
        return skip(WHAT, &format!("there is no {missing}: apt-get install apt-utils gpg"));
    }
    if let Some(why) = impossible() {
        return skip(WHAT, &why);
    }
    let (package, guest) = match package().and_then(|package| Ok((package, Guest::boot()?))) {
        Ok(found) => found,
        Err(why) => return skip(WHAT, &why),
    };
    let repository = guest.root().join("srv/apt");
    let ours = Keyring::with_key_of("packages@example.org");

    let published = ours.publish(&repository, "packages@example.org", package);
    assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
    guest.sh("cp /srv/apt/holdfast-archive-keyring.gpg /usr/share/keyrings/
         echo 'deb [signed-by=/usr/share/keyrings/holdfast-archive-keyring.gpg] \
             file:/srv/apt stable main' >/etc/apt/sources.list
         apt-get update");
    let known = guest.sh("apt-cache policy holdfast");
    assert!(known.contains(&format!("Candidate: {VERSION}")), "{known}");
    guest.sh("apt-get install -q -y --download-only holdfast");

    // A list that was changed after it was signed.
    guest.sh("sed -i 's/^Suite: stable/Suite: stabile/' /srv/apt/dists/stable/InRelease");
    let changed = guest.try_sh("apt-get update -o APT::Update::Error-Mode=any");
    assert!(!changed.status.success(), "a changed list was believed");

    // The same list, signed by somebody else.
    let theirs = Keyring::with_key_of("somebody@example.com");
    assert!(theirs.publish(&repository, "somebody@example.com", package).status.success());
    let foreign = guest.try_sh("apt-get update -o APT::Update::Error-Mode=any");
    assert!(!foreign.status.success(), "a list of somebody else was believed");

    // Other bytes under a version that is published.
    let other = repository.with_file_name(package.file_name().expect("a file"));
    std::fs::write(&other, "something else").expect("a written file");
    assert!(!ours.publish(&repository, "packages@example.org", &other).status.success());
}
