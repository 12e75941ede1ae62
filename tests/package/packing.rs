//! Builds the package of the program under test, once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

/// The version of this tree, as Debian writes it.
pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "-1");
/// What a machine has before it is upgraded. Nothing is released yet: it is the same program.
pub(crate) const VERSION_BEFORE: &str = "0.0.9-1";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Programs of Debian that building takes.
const NEEDED: [&str; 5] = ["dpkg-shlibdeps", "dpkg-deb", "strip", "zstd", "gzip"];

/// The package of this version, or why there is none.
pub(crate) fn package() -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build).as_deref().map_err(ToOwned::to_owned)
}

/// The same as the version before.
pub(crate) fn package_before() -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let packed = || package().map(|package| packed_again(package, VERSION_BEFORE, None));
    BUILT.get_or_init(packed).as_deref().map_err(ToOwned::to_owned)
}

/// Packs what this version's package holds under another version, with another program where one
/// is given.
pub(crate) fn packed_again(package: &Path, version: &str, program: Option<&Path>) -> PathBuf {
    const SCRIPT: &str = "
        dpkg-deb --raw-extract \"$1\" content
        sed -i \"s/^Version: .*/Version: $2/\" content/DEBIAN/control
        sed -i \"s/$3/$2/\" content/DEBIAN/preinst
        [ -z \"$5\" ] || install -m 0755 \"$5\" content/usr/lib/holdfast/holdfast
        dpkg-deb --root-owner-group -Znone --build content \"$4\"";
    let folder = tempfile::tempdir().expect("a folder");
    let path = package.with_file_name(format!("holdfast_{version}.deb"));
    let output = Command::new("timeout")
        .args(["120", "sh", "-euc", SCRIPT, "sh"])
        .arg(package)
        .args([version, VERSION])
        .arg(&path)
        .arg(program.unwrap_or_else(|| Path::new("")))
        .current_dir(folder.path())
        .output()
        .expect("coreutils");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the package was not packed again: {said}");
    path
}

/// Takes the program out of a package.
pub(crate) fn program_of(package: &Path, into: &Path) {
    const SCRIPT: &str =
        "dpkg-deb --fsys-tarfile \"$1\" | tar -xO ./usr/lib/holdfast/holdfast >\"$2\"
        chmod 0755 \"$2\"";
    let mut taking = Command::new("timeout");
    taking.args(["120", "sh", "-euc", SCRIPT, "sh"]).arg(package).arg(into);
    assert!(taking.status().expect("coreutils").success(), "no program in {}", package.display());
}

/// The package of this version as a publisher makes it whose root and feed boxes believe.
pub(crate) fn package_with_trust(root: &Path, feed: &str) -> Result<PathBuf, String> {
    package()?;
    let root = root.to_str().expect("a plain path");
    let built = built("package-with-trust", &["--trust", root, "--feed", feed]);
    Ok(built.expect("it built the other one"))
}

fn build() -> Result<PathBuf, String> {
    if let Some(missing) = NEEDED.iter().find(|tool| !is_here(tool)) {
        return Err(format!("there is no {missing}: apt-get install dpkg-dev binutils zstd"));
    }
    let began = Instant::now();
    let Some(path) = built("package", &[]) else {
        return Err("cargo-deb could not be installed (offline?)".to_owned());
    };
    crate::tell(&format!("package, made: {:.1} s", began.elapsed().as_secs_f32()));
    Ok(path)
}

/// Builds into a folder of its own; nothing where there is no cargo-deb.
fn built(folder: &str, more: &[&str]) -> Option<PathBuf> {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let output = Command::new("timeout")
        .args(["600", "packaging/deb/build", env!("CARGO_BIN_EXE_holdfast"), "--fast", "--out"])
        .arg(&out)
        .args(more)
        .current_dir(ROOT)
        .output()
        .expect("coreutils");
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("SKIPPED") {
        return None;
    }
    assert!(output.status.success(), "the package was not built: {said}");
    let path = String::from_utf8_lossy(&output.stdout).lines().last().map(PathBuf::from);
    Some(path.expect("the path of the package"))
}

/// Whether a program can be called.
pub(crate) fn is_here(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    found.expect("a shell").status.success()
}
