//! Reads a Rust file as tokens: every path it names, wherever it stands (imports, expressions,
//! macros, attributes), its texts and its functions.

use std::collections::HashMap;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

use crate::tree::File;

/// A path as written or imported, resolved to `crate::…` where it is one of ours.
#[derive(Debug, Clone)]
pub(crate) struct NamedPath {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) is_test: bool,
    module: Vec<String>,
}

impl NamedPath {
    pub(crate) fn is_ours(&self) -> bool {
        self.segments[0] == "crate"
    }

    /// Whether it begins with this path, e.g. `crate::http` or `std::fs`.
    pub(crate) fn is_below(&self, path: &str) -> bool {
        let wanted: Vec<&str> = path.split("::").collect();
        self.segments.len() >= wanted.len()
            && self.segments.iter().zip(&wanted).all(|(segment, wanted)| segment == wanted)
    }

    pub(crate) fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// A string literal that is no documentation.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) line: usize,
    pub(crate) is_test: bool,
    /// The macro whose first argument it is, e.g. `format`.
    pub(crate) macro_name: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) paths: Vec<NamedPath>,
    pub(crate) texts: Vec<Text>,
    pub(crate) functions: Vec<Function>,
    /// Lines with the word `unsafe`.
    pub(crate) unsafes: Vec<usize>,
    /// Lines with the attribute `#[ignore]`.
    pub(crate) ignores: Vec<usize>,
    aliases: HashMap<String, Vec<String>>,
    modules: HashMap<String, Vec<String>>,
}

/// Where the walk is.
#[derive(Clone)]
struct Place {
    module: Vec<String>,
    is_test: bool,
}

impl Scan {
    pub(crate) fn of(file: &File) -> Self {
        let tokens: TokenStream =
            file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path));
        let mut scan = Self::default();
        scan.walk(tokens, &Place { module: module_of(&file.path), is_test: file.is_test() });
        scan.resolve();
        scan
    }

    fn walk(&mut self, tokens: TokenStream, place: &Place) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut test_until = 0;
        while at < tokens.len() {
            let here = Place { is_test: place.is_test || at < test_until, ..place.clone() };
            match &tokens[at] {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let (next, is_test) = self.attribute(&tokens, at, &here);
                    if is_test {
                        test_until = test_until.max(end_of_item(&tokens, next));
                    }
                    at = next;
                }
                TokenTree::Ident(word) => at = self.word(&tokens, at, &word.to_string(), &here),
                TokenTree::Group(group) => {
                    self.group(group, &here, None);
                    at += 1;
                }
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    self.text(&literal.to_string(), line, &here, None);
                    at += 1;
                }
                TokenTree::Punct(_) => at += 1,
            }
        }
    }

    /// Reads `#[…]` and `#![…]`. Says where it ends and whether it marks test code.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize, place: &Place) -> (usize, bool) {
        let is_inner = is_punct(tokens.get(at + 1), '!');
        let group_at = if is_inner { at + 2 } else { at + 1 };
        let Some(TokenTree::Group(group)) = tokens.get(group_at) else { return (at + 1, false) };
        let words: Vec<String> = words_of(group.stream());
        let first = words.first().map_or("", String::as_str);
        if first == "doc" {
            return (group_at + 1, false);
        }
        if first == "ignore" {
            self.ignores.push(group.span().start().line);
        }
        self.walk(group.stream(), place);
        let has = |word: &str| words.iter().any(|one| one == word);
        (group_at + 1, first == "cfg" && has("test") && !has("not"))
    }

    /// Reads what begins with a word: an import, a function, a module, a path. Says where to go
    /// on.
    fn word(&mut self, tokens: &[TokenTree], at: usize, word: &str, place: &Place) -> usize {
        let line = tokens[at].span().start().line;
        match word {
            "unsafe" => self.unsafes.push(line),
            "use" if !is_punct(tokens.get(at + 1), '<') => return self.import(tokens, at, place),
            "mod" => {
                if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                    return self.module(tokens, at, &name.to_string(), place);
                }
            }
            "fn" => self.function(tokens, at, line),
            _ => {}
        }
        self.path(tokens, at, word, place)
    }

    fn module(&mut self, tokens: &[TokenTree], at: usize, name: &str, place: &Place) -> usize {
        let mut inner = place.clone();
        inner.module.push(name.to_owned());
        self.modules.insert(name.to_owned(), inner.module.clone());
        if let Some(TokenTree::Group(group)) = tokens.get(at + 2) {
            self.walk(group.stream(), &inner);
        }
        at + 3
    }

    fn function(&mut self, tokens: &[TokenTree], at: usize, line: usize) {
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { return };
        let body = tokens[at..].iter().take_while(|token| !is_punct(Some(token), ';'));
        for token in body {
            if let TokenTree::Group(group) = token
                && group.delimiter() == Delimiter::Brace
            {
                let lines = group.span_close().end().line + 1 - line;
                self.functions.push(Function { name: name.to_string(), line, lines });
                return;
            }
        }
    }

    fn path(&mut self, tokens: &[TokenTree], at: usize, word: &str, place: &Place) -> usize {
        let line = tokens[at].span().start().line;
        let mut segments = vec![word.to_owned()];
        let mut next = at + 1;
        while is_colons(tokens, next)
            && let Some(TokenTree::Ident(segment)) = tokens.get(next + 2)
        {
            segments.push(segment.to_string());
            next += 3;
        }
        if segments.len() > 1 {
            self.name(segments.clone(), line, place);
        }
        if is_punct(tokens.get(next), '!')
            && let Some(TokenTree::Group(group)) = tokens.get(next + 1)
        {
            self.group(group, place, segments.last());
            return next + 2;
        }
        next
    }

    fn group(&mut self, group: &Group, place: &Place, macro_name: Option<&String>) {
        let mut stream = group.stream().into_iter();
        if let Some(name) = macro_name
            && let Some(TokenTree::Literal(first)) = group.stream().into_iter().next()
        {
            let line = first.span().start().line;
            self.text(&first.to_string(), line, place, Some(name.clone()));
            stream.next();
        }
        self.walk(stream.collect(), place);
    }

    fn text(&mut self, literal: &str, line: usize, place: &Place, macro_name: Option<String>) {
        if let Some(value) = unquoted(literal) {
            self.texts.push(Text { value, line, is_test: place.is_test, macro_name });
        }
    }

    /// Reads `use …;` and says where it ends.
    fn import(&mut self, tokens: &[TokenTree], at: usize, place: &Place) -> usize {
        let rest = &tokens[at + 1..];
        let length = rest.iter().position(|token| is_punct(Some(token), ';'));
        let tree = &rest[..length.unwrap_or(rest.len())];
        self.import_tree(tree, &[], place);
        at + 1 + tree.len()
    }

    fn import_tree(&mut self, tree: &[TokenTree], prefix: &[String], place: &Place) {
        for branch in tree.split(|token| is_punct(Some(token), ',')) {
            let Some(first) = branch.first() else { continue };
            let line = first.span().start().line;
            let mut segments = prefix.to_vec();
            let mut alias = None;
            let mut words = branch.iter().peekable();
            while let Some(token) = words.next() {
                match token {
                    TokenTree::Ident(word) if word == "as" => {
                        alias = words.next().map(ToString::to_string);
                    }
                    TokenTree::Ident(word) if word == "self" && !segments.is_empty() => {}
                    TokenTree::Ident(word) => segments.push(word.to_string()),
                    TokenTree::Punct(punct) if punct.as_char() == '*' => {
                        segments.push("*".to_owned());
                    }
                    TokenTree::Group(group) => {
                        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                        self.import_tree(&inner, &segments, place);
                        segments.clear();
                    }
                    _ => {}
                }
            }
            let Some(last) = segments.last().cloned() else { continue };
            self.name(segments.clone(), line, place);
            let resolved = self.resolved(&segments, &place.module);
            self.aliases.insert(alias.unwrap_or(last), resolved);
        }
    }

    fn name(&mut self, segments: Vec<String>, line: usize, place: &Place) {
        let module = place.module.clone();
        self.paths.push(NamedPath { segments, line, is_test: place.is_test, module });
    }

    /// Resolves every path, now that all imports of the file are known.
    fn resolve(&mut self) {
        let mut paths = std::mem::take(&mut self.paths);
        for path in &mut paths {
            path.segments = self.resolved(&path.segments, &path.module);
        }
        self.paths = paths;
    }

    fn resolved(&self, segments: &[String], module: &[String]) -> Vec<String> {
        let first = segments[0].as_str();
        let mut base = match first {
            "self" => module.to_vec(),
            "super" => module[..module.len().saturating_sub(1)].to_vec(),
            _ => {
                let known = self.aliases.get(first).or_else(|| self.modules.get(first));
                known.cloned().unwrap_or_else(|| vec![first.to_owned()])
            }
        };
        for segment in &segments[1..] {
            match segment.as_str() {
                "super" => drop(base.pop()),
                _ => base.push(segment.clone()),
            }
        }
        if base.is_empty() { vec!["crate".to_owned()] } else { base }
    }
}

