//! What the package holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::packing::{VERSION, is_here, package, package_with_trust};
use crate::skip;

/// Mode and owner of every path in a package.
fn listed(package: &Path) -> BTreeMap<String, String> {
    let output = Command::new("dpkg-deb").arg("-c").arg(package).output().expect("dpkg-deb");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let entry = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let path = fields.get(5)?.trim_start_matches('.').to_owned();
        Some((path, format!("{} {}", fields[0], fields[1])))
    };
    lines.lines().filter_map(entry).collect()
}

fn text_in(package: &Path, path: &str) -> String {
    let script = format!("dpkg-deb --fsys-tarfile \"$1\" | tar -xO .{path}");
    let output =
        Command::new("sh").args(["-c", &script, "sh"]).arg(package).output().expect("dpkg-deb");
    assert!(output.status.success(), "{path} is not in the package");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn field(package: &Path, name: &str) -> String {
    let output =
        Command::new("dpkg-deb").arg("-f").arg(package).arg(name).output().expect("dpkg-deb");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn the_package_holds_what_it_should_and_nothing_for_others_to_write() {
    let package = match package() {
        Ok(package) => package,
        Err(why) => return skip("no package was looked into", &why),
    };

    let files = listed(package);

    for (path, wanted) in [
        ("/usr/lib/holdfast/holdfast", "-rwxr-xr-x 0/0"),
        ("/usr/bin/holdfast", "lrwxrwxrwx 0/0"),
        ("/etc/holdfast/holdfast.toml", "-rw-r--r-- 0/0"),
        ("/usr/lib/systemd/system/holdfast.service", "-rw-r--r-- 0/0"),
        ("/usr/lib/systemd/system/holdfast.socket", "-rw-r--r-- 0/0"),
        ("/usr/lib/sysusers.d/holdfast.conf", "-rw-r--r-- 0/0"),
        ("/usr/lib/tmpfiles.d/holdfast.conf", "-rw-r--r-- 0/0"),
        ("/usr/share/man/man1/holdfast.1.gz", "-rw-r--r-- 0/0"),
        ("/usr/share/man/man1/holdfast-backup-run.1.gz", "-rw-r--r-- 0/0"),
        ("/usr/share/bash-completion/completions/holdfast", "-rw-r--r-- 0/0"),
        ("/usr/share/zsh/vendor-completions/_holdfast", "-rw-r--r-- 0/0"),
        ("/usr/share/fish/vendor_completions.d/holdfast.fish", "-rw-r--r-- 0/0"),
        ("/usr/share/doc/holdfast/copyright", "-rw-r--r-- 0/0"),
        ("/usr/share/doc/holdfast/changelog.gz", "-rw-r--r-- 0/0"),
        ("/usr/share/doc/holdfast/changelog.Debian.gz", "-rw-r--r-- 0/0"),
        ("/usr/share/doc/holdfast/third-party-notices.gz", "-rw-r--r-- 0/0"),
        ("/usr/share/doc/holdfast/sbom.cdx.json.gz", "-rw-r--r-- 0/0"),
        ("/usr/share/doc/holdfast/holdfast.rules.yml", "-rw-r--r-- 0/0"),
        ("/usr/share/holdfast/trust/README", "-rw-r--r-- 0/0"),
    ] {
        assert_eq!(files.get(path).map(String::as_str), Some(wanted), "{path}");
    }
    for (path, entry) in &files {
        let is_link = entry.starts_with('l');
        assert!(entry.ends_with(" 0/0"), "{path}: {entry}");
        assert!(is_link || &entry[5..6] != "w" && &entry[8..9] != "w", "{path}: {entry}");
    }
    assert_eq!(field(package, "Version"), VERSION);
    assert!(field(package, "Depends").contains("libc6 (>= "));
}

#[test]
fn a_publisher_packs_whose_releases_are_believed_and_where_they_are() {
    const FEED: &str = "https://updates.example.com/holdfast";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/release/vectors/feed/metadata/1.root.json");
    let package = match package_with_trust(&root, FEED) {
        Ok(package) => package,
        Err(why) => return skip("no package of a publisher was looked into", &why),
    };

    let packed = "/usr/share/holdfast/trust/1.root.json";
    assert_eq!(listed(&package).get(packed).map(String::as_str), Some("-rw-r--r-- 0/0"));
    assert_eq!(text_in(&package, packed), std::fs::read_to_string(root).expect("a root"));
    let file = text_in(&package, "/etc/holdfast/holdfast.toml");
    let said: Vec<&str> = file.lines().filter(|line| !line.is_empty()).collect();
    let changed = |line: &&&str| !line.starts_with(['#', '[']);
    let changed: Vec<&str> = said.iter().filter(changed).copied().collect();
    assert_eq!(changed, [format!("feed = \"{FEED}\""), format!("root = \"{packed}\"")]);
}

#[test]
fn the_configuration_file_names_every_setting_and_changes_none() {
    let package = match package() {
        Ok(package) => package,
        Err(why) => return skip("no configuration file was looked at", &why),
    };

    let file = text_in(package, "/etc/holdfast/holdfast.toml");

    for section in holdfast::config::SECTIONS {
        assert!(file.lines().any(|line| line == format!("[{}]", section.name)), "{}", section.name);
        for key in section.keys {
            let start = format!("#{} = ", key.name);
            assert!(file.lines().any(|line| line.starts_with(&start)), "{}", key.path());
        }
    }
    let set = file.lines().filter(|line| !line.starts_with(['#', '[']) && !line.is_empty());
    assert_eq!(set.collect::<Vec<_>>(), [""; 0]);
    assert_eq!(control_file(package, "conffiles"), "/etc/holdfast/holdfast.toml\n");
}

fn control_file(package: &Path, name: &str) -> String {
    let output =
        Command::new("dpkg-deb").arg("-I").arg(package).arg(name).output().expect("dpkg-deb");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn lintian_has_nothing_to_say() {
    let package = match package() {
        Ok(package) => package,
        Err(why) => return skip("lintian did not look at the package", &why),
    };
    if !is_here("lintian") {
        return skip(
            "lintian did not look at the package",
            "it is not here: apt-get install lintian",
        );
    }

    let output = Command::new("timeout")
        .args([
            "300",
            "lintian",
            "--allow-root",
            "--fail-on",
            "error,warning",
            "--tag-display-limit",
            "0",
        ])
        .arg(package)
        .output()
        .expect("coreutils");

    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}
