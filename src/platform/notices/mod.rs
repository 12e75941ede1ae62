//! Notices: people are told what concerns them, in the bell of their own windows and by mail, and
//! programs by signed calls. What is told and what it tells about are written in one transaction;
//! what leaves the box waits in the outbox until the other side confirmed it.

pub mod api;
mod digest;
mod kinds;
mod live;
pub mod mail;
pub mod ops;
pub mod outbox;
mod roots;
pub mod rules;
pub mod runner;
mod store;
pub mod webhooks;

pub use kinds::{
    BOX_TROUBLE, CERTIFICATE_ENDS, DRILL_DUE, FACTOR_CHANGED, HELP_ASKED, INVITED, JOB_FAILED,
    JOINED, NEW_DEVICE, PASSWORD_CHANGED, PASSWORD_RESET, PLATFORM, REVIEW_DUE, ROLE_CHANGED,
    SERVICE_ACCOUNT_MADE, SESSION_REUSED, UPDATE_COMES, UPDATE_DONE, UPDATE_FAILED, UPDATE_WAITS,
    WORKSPACE_DAMAGED, WORKSPACE_DELETED,
};
pub use live::{News, Notices};
pub use outbox::Sending;
pub(in crate::platform) use roots::Roots;
pub use rules::{NoticeSpec, NoticeText, Telling};

use super::app::Routes;
use super::error::Code;

/// The error codes of notices and of how they leave the box.
pub const CODES: &[&[Code]] =
    &[rules::CODES, outbox::rules::CODES, mail::rules::CODES, webhooks::rules::CODES];

/// The routes of notices and of how they leave the box.
pub fn routes() -> Routes {
    Routes::new()
        .merge(api::routes())
        .merge(mail::api::routes())
        .merge(webhooks::api::routes())
        .merge(outbox::api::routes())
}
