//! Where kept lines lie: two queues, so that many requests do not push out what the box said. Like
//! the log itself there is one for each process.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::rules::{Kind, Line, Wish};

static RING: Mutex<Ring> = Mutex::new(Ring::new());
/// Wakes whoever waits for another line.
static NEWS: Notify = Notify::const_new();

/// Keeps a line, and lets the oldest of its kind go beyond `bytes_max`.
pub(super) fn keep(line: Line, bytes_max: usize) {
    ring().keep(line, bytes_max);
    NEWS.notify_waiters();
}

/// The number of the newest line; 0 before the first.
pub fn last() -> u64 {
    ring().last
}

/// Waits until there is a line newer than this one, for however long that takes.
pub async fn newer(than: u64) {
    loop {
        // Before the look, so that no line comes in between unheard.
        let news = NEWS.notified();
        if last() > than {
            return;
        }
        news.await;
    }
}

/// The newest lines that somebody wants, the newest first.
pub fn newest(wish: &Wish, limit: usize) -> Vec<Line> {
    ring().newest(wish, limit)
}

fn ring() -> MutexGuard<'static, Ring> {
    RING.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Ring {
    last: u64,
    requests: Queue,
    others: Queue,
}

struct Queue {
    lines: VecDeque<Line>,
    bytes: usize,
}

impl Queue {
    const fn new() -> Self {
        Self { lines: VecDeque::new(), bytes: 0 }
    }

    fn push(&mut self, line: Line, bytes_max: usize) {
        self.bytes += line.size_bytes();
        self.lines.push_back(line);
        while self.bytes > bytes_max
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= oldest.size_bytes();
        }
    }
}

impl Ring {
    const fn new() -> Self {
        Self { last: 0, requests: Queue::new(), others: Queue::new() }
    }

    fn keep(&mut self, mut line: Line, bytes_max: usize) {
        self.last += 1;
        line.number = self.last;
        let half = bytes_max / 2;
        match line.kind {
            Kind::Request => self.requests.push(line, half),
            Kind::Box => self.others.push(line, half),
        }
    }

    fn newest(&self, wish: &Wish, limit: usize) -> Vec<Line> {
        let (mut requests, mut others) = (
            self.requests.lines.iter().rev().peekable(),
            self.others.lines.iter().rev().peekable(),
        );
        let mut found = Vec::new();
        while found.len() < limit {
            let is_request = match (requests.peek(), others.peek()) {
                (Some(request), Some(other)) => request.number > other.number,
                (request, _) => request.is_some(),
            };
            let next = if is_request { requests.next() } else { others.next() };
            let Some(line) = next else { break };
            if wish.after.is_some_and(|after| line.number <= after) {
                // All that follow are older still.
                break;
            }
            if wish.wants(line) {
                found.push(line.clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::Level;
    use super::*;
    use crate::platform::clock::Moment;

    fn line(kind: Kind, message: &str) -> Line {
        Line {
            number: 0,
            at: Moment(1),
            level: Level::Info,
            kind,
            request_id: None,
            message: message.into(),
            fields: "{}".into(),
        }
    }

    fn messages(ring: &Ring, limit: usize) -> Vec<String> {
        let found = ring.newest(&Wish::default(), limit);
        found.iter().map(|line| line.message.to_string()).collect()
    }

    #[test]
    fn the_newest_comes_first_whatever_its_kind() {
        let mut ring = Ring::new();
        for (kind, message) in [(Kind::Box, "1"), (Kind::Request, "2"), (Kind::Box, "3")] {
            ring.keep(line(kind, message), 10_000);
        }
        assert_eq!(messages(&ring, 9), ["3", "2", "1"]);
        assert_eq!(messages(&ring, 2), ["3", "2"]);
    }

    #[test]
    fn a_flood_of_requests_leaves_what_the_box_said() {
        let mut ring = Ring::new();
        ring.keep(line(Kind::Box, "said"), 10_000);
        for number in 0..1_000 {
            ring.keep(line(Kind::Request, &format!("request {number}")), 10_000);
        }
        assert!(ring.requests.bytes <= 5_000);
        let kept = messages(&ring, 2_000);
        assert_eq!(
            (kept.first(), kept.last()),
            (Some(&"request 999".into()), Some(&"said".into()))
        );
        assert!(kept.len() < 100, "{}", kept.len());
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let mut ring = Ring::new();
        ring.keep(line(Kind::Box, "said"), 0);
        assert_eq!((messages(&ring, 9).len(), ring.others.bytes), (0, 0));
    }
}
