//! A box whose own file is damaged.

use std::fs;

use super::{Served, code, err, holdfast};

#[test]
fn a_box_whose_own_file_is_damaged_ends_with_5_and_names_the_way_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    drop(Served::start(folder.path()));
    let (data, path) = (folder.path().to_str().unwrap(), folder.path().join("system.db"));
    let mut bytes = fs::read(&path).unwrap();
    bytes[..4096].fill(0x5a);
    fs::write(&path, &bytes).unwrap();
    // What the log holds as well would hide it.
    fs::remove_file(path.with_extension("db-wal")).unwrap();

    let ended = holdfast(&["serve", "--behind-proxy", "127.0.0.1:0", "--data", data]);

    assert_eq!(code(&ended), 5, "{}", err(&ended));
    assert!(err(&ended).contains("holdfast recover --from"), "{}", err(&ended));
    assert_eq!(fs::read(&path).unwrap(), bytes, "nothing was changed");
}
