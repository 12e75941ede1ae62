//! SQL stands in stores, each table has one writer, and amounts are only ever added up.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::Layer;
use crate::rust::Text;
use crate::tree::{File, Tree, Violation};

/// Columns that hold exact amounts, by the end of their names.
const AMOUNTS: [&str; 8] =
    ["qty", "value", "cost", "price", "amount", "balance", "on_hand", "average"];

pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let sets = tables_of_sets(tree);
    let mut violations = Vec::new();
    let mut writers: BTreeMap<String, BTreeMap<String, (String, usize)>> = BTreeMap::new();
    for file in tree.rust().filter(|file| file.path.starts_with("src/")) {
        for text in file.scan().texts.iter().filter(|text| !text.is_test) {
            let Some(statement) = Statement::read(&text.value) else { continue };
            let report = |what: String| Violation::new(file, text.line, what);
            violations.extend(misplaced(file).map(report));
            violations.extend(built(file, text).map(report));
            violations.extend(statement.amounts_calculated().map(report));
            violations.extend(foreign_table(file, &statement, &sets).map(report));
            for table in statement.written() {
                let place = (file.path.clone(), text.line);
                writers.entry(table).or_default().entry(owner_of(file)).or_insert(place);
            }
        }
    }
    violations.extend(shared_tables(&writers));
    violations.extend(calculating_migrations(tree));
    violations.sort();
    violations
}

fn is_database(file: &File) -> bool {
    file.path.starts_with("src/platform/db/")
}

fn misplaced(file: &File) -> Option<String> {
    let may = Layer::of(file) == Some(Layer::Store) || is_database(file);
    (!may).then(|| "SQL belongs into store.rs".to_owned())
}

/// Statements are not put together from values. A constant in capitals, such as a list of
/// columns, may be put in.
fn built(file: &File, text: &Text) -> Option<String> {
    let is_formatted = text.macro_name.as_deref().is_some_and(|name| name != "concat");
    if !is_formatted || is_database(file) {
        return None;
    }
    let mut holes = text.value.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let is_constant = |hole: &str| {
        !hole.is_empty() && hole.chars().all(|one| one.is_ascii_uppercase() || one == '_')
    };
    let hole = holes.find(|hole| !is_constant(hole))?;
    Some(format!("SQL is not built from texts; bind {{{hole}}} by name or write both statements"))
}

/// The folder whose store this is.
fn owner_of(file: &File) -> String {
    let is_layer = |folder: &&str| *folder == "store";
    file.folders().take_while(|folder| !is_layer(folder)).collect::<Vec<_>>().join("/")
}

fn shared_tables(writers: &BTreeMap<String, BTreeMap<String, (String, usize)>>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (table, owners) in writers.iter().filter(|(_, owners)| owners.len() > 1) {
        let names: Vec<&str> = owners.keys().map(String::as_str).collect();
        let what = format!("table {table} is written by {}; one writes it", names.join(" and "));
        violations.extend(owners.values().map(|(path, line)| Violation {
            path: path.clone(),
            line: *line,
            what: what.clone(),
        }));
    }
    violations
}

/// Which migration set makes which table.
fn tables_of_sets(tree: &Tree) -> BTreeMap<String, String> {
    let mut sets = BTreeMap::new();
    for file in migrations(tree) {
        let words = Statement::words_of(&file.text);
        for at in 0..words.len() {
            let skipped = match words_at(&words, at, &["create", "table"]) {
                true if words_at(&words, at + 2, &["if", "not", "exists"]) => 5,
                true => 2,
                false if words_at(&words, at, &["create", "virtual", "table"]) => 3,
                false => continue,
            };
            if let Some(table) = words.get(at + skipped) {
                let set = file.folders().nth(1).unwrap_or_default();
                sets.insert(table.clone(), set.to_owned());
            }
        }
    }
    sets
}

/// An app reads and writes tables of its own and reads those of the platform.
fn foreign_table(
    file: &File,
    statement: &Statement,
    sets: &BTreeMap<String, String>,
) -> Option<String> {
    let app = file.path.strip_prefix("src/apps/").and_then(|rest| rest.split('/').next());
    let is_platform_set = |set: &str| ["system", "workspace", "metrics"].contains(&set);
    for table in statement.written() {
        let Some(set) = sets.get(&table) else { continue };
        let is_own = app.map_or_else(|| is_platform_set(set), |app| app == set);
        if !is_own {
            return Some(format!("table {table} belongs to {set}; do not write it from here"));
        }
    }
    for table in statement.read_tables() {
        let Some(set) = sets.get(&table) else { continue };
        let is_own = app == Some(set.as_str());
        if !is_own && !is_platform_set(set) {
            return Some(format!("table {table} belongs to app {set}; do not read it from here"));
        }
    }
    None
}

fn migrations(tree: &Tree) -> impl Iterator<Item = &File> {
    let is_migration =
        |file: &&File| file.path.starts_with("migrations/") && file.has_extension(&["sql"]);
    tree.files.iter().filter(is_migration)
}

fn calculating_migrations(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in migrations(tree) {
        let words = Statement::words_of(&file.text);
        let broken = Statement { words }.amounts_calculated();
        violations.extend(broken.map(|what| Violation::new(file, 0, what)));
    }
    violations
}

