//! Finds the codes that the source passes on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Functions that take a code, and which of their arguments it is.
const TAKERS: [(&str, usize); 8] = [
    ("Buckets::new", 2),
    ("Reason::new", 0),
    ("Refusal::new", 0),
    ("refuse", 0),
    ("FieldError::new", 1),
    ("Error::invalid", 1),
    ("Error::conflict", 0),
    (".field", 1),
];
/// What functions and members are called that say a code.
const NAMER: &str = "code";
/// The function that answers errors without a code of their own with pairs of code and sentence.
const PAIRS: &str = "words";
const PAIRS_FILE: &str = "http/problem.rs";
/// How often functions that pass a code on are followed to their callers.
const FOLLOW_MAX: usize = 8;

/// Codes in use, each with the first file it was found in.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    pub(crate) used: BTreeMap<String, String>,
    /// All texts that look like a code and stand outside the tables of codes.
    pub(crate) mentioned: BTreeSet<String>,
}

impl Usage {
    pub(crate) fn of_repository() -> Self {
        let mut files = Vec::new();
        read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
        let texts: Vec<_> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Self::of_texts(&texts)
    }

    pub(crate) fn of_texts(files: &[(&str, &str)]) -> Self {
        let mut walk = Walk::default();
        walk.takers.extend(TAKERS.map(|(name, at)| (name.to_owned(), at)));
        let files: Vec<(&str, TokenStream)> = files
            .iter()
            .map(|(path, text)| {
                (*path, text.parse().unwrap_or_else(|error| panic!("{path}: {error}")))
            })
            .collect();
        for (_, tokens) in &files {
            walk.constants(tokens.clone());
        }
        for _ in 0..FOLLOW_MAX {
            let known = walk.takers.len();
            for (path, tokens) in &files {
                (*path).clone_into(&mut walk.file);
                walk.tokens(tokens.clone(), None);
            }
            if walk.takers.len() == known {
                for (_, tokens) in files {
                    walk.mentions(tokens);
                }
                return Self { used: walk.used, mentioned: walk.mentioned };
            }
        }
        panic!("codes are passed on more than {FOLLOW_MAX} times: {:?}", walk.takers)
    }
}

fn read(folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = path.display().to_string();
        let is_rust = path.extension().is_some_and(|kind| kind == "rs");
        let is_test = name.contains("/tests/") || name.strip_suffix("tests.rs").is_some();
        if path.is_dir() {
            read(&path, files);
        } else if is_rust && !is_test && is_switched_on(&name) {
            files.push((name, std::fs::read_to_string(&path).expect("a text")));
        }
    }
}

/// An app that is not in the list of apps is not part of the program.
fn is_switched_on(path: &str) -> bool {
    let of_app = path.split_once("/src/apps/").and_then(|(_, rest)| rest.split_once('/'));
    of_app.is_none_or(|(app, _)| holdfast::apps::ALL.iter().any(|one| one.id == app))
}

/// The function around a place.
struct Around {
    name: String,
    parameters: Vec<String>,
    body: TokenStream,
}

#[derive(Default)]
struct Walk {
    file: String,
    /// Text constants by name.
    constants: BTreeMap<String, String>,
    takers: BTreeSet<(String, usize)>,
    used: BTreeMap<String, String>,
    mentioned: BTreeSet<String>,
}

