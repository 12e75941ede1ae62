//! How people reach the running box.

use std::sync::Arc;

use super::tls::Certificates;

/// Known once the listeners are bound; a process that does not serve has none.
pub struct Reach {
    /// What links begin with, e.g. `https://kitchen.local:8443`.
    pub origin: String,
    /// Every name the box answers to besides addresses.
    pub names: Vec<String>,
    /// None where a reverse proxy speaks TLS.
    pub certificates: Option<Arc<Certificates>>,
}
