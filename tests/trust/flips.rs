//! Every bit of every file of metadata, and every length that it can be cut to.

use std::path::{Path, PathBuf};

use holdfast::platform::updates::metadata::{Feed, Trusted};

use crate::forge::{
    Forge, ROOT_KEYS, SNAPSHOT_KEY, TARGETS_KEYS, TIMESTAMP_KEY, root_of, usual_root, write,
};
use crate::world::World;

/// A feed with one short file, and nothing said of it.
fn small_feed() -> Forge {
    let mut feed = Forge::good(1, 0);
    feed.add("notes", b"short", None);
    feed
}

/// A box that has seen nothing yet, and a good feed in a folder, whose files are spoiled in turn.
struct Scene {
    world: World,
    trusted: Trusted,
    feed: Feed,
    /// The files of metadata, and what they hold.
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Scene {
    fn new(mut forge: Forge) -> Self {
        let world = World::begun();
        let folder = world.path("feed");
        let mut files = forge.build();
        files.retain(|path, _| path.starts_with("metadata/"));
        write(&files, &folder);
        let files = files.into_iter().map(|(path, bytes)| (folder.join(path), bytes)).collect();
        Self { trusted: world.trusted(), world, feed: Feed::Folder(folder), files }
    }

    async fn is_taken_with(&self, path: &Path, bytes: &[u8]) -> bool {
        std::fs::write(path, bytes).unwrap();
        self.world.look_with(&self.trusted, &self.feed).await.is_ok()
    }

    /// Flips each bit of these files, one by one. How many there were.
    async fn flip(&self, is_meant: impl Fn(&Path) -> bool) -> usize {
        let before = self.world.snapshot();
        let mut flipped = 0;
        for (path, good) in self.files.iter().filter(|(path, _)| is_meant(path)) {
            for bit in 0..good.len() * 8 {
                let mut spoiled = good.clone();
                spoiled[bit / 8] ^= 1 << (bit % 8);
                let is_taken = self.is_taken_with(path, &spoiled).await;
                assert!(!is_taken, "bit {bit} of {} was taken", path.display());
                flipped += 1;
            }
            assert!(self.is_taken_with(path, good).await);
        }
        assert_eq!(self.world.snapshot(), before);
        flipped
    }
}

fn is_root(path: &Path) -> bool {
    path.ends_with("2.root.json")
}

#[tokio::test]
async fn every_bit_of_a_new_root_counts() {
    let mut feed = small_feed();
    let keys = [ROOT_KEYS[0], ROOT_KEYS[1]];
    let targets = [TARGETS_KEYS[0], TARGETS_KEYS[1]];
    feed.rotate(root_of(2, &keys, &targets, SNAPSHOT_KEY, TIMESTAMP_KEY), &keys);

    let flipped = Scene::new(feed).flip(is_root).await;

    assert!(flipped > 10_000, "{flipped} bits");
}

#[tokio::test]
async fn every_bit_of_the_metadata_below_the_root_counts() {
    let flipped = Scene::new(small_feed()).flip(|_| true).await;

    assert!(flipped > 10_000, "{flipped} bits");
}

/// The same with the hashes after it put right, so that signatures alone have to hold.
#[tokio::test]
async fn every_third_bit_counts_also_where_the_hash_is_put_right() {
    let world = World::begun();
    let before = world.snapshot();
    let length = small_feed().build()["metadata/6.targets.json"].len();

    for bit in (0..length * 8).step_by(3) {
        let mut feed = small_feed();
        feed.targets.rewrite = Some(Box::new(move |text| {
            let mut bytes = text.into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // What is no text any more is refused as such in the other test.
            String::from_utf8(bytes).unwrap_or_default()
        }));
        let outcome = world.look(&feed.build()).await;
        assert!(outcome.is_err(), "bit {bit} of the targets was taken");
    }

    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn metadata_is_whole_or_refused() {
    let mut feed = small_feed();
    feed.rotate(usual_root(2), &ROOT_KEYS[..2]);
    let scene = Scene::new(feed);
    let before = scene.world.snapshot();

    for (path, good) in &scene.files {
        for length in 0..good.len() {
            let is_taken = scene.is_taken_with(path, &good[..length]).await;
            assert!(!is_taken, "{} was taken with {length} bytes", path.display());
        }
        assert!(scene.is_taken_with(path, good).await);
    }

    assert_eq!(scene.world.snapshot(), before);
}

/// Spaces are outside of what is signed. Where no hash covers them they do no harm.
#[tokio::test]
async fn spaces_in_the_timestamp_do_no_harm() {
    let world = World::begun();
    let mut feed = small_feed();
    feed.timestamp.rewrite = Some(Box::new(|text| text.replace(',', " ,\n ")));

    world.take(&feed.build()).await.unwrap();
}
