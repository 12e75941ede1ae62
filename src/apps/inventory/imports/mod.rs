//! Files in and out: CSV with a preview, and the same tables as CSV.

pub mod rules;
