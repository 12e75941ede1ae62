//! Files of a feed, and ways in which they come.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use holdfast::platform::updates::metadata::fetch::{self, Base, Fetched, delta_window_log};
use holdfast::platform::updates::metadata::web::{Bounds, Web};
use holdfast::platform::updates::metadata::{Feed, Result, Target};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;

use crate::forge::{Files, Forge, SEEN_NEXT, content, hash, release_name};
use crate::servers::{BOUNDS, Manner, Server};
use crate::world::World;

const OK_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
/// Nothing that is bounded takes longer than this.
const SOON: Duration = Duration::from_secs(15);

fn answer(bytes: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len());
    [head.as_bytes(), bytes].concat()
}

/// A feed with release 4, and what is said of it.
fn feed() -> (Files, Target) {
    let bytes = content(4);
    let target = Target {
        name: release_name(4),
        sha256: hash(&bytes),
        size_bytes: bytes.len() as u64,
        release: None,
        unread: None,
    };
    (Forge::good(1, SEEN_NEXT).build(), target)
}

struct Into {
    file: File,
}

impl Into {
    fn new() -> Self {
        Self { file: tempfile::tempfile().unwrap() }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0)).unwrap();
        self.file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    async fn fetch(&self, feed: &Feed, target: &Target) -> Result<u64> {
        fetch::file(feed, target, &self.file, &|_| ()).await
    }
}

/// What a server does with the release, the code, and whether anything may be left to go on with.
type Case = (&'static str, &'static str, bool, fn() -> Manner);

const CASES: &[Case] = &[
    ("A23 another length", "update-wrong-length", false, || Manner::Raw(answer(b"short"))),
    ("A24 another content", "update-wrong-hash", false, || Manner::Raw(answer(&content(5)))),
    ("A25 cut short without a length", "update-cut-short", true, || {
        Manner::Raw([OK_HEAD, &content(4)[..1000]].concat())
    }),
    ("A25 cut short below its length", "update-cut-short", true, || {
        let mut whole = answer(&content(4));
        whole.truncate(5_000);
        Manner::Raw(whole)
    }),
    ("A26 without an end", "update-endless", false, || Manner::Endless(OK_HEAD.to_vec())),
    ("A27 drop by drop", "update-too-slow", true, || Manner::Drip(OK_HEAD.to_vec(), content(4))),
    ("A27 a head without an end", "update-too-slow", false, || {
        Manner::Drip(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 4096])
    }),
    ("A27 silence", "update-too-slow", false, || Manner::Silent),
    ("A28 another host", "update-redirected", false, || {
        Manner::Raw(
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:1/\r\ncontent-length: 0\r\n\r\n"
                .to_vec(),
        )
    }),
    ("nothing there", "update-feed-missing", false, || {
        Manner::Raw(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec())
    }),
    ("a fault of the server", "update-feed-unreachable", false, || {
        Manner::Raw(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n".to_vec())
    }),
    ("no HTTP", "update-feed-unreachable", false, || Manner::Raw(b"hello\r\n\r\n".to_vec())),
];

#[tokio::test]
async fn each_bad_server_is_refused_in_time_with_its_own_reason() {
    let (files, target) = feed();
    for (name, code, may_leave, manner) in CASES {
        let server = Server::start(files.clone(), move |_| manner());
        let mut into = Into::new();
        let begun = Instant::now();

        let reason = into.fetch(&server.feed(), &target).await.unwrap_err();

        assert_eq!(reason.code, *code, "{name}: {}", reason.detail);
        assert!(begun.elapsed() < SOON, "{name} took {:?}", begun.elapsed());
        let left = into.bytes();
        assert_eq!(left.is_empty(), !may_leave, "{name} left {} bytes", left.len());
        assert!(content(4).starts_with(&left), "{name} left something else");
    }
}

