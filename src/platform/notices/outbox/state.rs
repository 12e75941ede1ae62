//! What this process is sending now. Only memory knows it: after a kill a parcel still waits and
//! is sent again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::rules::{Channel, Parcel, ParcelId};
use crate::platform::notices::webhooks::rules::WebhookId;

/// Mails sent at once.
const MAILS_AT_ONCE: usize = 2;
/// Receivers called at once, each with one call at a time.
const CALLS_AT_ONCE: usize = 4;

/// What is on its way.
#[derive(Default)]
pub struct Sending {
    under_way: Mutex<HashMap<ParcelId, (Channel, Option<WebhookId>)>>,
    nudge: Notify,
}

impl Sending {
    /// Takes a parcel when there is a hand free for it; false when not.
    pub(super) fn take(&self, parcel: &Parcel) -> bool {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = under_way.values().filter(|(channel, _)| *channel == parcel.channel).count();
        let most = match parcel.channel {
            Channel::Mail => MAILS_AT_ONCE,
            Channel::Webhook => CALLS_AT_ONCE,
        };
        let is_busy = parcel.webhook.is_some()
            && under_way.values().any(|(_, webhook)| *webhook == parcel.webhook);
        if busy >= most || is_busy || under_way.contains_key(&parcel.id) {
            return false;
        }
        under_way.insert(parcel.id, (parcel.channel, parcel.webhook));
        true
    }

    pub(super) fn done(&self, id: ParcelId) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.nudge.notify_one();
    }

    /// Makes the runner look.
    pub(in crate::platform::notices) fn nudge(&self) {
        self.nudge.notify_one();
    }

    pub(in crate::platform::notices) async fn nudged(&self) {
        self.nudge.notified().await;
    }
}
