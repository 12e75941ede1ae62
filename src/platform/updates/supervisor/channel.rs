//! The pair of sockets between the supervisor and a worker. It keeps messages apart
//! (`SOCK_SEQPACKET`), carries descriptors, and says when the other side is gone.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::Interest;
use tokio::net::UnixDatagram;

/// A longer message is refused.
pub const MESSAGE_SIZE_BYTES_MAX: usize = 128 * 1024;
/// Descriptors in one message.
pub const DESCRIPTORS_MAX: usize = 16;

/// One end. Of a datagram socket's type only the way it waits is used.
#[derive(Debug)]
pub struct Channel(UnixDatagram);

/// Makes a pair of ends: one for this process, one to be given to a worker. Needs a tokio runtime.
pub fn pair() -> io::Result<(Channel, OwnedFd)> {
    let kind = SocketType::SEQPACKET;
    let (own, other) =
        rustix::net::socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
    Ok((Channel::of(own)?, other))
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Channel {
    /// Takes an end that was handed over. Needs a tokio runtime.
    pub fn of(end: OwnedFd) -> io::Result<Self> {
        let end = std::os::unix::net::UnixDatagram::from(end);
        end.set_nonblocking(true)?;
        Ok(Self(UnixDatagram::from_std(end)?))
    }

    /// Sends one message with its descriptors, at most [`DESCRIPTORS_MAX`]. Waits while the other
    /// side has not read.
    pub async fn send(
        &self,
        message: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let text = serde_json::to_vec(message).map_err(io::Error::other)?;
        if text.len() > MESSAGE_SIZE_BYTES_MAX || descriptors.len() > DESCRIPTORS_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the message is too long"));
        }
        let send = || send_now(self.0.as_fd(), &text, descriptors);
        self.0.async_io(Interest::WRITABLE, send).await
    }

    /// Receives the next message with its descriptors. None: the other side is gone.
    pub async fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut buffer = vec![0; MESSAGE_SIZE_BYTES_MAX];
        let receive = || receive_now(self.0.as_fd(), &mut buffer);
        let (length, descriptors) = self.0.async_io(Interest::READABLE, receive).await?;
        if length == 0 {
            return Ok(None);
        }
        let text = buffer.get(..length).unwrap_or_default();
        Ok(Some((serde_json::from_slice(text)?, descriptors)))
    }
}

/// Sends one message without descriptors. Blocks; for a process without a runtime.
pub fn send_blocking(end: BorrowedFd<'_>, message: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec(message).map_err(io::Error::other)?;
    send_now(end, &text, &[])
}

/// Receives one message with its descriptors. None: the other side is gone. Blocks; for a process
/// without a runtime.
pub fn receive_blocking<T: DeserializeOwned>(
    end: BorrowedFd<'_>,
) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut buffer = vec![0; MESSAGE_SIZE_BYTES_MAX];
    let (length, descriptors) = receive_now(end, &mut buffer)?;
    if length == 0 {
        return Ok(None);
    }
    let text = buffer.get(..length).unwrap_or_default();
    Ok(Some((serde_json::from_slice(text)?, descriptors)))
}

fn send_now(end: BorrowedFd<'_>, text: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("the descriptors have no room"));
    }
    rustix::net::sendmsg(end, &[IoSlice::new(text)], &mut beside, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn receive_now(end: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let into = &mut [IoSliceMut::new(buffer)];
    let mut receive = || rustix::net::recvmsg(end, into, &mut beside, RecvFlags::CMSG_CLOEXEC);
    let received = match receive() {
        // The other side ended without having read everything. That is told once, and before what
        // it had said until then.
        Err(Errno::CONNRESET) => receive(),
        received => received,
    }?;
    let mut descriptors = Vec::new();
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(these) = message {
            descriptors.extend(these);
        }
    }
    if received.flags.contains(ReturnFlags::TRUNC) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the message is too long"));
    }
    Ok((received.bytes, descriptors))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::{Channel, MESSAGE_SIZE_BYTES_MAX, pair};

    #[tokio::test]
    async fn messages_stay_apart_and_descriptors_come_with_theirs() {
        let (one, other) = pair().unwrap();
        let other = Channel::of(other).unwrap();
        let (mut left, right) = UnixStream::pair().unwrap();

        one.send(&"first", &[]).await.unwrap();
        one.send(&"second", &[right.as_fd()]).await.unwrap();
        drop(right);
        drop(one);

        let (first, none) = other.receive::<String>().await.unwrap().unwrap();
        let (second, mut carried) = other.receive::<String>().await.unwrap().unwrap();
        assert_eq!((first.as_str(), none.len()), ("first", 0));
        assert_eq!((second.as_str(), carried.len()), ("second", 1));
        let mut right = UnixStream::from(carried.remove(0));
        right.write_all(b"through").unwrap();
        drop(right);
        let mut text = String::new();
        left.read_to_string(&mut text).unwrap();
        assert_eq!(text, "through");
        assert!(other.receive::<String>().await.unwrap().is_none(), "the other side is gone");
    }

    #[tokio::test]
    async fn the_last_words_of_a_side_that_ended_with_letters_unread_are_heard() {
        let (one, other) = pair().unwrap();
        let other = Channel::of(other).unwrap();
        one.send(&"never read", &[]).await.unwrap();
        other.send(&"the reason", &[]).await.unwrap();

        drop(other);

        let (heard, _) = one.receive::<String>().await.unwrap().unwrap();
        assert_eq!(heard, "the reason");
        assert!(one.receive::<String>().await.unwrap().is_none(), "the other side is gone");
    }

    #[tokio::test]
    async fn what_is_too_long_is_refused_before_it_is_sent() {
        let (one, _other) = pair().unwrap();

        let refused = one.send(&"x".repeat(MESSAGE_SIZE_BYTES_MAX), &[]).await;

        assert!(refused.is_err());
    }
}
