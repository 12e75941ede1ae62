//! What the guard is told of a request, and what it tells back.

use std::sync::OnceLock;

use http::{HeaderMap, Method};

use crate::platform::identity::Principal;

/// What the front learned about a request.
pub struct Incoming<'a> {
    pub method: &'a Method,
    pub uri: &'a http::Uri,
    pub headers: &'a HeaderMap,
    /// Template of the matched route.
    pub template: Option<&'a str>,
    /// Value of `{workspace}` in the path.
    pub workspace: Option<&'a str>,
    /// What kind of caller it is; set as soon as that is known, also when the guard refuses.
    pub who: &'a OnceLock<&'static str>,
}

impl Incoming<'_> {
    pub(super) fn is_by(&self, principal: &Principal) {
        self.who.get_or_init(|| principal.kind.name());
    }
}
