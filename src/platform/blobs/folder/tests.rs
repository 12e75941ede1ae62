use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::platform::id::Id;

const NOW: Moment = Moment(1_795_240_800_000);

fn workspace(number: u8) -> WorkspaceId {
    Id::from_bytes([number; 16])
}

struct Place {
    blobs: Blobs,
    folder: tempfile::TempDir,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place { blobs: Blobs::open(folder.path()).unwrap(), folder }
}

impl Place {
    fn receive(&self, number: u8, mut bytes: &[u8]) -> Result<Received> {
        self.blobs.receive(Id::from_bytes([number; 16]), &mut bytes, 1_000_000)
    }

    fn put(&self, bytes: &[u8], now: Moment) -> Blob {
        let received = self.receive(9, bytes).unwrap();
        self.blobs.keep(workspace(1), &received, now).unwrap()
    }

    fn read(&self, blob: Blob) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.blobs.fetch(workspace(1), blob.hash)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn incoming(&self) -> usize {
        entries(&self.folder.path().join(FOLDER).join(INCOMING)).unwrap().len()
    }
}

fn is_damaged<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Conflict(refusal)) if refusal.code == "blob-damaged")
}

#[test]
fn bytes_come_back_as_they_were_sent_and_only_the_service_can_read_them() {
    let place = place();
    let large = vec![7; 300_000];

    for bytes in [&b""[..], b"%PDF-1.7 one", &large] {
        let blob = place.put(bytes, NOW);
        assert_eq!(blob.size_bytes, bytes.len() as u64);
        assert_eq!(blob.hash.0, Sha256::digest(bytes)[..]);
        assert_eq!(place.read(blob).unwrap(), bytes);
        let path = place.blobs.path(workspace(1), blob.hash);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let above = path.parent().unwrap();
        assert_eq!(fs::metadata(above).unwrap().permissions().mode() & 0o777, 0o700);
    }
    assert_eq!(place.blobs.list(workspace(1)).unwrap().len(), 3);
    assert_eq!(place.incoming(), 0);
}

#[test]
fn a_blob_of_one_workspace_is_none_of_another() {
    let place = place();
    let blob = place.put(b"one", NOW);

    assert!(is_damaged(&place.blobs.fetch(workspace(2), blob.hash)));
    assert!(place.blobs.list(workspace(2)).unwrap().is_empty());
    place.blobs.remove_all(workspace(2)).unwrap();
    assert!(place.read(blob).is_ok());
    place.blobs.remove_all(workspace(1)).unwrap();
    assert!(is_damaged(&place.read(blob)));
}

#[test]
fn what_is_too_large_or_breaks_off_leaves_nothing() {
    let place = place();
    let mut bytes = &[0; 11][..];
    let refused = place.blobs.receive(Id::from_bytes([1; 16]), &mut bytes, 10);
    assert!(matches!(refused, Err(Error::TooLarge { limit_bytes: 10 })));

    let mut incoming = place.blobs.begin(Id::from_bytes([2; 16]), 10).unwrap();
    incoming.write(b"half").unwrap();
    drop(incoming);

    assert_eq!(place.incoming(), 0);
    assert!(place.blobs.list(workspace(1)).unwrap().is_empty());
}

#[test]
fn what_a_stop_left_half_is_cleared_and_blobs_are_not() {
    let place = place();
    let blob = place.put(b"one", NOW);
    std::mem::forget(place.receive(3, b"half").unwrap());
    assert_eq!(place.incoming(), 1);

    Blobs::open(place.folder.path()).unwrap();

    assert_eq!(place.incoming(), 0);
    assert!(place.read(blob).is_ok());
}

#[test]
fn damaged_bytes_are_not_given_out_and_sending_them_again_heals_them() {
    let place = place();
    let blob = place.put(b"as they were", NOW);
    let path = place.blobs.path(workspace(1), blob.hash);

    fs::write(&path, b"as they wire").unwrap();
    assert!(is_damaged(&place.read(blob)));
    fs::write(&path, b"as they").unwrap();
    assert!(is_damaged(&place.read(blob)));
    place.put(b"as they were", NOW);

    assert_eq!(place.read(blob).unwrap(), b"as they were");
}