fn words_at(words: &[String], at: usize, wanted: &[&str]) -> bool {
    wanted
        .iter()
        .enumerate()
        .all(|(offset, word)| words.get(at + offset).is_some_and(|w| w == word))
}

/// A statement as lower-case words and signs, without comments and quoted values.
struct Statement {
    words: Vec<String>,
}

impl Statement {
    /// Takes a text for SQL when its keywords are all capitals or all small; a sentence such as
    /// "Select a row from the list." begins otherwise.
    fn read(text: &str) -> Option<Self> {
        let first = text.split_whitespace().next()?;
        let is_one_case = first == first.to_lowercase() || first == first.to_uppercase();
        let words = Self::words_of(text);
        let begins = |wanted: &[&str]| words_at(&words, 0, wanted);
        let has = |wanted: &str| words.iter().any(|word| word == wanted);
        let second = words.get(1).map_or("", String::as_str);
        let is_upper = first.chars().any(char::is_alphabetic) && first == first.to_uppercase();
        let is_sql = match words.first().map_or("", String::as_str) {
            "select" => is_upper || has("from"),
            "with" => has("as") && has("select"),
            "insert" => ["into", "or"].contains(&second),
            "replace" => second == "into",
            "update" => has("set"),
            "delete" => second == "from",
            "create" | "drop" => {
                let things = ["table", "index", "trigger", "view", "unique", "virtual", "temp"];
                things.contains(&second)
            }
            "alter" => begins(&["alter", "table"]),
            "pragma" => words.len() > 1,
            "begin" | "commit" | "rollback" => {
                let kinds = ["", ";", "to", "transaction", "immediate", "deferred", "exclusive"];
                is_upper && kinds.contains(&second)
            }
            "savepoint" | "vacuum" | "attach" => is_upper,
            _ => false,
        };
        (is_sql && is_one_case).then_some(Self { words })
    }

    fn words_of(text: &str) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '-' if characters.peek() == Some(&'-') => {
                    while characters.next_if(|next| *next != '\n').is_some() {}
                }
                '/' if characters.peek() == Some(&'*') => skip_comment(&mut characters),
                '\'' => {
                    while characters.next_if(|next| *next != '\'').is_some() {}
                    characters.next();
                    words.push("''".to_owned());
                }
                one if one.is_whitespace() || one == '"' => {}
                one if is_word(one) => {
                    let mut word = one.to_lowercase().to_string();
                    while let Some(next) = characters.next_if(|next| is_word(*next)) {
                        word.extend(next.to_lowercase());
                    }
                    words.push(word);
                }
                sign => words.push(sign.to_string()),
            }
        }
        words
    }

    /// Tables that the statement writes.
    fn written(&self) -> BTreeSet<String> {
        let words = &self.words;
        let mut tables = BTreeSet::new();
        for (at, word) in words.iter().enumerate() {
            let previous = at.checked_sub(1).map_or("", |before| words[before].as_str());
            let table = match word.as_str() {
                "into" => words.get(at + 1),
                "from" if previous == "delete" => words.get(at + 1),
                // `DO UPDATE SET` names no table, `UPDATE OR IGNORE x` names it later.
                "update" if words_at(words, at + 1, &["or"]) => words.get(at + 3),
                "update" if previous != "do" => words.get(at + 1),
                _ => None,
            };
            tables.extend(table.filter(|table| is_name(table)).cloned());
        }
        tables
    }

    fn read_tables(&self) -> BTreeSet<String> {
        let after = |(at, word): (usize, &String)| {
            let is_source = word == "from" || word == "join";
            if is_source { self.words.get(at + 1).cloned() } else { None }
        };
        self.words.iter().enumerate().filter_map(after).collect()
    }

    /// Amounts are integers whose products need more room than SQL has and whose quotients lose
    /// what is left over: rules calculate, SQL adds up.
    fn amounts_calculated(&self) -> Option<String> {
        let words = &self.words;
        for (at, word) in words.iter().enumerate() {
            let is_call = words.get(at + 1).is_some_and(|next| next == "(");
            if is_call && ["avg", "total"].contains(&word.as_str()) {
                return Some(format!("{word}() answers an inexact number; add up integers"));
            }
            if !["*", "/"].contains(&word.as_str()) || at == 0 {
                continue;
            }
            let (left, right) = (&words[at - 1], words.get(at + 1).map_or("", String::as_str));
            let is_operand = |side: &str| is_name(side) || [")", "(", ":"].contains(&side);
            // `SELECT *`, `COUNT(*)` and `t.*` calculate nothing.
            let is_star = ["select", "(", ".", ","].contains(&left.as_str());
            let is_amount = |side: &str| {
                AMOUNTS.iter().any(|end| side.ends_with(end)) || [")", "("].contains(&side)
            };
            let is_sum = !is_star && is_operand(left) && is_operand(right);
            if is_sum && (is_amount(left) || is_amount(right)) {
                return Some(format!("`{left} {word} {right}` calculates with amounts in SQL"));
            }
        }
        None
    }
}

fn skip_comment(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let mut previous = ' ';
    for next in characters.by_ref().skip(1) {
        if previous == '*' && next == '/' {
            return;
        }
        previous = next;
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(is_word)
}
