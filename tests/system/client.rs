//! A browser's side: TLS connections that are kept, each request sent once.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A restart and a loaded machine may take long; nothing here takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Trusts these certificates, PEM after PEM.
pub(crate) fn trust(pem: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(root.expect("a certificate")).expect("a root");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    // A connection that goes on with an earlier one sees no certificate.
    config.resumption = rustls::client::Resumption::disabled();
    Arc::new(config)
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// The box asked to open another connection for the next request.
    is_last: bool,
}

/// One connection, plain or with TLS.
pub(crate) struct Connection<S> {
    stream: S,
    received: Vec<u8>,
}

pub(crate) type Tls = Connection<StreamOwned<ClientConnection, TcpStream>>;

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

impl Connection<TcpStream> {
    pub(crate) fn plain(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: connect(address)?, received: Vec::new() })
    }
}

impl Tls {
    pub(crate) fn open(address: SocketAddr, trust: &Arc<ClientConfig>) -> io::Result<Self> {
        Self::open_as("localhost", address, trust)
    }

    /// The same, asking for a name.
    pub(crate) fn open_as(
        name: &str,
        address: SocketAddr,
        trust: &Arc<ClientConfig>,
    ) -> io::Result<Self> {
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let client = ClientConnection::new(Arc::clone(trust), name).map_err(io::Error::other)?;
        let stream = StreamOwned::new(client, connect(address)?);
        Ok(Self { stream, received: Vec::new() })
    }

    /// The certificate that the box showed.
    pub(crate) fn certificate(&self) -> Option<Vec<u8>> {
        Some(self.stream.conn.peer_certificates()?.first()?.to_vec())
    }

    /// Whether the box ended it while nothing was asked, as every client looks before it uses a
    /// kept connection.
    fn is_over(&mut self) -> bool {
        let socket = &self.stream.sock;
        socket.set_nonblocking(true).expect("a socket");
        let seen = socket.peek(&mut [0]);
        socket.set_nonblocking(false).expect("a socket");
        !matches!(seen, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

impl<S: Read + Write> Connection<S> {
    /// Sends a whole request and reads the whole answer.
    pub(crate) fn ask(&mut self, request: &(impl AsRef<[u8]> + ?Sized)) -> io::Result<Answer> {
        self.send(request)?;
        let head = self.head()?;
        let field = |name: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(':'));
            let found = fields.find(|(one, _)| one.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim().to_ascii_lowercase())
        };
        let length = field("content-length").map_or(Ok(0), |text| text.parse());
        let length: usize = length.map_err(io::Error::other)?;
        while self.received.len() < length {
            self.receive()?;
        }
        let body = self.received.drain(..length).collect();
        let is_last = field("connection").is_some_and(|value| value == "close");
        Ok(Answer { status: status(&head)?, body, is_last })
    }

    pub(crate) fn send(&mut self, request: &(impl AsRef<[u8]> + ?Sized)) -> io::Result<()> {
        self.stream.write_all(request.as_ref())?;
        self.stream.flush()
    }

    /// The next head, from its first line to the empty one.
    pub(crate) fn head(&mut self) -> io::Result<String> {
        loop {
            let end = self.received.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.received.drain(..end + 4).collect();
                return String::from_utf8(head).map_err(io::Error::other);
            }
            self.receive()?;
        }
    }

    /// The next line of a body that has no end.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line = self.received.drain(..=end).collect();
                return String::from_utf8(line).map_err(io::Error::other);
            }
            self.receive()?;
        }
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => {
                self.received.extend_from_slice(&piece[..count]);
                Ok(())
            }
        }
    }
}

pub(crate) fn status(head: &str) -> io::Result<u16> {
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other(format!("no status: {head}")))
}

/// Asks over one kept connection and opens another when the box said that one was the last.
pub(crate) struct Line {
    address: SocketAddr,
    trust: Arc<ClientConfig>,
    kept: Option<Tls>,
    /// Connections that the box ended while nothing was asked.
    pub(crate) ended_at_rest: usize,
}

impl Line {
    pub(crate) fn new(address: SocketAddr, trust: &Arc<ClientConfig>) -> Self {
        Self { address, trust: Arc::clone(trust), kept: None, ended_at_rest: 0 }
    }

    /// Sends the request once, whatever comes of it.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Answer> {
        if self.kept.as_mut().is_some_and(Tls::is_over) {
            self.kept = None;
            self.ended_at_rest += 1;
        }
        let mut connection = match self.kept.take() {
            Some(connection) => connection,
            None => Tls::open(self.address, &self.trust)?,
        };
        let answer = connection.ask(request)?;
        if !answer.is_last {
            self.kept = Some(connection);
        }
        Ok(answer)
    }
}
