//! Lays file, environment and flags over the defaults and remembers who said what.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SECTIONS;
use super::error::{ConfigError, Origin};
use super::key::{Key, Raw};
use super::setting::{Kind, Setting};

/// A configuration file is a page of text; more is a mistake.
const FILE_SIZE_BYTES_MAX: u64 = 1024 * 1024;
/// The start of every environment variable that is a setting.
const VARIABLE_PREFIX: &str = "HOLDFAST_";

/// A value in force and who set it.
#[derive(Debug, Clone)]
pub struct Value {
    pub key: &'static Key,
    pub origin: Origin,
    raw: Raw,
}

impl Value {
    /// The value as TOML; `None` for a secret that is set.
    pub fn shown(&self) -> Option<String> {
        (!self.is_hidden()).then(|| self.raw.to_string())
    }

    /// The default and the value, where that is a larger number.
    pub fn is_above_usual(&self) -> Option<(i64, i64)> {
        match (self.key.default.raw(), &self.raw) {
            (Raw::Whole(usual), Raw::Whole(now)) if *now > usual => Some((usual, *now)),
            _ => None,
        }
    }

    /// The value as JSON; `None` for a secret that is set.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        (!self.is_hidden()).then(|| match &self.raw {
            Raw::Text(text) => text.as_str().into(),
            Raw::Whole(number) => (*number).into(),
            Raw::Switch(on) => (*on).into(),
            Raw::List(entries) => entries.clone().into(),
        })
    }

    /// Whether it is a secret that is set.
    pub fn is_hidden(&self) -> bool {
        let is_set = !matches!(&self.raw, Raw::Text(text) if text.is_empty());
        self.key.kind == Kind::Secret && is_set
    }
}

/// The values in force, one for each key of the table.
#[derive(Debug, Clone)]
pub struct Effective(BTreeMap<(usize, usize), Value>);

impl Effective {
    /// All values in the order of the table.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.values()
    }

    /// Keys whose values are others than there.
    pub fn differences(&self, other: &Self) -> Vec<&'static Key> {
        let differs = |(ours, theirs): &(&Value, &Value)| ours.raw != theirs.raw;
        self.values().zip(other.values()).filter(differs).map(|(ours, _)| ours.key).collect()
    }

    /// Whether somebody chose the value of this key, instead of leaving it as it comes.
    pub fn is_chosen(&self, section: &str, name: &str) -> bool {
        self.value(section, name).origin != Origin::Default
    }

    pub(super) fn value(&self, section: &str, name: &str) -> &Value {
        let place = find(section, name).expect("sections read the keys they declared");
        &self.0[&place]
    }

    pub(super) fn read<T: Setting>(&self, section: &str, name: &str) -> Result<T, ConfigError> {
        let value = self.value(section, name);
        T::read(&value.raw, value.key.range)
            .map_err(|detail| ConfigError::new(value.origin.clone(), value.key.path(), detail))
    }
}

/// Collects values and everything that is wrong with them; a wrong value changes nothing.
pub(super) struct Layers {
    effective: Effective,
    errors: Vec<ConfigError>,
}

impl Layers {
    pub(super) fn defaults() -> Self {
        let mut effective = Effective(BTreeMap::new());
        for (at, section) in SECTIONS.iter().enumerate() {
            for (nth, key) in section.keys.iter().enumerate() {
                let value = Value { key, origin: Origin::Default, raw: key.default.raw() };
                effective.0.insert((at, nth), value);
            }
        }
        Self { effective, errors: Vec::new() }
    }

    pub(super) fn finish(self) -> (Effective, Vec<ConfigError>) {
        (self.effective, self.errors)
    }

    pub(super) fn lay_file(&mut self, path: &Path) {
        match read_file(path) {
            Ok(text) => self.lay_text(path, &text),
            Err(error) => self.errors.push(error),
        }
    }

    pub(super) fn lay_text(&mut self, path: &Path, text: &str) {
        let origin_at = |span: Range<usize>| Origin::File {
            path: path.to_owned(),
            line: line_of(text, span.start),
        };
        let document = match DeTable::parse(text) {
            Ok(document) => document.into_inner(),
            Err(error) => {
                let origin = origin_at(error.span().unwrap_or(0..0));
                let detail = format!("is not valid TOML: {}", error.message().replace('\n', ", "));
                self.errors.push(ConfigError::new(origin, "", detail));
                return;
            }
        };
        for (section, content) in document {
            let origin = origin_at(section.span());
            let section = section.into_inner();
            let DeValue::Table(table) = content.into_inner() else {
                let detail = format!("stands outside a section{}", suggest(&section, all_paths()));
                self.errors.push(ConfigError::new(origin, &*section, detail));
                continue;
            };
            if !SECTIONS.iter().any(|known| known.name == section) {
                let names = SECTIONS.iter().map(|section| section.name.to_owned());
                let detail = format!("is not a section{}", suggest(&section, names));
                self.errors.push(ConfigError::new(origin, format!("[{section}]"), detail));
                continue;
            }
            for (name, value) in table {
                let origin = origin_at(name.span());
                self.lay(origin, &section, name.get_ref(), |_| raw_of(&value));
            }
        }
    }

