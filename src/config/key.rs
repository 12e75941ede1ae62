//! The table of settings: each key with its meaning, default and range, declared once together
//! with the field that holds it.

use super::setting::Kind;

/// One `[section]` of `holdfast.toml`.
#[derive(Debug)]
pub struct Section {
    pub name: &'static str,
    pub about: &'static str,
    pub keys: &'static [Key],
}

/// One setting. The reference page, `config show` and the defaults all come from here.
#[derive(Debug)]
pub struct Key {
    pub section: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub default: Fallback,
    pub range: Range,
    pub kind: Kind,
    /// What a value looks like, in words, e.g. "an address with a port".
    pub shape: &'static str,
    pub(super) check: fn(&Raw, Range) -> Result<(), String>,
}

impl Key {
    /// The name as messages and `config show` write it: `server.https`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The environment variable that sets it: `HOLDFAST_SERVER__HTTPS`.
    pub fn variable(&self) -> String {
        format!("HOLDFAST_{}__{}", self.section, self.name).to_uppercase()
    }
}

/// A value as it was written, before the key's type has read it.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Raw {
    Text(String),
    Whole(i64),
    Switch(bool),
    List(Vec<String>),
}

/// Names the type only: the value may be a secret.
impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.type_name())
    }
}

impl Raw {
    /// The type in words, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Whole(_) => "a whole number",
            Self::Switch(_) => "true or false",
            Self::List(_) => "a list of texts",
        }
    }
}

/// Writes the value as TOML.
impl std::fmt::Display for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = match self {
            Self::Text(text) => toml::Value::from(text.as_str()),
            Self::Whole(number) => toml::Value::from(*number),
            Self::Switch(on) => toml::Value::from(*on),
            Self::List(items) => toml::Value::from(items.clone()),
        };
        write!(f, "{value}")
    }
}

/// What holds when nobody says otherwise.
#[derive(Debug, Clone, Copy)]
pub enum Fallback {
    Text(&'static str),
    Whole(i64),
    Switch(bool),
    List(&'static [&'static str]),
}

impl Fallback {
    pub(super) fn raw(self) -> Raw {
        match self {
            Self::Text(text) => Raw::Text(text.to_owned()),
            Self::Whole(number) => Raw::Whole(number),
            Self::Switch(on) => Raw::Switch(on),
            Self::List(items) => Raw::List(items.iter().map(ToString::to_string).collect()),
        }
    }
}

/// The numbers a key accepts and their unit; for keys that are not numbers, everything.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    pub min: i64,
    pub max: i64,
    pub unit: &'static str,
}

/// A default with its range: the right side of a line in a section's table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared {
    pub(super) default: Fallback,
    pub(super) range: Range,
}

/// Marks a key without a range.
pub(super) const EVERYTHING_MAX: i64 = i64::MAX;
const EVERYTHING: Range = Range { min: i64::MIN, max: EVERYTHING_MAX, unit: "" };

pub(super) const fn text(default: &'static str) -> Declared {
    Declared { default: Fallback::Text(default), range: EVERYTHING }
}

pub(super) const fn switch(default: bool) -> Declared {
    Declared { default: Fallback::Switch(default), range: EVERYTHING }
}

pub(super) const fn list(default: &'static [&'static str]) -> Declared {
    Declared { default: Fallback::List(default), range: EVERYTHING }
}

/// A whole number with its unit and the least and greatest value that make sense.
pub(super) const fn whole(default: i64, unit: &'static str, min: i64, max: i64) -> Declared {
    Declared { default: Fallback::Whole(default), range: Range { min, max, unit } }
}

/// Declares a section: its struct, and from the same lines its part of the table.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $section:ident = $table:literal {
            $( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $declared:expr, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        pub struct $section {
            $( $(#[doc = $doc])+ pub $field: $type, )+
        }

        impl $section {
            pub(super) const SECTION: $crate::config::key::Section = $crate::config::key::Section {
                name: $table,
                about: concat!($($about),+),
                keys: &[ $( $crate::config::key::Key {
                    section: $table,
                    name: stringify!($field),
                    about: concat!($($doc),+),
                    default: $declared.default,
                    range: $declared.range,
                    kind: <$type as $crate::config::setting::Setting>::KIND,
                    shape: <$type as $crate::config::setting::Setting>::SHAPE,
                    check: $crate::config::setting::check::<$type>,
                }, )+ ],
            };

            /// Builds the section from values that were checked one by one before.
            pub(super) fn read(
                effective: &$crate::config::layers::Effective,
            ) -> Result<Self, $crate::config::error::ConfigError> {
                Ok(Self { $( $field: effective.read($table, stringify!($field))?, )+ })
            }
        }
    };
}
pub(super) use section;
