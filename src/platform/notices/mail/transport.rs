//! Speaks SMTP, by `lettre`: one connection for each mail, verified TLS, a time for everything.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::rules::{Mail, Security, Server, html, mailbox, text};
use crate::platform::clock::Moment;
use crate::platform::notices::roots::Roots;
use crate::platform::secret::Secret;

/// One answer of the server may take so long,
const STEP_MAX: Duration = Duration::from_secs(20);

/// A mail on its way.
pub(super) struct Outgoing<'a> {
    pub(super) server: &'a Server,
    pub(super) password: Option<Secret>,
    pub(super) to: &'a str,
    pub(super) mail: &'a Mail,
    /// The same however often it is sent, so that doubles can be dropped.
    pub(super) message_id: String,
    pub(super) at: Moment,
    /// Where people choose what is mailed to them.
    pub(super) settings_url: String,
    pub(super) roots: &'a Roots,
    /// Everything together may take so long.
    pub(super) time_max: Duration,
}

/// Sends a mail. An error is what to show.
pub(super) async fn send(outgoing: &Outgoing<'_>) -> Result<(), String> {
    let message = message(outgoing)?;
    let transport = transport(outgoing)?;
    let (envelope, bytes) = message;
    let sent = transport.send_raw(&envelope, &bytes);
    match tokio::time::timeout(outgoing.time_max, sent).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(said(&error)),
        Err(_) => {
            let seconds = outgoing.time_max.as_secs();
            Err(format!("The mail server did not finish within {seconds} seconds."))
        }
    }
}

/// What the server said, with what lies beneath.
fn said(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut beneath = error.source();
    while let Some(cause) = beneath {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        beneath = cause.source();
    }
    said
}

fn transport(outgoing: &Outgoing<'_>) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let server = outgoing.server;
    let tls = match server.security {
        Security::None => Tls::None,
        Security::StartTls => Tls::Required(tls(outgoing)?),
        Security::Tls => Tls::Wrapper(tls(outgoing)?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(STEP_MAX.min(outgoing.time_max)))
        .hello_name(hello_name(server));
    if let (Some(user), Some(password)) = (&server.user, &outgoing.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
    }
    Ok(builder.build())
}

/// The sender's domain: the box's own names mean nothing outside.
fn hello_name(server: &Server) -> ClientId {
    ClientId::Domain(domain(server))
}

fn domain(server: &Server) -> String {
    let address = mailbox(&server.sender).map(|(_, address)| address).unwrap_or_default();
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    if domain.is_ascii() && !domain.is_empty() { domain.to_owned() } else { "localhost".to_owned() }
}

fn tls(outgoing: &Outgoing<'_>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(outgoing.server.host.clone())
        .certificate_store(CertificateStore::None);
    for root in outgoing.roots.certificates() {
        let root = Certificate::from_der(root.as_ref().to_vec());
        builder = builder.add_root_certificate(root.map_err(|error| said(&error))?);
    }
    builder.build_rustls().map_err(|error| said(&error))
}

/// What goes over the wire, and to whom.
fn message(outgoing: &Outgoing<'_>) -> Result<(Envelope, Vec<u8>), String> {
    let (mail, server) = (outgoing.mail, outgoing.server);
    let (name, from) = mailbox(&server.sender).ok_or("The sender's address cannot be used.")?;
    let from: Address = from.parse().map_err(|_| "The sender's address cannot be used.")?;
    let to: Address = outgoing.to.parse().map_err(|_| "This address cannot be written to.")?;
    let from = Mailbox::new(name.map(str::to_owned), from);
    let subject: String = mail.subject.chars().filter(|one| !one.is_control()).collect();
    let millis = u64::try_from(outgoing.at.0).unwrap_or(0);
    let at: SystemTime = UNIX_EPOCH + Duration::from_millis(millis);
    let parts = MultiPart::alternative()
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text(mail)))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(html(mail)));
    let message = Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(at)
        .message_id(Some(format!("<{}@{}>", outgoing.message_id, domain(server))))
        .raw_header(plain("Auto-Submitted", "auto-generated"))
        .raw_header(plain("List-Unsubscribe", &format!("<{}>", outgoing.settings_url)))
        .multipart(parts)
        .map_err(|error| said(&error))?;
    Ok((message.envelope().clone(), message.formatted()))
}

/// A header whose value is the box's own and plain.
fn plain(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(subject: &str, to: &str) -> Result<String, String> {
        let server = Server {
            host: "localhost".to_owned(),
            port: 25,
            security: Security::None,
            user: None,
            sender: "Küche <box@example.com>".to_owned(),
        };
        let mail = Mail {
            subject: subject.to_owned(),
            paragraphs: vec!["Grüße\r\n.\r\nQUIT".to_owned()],
            ..Mail::default()
        };
        let roots = Roots::none();
        let outgoing = Outgoing {
            server: &server,
            password: None,
            to,
            mail: &mail,
            message_id: "one".to_owned(),
            at: Moment(1_795_240_800_000),
            settings_url: "https://box.example.com/account".to_owned(),
            roots: &roots,
            time_max: Duration::from_secs(1),
        };
        let (_, bytes) = message(&outgoing)?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn no_header_comes_from_a_value() {
        let subject = "Hello\r\nBcc: thief@example.com\r\n\r\nbody";
        let message = written(subject, "mira@example.com").unwrap();

        let head = message.split("\r\n\r\n").next().unwrap();
        let bccs = head.lines().filter(|line| line.to_lowercase().starts_with("bcc")).count();
        assert_eq!(bccs, 0, "{head}");
        assert!(head.contains("Message-ID: <one@example.com>"), "{head}");
        assert!(message.is_ascii(), "{message}");
        for bad in ["mira@example.com>\r\nRCPT TO:<x@y.z", "", "a@b\r\n.c"] {
            assert!(written("x", bad).is_err(), "{bad}");
        }
    }
}
