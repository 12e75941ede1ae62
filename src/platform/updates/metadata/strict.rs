//! JSON as metadata may be written: every name once, whole numbers, printable ASCII. What other
//! readers would silently repair is refused, so that nobody can write one thing that two readers
//! understand in two ways.

use std::fmt;

use olpc_cjson::CanonicalFormatter;
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Reason, Result};

/// What a refusal inside serde begins with where a name stands twice.
const TWICE: &str = "a name stands twice";

/// Reads JSON strictly.
pub(super) fn read(bytes: &[u8]) -> Result<Value> {
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut from);
    let value = value.and_then(|value| from.end().map(|()| value));
    value.map_err(|error| {
        let said = error.to_string();
        if said.starts_with(TWICE) {
            return Reason::new("update-metadata-key-twice", format!("It cannot be read: {said}."));
        }
        malformed(&format!("It cannot be read: {said}."))
    })
}

/// The one form in which things are signed: canonical JSON.
pub fn canonical(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut to = serde_json::Serializer::with_formatter(&mut bytes, CanonicalFormatter::new());
    match value.serialize(&mut to) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(malformed(&format!("It has no canonical form: {error}."))),
    }
}

pub(super) fn malformed(detail: &str) -> Reason {
    Reason::new("update-metadata-malformed", detail)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, a list, a printable text, a whole number, true or false")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        if !text.bytes().all(|one| (b' '..=b'~').contains(&one)) {
            return Err(E::custom("a text holds other characters than printable ASCII"));
        }
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = object.next_key_seed(Self)? {
            let Value::String(name) = name else {
                return Err(serde::de::Error::custom("a name is no text"));
            };
            let value = object.next_value_seed(Self)?;
            if values.insert(name, value).is_some() {
                return Err(serde::de::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::{canonical, read};

    #[test]
    fn what_other_readers_would_repair_is_refused() {
        for (text, code) in [
            (r#"{"a":1,"a":1}"#, "update-metadata-key-twice"),
            (r#"{"x":{"a":1,"\u0061":2}}"#, "update-metadata-key-twice"),
            (r#"{"a":1.0}"#, "update-metadata-malformed"),
            (r#"{"a":1e0}"#, "update-metadata-malformed"),
            (r#"{"a":-1}"#, "update-metadata-malformed"),
            (r#"{"a":-0}"#, "update-metadata-malformed"),
            (r#"{"a":18446744073709551616}"#, "update-metadata-malformed"),
            (r#"{"a":null}"#, "update-metadata-malformed"),
            (r#"{"a":"é"}"#, "update-metadata-malformed"),
            (r#"{"a":"\n"}"#, "update-metadata-malformed"),
            (r#"{"a":1} {}"#, "update-metadata-malformed"),
            (r#"{"a":1"#, "update-metadata-malformed"),
            ("", "update-metadata-malformed"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err().code, code, "{text}");
        }
        let deep = "[".repeat(10_000);
        assert_eq!(read(deep.as_bytes()).unwrap_err().code, "update-metadata-malformed");
    }

    #[test]
    fn what_is_signed_has_one_form() {
        let value = read(br#" {"b": [1, true], "a": "\u0041\"" } "#).unwrap();

        assert_eq!(canonical(&value).unwrap(), br#"{"a":"A\"","b":[1,true]}"#);
    }
}