#[test]
fn only_what_was_put_more_than_a_day_ago_is_removed() {
    let place = place();
    let old = place.put(b"old", NOW);
    let again = place.put(b"again", NOW);
    let later = NOW.plus(ORPHANS_KEPT).plus(Duration::from_secs(1));
    place.put(b"again", later);
    let ahead = place.put(b"of a clock that went back", later.plus(ORPHANS_KEPT));
    let all = [old.hash, again.hash, ahead.hash, BlobHash([1; 32])];

    let early = place.blobs.remove_old(workspace(1), &all, NOW.plus(ORPHANS_KEPT)).unwrap();
    let removed = place.blobs.remove_old(workspace(1), &all, later).unwrap();

    assert_eq!((early, removed), (0, 1));
    assert!(is_damaged(&place.read(old)));
    assert!(place.read(again).is_ok() && place.read(ahead).is_ok());
}

#[test]
fn nothing_is_removed_while_somebody_reads_what_a_cut_names() {
    let place = place();
    let blob = place.put(b"one", NOW);
    let later = NOW.plus(ORPHANS_KEPT * 2);

    let (first, second) = (place.blobs.pin(), place.blobs.pin());
    drop(first);
    assert_eq!(place.blobs.remove_old(workspace(1), &[blob.hash], later).unwrap(), 0);
    drop(second);
    assert_eq!(place.blobs.remove_old(workspace(1), &[blob.hash], later).unwrap(), 1);
}

#[test]
fn the_same_bytes_sent_by_two_at_once_are_there_once() {
    let place = place();
    let bytes = vec![3; 100_000];

    std::thread::scope(|scope| {
        for number in 0..8 {
            let (place, bytes) = (&place, &bytes);
            scope.spawn(move || {
                let received = place.receive(number, bytes).unwrap();
                place.blobs.keep(workspace(1), &received, NOW).unwrap();
            });
        }
    });

    let there = place.blobs.list(workspace(1)).unwrap();
    assert_eq!(there.len(), 1);
    assert!(place.blobs.fetch(workspace(1), there[0]).is_ok());
    assert_eq!(place.incoming(), 0);
}

#[test]
fn what_was_put_is_taken_back_only_where_nobody_else_has_it() {
    let place = place();
    let put = |bytes: &[u8], number: u8| {
        let received = place.receive(number, bytes).unwrap();
        place.blobs.put(workspace(1), &received, NOW).unwrap()
    };
    let take_back = |put: &Put| place.blobs.take_back(workspace(1), put).unwrap();
    assert_eq!(place.blobs.lying_bytes(workspace(1)).unwrap(), 0);

    let alone = put(b"alone", 1);
    take_back(&alone);
    take_back(&alone);
    assert!(is_damaged(&place.read(alone.blob)));
    let (first, second) = (put(b"twice", 2), put(b"twice", 3));
    take_back(&first);
    take_back(&second);
    assert!(place.read(first.blob).is_ok());
    let pinned = put(b"pinned", 4);
    let pin = place.blobs.pin();
    take_back(&pinned);
    drop(pin);
    assert!(place.read(pinned.blob).is_ok());

    assert_eq!(place.blobs.lying_bytes(workspace(1)).unwrap(), 5 + 6);
}

#[test]
fn a_file_on_the_same_disk_becomes_a_blob_without_being_copied() {
    use std::os::unix::fs::MetadataExt;
    let place = place();
    let bytes = b"%PDF-1.7 a delivery note";
    let hash = BlobHash(Sha256::digest(bytes).into());
    let (kept, dropped) = (place.folder.path().join("kept"), place.folder.path().join("dropped"));
    let number = |path: &Path| fs::metadata(path).unwrap().ino();
    fs::write(&kept, bytes).unwrap();
    fs::write(&dropped, bytes).unwrap();
    let before = number(&kept);

    let received = place.blobs.take(kept.clone(), hash).unwrap();
    let blob = place.blobs.keep(workspace(1), &received, NOW).unwrap();
    drop(received);
    drop(place.blobs.take(dropped.clone(), hash).unwrap());

    assert_eq!((blob.hash, blob.size_bytes), (hash, bytes.len() as u64));
    assert_eq!(blob.media_type, "application/pdf");
    assert_eq!(place.read(blob).unwrap(), bytes);
    assert_eq!(number(&place.blobs.path(workspace(1), hash)), before);
    assert!(!kept.exists() && !dropped.exists());
}