impl Walk {
    /// Collects texts that are not the first argument of `code(…)`, with which tables are written.
    fn mentions(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => {
                    let skipped = usize::from(name_before(&tokens, at) == "code");
                    self.mentions(group.stream().into_iter().skip(skipped).collect());
                }
                TokenTree::Literal(literal) => self.mentioned.extend(text(&literal.to_string())),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    /// Collects `const NAME: … = "…";`.
    fn constants(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.constants(group.stream()),
                TokenTree::Ident(word) if word == "const" => {
                    let end = tokens[at..].iter().position(|one| is_punct(one, ';'));
                    let item = &tokens[at..at + end.unwrap_or(0)];
                    if let [_, TokenTree::Ident(name), .., TokenTree::Literal(value)] = item
                        && let Some(value) = text(&value.to_string())
                    {
                        self.constants.insert(name.to_string(), value);
                    }
                }
                _ => {}
            }
        }
    }

    fn tokens(&mut self, tokens: TokenStream, around: Option<&Around>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if is_test_attribute(&tokens[at..]) {
                at += 2 + end_of_item(&tokens[at + 2..]);
                continue;
            }
            if let Some((function, body_at)) = function(&tokens, at) {
                self.tokens(function.body.clone(), Some(&function));
                if function.name == NAMER {
                    self.add_all(function.body.clone());
                }
                if function.name == PAIRS && self.file.ends_with(PAIRS_FILE) {
                    self.pairs(function.body);
                }
                at = body_at + 1;
                continue;
            }
            if let TokenTree::Group(group) = &tokens[at] {
                let name = name_before(&tokens, at);
                match group.delimiter() {
                    Delimiter::Parenthesis => self.call(&name, group.stream(), around),
                    Delimiter::Brace if !name.is_empty() => self.members(group.stream(), around),
                    _ => {}
                }
                self.tokens(group.stream(), around);
            }
            at += 1;
        }
    }

    fn call(&mut self, name: &str, arguments: TokenStream, around: Option<&Around>) {
        let last = name.rsplit("::").next().unwrap_or_default();
        let is_taker = |(taker, _): &&(String, usize)| {
            taker == name || (!taker.contains("::") && taker == last)
        };
        let places: Vec<usize> = self.takers.iter().filter(is_taker).map(|(_, at)| *at).collect();
        let arguments = split(arguments);
        for at in places {
            if let Some(argument) = arguments.get(at) {
                self.argument(argument, around);
            }
        }
    }

    /// `Throttled { code: …, … }` and whatever else carries a code to where it is answered. A
    /// pattern binds no text and adds nothing.
    fn members(&mut self, members: TokenStream, around: Option<&Around>) {
        for member in split(members) {
            if let [TokenTree::Ident(name), TokenTree::Punct(_), value @ ..] = member.as_slice()
                && name == NAMER
                && matches!(value, [TokenTree::Literal(_) | TokenTree::Ident(_)])
            {
                self.argument(value, around);
            }
        }
    }

    fn argument(&mut self, argument: &[TokenTree], around: Option<&Around>) {
        match argument {
            [TokenTree::Literal(literal)] => self.add(text(&literal.to_string())),
            [.., TokenTree::Ident(name)] if is_constant(&name.to_string()) => {
                let value = self.constants.get(&name.to_string()).cloned();
                assert!(value.is_some(), "{}: the constant {name} was not found", self.file);
                self.add(value);
            }
            [TokenTree::Ident(name)] => self.variable(&name.to_string(), around),
            // A member of something that was made elsewhere, with its own code.
            [.., TokenTree::Punct(point), TokenTree::Ident(_)] if point.as_char() == '.' => {}
            other => self.add_all(other.iter().cloned().collect()),
        }
    }

    /// Adds the first text of each pair.
    fn pairs(&mut self, tokens: TokenStream) {
        for token in tokens {
            if let TokenTree::Group(group) = token {
                if let [first, _] = split(group.stream()).as_slice()
                    && let [TokenTree::Literal(code)] = first.as_slice()
                {
                    self.add(text(&code.to_string()));
                }
                self.pairs(group.stream());
            }
        }
    }

    fn variable(&mut self, name: &str, around: Option<&Around>) {
        let Some(around) = around else { return };
        match around.parameters.iter().position(|one| one == name) {
            Some(at) => {
                self.takers.insert((around.name.clone(), at));
            }
            None => self.add_all(around.body.clone()),
        }
    }

    fn add_all(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.add_all(group.stream()),
                TokenTree::Literal(literal) => {
                    self.add(text(&literal.to_string()).filter(|text| looks_like_a_code(text)));
                }
                TokenTree::Ident(name) => {
                    let value = self.constants.get(&name.to_string()).cloned();
                    self.add(value.filter(|text| looks_like_a_code(text)));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    fn add(&mut self, code: Option<String>) {
        if let Some(code) = code {
            let file = self.file.clone();
            self.used.entry(code).or_insert(file);
        }
    }
}

/// `fn name(parameters) … { body }` at this place, and where its body is.
fn function(tokens: &[TokenTree], at: usize) -> Option<(Around, usize)> {
    let TokenTree::Ident(word) = &tokens[at] else { return None };
    let TokenTree::Ident(name) = tokens.get(at + 1)? else { return None };
    if word != "fn" {
        return None;
    }
    let mut parameters = None;
    for (offset, token) in tokens[at..].iter().enumerate() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                parameters.get_or_insert_with(|| parameter_names(group.stream()));
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let parameters = parameters.unwrap_or_default();
                let around = Around { name: name.to_string(), parameters, body: group.stream() };
                return Some((around, at + offset));
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            _ => {}
        }
    }
    None
}

