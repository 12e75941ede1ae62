//! The worker's way to its supervisor: it asks, and hears the answers by their numbers.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, oneshot};

use super::supervisor::channel::Channel;
use super::supervisor::protocol::{Order, Outcome, Report, Wish};
use crate::platform::error::{Error, Result};

/// A worker's link to its supervisor. A box that runs without one has none.
#[derive(Debug)]
pub struct Link {
    channel: Arc<Channel>,
    /// The number of the release that this worker is; 0 where no metadata names it.
    pub seq: u64,
    /// The one place for those who lay files where the supervisor takes them from: whoever holds it
    /// has the folder for itself.
    pub incoming: Semaphore,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
}

/// What the supervisor said to a wish: its answer, or why not.
pub type Answered<T> = std::result::Result<T, Refused>;

/// A refusal of the supervisor, by its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub code: String,
    pub detail: String,
}

impl Link {
    pub fn new(channel: Arc<Channel>, seq: u64) -> Self {
        let (next, waiting) = (AtomicU64::new(1), Mutex::default());
        Self { channel, seq, incoming: Semaphore::new(1), next, waiting }
    }

    /// Tells the supervisor something.
    pub async fn tell(&self, report: &Report) -> io::Result<()> {
        self.channel.send(report, &[]).await
    }

    /// Asks for something and waits for the answer, however long it takes: the supervisor bounds
    /// what it does. An error means that it is gone or speaks another language.
    pub async fn ask<T: DeserializeOwned>(&self, wish: Wish) -> Result<Answered<T>> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, answer);
        if let Err(error) = self.tell(&Report::Ask { id, wish }).await {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            return Err(error.into());
        }
        match answered.await.map_err(Error::internal)? {
            Outcome::Done(value) => Ok(Ok(serde_json::from_value(value).map_err(Error::internal)?)),
            Outcome::Refused { code, detail } => Ok(Err(Refused { code, detail })),
        }
    }

    /// Hears the next order that is no answer. None: the supervisor is gone. To be called by one
    /// task alone, which is what hands answers to those who wait.
    pub async fn hear(&self) -> io::Result<Option<Order>> {
        loop {
            let Some((order, _)) = self.channel.receive::<Order>().await? else {
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
                return Ok(None);
            };
            let Order::Answer { id, outcome } = order else { return Ok(Some(order)) };
            let waits = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            if let Some(waits) = waits {
                // Whoever asked may have gone meanwhile.
                drop(waits.send(outcome));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::{Link, Refused};
    use crate::platform::updates::supervisor::channel::{Channel, pair};
    use crate::platform::updates::supervisor::protocol::{Order, Outcome, Report, Wish};

    #[tokio::test]
    async fn answers_find_who_asked_whatever_their_order_and_orders_come_through() {
        let (supervisor, end) = pair().unwrap();
        let link = Link::new(Arc::new(Channel::of(end).unwrap()), 7);

        let supervising = async {
            let mut asked = Vec::new();
            for _ in 0..2 {
                let (report, _) = supervisor.receive::<Report>().await.unwrap().unwrap();
                let Report::Ask { id, wish } = report else { panic!("{report:?} asks nothing") };
                let outcome = match wish {
                    Wish::Seen => Outcome::Done(json!(5)),
                    _ => Outcome::Refused { code: "no".to_owned(), detail: "No.".to_owned() },
                };
                asked.push((id, outcome));
            }
            for (id, outcome) in asked.into_iter().rev() {
                supervisor.send(&Order::Answer { id, outcome }, &[]).await.unwrap();
            }
            supervisor.send(&Order::Accept, &[]).await.unwrap();
        };
        let (first, second, order, ()) = tokio::join!(
            link.ask::<u64>(Wish::Seen),
            link.ask::<u64>(Wish::Standing),
            link.hear(),
            supervising
        );

        assert_eq!(first.unwrap(), Ok(5));
        let refused = Refused { code: "no".to_owned(), detail: "No.".to_owned() };
        assert_eq!(second.unwrap(), Err(refused));
        assert_eq!(order.unwrap(), Some(Order::Accept));
    }
}
