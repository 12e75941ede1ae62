//! Counts requests by route. A counter is looked up when it is used first and kept: finding it by
//! its labels for every request would cost more than the rest of the counting.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Histogram};

/// The route of requests that match none: files of the web UI and unknown addresses.
const NO_ROUTE: &str = "none";
/// Statuses that the box answers with, in order; any other counts as `other`.
const CODES: [u16; 30] = [
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 412,
    413, 415, 416, 421, 422, 428, 429, 431, 500, 503, 507,
];

/// The counters of all routes.
pub struct Meters {
    routes: HashMap<String, Vec<(Method, Meter)>>,
    others: Meter,
}

/// The counters of one route and verb; those that were never used are not shown.
pub struct Meter {
    route: String,
    verb: String,
    /// Made with the first request: most routes of most boxes never see one.
    used: OnceLock<Box<Used>>,
}

struct Used {
    by_code: [OnceLock<Counter>; CODES.len()],
    others: OnceLock<Counter>,
    seconds: Histogram,
}

impl Meters {
    /// Makes the counters of these routes.
    pub fn new<'a>(routes: impl IntoIterator<Item = (&'a str, &'a Method)>) -> Self {
        let mut meters: HashMap<String, Vec<(Method, Meter)>> = HashMap::new();
        for (route, method) in routes {
            let meter = Meter::new(route, method.as_str());
            meters.entry(route.to_owned()).or_default().push((method.clone(), meter));
        }
        Self { routes: meters, others: Meter::new(NO_ROUTE, "any") }
    }

    /// The counters of a request. `template` is that of the matched route.
    pub fn of(&self, template: Option<&str>, method: &Method) -> &Meter {
        let verbs = template.and_then(|template| self.routes.get(template));
        // A HEAD is answered by the route of GET.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let found = verbs.and_then(|verbs| verbs.iter().find(|(verb, _)| verb == method));
        found.map_or(&self.others, |(_, meter)| meter)
    }
}

impl Meter {
    fn new(route: &str, verb: &str) -> Self {
        Self { route: route.to_owned(), verb: verb.to_owned(), used: OnceLock::new() }
    }

    pub fn count(&self, status: StatusCode, took: Duration) {
        let used = self.used.get_or_init(|| Box::new(self.used()));
        let known = CODES.binary_search(&status.as_u16()).ok();
        let counter = known.and_then(|code| used.by_code.get(code)).unwrap_or(&used.others);
        counter.get_or_init(|| self.counter(known)).increment(1);
        used.seconds.record(took.as_secs_f64());
    }

    fn used(&self) -> Used {
        let (route, verb) = (self.route.clone(), self.verb.clone());
        let seconds = metrics::histogram!(
            "holdfast_http_request_duration_seconds", "route" => route, "method" => verb
        );
        let by_code = [const { OnceLock::new() }; CODES.len()];
        Used { by_code, others: OnceLock::new(), seconds }
    }

    fn counter(&self, known: Option<usize>) -> Counter {
        let (route, verb) = (self.route.clone(), self.verb.clone());
        let code = known.and_then(|code| CODES.get(code));
        let code = code.map_or_else(|| "other".to_owned(), ToString::to_string);
        metrics::counter!(
            "holdfast_http_requests_total", "route" => route, "method" => verb, "code" => code
        )
    }
}

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn the_known_statuses_are_in_order_so_that_they_are_found() {
        assert!(CODES.is_sorted_by(|one, next| one < next));
    }
}
