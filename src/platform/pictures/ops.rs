//! Taking in what somebody sent, which may be a picture.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::warn;

use super::{rules, thumbnail};
use crate::platform::error::{Error, Result};
use crate::platform::tasks;

/// Pictures decoded at the same time, of all workspaces together: each may take
/// `thumbnail::DECODED_BYTES_MAX`.
const DECODED_AT_ONCE_MAX: usize = 1;
/// A picture that waited so long for its turn is kept without a small one.
const TURN_AWAITED: Duration = Duration::from_secs(5);

/// Cleans pictures and makes them small.
#[derive(Debug, Clone)]
pub struct Pictures {
    turn: Arc<Semaphore>,
}

/// What is kept of bytes that somebody sent.
#[derive(Debug)]
pub struct TakenIn {
    pub bytes: Bytes,
    /// A small picture, where they are a picture that one is made of.
    pub thumbnail: Option<Bytes>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(DECODED_AT_ONCE_MAX)) }
    }
}

impl Pictures {
    /// Cleans a picture and makes a small one of it; leaves all else as it is. Refuses a picture
    /// that cannot be read (`picture-damaged`) or cannot be cleaned (`picture-kind`). One that
    /// cannot be decoded has no small one, nor has one that waited too long behind others.
    pub async fn take_in(&self, sent: Bytes) -> Result<TakenIn> {
        rules::check_kind(&sent)?;
        if !rules::is_picture(&sent) {
            return Ok(TakenIn { bytes: sent, thumbnail: None });
        }
        let cleaned = tasks::blocking(move || {
            let cleaned = rules::clean(&sent)?;
            Ok(cleaned.map_or(sent, Bytes::from))
        });
        let bytes = cleaned.await?;
        let turn = timeout(TURN_AWAITED, Arc::clone(&self.turn).acquire_owned()).await;
        let Ok(turn) = turn else {
            warn!("A picture was not made small: others took too long");
            return Ok(TakenIn { bytes, thumbnail: None });
        };
        let turn = turn.map_err(Error::internal)?;
        let picture = bytes.clone();
        let made = tasks::blocking(move || {
            // It ends with the work, not with the request: who hangs up lets nobody else in.
            let _held = turn;
            Ok(thumbnail::of(&picture))
        });
        let made = made.await.unwrap_or_else(|error| {
            warn!("A picture could not be made small: {error}");
            None
        });
        Ok(TakenIn { bytes, thumbnail: made.map(Bytes::from) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::pictures::rules::tests::samples::{gradient, png_of};

    #[tokio::test]
    async fn one_picture_is_decoded_at_a_time_and_files_that_are_none_do_not_wait() {
        let pictures = Pictures::default();
        let png = Bytes::from(png_of(&gradient(900, 600)));
        let turn = Arc::clone(&pictures.turn).acquire_owned().await.unwrap();

        let mut waiting = Box::pin(pictures.take_in(png.clone()));
        let others = async {
            let note = pictures.take_in(Bytes::from_static(b"a note")).await.unwrap();
            assert!(note.thumbnail.is_none());
            // As long as it takes twice without waiting.
            for _ in 0..2 {
                let picture = png.clone();
                tasks::blocking(move || Ok(thumbnail::of(&picture))).await.unwrap();
            }
        };
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("it did not wait for its turn"),
            () = others => {}
        }
        drop(turn);

        assert!(waiting.await.unwrap().thumbnail.is_some());
    }
}
