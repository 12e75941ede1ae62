//! Servers that tests write the script of: one connection after the other, no task of their own.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the mail server does to whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smtp {
    /// Takes the mail.
    Takes,
    /// Says no to the address.
    Refuses,
    /// Takes the whole mail and is gone before it says so.
    Drops,
}

/// What one connection was.
#[derive(Debug, Default, Clone)]
pub struct Session {
    pub commands: Vec<String>,
    pub data: String,
}

impl Session {
    /// The value of a header of the mail.
    pub fn header(&self, name: &str) -> &str {
        let head = self.data.split("\r\n\r\n").next().unwrap_or_default();
        let prefix = format!("{name}: ");
        head.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default()
    }

    /// The mail without soft line breaks, to look for words in.
    pub fn text(&self) -> String {
        self.data.replace("=\r\n", "").replace("=3D", "=")
    }
}

pub struct Server {
    listener: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self { listener, tls: None }
    }

    /// Speaks TLS from the first byte on, as `localhost`; gives the authority as PEM, too.
    pub async fn start_tls() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
        let pem = made.cert.pem();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.expect("a key"))
            .expect("a certificate");
        let tls = Some(tokio_rustls::TlsAcceptor::from(Arc::new(config)));
        (Self { tls, ..Self::start().await }, pem)
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().expect("an address").port()
    }

    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.expect("somebody").0
    }

    /// Serves one mail.
    pub async fn mail(&self, script: Smtp) -> Session {
        let stream = self.accept().await;
        match &self.tls {
            None => speak_smtp(stream, script).await,
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => speak_smtp(stream, script).await,
                Err(_) => Session::default(),
            },
        }
    }

    /// Answers one call; gives what was asked.
    pub async fn call(&self, answer: &str) -> String {
        let mut stream = BufReader::new(self.accept().await);
        let (mut asked, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return asked;
            }
            asked.push_str(&line);
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut body).await.expect("a body");
        asked.push_str(&String::from_utf8(body).expect("text"));
        let stream = stream.get_mut();
        stream.write_all(answer.as_bytes()).await.expect("an answer");
        stream.shutdown().await.expect("an end");
        asked
    }
}

/// A listener that takes connections and says nothing: nobody accepts what the kernel took.
pub async fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

async fn speak_smtp<S: AsyncRead + AsyncWrite + Unpin>(stream: S, script: Smtp) -> Session {
    let mut stream = BufReader::new(stream);
    let mut session = Session::default();
    let mut answer: &[u8] = b"220 test ESMTP\r\n";
    loop {
        if stream.write_all(answer).await.is_err() || stream.flush().await.is_err() {
            return session;
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return session;
        }
        let line = line.trim_end().to_owned();
        session.commands.push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        answer = match verb.as_str() {
            "EHLO" => b"250-test\r\n250 8BITMIME\r\n",
            "RCPT" if script == Smtp::Refuses => b"550 5.1.1 No such person here\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.expect("an answer");
                stream.flush().await.expect("an answer");
                session.data = read_data(&mut stream).await;
                if script == Smtp::Drops {
                    return session;
                }
                b"250 taken\r\n"
            }
            "QUIT" => {
                drop(stream.write_all(b"221 bye\r\n").await);
                drop(stream.flush().await);
                return session;
            }
            _ => b"250 ok\r\n",
        };
    }
}

async fn read_data<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 || line == ".\r\n" {
            return data;
        }
        data.push_str(&line);
    }
}
