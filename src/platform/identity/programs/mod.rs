//! Programs: the token endpoint of OAuth 2, and checking the access tokens it gives.

pub mod access;
pub mod api;
pub mod claims;
pub mod ops;
pub mod rules;