    /// Lays one environment variable; those that are no settings are left alone.
    pub(super) fn lay_variable(&mut self, variable: &str, text: &str) {
        let Some(rest) = variable.strip_prefix(VARIABLE_PREFIX) else { return };
        let origin = Origin::Variable(variable.to_owned());
        let rest = rest.to_lowercase();
        if let Some((section, name)) = rest.split_once("__") {
            self.lay(origin, section, name, |key| key.kind.parse(text));
            return;
        }
        // One underscore where two belong would otherwise be ignored in silence.
        let is_near = |key: &&Key| rest == format!("{}_{}", key.section, key.name);
        if let Some(key) = SECTIONS.iter().flat_map(|section| section.keys).find(is_near) {
            let detail = format!("is not a setting; did you mean {}?", key.variable());
            self.errors.push(ConfigError::new(origin, variable, detail));
        }
    }

    pub(super) fn lay_flag(&mut self, key: &str, flag: &'static str, text: &str) {
        let (section, name) = key.split_once('.').unwrap_or((key, ""));
        self.lay(Origin::Flag(flag), section, name, |key| key.kind.parse(text));
    }

    fn lay(
        &mut self,
        origin: Origin,
        section: &str,
        name: &str,
        read: impl FnOnce(&Key) -> Result<Raw, String>,
    ) {
        let path = format!("{section}.{name}");
        let Some(place) = find(section, name) else {
            let detail = format!("is not a setting{}", suggest(&path, all_paths()));
            self.errors.push(ConfigError::new(origin, path, detail));
            return;
        };
        let key = &SECTIONS[place.0].keys[place.1];
        let outcome = read(key).and_then(|raw| (key.check)(&raw, key.range).map(|()| raw));
        match outcome {
            Ok(raw) => {
                self.effective.0.insert(place, Value { key, origin, raw });
            }
            Err(detail) => self.errors.push(ConfigError::new(origin, path, detail)),
        }
    }
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    let refuse =
        |detail: String| ConfigError::new(Origin::Default, path.display().to_string(), detail);
    match std::fs::metadata(path) {
        Ok(about) if about.len() > FILE_SIZE_BYTES_MAX => {
            return Err(refuse(format!("is larger than {FILE_SIZE_BYTES_MAX} bytes")));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ConfigError { is_missing_file: true, ..refuse("does not exist".into()) });
        }
        _ => {}
    }
    std::fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}")))
}

fn find(section: &str, name: &str) -> Option<(usize, usize)> {
    let at = SECTIONS.iter().position(|known| known.name == section)?;
    let nth = SECTIONS[at].keys.iter().position(|known| known.name == name)?;
    Some((at, nth))
}

fn all_paths() -> impl Iterator<Item = String> {
    SECTIONS.iter().flat_map(|section| section.keys).map(Key::path)
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn raw_of(value: &Spanned<DeValue<'_>>) -> Result<Raw, String> {
    match value.get_ref() {
        DeValue::String(text) => Ok(Raw::Text(text.to_string())),
        DeValue::Boolean(on) => Ok(Raw::Switch(*on)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Raw::Whole)
            .map_err(|_| format!("is out of range: {number}")),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(ToOwned::to_owned)).collect();
            texts.map(Raw::List).ok_or_else(|| "must be a list of texts only".to_owned())
        }
        DeValue::Float(_) => Err("must not be a number with a point".to_owned()),
        DeValue::Datetime(_) => Err("must not be a date or time".to_owned()),
        DeValue::Table(_) => Err("must not be a table".to_owned()),
    }
}

/// `; did you mean x?`, or nothing when no name is near. A name typed into the wrong section is
/// near to the same name in the right one.
fn suggest(written: &str, names: impl Iterator<Item = String>) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let distance = |name: &String| {
        let whole = strsim::damerau_levenshtein(written, name);
        if last(name) == last(written) { whole.min(1) } else { whole }
    };
    let allowed = 1 + written.len() / 4;
    let nearest = names.map(|name| (distance(&name), name)).min();
    match nearest.filter(|(distance, _)| *distance <= allowed) {
        Some((_, name)) => format!("; did you mean {name}?"),
        None => String::new(),
    }
}