/// The names, without the receiver: a method's arguments are counted without it.
fn parameter_names(parameters: TokenStream) -> Vec<String> {
    let name = |one: Vec<TokenTree>| {
        let words: Vec<String> = one.iter().map(ToString::to_string).collect();
        let is_receiver = words.iter().any(|word| word == "self");
        let colon = words.iter().position(|word| word == ":").unwrap_or(words.len());
        (!is_receiver).then(|| words[..colon].last().cloned().unwrap_or_default())
    };
    split(parameters).into_iter().filter_map(name).collect()
}

/// The words in front of an opened group: `Refusal::new`, `.field`, `refuse`.
fn name_before(tokens: &[TokenTree], at: usize) -> String {
    let mut name = String::new();
    let mut from = at;
    while from > 0 {
        let token = &tokens[from - 1];
        match token {
            TokenTree::Ident(word) if name.is_empty() || name.starts_with("::") => {
                name.insert_str(0, &word.to_string());
            }
            TokenTree::Punct(_) if is_colons(tokens, from) && !name.is_empty() => {
                name.insert_str(0, "::");
                from -= 1;
            }
            TokenTree::Punct(punct) if punct.as_char() == '.' && !name.is_empty() => {
                name.insert(0, '.');
                break;
            }
            _ => break,
        }
        from -= 1;
    }
    name
}

/// Whether `::` ends in front of this place.
fn is_colons(tokens: &[TokenTree], from: usize) -> bool {
    let Some(TokenTree::Punct(first)) = from.checked_sub(2).map(|at| &tokens[at]) else {
        return false;
    };
    first.as_char() == ':' && first.spacing() == Spacing::Joint && is_punct(&tokens[from - 1], ':')
}

fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let parts = tokens.split(|token| is_punct(token, ','));
    parts.map(<[TokenTree]>::to_vec).filter(|part| !part.is_empty()).collect()
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_constant(name: &str) -> bool {
    name.len() > 1 && name.chars().all(|one| one.is_ascii_uppercase() || one == '_')
}

fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    let [first, TokenTree::Group(group), ..] = tokens else { return false };
    let written = group.stream().to_string().replace(' ', "");
    is_punct(first, '#') && written == "cfg(test)"
}

/// How many tokens the item has that begins here.
fn end_of_item(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| {
        let is_body = matches!(token, TokenTree::Group(group)
            if group.delimiter() == Delimiter::Brace);
        is_body || is_punct(token, ';')
    };
    tokens.iter().position(is_end).map_or(tokens.len(), |at| at + 1)
}

fn text(literal: &str) -> Option<String> {
    Some(literal.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// Two words or more, joined like-this. A field's name has one word or underscores.
fn looks_like_a_code(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_lowercase());
    text.contains('-') && text.split('-').all(is_part)
}
