//! The manual's pages and what stands in them: blocks between fences, and how each is to be tried.

use std::path::{Path, PathBuf};

/// How the block below a mark is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Run beside the page's own box, which has an owner and a workspace.
    Box,
    /// The same after a kit, a target (`/mnt/backup`) and a backup were made.
    BoxWithBackup,
    /// The same after somebody saved a bundle of the workspace's audit log, and a checkpoint.
    BoxWithBundle,
    /// Run beside a box that nobody owns yet.
    NewBox,
    /// Run where the page's box does not run at the moment.
    Stopped,
    /// Run on another machine that has no box, with the same backups and kit.
    Elsewhere,
    /// Run in a Debian of its own by `tests/package/guide.rs`; read by `tests/manual.rs`.
    Guest,
    /// Read, for the reason given.
    ParsedOnly(String),
}

/// What stands between two fences.
#[derive(Debug, Clone)]
pub struct Block {
    /// The page below the repository.
    pub page: String,
    pub line: usize,
    /// The word behind the first fence.
    pub language: String,
    /// What the comment above it says.
    pub mark: Option<String>,
    pub text: String,
}

impl Block {
    pub fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }

    /// Whether it is for a shell.
    pub fn is_script(&self) -> bool {
        matches!(self.language.as_str(), "sh" | "bash" | "shell" | "console")
    }

    /// How it is tried, the exit code it has to end with, and a program that it needs.
    pub fn read_mark(&self) -> Result<(Mark, i32, Option<String>), String> {
        let place = self.place();
        let Some(mark) = &self.mark else {
            return Err(format!("{place} has no mark; see tests/manual.rs"));
        };
        if let Some(reason) = mark.strip_prefix("parsed only:") {
            return Ok((Mark::ParsedOnly(reason.trim().to_owned()), 0, None));
        }
        let (mark, needed) = mark
            .split_once(", needs ")
            .map_or((mark.as_str(), None), |(mark, needed)| (mark, Some(needed.to_owned())));
        let (how, code) = mark.split_once(", exit ").unwrap_or((mark, "0"));
        let code = code.trim().parse().map_err(|_| format!("{place} has no exit code: {mark}"))?;
        let how = match how.trim() {
            "box" => Mark::Box,
            "box with a backup" => Mark::BoxWithBackup,
            "box with a bundle" => Mark::BoxWithBundle,
            "new box" => Mark::NewBox,
            "stopped" => Mark::Stopped,
            "elsewhere" => Mark::Elsewhere,
            "guest" => Mark::Guest,
            other => return Err(format!("{place} has an unknown mark: {other}")),
        };
        Ok((how, code, needed))
    }
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page: all Markdown below `docs`, and the README.
pub fn pages() -> Vec<PathBuf> {
    let mut found = vec![repository().join("README.md")];
    let mut next = vec![repository().join("docs")];
    while let Some(folder) = next.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").map_while(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                next.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn name_of(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

/// All blocks of a page, in order.
pub fn blocks(path: &Path) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut mark = None;
    let mut open: Option<(Block, usize)> = None;
    for (number, line) in text_of(path).lines().enumerate() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        if let Some((block, from)) = &mut open {
            if bare.trim_end() == "```" {
                found.extend(open.take().map(|(block, _)| block));
            } else {
                block.text += line.get((*from).min(indent)..).unwrap_or_default();
                block.text.push('\n');
            }
        } else if let Some(language) = bare.strip_prefix("```") {
            let block = Block {
                page: name_of(path),
                line: number + 1,
                language: language.trim().to_owned(),
                mark: mark.take(),
                text: String::new(),
            };
            open = Some((block, indent));
        } else if let Some(said) = bare.strip_prefix("<!-- run:") {
            mark = said.strip_suffix("-->").map(|said| said.trim().to_owned());
        } else if !bare.is_empty() {
            mark = None;
        }
    }
    assert!(open.is_none(), "{} ends inside a block", path.display());
    found
}
