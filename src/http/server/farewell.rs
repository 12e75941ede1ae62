//! The end of an HTTP/2 connection. A box that ends one says so, pings, and takes no stream any
//! more that begins after the ping came back: one round trip, as RFC 9113 §6.8 asks for. Some
//! clients answer the ping before they send a request that they had begun when the farewell came
//! (those of `h2` do), and it would be lost to them. So the answer to that ping is heard later.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What a client sends before its first frame: RFC 9113 §3.4.
const PREFACE_BYTES: usize = 24;
/// Length, type, flags and stream of a frame: RFC 9113 §4.1.
const HEAD_BYTES: usize = 9;
const ANSWER_BYTES: usize = HEAD_BYTES + 8;
/// The answer to the ping with which `h2` asks whether its farewell has come: eight bytes, of type
/// PING, acknowledged, about no stream (RFC 9113 §6.7), and the eight that `h2` chose.
const ANSWER: [u8; ANSWER_BYTES] =
    [0, 0, 8, 6, 1, 0, 0, 0, 0, 0x0b, 0x7b, 0xa2, 0xf0, 0x8b, 0x9b, 0xfe, 0x54];
/// How much later the answer is heard. A client that has much to do takes some milliseconds from
/// the beginning of a request to its first byte.
pub(super) const LATER: Duration = Duration::from_millis(250);

/// Types of frames that hold a part of a message's head, which nothing may come between until one
/// says that it is whole: RFC 9113 §6.2, §6.6, §6.10.
const OF_HEADS: [u8; 3] = [1, 5, 9];
const END_OF_HEAD: u8 = 4;

/// A connection whose last ping is answered late.
pub(super) struct Farewell<T> {
    io: T,
    frames: Frames,
    patience: Duration,
    /// From when on the answer may be heard, once it came.
    later: Option<Pin<Box<Sleep>>>,
}

impl<T> Farewell<T> {
    pub(super) fn new(io: T, patience: Duration) -> Self {
        Self { io, frames: Frames::default(), patience, later: None }
    }
}

