//! Counts requests by route. A counter is looked up when it is used first and kept: finding it by
//! its labels for every request would cost more than the rest of the counting.

use std::collections::HashMap;
use std::sync::OnceLock;
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

/// The counters of one route and verb; those that were never used are not shown.
pub struct Meter {
    route: String,
    verb: String,
    by_class: [OnceLock<Counter>; CLASSES.len()],
    seconds: OnceLock<Histogram>,
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
        Self {
            route: route.to_owned(),
            verb: verb.to_owned(),
            by_class: [const { OnceLock::new() }; CLASSES.len()],
            seconds: OnceLock::new(),
        }
    }

    pub fn count(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let (Some(counter), Some(class)) = (self.by_class.get(class), CLASSES.get(class)) {
            counter.get_or_init(|| self.counter(class)).increment(1);
        }
        self.seconds.get_or_init(|| self.histogram()).record(took.as_secs_f64());
    }

    fn counter(&self, class: &'static str) -> Counter {
        let (route, verb) = (self.route.clone(), self.verb.clone());
        metrics::counter!(
            "holdfast_http_requests_total",
            "route" => route, "method" => verb, "status" => class
        )
    }

    fn histogram(&self) -> Histogram {
        let (route, verb) = (self.route.clone(), self.verb.clone());
        metrics::histogram!(
            "holdfast_http_request_seconds", "route" => route, "method" => verb
        )
    }
}
