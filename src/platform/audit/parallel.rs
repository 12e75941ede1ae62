//! Work spread over threads whose results are taken in order.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::platform::error::{Error, Result};

/// Threads at most; one more reads.
const WORKERS_MAX: usize = 8;
/// Pieces that wait at each thread.
const WAITING_MAX: usize = 2;

/// Takes pieces from `source`, does `work` on several threads and gives the results to `sink` in
/// the order of the pieces, until it says that it has enough. Blocks.
pub(in crate::platform::audit) fn in_order<T: Send, U: Send>(
    mut source: impl FnMut() -> Result<Option<T>>,
    work: impl Fn(T) -> U + Sync,
    mut sink: impl FnMut(U) -> Result<Enough>,
) -> Result<()> {
    let count = thread::available_parallelism().map_or(1, usize::from).min(WORKERS_MAX);
    thread::scope(|scope| {
        let lanes: Vec<(SyncSender<T>, Receiver<U>)> = (0..count)
            .map(|_| {
                let (give, pieces) = sync_channel::<T>(WAITING_MAX);
                let (answer, results) = sync_channel::<U>(WAITING_MAX);
                let work = &work;
                scope.spawn(move || {
                    for piece in pieces {
                        if answer.send(work(piece)).is_err() {
                            return;
                        }
                    }
                });
                (give, results)
            })
            .collect();
        let (mut given, mut taken, mut is_over) = (0, 0, false);
        loop {
            while !is_over && given - taken < count * WAITING_MAX {
                match source()? {
                    Some(piece) => {
                        lanes[given % count].0.send(piece).map_err(|_| ended())?;
                        given += 1;
                    }
                    None => is_over = true,
                }
            }
            if taken == given {
                return Ok(());
            }
            let result = lanes[taken % count].1.recv().map_err(|_| ended())?;
            taken += 1;
            if sink(result)? == Enough::Yes {
                return Ok(());
            }
        }
    })
}

/// Whether a sink needs no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::audit) enum Enough {
    Yes,
    No,
}

fn ended() -> Error {
    Error::internal("a thread of the verification ended early")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(of: u64, enough_at: u64) -> Vec<u64> {
        let (mut next, mut found) = (0..of, Vec::new());
        let sink = |square| {
            found.push(square);
            Ok(if square >= enough_at { Enough::Yes } else { Enough::No })
        };
        in_order(|| Ok(next.next()), |number| number * number, sink).unwrap();
        found
    }

    #[test]
    fn results_come_in_the_order_of_their_pieces() {
        assert_eq!(squares(100, u64::MAX), (0..100).map(|one| one * one).collect::<Vec<_>>());
        assert_eq!(squares(0, 0), [0; 0]);
    }

    #[test]
    fn nothing_goes_on_when_there_is_enough() {
        assert_eq!(squares(10_000, 9), [0, 1, 4, 9]);
    }

    #[test]
    fn a_failing_source_ends_the_work() {
        let outcome =
            in_order(|| Err::<Option<u8>, _>(Error::NotFound), |_| (), |()| Ok(Enough::No));

        assert!(matches!(outcome, Err(Error::NotFound)));
    }
}