#[tokio::test]
async fn metadata_from_bad_servers_is_refused_in_time() {
    let world = World::settled().await;
    let before = world.snapshot();
    for (name, code, path, manner) in [
        ("endless", "update-metadata-too-large", "metadata/timestamp.json", 0),
        ("drop by drop", "update-too-slow", "metadata/timestamp.json", 1),
        ("silent", "update-too-slow", "metadata/2.root.json", 2),
        ("redirected", "update-redirected", "metadata/2.root.json", 3),
        // Who could hide new roots by a fault would keep stolen keys alive.
        ("a fault for the root", "update-feed-unreachable", "metadata/2.root.json", 4),
        ("nothing there", "update-feed-missing", "metadata/timestamp.json", 5),
    ] {
        let server = Server::start(feed().0, move |asked| match (asked == path, manner) {
            (false, _) => Manner::Good,
            (true, 0) => Manner::Endless(OK_HEAD.to_vec()),
            (true, 1) => Manner::Drip(OK_HEAD.to_vec(), vec![b' '; 100_000]),
            (true, 2) => Manner::Silent,
            (true, 3) => Manner::Raw(b"HTTP/1.1 301 Moved\r\nlocation: /x\r\n\r\n".to_vec()),
            (true, 4) => Manner::Raw(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_vec()),
            _ => Manner::Raw(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n".to_vec()),
        });
        let begun = Instant::now();

        let reason = world.look_at(&server.feed()).await.unwrap_err();

        assert_eq!(reason.code, code, "{name}: {}", reason.detail);
        assert!(begun.elapsed() < SOON, "{name} took {:?}", begun.elapsed());
        assert_eq!(world.snapshot(), before);
    }
}

/// However many files there are, and however quickly each comes.
#[tokio::test]
async fn all_metadata_together_has_its_time() {
    let world = World::settled().await;
    let server = Server::start(feed().0, |_| Manner::Good);
    let bounds = Bounds { metadata: Duration::ZERO, ..BOUNDS };

    let web = Web::new(&server.base(), bounds).unwrap();
    let reason = world.look_at(&Feed::Web(web)).await.unwrap_err();

    assert_eq!(reason.code, "update-too-slow");
}

#[tokio::test]
async fn a_feed_on_the_web_says_what_its_folder_says() {
    let world = World::settled().await;
    let (files, target) = feed();
    let server = Server::start(files.clone(), |_| Manner::Good);

    let web = world.look_at(&server.feed()).await.unwrap();
    let folder = world.look(&files).await.unwrap();
    let mut into = Into::new();
    into.fetch(&server.feed(), &target).await.unwrap();

    assert_eq!(web.targets(), folder.targets());
    assert_eq!(into.bytes(), content(4));
}

#[tokio::test]
async fn a_feed_that_is_looked_at_again_is_no_news() {
    let world = World::settled().await;
    let same = world.look(&Forge::good(0, 3).build()).await.unwrap();
    let next = world.look(&Forge::good(1, SEEN_NEXT).build()).await.unwrap();

    assert!(!same.is_news(&world.trusted()));
    assert!(next.is_news(&world.trusted()));
}

/// What the worker has fetched is looked at once more by the supervisor, from the same files.
#[tokio::test]
async fn what_was_fetched_is_written_as_a_feed_again() {
    let world = World::settled().await;
    let mut forge = Forge::good(1, SEEN_NEXT);
    forge.rotate(crate::forge::usual_root(2), &crate::forge::ROOT_KEYS[..2]);
    let fresh = world.look(&forge.build()).await.unwrap();

    let incoming = world.path("incoming");
    fresh.write_feed(&incoming).unwrap();
    let again = world.look_at(&Feed::Folder(incoming)).await.unwrap();
    let trusted = world.trusted().promote(again).unwrap();

    assert_eq!((trusted.root_version(), trusted.seq_floor()), (2, SEEN_NEXT));
}

#[tokio::test]
async fn what_broke_off_goes_on_where_it_ended() {
    let (files, target) = feed();
    let mut whole = answer(&content(4));
    whole.truncate(20_000);
    let cut = Server::start(files.clone(), move |_| Manner::Raw(whole.clone()));
    let good = Server::start(files, |_| Manner::Good);
    let mut into = Into::new();

    let broken = into.fetch(&cut.feed(), &target).await.unwrap_err();
    let there = into.bytes().len() as u64;
    let moved = into.fetch(&good.feed(), &target).await.unwrap();

    assert_eq!(broken.code, "update-cut-short");
    assert!(there > 10_000, "{there} bytes came");
    assert_eq!(good.asked(), [(target.path(), Some(there))]);
    assert_eq!(moved, target.size_bytes - there);
    assert_eq!(into.bytes(), content(4));
}

#[tokio::test]
async fn what_is_there_of_something_else_is_fetched_anew() {
    let (files, target) = feed();
    let server = Server::start(files, |_| Manner::Good);
    for there in [&content(5)[..10_000], &content(5)[..], &vec![0; 50_000][..]] {
        let mut into = Into::new();
        into.file.write_all(there).unwrap();

        into.fetch(&server.feed(), &target).await.unwrap();

        assert_eq!(into.bytes(), content(4));
    }
}

/// A28. There are no credentials to be led away, and nobody to lead.
#[test]
fn a_feed_is_asked_safely_or_not_at_all() {
    for address in [
        "http://example.org/feed",
        "http://127.0.0.1.example.org/feed",
        "ftp://example.org/feed",
        "https://user:secret@example.org/feed",
        "https://example.org/feed?key=1",
        "https:///feed",
        "/srv/feed",
        "",
    ] {
        let refused = Web::new(address, BOUNDS).unwrap_err();
        assert_eq!(refused.code, "update-feed-address", "{address}");
    }
    for address in ["https://example.org/feed/", "http://localhost:1/x", "http://[::1]/x"] {
        Web::new(address, BOUNDS).unwrap();
    }
}

/// A folder that a worker may write holds no way out of it.
#[tokio::test]
async fn links_and_pipes_in_a_folder_are_not_followed() {
    let (files, target) = feed();
    let folder = tempfile::tempdir().unwrap();
    crate::forge::write(&files, folder.path());
    let feed = Feed::Folder(folder.path().to_owned());
    let path = folder.path().join(target.path());
    let elsewhere = folder.path().join("elsewhere");
    std::fs::rename(&path, &elsewhere).unwrap();

    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let link = Into::new().fetch(&feed, &target).await.unwrap_err();
    std::fs::remove_file(&path).unwrap();
    let (mode, kind) = (Mode::RUSR | Mode::WUSR, FileType::Fifo);
    mknodat(CWD, &path, kind, mode, 0).unwrap();
    let pipe = Into::new().fetch(&feed, &target).await.unwrap_err();
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let other = Into::new().fetch(&feed, &target).await.unwrap_err();

    assert_eq!([link.code, pipe.code, other.code], ["update-feed-missing"; 3]);
}

/// A feed with release 4, and a difference that leads to it from release 3.
struct WithDelta {
    folder: tempfile::TempDir,
    base: std::path::PathBuf,
    base_sha256: String,
    targets: Vec<Target>,
}

impl WithDelta {
    async fn new(delta: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base_sha256 = hash(&content(3));
        let mut forge = Forge::good(1, SEEN_NEXT);
        forge.add("delta-3-4", delta, None);
        forge.custom_mut(4)["deltas"] = json!([{ "from_sha256": base_sha256,
            "target": "delta-3-4", "size_bytes": delta.len() }]);
        let files = forge.build();
        let world = World::settled().await;
        let targets = world.take(&files).await.unwrap().targets();
        crate::forge::write(&files, &folder.path().join("feed"));
        let base = folder.path().join("base");
        std::fs::write(&base, content(3)).unwrap();
        Self { folder, base, base_sha256, targets }
    }

    async fn fetch(&self) -> (Fetched, Vec<u8>) {
        let mut into = Into::new();
        let target = self.targets.iter().find(|it| it.name == release_name(4)).unwrap();
        let feed = Feed::Folder(self.folder.path().join("feed"));
        let base = Base { path: &self.base, sha256: &self.base_sha256 };
        let fetched =
            fetch::release(&feed, &self.targets, target, Some(base), &into.file, &|_| ()).await;
        (fetched.unwrap(), into.bytes())
    }
}

/// A difference as publishers make it.
fn delta(base: &[u8], to: &[u8], window_log: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::with_ref_prefix(Vec::new(), 19, base).unwrap();
    encoder.window_log(window_log).unwrap();
    encoder.long_distance_matching(true).unwrap();
    encoder.write_all(to).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_difference_leads_to_the_release() {
    let delta = delta(&content(3), &content(4), delta_window_log(40_000, 40_000));
    let world = WithDelta::new(&delta).await;

    let (fetched, bytes) = world.fetch().await;

    let whole = Fetched { by_delta: true, moved_bytes: delta.len() as u64, told: Vec::new() };
    assert_eq!(fetched, whole);
    assert_eq!(bytes, content(4));
}

#[tokio::test]
async fn a_difference_that_leads_elsewhere_is_told_and_the_whole_is_fetched() {
    let window = delta_window_log(40_000, 40_000);
    let bomb = delta(&content(3), &vec![0; 64 * 1024 * 1024], window);
    let longer = [content(4), vec![0]].concat();
    assert!(bomb.len() < 40_000, "the bomb is small");
    for (name, code, delta) in [
        ("A29 a bomb", "update-delta-too-large", bomb),
        ("A29 one byte more", "update-delta-too-large", delta(&content(3), &longer, window)),
        ("A29 a window", "update-delta-too-large", huge_window()),
        ("A30 another release", "update-delta-wrong", delta(&content(3), &content(5), window)),
        ("A30 no difference", "update-delta-wrong", b"not packed at all".to_vec()),
        ("A31 from another base", "update-delta-wrong", delta(&content(7), &content(4), window)),
    ] {
        let world = WithDelta::new(&delta).await;

        let (fetched, bytes) = world.fetch().await;

        assert!(!fetched.by_delta, "{name}");
        let codes: Vec<_> = fetched.told.iter().map(|reason| reason.code).collect();
        assert_eq!(codes, [code], "{name}: {:?}", fetched.told);
        assert_eq!(bytes, content(4), "{name}");
    }
}

/// The head of a frame that asks for two gibibytes.
fn huge_window() -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3];
    frame.extend([1, 0, 0]);
    frame
}