impl<T: AsyncRead + Unpin> Farewell<T> {
    /// Reads what may be passed on at once; false when there is something else to look at first.
    fn take_in(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<bool>> {
        let missing = self.frames.missing();
        if missing > 0 {
            let mut bytes = [0; ANSWER_BYTES];
            let mut bytes = ReadBuf::new(&mut bytes[..missing]);
            ready!(Pin::new(&mut self.io).poll_read(context, &mut bytes))?;
            if bytes.filled().is_empty() {
                // Nobody is there any more who could be answered.
                (self.later, self.frames.is_answered) = (None, false);
                self.frames.pass_on();
                return Poll::Ready(Ok(false));
            }
            self.frames.complete(bytes.filled());
            return Poll::Ready(Ok(false));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        let read = &mut buffer.filled_mut()[before..];
        let is_end = read.is_empty();
        let kept = self.frames.sift(read);
        buffer.set_filled(before + kept);
        Poll::Ready(Ok(is_end || kept > 0))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Farewell<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if std::mem::take(&mut this.frames.is_answered) {
                let patience = this.patience;
                this.later.get_or_insert_with(|| Box::pin(sleep(patience)));
            }
            if let Some(later) = &mut this.later
                && later.as_mut().poll(context).is_ready()
                && this.frames.is_between()
            {
                this.later = None;
                this.frames.due.put(&ANSWER);
            }
            if this.frames.due.give(buffer) || ready!(this.take_in(context, buffer))? {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// Where in the frames of a client the bytes are that were read.
struct Frames {
    /// Bytes until the next head.
    left: usize,
    /// A head that is not whole, or the answer to a ping.
    begun: Bytes,
    /// What is to be passed on before anything else is read.
    due: Bytes,
    /// The head of a message has begun, and the rest of it comes in the next frame.
    is_in_head: bool,
    /// The answer came, and was kept.
    is_answered: bool,
}

impl Default for Frames {
    fn default() -> Self {
        let (begun, due) = (Bytes::default(), Bytes::default());
        Self { left: PREFACE_BYTES, begun, due, is_in_head: false, is_answered: false }
    }
}

impl Frames {
    /// Whether a frame of the connection may come here.
    fn is_between(&self) -> bool {
        !self.is_in_head && self.left == 0 && self.begun.is_empty() && self.due.is_empty()
    }

    /// How many bytes say what it is that has begun; none when nothing has.
    fn missing(&self) -> usize {
        match self.begun.len {
            0 => 0,
            begun if begun < HEAD_BYTES => HEAD_BYTES - begun,
            begun => ANSWER_BYTES - begun,
        }
    }

    /// Takes some of the bytes that were missing.
    fn complete(&mut self, bytes: &[u8]) {
        self.begun.put(bytes);
        if self.begun.bytes() == ANSWER {
            self.begun = Bytes::default();
            self.is_answered = true;
        } else if self.begun.len >= HEAD_BYTES && !ANSWER.starts_with(self.begun.bytes()) {
            let begun = self.begun;
            self.left = self.begin(begun.bytes()) - begun.len;
            self.pass_on();
        }
    }

    /// Notes what a frame is by its head; gives how many bytes it has in all.
    fn begin(&mut self, head: &[u8]) -> usize {
        if OF_HEADS.contains(&head[3]) {
            self.is_in_head = head[4] & END_OF_HEAD == 0;
        }
        HEAD_BYTES + length(head)
    }

    fn pass_on(&mut self) {
        self.due = std::mem::take(&mut self.begun);
    }

    /// Takes the answer out of these bytes, and what has begun at their end; gives how many are
    /// left at their beginning.
    fn sift(&mut self, bytes: &mut [u8]) -> usize {
        let (mut at, mut end) = (self.left.min(bytes.len()), bytes.len());
        self.left -= at;
        while at < end {
            let rest = &bytes[at..end];
            if rest.starts_with(&ANSWER) {
                self.is_answered = true;
                bytes.copy_within(at + ANSWER_BYTES..end, at);
                end -= ANSWER_BYTES;
            } else if rest.len() < HEAD_BYTES || ANSWER.starts_with(rest) {
                self.begun.put(rest);
                end = at;
            } else {
                let whole = self.begin(rest);
                self.left = whole.saturating_sub(rest.len());
                at = end.min(at + whole);
            }
        }
        end
    }
}

/// Bytes of a frame after its head.
fn length(head: &[u8]) -> usize {
    head.iter().take(3).fold(0, |length, byte| length << 8 | usize::from(*byte))
}

/// At most as many bytes as an answer has.
#[derive(Clone, Copy, Default)]
struct Bytes {
    bytes: [u8; ANSWER_BYTES],
    len: usize,
}

impl Bytes {
    fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn put(&mut self, more: &[u8]) {
        self.bytes[self.len..self.len + more.len()].copy_from_slice(more);
        self.len += more.len();
    }

    /// Gives as many as there is room for; false when there are none.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let count = self.len.min(buffer.remaining());
        buffer.put_slice(&self.bytes[..count]);
        self.bytes.copy_within(count..self.len, 0);
        self.len -= count;
        count > 0
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Farewell<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, buffers)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 0], payload].concat()
    }

    /// The preface, and frames before and after the answer, some of which look nearly like it.
    fn sent() -> [Vec<u8>; 2] {
        let preface = vec![b'P'; PREFACE_BYTES];
        let (settings, other) = (frame(4, 0, &[0; 6]), frame(6, 1, b"12345678"));
        let quoted = frame(0, 1, &[&ANSWER[..], &ANSWER[..9]].concat());
        let nearly = frame(6, 1, &[&ANSWER[9..16], b"!"].concat());
        let (empty, long) = (frame(4, 1, &[]), frame(0, 0, &vec![7; 70_000]));
        // A head in three parts.
        let head = [frame(1, 0, b"a"), frame(9, 0, b"b"), frame(9, 4, b"c")].concat();
        [
            [preface, settings.clone(), other.clone(), quoted.clone(), nearly.clone()].concat(),
            [head, long, empty, nearly, quoted, other, settings].concat(),
        ]
    }

    /// Sends these bytes in pieces, and reads so many with so much room for each look.
    async fn heard(
        sent: &[u8],
        (piece, room): (usize, usize),
        count: usize,
        patience: Duration,
    ) -> Vec<u8> {
        let (mut client, server) = duplex(1 << 20);
        let mut server = Farewell::new(server, patience);
        for piece in sent.chunks(piece) {
            client.write_all(piece).await.unwrap();
        }
        let all = async {
            let (mut heard, mut bytes) = (Vec::new(), vec![0; room]);
            while heard.len() < count {
                let count = server.read(&mut bytes).await.unwrap();
                heard.extend_from_slice(&bytes[..count]);
            }
            heard
        };
        in_time(all).await
    }

    async fn in_time<T>(work: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(30), work).await.expect("it is heard in time")
    }

