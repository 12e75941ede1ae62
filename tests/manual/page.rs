//! The manual's pages and what stands in them: blocks between fences, and how each is to be tried.

use std::path::{Path, PathBuf};

/// How the block below a mark is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Run beside the page's own box, which has an owner and a workspace.
    Box,
    /// The same after a kit, a target (`/mnt/backup`) and a backup were made.
    BoxWithBackup,
    /// Run beside a box that nobody owns yet.
    NewBox,
    /// Run where the page's box does not run at the moment.
    Stopped,
    /// Run on another machine that has no box, with the same backups and kit.
    Elsewhere,
    /// Run in the guest that the package's test boots; read here.
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

fn name_of(path: &Path) -> String {
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

/// Commands that stand in a page without a fence, where nothing would try them.
pub fn unfenced(path: &Path) -> Vec<String> {
    let mut is_inside = false;
    let mut found = Vec::new();
    for (number, line) in text_of(path).lines().enumerate() {
        is_inside ^= line.trim_start().starts_with("```");
        let words = ["holdfast ", "sudo ", "curl ", "apt", "systemctl ", "sh ", "sqlite3 ", "age "];
        let is_command = |text: &str| words.iter().any(|word| text.starts_with(word));
        if !is_inside && line.strip_prefix("    ").is_some_and(is_command) {
            found.push(format!("{}:{}", name_of(path), number + 1));
        }
    }
    found
}

/// The calls of the program in a text between backticks: those that are written out.
pub fn inline_calls(path: &Path) -> Vec<(String, Vec<String>)> {
    let text = text_of(path);
    let mut found = Vec::new();
    let mut is_inside = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_inside = !is_inside;
        } else if !is_inside {
            prose += line.trim();
            prose.push(' ');
        }
    }
    for span in prose.split('`').skip(1).step_by(2) {
        // Lines that signatures begin with are no calls.
        let is_format = span.ends_with(" v1");
        if span.starts_with("holdfast ") && !is_format && !span.contains(['…', '|', '[']) {
            found.extend(calls(span).into_iter().map(|call| (span.to_owned(), call)));
        }
    }
    found
}

/// The arguments of every call of the program in a script.
pub fn calls(script: &str) -> Vec<Vec<String>> {
    let commands = commands(script);
    let of_program = commands.into_iter().filter_map(|words| {
        let is_before = |word: &String| {
            let is_variable = word.split_once('=').is_some_and(|(name, _)| {
                name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
            });
            is_variable || ["sudo", "then", "do", "if", "!", "exec", "time"].contains(&&**word)
        };
        let start = words.iter().position(|word| !is_before(word))?;
        (words[start] == "holdfast").then(|| words[start..].to_vec())
    });
    of_program.collect()
}

/// The words of each command, as a shell takes them apart.
fn commands(script: &str) -> Vec<Vec<String>> {
    let script = script.replace("\\\n", " ");
    let (mut all, mut words) = (Vec::new(), Vec::new());
    let (mut word, mut is_begun, mut quote) = (String::new(), false, None);
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(mark), _) if letter == mark => quote = None,
            (Some(_), _) => word.push(letter),
            (None, '\'' | '"') => (quote, is_begun) = (Some(letter), true),
            (None, '#') if !is_begun => while letters.next_if(|next| *next != '\n').is_some() {},
            // What is written to or read from is no argument.
            (None, '>' | '<') => {
                (word, is_begun) = (String::new(), false);
                while letters.next_if(|next| " >&".contains(*next)).is_some() {}
                while letters.next_if(|next| !next.is_whitespace()).is_some() {}
            }
            (None, ' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')') => {
                if std::mem::take(&mut is_begun) {
                    words.push(std::mem::take(&mut word));
                }
                if !matches!(letter, ' ' | '\t') && !words.is_empty() {
                    all.push(std::mem::take(&mut words));
                }
            }
            // A call inside a value is a command as well.
            (None, '$') if letters.peek() == Some(&'(') => {
                (word, is_begun) = (String::new(), false);
            }
            (None, other) => {
                word.push(other);
                is_begun = true;
            }
        }
    }
    words.extend(is_begun.then_some(word));
    all.extend((!words.is_empty()).then_some(words));
    all
}

#[test]
fn calls_are_found_as_a_shell_finds_them() {
    let script = "sudo holdfast backup run # now\nA=1 B=2 holdfast status --json | head -1\n\
        holdfast user create --name \"Iva Horvat\" \\\n  --email iva@example.com > link.txt\n\
        ID=$(holdfast workspace list --json)\necho holdfast nothing\n";

    let found: Vec<String> = calls(script).iter().map(|words| words.join("|")).collect();

    let wanted = [
        "holdfast|backup|run",
        "holdfast|status|--json",
        "holdfast|user|create|--name|Iva Horvat|--email|iva@example.com",
        "holdfast|workspace|list|--json",
    ];
    assert_eq!(found, wanted);
}