#[tokio::test]
async fn a_base_that_has_changed_is_told_and_the_whole_is_fetched() {
    let delta = delta(&content(3), &content(4), delta_window_log(40_000, 40_000));
    let world = WithDelta::new(&delta).await;
    let mut base = OpenOptions::new().write(true).open(&world.base).unwrap();
    base.write_all(b"x").unwrap();

    let (fetched, bytes) = world.fetch().await;

    assert_eq!(fetched.told[0].code, "update-delta-base");
    assert_eq!(bytes, content(4));
}

#[tokio::test]
async fn each_bit_of_a_difference_counts_or_does_no_harm() {
    let good = delta(&content(3), &content(4), delta_window_log(40_000, 40_000));
    let world = WithDelta::new(&good).await;
    let target = world.targets.iter().find(|it| it.name == "delta-3-4").unwrap();
    let path = world.folder.path().join("feed").join(target.path());
    let bits = good.len() * 8;
    let tried = (0..bits).step_by((bits / 2_000).max(1));
    assert!(tried.len() >= bits.min(2_000), "{} of {bits}", tried.len());

    for bit in tried {
        let mut spoiled = good.clone();
        spoiled[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, spoiled).unwrap();
        let (_, bytes) = world.fetch().await;
        assert_eq!(bytes, content(4), "bit {bit}");
    }
}
