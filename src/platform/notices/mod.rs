//! Notices: people are told what concerns them, in the bell of their own windows. What is told
//! and what it tells about are written in one transaction.

pub mod api;
mod kinds;
mod live;
pub mod ops;
pub mod rules;
pub mod runner;
mod store;

pub use kinds::{
    BOX_TROUBLE, FACTOR_CHANGED, INVITED, JOB_FAILED, JOINED, NEW_DEVICE, PASSWORD_CHANGED,
    PASSWORD_RESET, PLATFORM, ROLE_CHANGED, SERVICE_ACCOUNT_MADE, SESSION_REUSED,
    WORKSPACE_DELETED,
};
pub use live::{News, Notices};
pub use rules::{NoticeSpec, NoticeText, Telling};
