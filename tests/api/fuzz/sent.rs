//! A request, as it goes out.

use std::fmt::{self, Write};

use http::Method;

#[derive(Debug, Clone)]
pub struct Sent {
    pub method: Method,
    pub path: String,
    /// Raw pairs, encoded already.
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Why the box must not accept it, where that is certain.
    pub breaks: Option<String>,
}

impl Sent {
    pub fn uri(&self) -> String {
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, pairs.join("&"))
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    pub fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(one, _)| one != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }
}

/// Enough to send it again by hand.
impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri().chars().take(400).collect::<String>())?;
        for (name, value) in &self.headers {
            write!(f, " · {name}: {}", value.chars().take(80).collect::<String>())?;
        }
        if self.body.is_empty() {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&self.body);
        write!(f, " · {:?}", body.chars().take(600).collect::<String>())
    }
}

/// Encodes a text so that it can stand in a path or a query.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
    }
    out
}
