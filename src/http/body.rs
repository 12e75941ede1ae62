//! How large a request's body may be, and who says so.

use std::error::Error as StdError;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::platform::error::{Error, Refusal, Result};

/// What the slowest line sends that a body is waited for on: a phone in a cellar.
const LINE_BYTES_PER_S_MIN: u64 = 16 * 1024;
/// Room that is made for a body before any of it came.
const FIRST_SIZE_BYTES: u64 = 64 * 1024;
/// Seconds after which somebody may try again who took too long.
pub(super) const RETRY_AFTER_S: u64 = 5;
/// Read at once from a file that is handed out.
const PIECE_SIZE_BYTES: usize = 64 * 1024;

/// The limit of the request's route, in bytes. The front puts it into the extensions and ends a
/// body that grows beyond it, whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

impl BodyLimit {
    /// Refuses a body that says itself that it is too large, and cuts off one that turns out so.
    pub fn enforce(self, body: Body) -> Result<Body> {
        let size = body.size_hint();
        if size.lower() > self.0 as u64 {
            return Err(self.too_large());
        }
        if size.upper().is_some_and(|upper| upper <= self.0 as u64) {
            return Ok(body);
        }
        Ok(Body::new(Limited::new(body, self.0)))
    }

    /// Reads a body to its end.
    pub async fn read(self, body: Body) -> Result<Bytes> {
        let collected = Limited::new(body, self.0).collect().await;
        Ok(collected.map_err(|error| self.fault(&*error))?.to_bytes())
    }

    /// Reads a body to its end however slow the line is, as long as something comes within
    /// `silence` and all of it no later than over the slowest line.
    pub async fn read_over_any_line(self, body: Body, silence: Duration) -> Result<Bytes> {
        let size = body.size_hint();
        let size_max = size.upper().unwrap_or(self.0 as u64).min(self.0 as u64);
        let whole = silence + Duration::from_secs(size_max.div_ceil(LINE_BYTES_PER_S_MIN));
        let late = |_| Error::TimedOut { retry_after_s: RETRY_AFTER_S };
        let mut body = Limited::new(body, self.0);
        let first = usize::try_from(size.lower().min(FIRST_SIZE_BYTES)).unwrap_or_default();
        let mut all = Vec::with_capacity(first);
        let reading = async {
            while let Some(frame) = timeout(silence, body.frame()).await.map_err(late)? {
                let frame = frame.map_err(|error| self.fault(&*error))?;
                if let Ok(data) = frame.into_data() {
                    all.extend_from_slice(&data);
                }
            }
            Ok(Bytes::from(all))
        };
        timeout(whole, reading).await.map_err(late)?
    }

    fn fault(self, error: &(dyn StdError + 'static)) -> Error {
        if is_over_limit(error) {
            return self.too_large();
        }
        let detail = "The body could not be read to its end.";
        Error::Malformed(Refusal::new("malformed", detail))
    }

    fn too_large(self) -> Error {
        Error::TooLarge { limit_bytes: self.0 as u64 }
    }
}

/// A body of all bytes of a file from where it stands, read piece by piece.
pub fn of_file(file: std::fs::File) -> Body {
    let file = tokio::fs::File::from_std(file);
    Body::from_stream(stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE_SIZE_BYTES];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((piece, file)))
    }))
}

/// Looks for the limit's error below those that wrap it.
fn is_over_limit(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: BodyLimit = BodyLimit(10);

    /// A body that does not say how long it is.
    fn chunked(chunks: &[&'static str]) -> Body {
        let chunks: Vec<Result<_, std::io::Error>> = chunks.iter().map(|one| Ok(*one)).collect();
        Body::from_stream(stream::iter(chunks))
    }

    async fn read(body: Body) -> Result<Bytes> {
        LIMIT.read(LIMIT.enforce(body)?).await
    }

    #[tokio::test]
    async fn a_body_within_the_limit_is_read_whole() {
        assert_eq!(read(Body::from("0123456789")).await.unwrap(), "0123456789");
        assert_eq!(read(chunked(&["01234", "56789"])).await.unwrap(), "0123456789");
        assert_eq!(read(Body::empty()).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_larger_one_is_refused_by_its_limit_whether_it_says_its_size_or_not() {
        for body in [Body::from("0123456789x"), chunked(&["01234", "56789", "x"])] {
            assert!(matches!(read(body).await, Err(Error::TooLarge { limit_bytes: 10 })));
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_called_too_large() {
        let broken =
            || Body::from_stream(stream::iter([Ok("01"), Err(std::io::Error::other("gone"))]));

        assert!(matches!(read(broken()).await, Err(Error::Malformed(_))));
        let read = LIMIT.read_over_any_line(broken(), Duration::from_secs(30)).await;
        assert!(matches!(read, Err(Error::Malformed(_))));
    }

    /// A body of so many pieces, each so long after the one before.
    fn slow(pieces: usize, piece: &'static [u8], apart: Duration) -> Body {
        Body::from_stream(stream::unfold(pieces, move |left| async move {
            let rest = left.checked_sub(1)?;
            tokio::time::sleep(apart).await;
            Some((Ok::<_, std::io::Error>(piece), rest))
        }))
    }

    #[tokio::test]
    async fn a_slow_line_is_waited_for_and_one_that_stalls_or_trickles_is_not() {
        let read = |limit, silence, body| BodyLimit(limit).read_over_any_line(body, silence);
        let (patient, tick) = (Duration::from_secs(30), Duration::from_millis(1));

        assert_eq!(read(10, patient, slow(10, b"x", tick)).await.unwrap(), "xxxxxxxxxx");
        let too_long = read(10, patient, slow(11, b"x", tick)).await;
        assert!(matches!(too_long, Err(Error::TooLarge { limit_bytes: 10 })));
        let stalled = read(10, tick, slow(2, b"x", patient)).await;
        assert!(matches!(stalled, Err(Error::TimedOut { .. })));
        // Of so few bytes the slowest line brings all within a second.
        let (silence, apart) = (Duration::from_millis(300), Duration::from_millis(150));
        let trickling = read(10, silence, slow(10, b"x", apart)).await;
        assert!(matches!(trickling, Err(Error::TimedOut { .. })));
    }
}
