//! Documents that stay the same while the process runs: answered with a validator, so that a
//! repeated question costs no body.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::platform::secret::to_base64;

/// Bytes of the hash that make a validator.
const TAG_BYTES: usize = 12;

/// A document and its validator.
#[derive(Debug, Clone)]
pub struct Fixed {
    status: StatusCode,
    kind: HeaderValue,
    tag: HeaderValue,
    bytes: Bytes,
}

impl Fixed {
    pub fn html(text: String) -> Self {
        Self::new(HeaderValue::from_static("text/html; charset=utf-8"), text)
    }

    pub fn text(text: String) -> Self {
        Self::new(HeaderValue::from_static("text/plain; charset=utf-8"), text)
    }

    pub fn json(text: String) -> Self {
        Self::new(HeaderValue::from_static("application/json"), text)
    }

    /// A text of a kind of its own.
    pub fn of_kind(kind: &'static str, text: String) -> Self {
        Self::new(HeaderValue::from_static(kind), text)
    }

    fn new(kind: HeaderValue, text: String) -> Self {
        let tag = tag(&Sha256::digest(text.as_bytes()).into());
        Self { status: StatusCode::OK, kind, tag, bytes: text.into() }
    }

    /// The same document as an answer with another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Answers 304 when the asker holds this document, else the whole of it.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let about = [
            (header::ETAG, self.tag.clone()),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ];
        if self.status == StatusCode::OK && is_known(headers, &self.tag) {
            return (StatusCode::NOT_MODIFIED, about).into_response();
        }
        let kind = [(header::CONTENT_TYPE, self.kind.clone())];
        (self.status, about, kind, self.bytes.clone()).into_response()
    }
}

/// The validator of a content, from its SHA-256.
pub fn tag(hash: &[u8; 32]) -> HeaderValue {
    let text = format!("\"{}\"", to_base64(&hash[..TAG_BYTES]));
    HeaderValue::from_str(&text).expect("base64 is plain text")
}

/// Whether `If-None-Match` names this validator. Weakly: a copy that a proxy compressed is as
/// good as ours.
pub fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let asked = headers.get_all(header::IF_NONE_MATCH).iter();
    asked
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one).as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(validators: &[&str]) -> HeaderMap {
        let validators = validators.iter().map(|one| (header::IF_NONE_MATCH, one.parse().unwrap()));
        validators.collect()
    }

    #[test]
    fn a_validator_is_found_in_any_form() {
        let tag = HeaderValue::from_static("\"abc\"");

        for known in [&["\"abc\""][..], &["W/\"abc\""], &["\"x\", \"abc\""], &["\"x\"", "*"]] {
            assert!(is_known(&asking(known), &tag), "{known:?}");
        }
        for unknown in [&[][..], &["abc"], &["\"ab\""], &["\"abc\"x"]] {
            assert!(!is_known(&asking(unknown), &tag), "{unknown:?}");
        }
    }

    #[test]
    fn a_refusal_is_never_not_modified() {
        let page = Fixed::html("gone".to_owned()).status(StatusCode::NOT_FOUND);
        assert_eq!(page.answer(&asking(&["*"])).status(), 404);
    }
}
