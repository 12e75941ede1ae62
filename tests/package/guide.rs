//! What the manual has people type on a Debian of their own (`<!-- run: guest -->`), typed there as
//! it is printed. Each page is a story: a test makes the scene that the page takes for granted,
//! types the page's blocks in order, and looks whether that became true which the page promises.

mod certifying;
mod installing;
mod keeping;
mod moving;
mod proxies;
mod updating;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use crate::guest::{Guest, debian, impossible};
use crate::life::Life;
use crate::packing::{package, package_before};
use crate::page::{self, Block, Mark};
use crate::{skip, tell};

/// Pages with such blocks.
const STORIES: [&str; 12] = [
    "README.md",
    "docs/manual/certificates.md",
    "docs/manual/first-hour.md",
    "docs/manual/hardening.md",
    "docs/manual/incident.md",
    "docs/manual/install.md",
    "docs/manual/migration.md",
    "docs/manual/proxy.md",
    "docs/manual/restore.md",
    "docs/manual/runbook.md",
    "docs/manual/trust.md",
    "docs/manual/updates.md",
];

/// The blocks of a page that are still to be typed.
pub(crate) struct Page {
    name: &'static str,
    blocks: VecDeque<Block>,
    settings: VecDeque<Block>,
    typed: usize,
}

impl Page {
    fn open(name: &'static str) -> Self {
        let all = page::blocks(&page::repository().join(name));
        let is_ours = |block: &&Block| is_for_guests(block);
        let blocks = all.iter().filter(is_ours).cloned().collect();
        let settings = all.into_iter().filter(|block| block.language != "sh").collect();
        Self { name, blocks, settings, typed: 0 }
    }

    /// Takes the next block, which somebody puts into a file instead of typing it.
    pub(crate) fn program(&mut self) -> String {
        self.typed += 1;
        self.next().text
    }

    /// Types the next block, which does not end by itself: it goes on as the unit `typed`.
    pub(crate) fn begins(&mut self, life: &Life) {
        let lines = self.program();
        std::fs::write(life.guest.root().join("root/typed"), lines).expect("a written file");
        life.guest.sh("systemd-run --quiet --unit=typed bash -eu /root/typed");
    }

    fn next(&mut self) -> Block {
        let block = self.blocks.pop_front();
        block.unwrap_or_else(|| panic!("{} has no more blocks", self.name))
    }

    /// Types the next block as root; it ends as its mark says. Gives what stood on the terminal.
    pub(crate) fn types(&mut self, life: &Life) -> String {
        let block = self.next();
        let wanted = block.read_mark().map(|(_, code, _)| code);
        let (ended, said) = life.guest.types(&block.text);
        let journal = life.guest.journal();
        assert_eq!(ended.ok_or_else(String::new), wanted, "{}: {said}\n{journal}", block.place());
        self.typed += 1;
        said
    }

    /// The page's next text in a language other than the shell's, to be put into a file.
    pub(crate) fn text(&mut self, language: &str) -> String {
        let found = self.settings.iter().position(|block| block.language == language);
        let found = found.and_then(|at| self.settings.remove(at));
        found.unwrap_or_else(|| panic!("{} has no more {language}", self.name)).text
    }
}

fn is_for_guests(block: &Block) -> bool {
    block.is_script() && matches!(block.read_mark(), Ok((Mark::Guest, ..)))
}

/// Where the stories of pages take place.
pub(crate) struct Packages {
    pub(crate) now: &'static Path,
    pub(crate) before: &'static Path,
}

/// A Debian as it is after its own installation.
pub(crate) fn machine() -> Life {
    Life::on(Guest::boot().expect("a Debian was made before"))
}

impl Packages {
    /// One with the package in root's folder.
    pub(crate) fn machine_with_package(&self) -> Life {
        let life = machine();
        life.is_brought(self.now);
        life
    }

    /// One with a box that has an owner.
    pub(crate) fn owned(&self) -> Life {
        let life = self.machine_with_package();
        life.apt_install(self.now);
        life.is_claimed();
        life
    }
}

/// Tells the story of a page, all of whose blocks it has to type.
fn tell_story(name: &'static str, story: impl FnOnce(&mut Page, &Packages)) {
    let what = format!("the blocks of {name} for a Debian were not typed");
    assert!(STORIES.contains(&name), "{name} is not among the pages");
    if let Some(why) = impossible() {
        return skip(&what, &why);
    }
    let packages = package().and_then(|now| Ok(Packages { now, before: package_before()? }));
    let packages = match packages.and_then(|packages| debian().map(|_| packages)) {
        Ok(packages) => packages,
        Err(why) => return skip(&what, &why),
    };
    let mut page = Page::open(name);

    story(&mut page, &packages);

    let left: Vec<String> = page.blocks.iter().map(Block::place).collect();
    assert!(left.is_empty(), "nobody typed {left:?}");
    tell(&format!("{name}: {} blocks typed in a Debian of their own", page.typed));
}

#[test]
fn every_block_for_a_debian_belongs_to_a_story() {
    let (mut found, mut only_read) = (BTreeSet::new(), Vec::new());
    for block in page::pages().iter().flat_map(|path| page::blocks(path)) {
        if is_for_guests(&block) {
            found.insert(block.page);
        } else if block.is_script() && matches!(block.read_mark(), Ok((Mark::ParsedOnly(_), ..))) {
            only_read.push(block.place());
        }
    }

    tell(&format!("Blocks that nobody can run here, each with its reason: {}", only_read.len()));
    assert_eq!(found, STORIES.map(str::to_owned).into_iter().collect());
    assert!(only_read.len() < 10, "that is no exception any more: {only_read:?}");
}