/// `src/apps/inventory/items/ops.rs` is `crate::apps::inventory::items::ops`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let names = inside.strip_suffix(".rs").unwrap_or(inside).split('/');
    let mut module: Vec<String> =
        std::iter::once("crate").chain(names).map(ToOwned::to_owned).collect();
    if ["mod", "lib", "main"].contains(&module[module.len() - 1].as_str()) {
        module.pop();
    }
    module
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Punct(first)) = tokens.get(at) else { return false };
    let is_double = first.as_char() == ':' && first.spacing() == Spacing::Joint;
    is_double && is_punct(tokens.get(at + 1), ':')
}

/// The index after the item that begins here, attributes included.
fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    let is_use = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "use");
    // At most `pub(crate)` stands before the word.
    let is_import = tokens[from..].iter().take(3).any(is_use);
    for (offset, token) in tokens[from..].iter().enumerate() {
        let is_body = matches!(token, TokenTree::Group(group)
            if group.delimiter() == Delimiter::Brace);
        if is_punct(Some(token), ';') || (is_body && !is_import) {
            return from + offset + 1;
        }
    }
    tokens.len()
}

fn words_of(tokens: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Group(group) => words.extend(words_of(group.stream())),
            _ => {}
        }
    }
    words
}

/// The value of a string literal; `None` for numbers, characters and bytes.
fn unquoted(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        let inner = raw.trim_matches('#');
        return Some(inner.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    }
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            value.push(character);
            continue;
        }
        match characters.next() {
            Some('n' | 't' | 'r') => value.push(' '),
            Some('\n') => while characters.next_if(|next| next.is_whitespace()).is_some() {},
            Some(escaped) => value.push(escaped),
            None => {}
        }
    }
    Some(value)
}
