//! Counts requests by route. The counters are looked up once, when the routes are known: finding
//! one by its labels for every request would cost more than the rest of the counting.

use std::collections::HashMap;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Histogram};

/// The route of requests that match none: files of the web UI and unknown addresses.
const NO_ROUTE: &str = "none";
/// Classes of statuses, from the first digit on.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The counters of all routes.
pub struct Meters {
    routes: HashMap<String, Vec<(Method, Meter)>>,
    others: Meter,
}

/// The counters of one route and verb.
pub struct Meter {
    by_class: [Counter; CLASSES.len()],
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
        let counter = |class: &'static str| {
            metrics::counter!(
                "holdfast_http_requests_total",
                "route" => route.to_owned(), "method" => verb.to_owned(), "status" => class
            )
        };
        Self {
            by_class: CLASSES.map(counter),
            seconds: metrics::histogram!(
                "holdfast_http_request_seconds",
                "route" => route.to_owned(), "method" => verb.to_owned()
            ),
        }
    }

    pub fn count(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.by_class.get(class) {
            counter.increment(1);
        }
        self.seconds.record(took.as_secs_f64());
    }
}
