//! Takes every event that goes to the log and keeps it as a line.

use std::fmt::{Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::ring;
use super::rules::{Kind, Level, Line, masked};
use crate::config::Logs;
use crate::platform::clock::{Clock, Moment};
use crate::platform::monitoring::logs::ACCESS;

/// The route by which lines are read: the box says nothing of being asked for what it said.
const OWN_ROUTE: &str = "/api/v1/logs";

/// Keeps what passes.
pub struct Keep {
    bytes_max: usize,
}

impl Keep {
    pub fn new(config: &Logs) -> Self {
        Self { bytes_max: config.kept_bytes }
    }
}

impl<S: Subscriber> Layer<S> for Keep {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if self.bytes_max == 0 {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        if !fields.is_own {
            let kind = if event.metadata().target() == ACCESS { Kind::Request } else { Kind::Box };
            let level = level_of(*event.metadata().level());
            ring::keep(fields.line(Clock::System.now(), level, kind), self.bytes_max);
        }
    }
}

fn level_of(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

/// An event being taken apart.
#[derive(Default)]
struct Fields {
    message: String,
    request_id: Option<String>,
    /// A JSON object without its braces.
    others: String,
    is_own: bool,
}

impl Fields {
    fn line(self, at: Moment, level: Level, kind: Kind) -> Line {
        // The words of a request are the program's own and the path's, which opens nothing.
        let clean = |text: String| if kind == Kind::Request { text } else { masked(&text) };
        let fields = clean(format!("{{{}}}", self.others));
        Line {
            number: 0,
            at,
            level,
            kind,
            request_id: self.request_id.map(String::into_boxed_str),
            message: clean(self.message).into_boxed_str(),
            fields: fields.into_boxed_str(),
        }
    }

    fn add(&mut self, field: &Field, json: &str) {
        let comma = if self.others.is_empty() { "" } else { "," };
        // Writing to a text cannot fail.
        write!(self.others, "{comma}\"{}\":{json}", field.name()).unwrap_or_default();
    }

    fn text(&mut self, field: &Field, text: &str) {
        match field.name() {
            "message" => text.clone_into(&mut self.message),
            "request_id" | "request.id" => self.request_id = Some(text.to_owned()),
            name => {
                self.is_own |= name == "route" && text == OWN_ROUTE;
                self.add(field, &serde_json::Value::from(text).to_string());
            }
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, &value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, &value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, if value { "true" } else { "false" });
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, &serde_json::Value::from(value).to_string());
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;

    use super::super::rules::Wish;
    use super::*;

    #[test]
    fn an_event_becomes_a_line_with_its_values_beside_it() {
        let subscriber = tracing_subscriber::registry().with(Keep { bytes_max: 100_000 });
        let id = "0193-keep-test";

        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: ACCESS, request_id = %id, status = 200_u16, ms = 1.5, "GET /");
            tracing::info!(target: ACCESS, request_id = %id, route = OWN_ROUTE, "own");
            tracing::warn!(request.id = %id, text = "a \"b\" token=abc", "Open token=xyz now");
        });

        let wish = Wish { request_id: Some(id.to_owned()), ..Wish::default() };
        let lines = super::super::newest(&wish, 10);
        let shown: Vec<_> = lines.iter().map(|line| (line.level, &*line.message)).collect();
        assert_eq!(shown, [(Level::Warn, "Open token=… now"), (Level::Info, "GET /")]);
        assert_eq!(&*lines[1].fields, r#"{"status":200,"ms":1.5}"#);
        assert_eq!(&*lines[0].fields, r#"{"text":"a \"b\" token=…"}"#);
    }
}