    const PIECES: [(usize, usize); 7] =
        [(1, 1), (3, 7), (8, 4_096), (9, 5), (17, 17), (4_096, 16), (1 << 20, 1 << 20)];

    #[tokio::test]
    async fn all_but_the_answer_is_heard_at_once_and_as_it_was_sent() {
        let [before, after] = sent();
        let (sent, wanted) = ([&before[..], &ANSWER, &after].concat(), [before, after].concat());
        for pieces in PIECES {
            let heard = heard(&sent, pieces, wanted.len(), Duration::from_hours(1)).await;

            assert!(heard == wanted, "pieces of and room for {pieces:?}");
        }
    }

    #[tokio::test]
    async fn the_answer_is_heard_later_between_two_frames() {
        let [before, after] = sent();
        let (all, wanted) = ([&before[..], &ANSWER, &after].concat(), [before, after].concat());
        for pieces in PIECES {
            let mut heard = heard(&all, pieces, all.len(), Duration::from_millis(1)).await;

            let mut at = PREFACE_BYTES;
            while !heard[at..].starts_with(&ANSWER) {
                at += HEAD_BYTES + length(&heard[at..]);
            }
            heard.drain(at..at + ANSWER_BYTES);
            assert!(heard == wanted, "pieces of and room for {pieces:?}");
        }
    }

    /// Sends the answer and the first of something, and the rest once the answer would be due;
    /// gives what is heard then.
    async fn heard_around(first: &[u8], rest: &[u8]) -> Vec<u8> {
        let (mut client, server) = duplex(1 << 10);
        let mut server = Farewell::new(server, Duration::ZERO);
        client.write_all(&[&[b'P'; PREFACE_BYTES], &ANSWER[..], first].concat()).await.unwrap();
        let count = server.read(&mut [0; 1 << 10]).await.unwrap();
        assert_eq!(count, PREFACE_BYTES + first.len());
        let is_kept = |server: &mut Farewell<_>| {
            let (mut context, mut bytes) = (Context::from_waker(Waker::noop()), [0; ANSWER_BYTES]);
            Pin::new(server).poll_read(&mut context, &mut ReadBuf::new(&mut bytes)).is_pending()
        };
        assert!(is_kept(&mut server), "before its time");
        in_time(server.later.as_mut().unwrap()).await;
        assert!(is_kept(&mut server), "within {first:?}");
        client.write_all(rest).await.unwrap();
        let mut heard = vec![0; rest.len() + ANSWER_BYTES];
        in_time(server.read_exact(&mut heard)).await.unwrap();
        heard
    }

    #[tokio::test]
    async fn the_answer_waits_for_the_end_of_a_frame() {
        let whole = frame(0, 0, b"four");
        let (first, rest) = whole.split_at(whole.len() - 2);

        assert_eq!(heard_around(first, rest).await, [rest, &ANSWER].concat());
    }

    #[tokio::test]
    async fn the_answer_waits_for_the_end_of_a_head() {
        let (first, rest) = (frame(1, 0, b"head"), frame(9, 4, b"more"));

        assert_eq!(heard_around(&first, &rest).await, [&rest[..], &ANSWER].concat());
    }

    #[tokio::test]
    async fn what_a_client_began_and_left_is_passed_on() {
        for begun in [3, HEAD_BYTES, ANSWER_BYTES - 1] {
            let (mut client, server) = duplex(1 << 10);
            let mut heard = Farewell::new(server, Duration::ZERO);
            client.write_all(&[b'P'; PREFACE_BYTES]).await.unwrap();
            client.write_all(&[&ANSWER, &ANSWER[..begun]].concat()).await.unwrap();
            drop(client);

            let mut read = Vec::new();
            in_time(heard.read_to_end(&mut read)).await.unwrap();

            assert_eq!(read, [&[b'P'; PREFACE_BYTES][..], &ANSWER[..begun]].concat());
        }
    }
}
