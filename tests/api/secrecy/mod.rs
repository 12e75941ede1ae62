//! Who must not see what: foreign workspaces, prices, other people. Every test walks all the
//! operations that the box describes, so that a new route is looked at without being named.

mod canaries;
mod crawl;
mod foreign;
mod planted;
mod prices;
mod spent;
mod states;
