//! A field's value: null, bool, integer or text. Arrays and objects do not exist, so that two edits of
//! one record merge field by field.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// One field's value. Money is integer 分; other numbers are canonical decimal strings; text is kept
/// byte-exact. An emptied field is [`Value::Null`], never absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Emptied.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, byte-exact.
    Text(String),
}

impl Value {
    /// The canonical bytes (JSON) that break ties between equal stamps and enter hashes.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        match self {
            Value::Null => b"null".to_vec(),
            Value::Bool(b) => b.to_string().into_bytes(),
            Value::Int(i) => i.to_string().into_bytes(),
            // Serialising a str to JSON cannot fail; the debug form would differ only then.
            Value::Text(t) => serde_json::to_vec(t).unwrap_or_else(|_| format!("{t:?}").into_bytes()),
        }
    }

    /// The text, if it is one and not empty.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(t) if !t.is_empty() => Some(t),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// True only for `Bool(true)`.
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}
impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Value::Int(int)
    }
}
impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Value::Bool(bool)
    }
}

/// By hand and not `untagged`: a sync decodes hundreds of thousands of values, and a float, array or
/// object must be refused, not guessed at.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, a boolean, a 64-bit integer or a string")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
                Ok(Value::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
                Ok(Value::Int(v))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Value, E> {
                i64::try_from(v).map(Value::Int).map_err(|_| E::custom("integer beyond 64 bits with sign"))
            }
            fn visit_str<E>(self, v: &str) -> Result<Value, E> {
                Ok(Value::Text(v.to_owned()))
            }
            fn visit_string<E>(self, v: String) -> Result<Value, E> {
                Ok(Value::Text(v))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
