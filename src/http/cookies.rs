//! The cookies that count.

use http::{HeaderMap, header};

use crate::platform::secret::Secret;

/// The session cookie. The prefix makes browsers send it to this host over HTTPS only.
pub const SESSION_COOKIE: &str = "__Host-hf_session";
/// Marks a browser somebody signed in with before. Opens nothing.
pub const DEVICE_COOKIE: &str = "__Host-hf_device";
/// Names a sign-in that waits for its second factor. Opens nothing by itself.
pub const PENDING_COOKIE: &str = "__Host-hf_pending";

/// The value of the session cookie.
pub fn session_cookie(headers: &HeaderMap) -> Option<Secret> {
    cookie(headers, SESSION_COOKIE)
}

/// The value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<Secret> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(one, _)| *one == name)
        .map(|(_, value)| Secret::new(value))
}
