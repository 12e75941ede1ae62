//! The calls of the program in the manual's pages: in scripts, between backticks, without a fence.

use std::path::Path;

use crate::page::{name_of, text_of};

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
pub fn in_sentences(path: &Path) -> Vec<(String, Vec<String>)> {
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
            found.extend(in_script(span).into_iter().map(|call| (span.to_owned(), call)));
        }
    }
    found
}

/// The arguments of every call of the program in a script.
pub fn in_script(script: &str) -> Vec<Vec<String>> {
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

    let found: Vec<String> = in_script(script).iter().map(|words| words.join("|")).collect();

    let wanted = [
        "holdfast|backup|run",
        "holdfast|status|--json",
        "holdfast|user|create|--name|Iva Horvat|--email|iva@example.com",
        "holdfast|workspace|list|--json",
    ];
    assert_eq!(found, wanted);
}
