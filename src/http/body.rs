//! How large a request's body may be, and who says so.

use std::error::Error as StdError;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::io::AsyncReadExt;

use crate::platform::error::{Error, Refusal, Result};

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
        match Limited::new(body, self.0).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if is_over_limit(&*error) => Err(self.too_large()),
            Err(_) => {
                let detail = "The body could not be read to its end.";
                Err(Error::Malformed(Refusal::new("malformed", detail)))
            }
        }
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
        let broken = [Ok("01"), Err(std::io::Error::other("gone"))];
        let broken = Body::from_stream(stream::iter(broken));

        assert!(matches!(read(broken).await, Err(Error::Malformed(_))));
    }
}
