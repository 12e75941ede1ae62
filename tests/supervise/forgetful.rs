//! A disk that keeps, after a power cut, only what was brought to it, and of the rest whatever it
//! likes: names and bytes apart from each other, in any order, and torn.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};
use std::sync::{Mutex, MutexGuard, PoisonError};

use holdfast::platform::updates::supervisor::disk::Disk;

/// Bytes that are kept or lost together.
const SECTOR_BYTES: usize = 512;

/// Numbers from a seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let high = usize::try_from(self.0 >> 33).expect("31 bits");
        high % limit.max(1)
    }

    pub(crate) fn toss(&mut self) -> bool {
        self.below(2) == 0
    }
}

#[derive(Debug, Clone)]
enum Change {
    Set(String, usize),
    Remove(String),
    Rename(String, String, usize),
}

#[derive(Debug, Clone)]
enum Node {
    Folder { seen: BTreeMap<String, usize>, kept: BTreeMap<String, usize>, changes: Vec<Change> },
    File { seen: Vec<u8>, kept: Vec<u8> },
}

impl Node {
    fn folder() -> Self {
        Self::Folder { seen: BTreeMap::new(), kept: BTreeMap::new(), changes: Vec::new() }
    }
}

#[derive(Debug)]
struct Inside {
    nodes: Vec<Node>,
    /// Operations until the power is cut; none: it is not.
    left: Option<usize>,
    done: usize,
    dice: Dice,
}

/// The disk. Its root is there from the beginning.
#[derive(Debug)]
pub(crate) struct Forgetful(Mutex<Inside>);

impl Forgetful {
    pub(crate) fn new(seed: u64) -> Self {
        let nodes = vec![Node::folder()];
        Self(Mutex::new(Inside { nodes, left: None, done: 0, dice: Dice(seed) }))
    }

    /// Has the power cut in the middle of an operation, after so many whole ones.
    pub(crate) fn cut_after(&self, operations: usize) {
        self.inside().left = Some(operations);
    }

    /// Operations so far.
    pub(crate) fn done(&self) -> usize {
        self.inside().done
    }

    /// The power is back: what was not brought to the disk is there or not.
    pub(crate) fn power_up(&self) {
        let mut inside = self.inside();
        let Inside { nodes, dice, left, .. } = &mut *inside;
        *left = None;
        for node in nodes {
            match node {
                Node::Folder { seen, kept, changes } => {
                    for change in changes.drain(..) {
                        if dice.toss() {
                            apply(kept, &change);
                        }
                    }
                    seen.clone_from(kept);
                }
                Node::File { seen, kept } => {
                    *kept = torn(seen, kept, dice);
                    seen.clone_from(kept);
                }
            }
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one operation, unless the power is gone.
    fn does<T>(&self, what: impl FnOnce(&mut Inside) -> io::Result<T>) -> io::Result<T> {
        let mut inside = self.inside();
        inside.done += 1;
        match &mut inside.left {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                *left -= 1;
                let is_last = *left == 0;
                let outcome = what(&mut inside)?;
                // The last operation is done, but nobody hears of it.
                if is_last { Err(io::Error::other("the power goes")) } else { Ok(outcome) }
            }
            None => what(&mut inside),
        }
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Change) {
    match change {
        Change::Set(name, node) => drop(names.insert(name.clone(), *node)),
        Change::Remove(name) => drop(names.remove(name)),
        Change::Rename(from, to, node) => {
            names.remove(from);
            names.insert(to.clone(), *node);
        }
    }
}

fn torn(seen: &[u8], kept: &[u8], dice: &mut Dice) -> Vec<u8> {
    let length = if dice.toss() { seen.len() } else { kept.len() };
    let mut bytes = vec![0; length];
    for (nth, sector) in bytes.chunks_mut(SECTOR_BYTES).enumerate() {
        let from = if dice.toss() { seen } else { kept };
        let at = nth * SECTOR_BYTES;
        let part = from.get(at..).unwrap_or_default();
        let common = part.len().min(sector.len());
        sector[..common].copy_from_slice(&part[..common]);
    }
    bytes
}

impl Inside {
    fn find(&self, path: &Path) -> Option<usize> {
        let names = path.components().filter(|one| *one != Component::RootDir);
        let mut at = 0;
        for name in names {
            let Node::Folder { seen, .. } = &self.nodes[at] else { return None };
            at = *seen.get(name.as_os_str().to_str()?)?;
        }
        Some(at)
    }

    fn change(&mut self, folder: &Path, change: Change) -> io::Result<()> {
        let at = self.find(folder).ok_or_else(missing)?;
        let Node::Folder { seen, changes, .. } = &mut self.nodes[at] else { return Err(missing()) };
        apply(seen, &change);
        changes.push(change);
        Ok(())
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        let id = self.nodes.len();
        self.nodes.push(node);
        self.change(parent(path), Change::Set(name(path), id))?;
        Ok(id)
    }

    fn file(&mut self, path: &Path) -> io::Result<&mut Vec<u8>> {
        let at = match self.find(path) {
            Some(at) => at,
            None => self.add(path, Node::File { seen: Vec::new(), kept: Vec::new() })?,
        };
        match &mut self.nodes[at] {
            Node::File { seen, .. } => Ok(seen),
            Node::Folder { .. } => Err(missing()),
        }
    }
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("nobody touches the root")
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned()
}

impl Disk for Forgetful {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let inside = self.inside();
        Ok(inside.find(path).and_then(|at| match &inside.nodes[at] {
            Node::File { seen, .. } => Some(seen.clone()),
            Node::Folder { .. } => None,
        }))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.does(|inside| {
            *inside.file(path)? = bytes.to_vec();
            Ok(())
        })
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.does(|inside| {
            inside.file(path)?.extend_from_slice(bytes);
            Ok(())
        })
    }

    fn set_mode(&self, _path: &Path, _mode: u32) -> io::Result<()> {
        self.does(|_| Ok(()))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.does(|inside| {
            let at = inside.find(path).ok_or_else(missing)?;
            let Node::File { seen, kept } = &mut inside.nodes[at] else { return Err(missing()) };
            kept.clone_from(seen);
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.does(|inside| {
            let at = inside.find(folder).ok_or_else(missing)?;
            let Node::Folder { seen, kept, changes } = &mut inside.nodes[at] else {
                return Err(missing());
            };
            kept.clone_from(seen);
            changes.clear();
            Ok(())
        })
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.parent().is_none() || self.inside().find(folder).is_some() {
            return Ok(());
        }
        self.make_folder(parent(folder))?;
        self.does(|inside| inside.add(folder, Node::folder()).map(|_| ()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        assert_eq!(from.parent(), to.parent(), "names change within their folder");
        self.does(|inside| {
            let node = inside.find(from).ok_or_else(missing)?;
            inside.change(parent(from), Change::Rename(name(from), name(to), node))
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.inside().find(path).is_none() {
            return Ok(());
        }
        self.does(|inside| inside.change(parent(path), Change::Remove(name(path))))
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let inside = self.inside();
        Ok(match inside.find(folder).map(|at| &inside.nodes[at]) {
            Some(Node::Folder { seen, .. }) => seen.keys().cloned().collect(),
            _ => Vec::new(),
        })
    }
}
