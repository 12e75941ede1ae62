//! The table of contents of the app.

use super::{
    alerts, comments, count_reports, counts, exports, files, imports, items, locations, locks,
    movements, orders, saved_filters, stocks, suppliers, usage_reports, valuations,
};
use crate::platform::app::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .merge(items::api::routes())
        .merge(saved_filters::api::routes())
        .merge(files::api::routes())
        .merge(locations::api::routes())
        .merge(movements::api::routes())
        .merge(locks::api::routes())
        .merge(stocks::api::routes())
        .merge(alerts::api::routes())
        .merge(valuations::api::routes())
        .merge(usage_reports::api::routes())
        .merge(count_reports::api::routes())
        .merge(counts::api::routes())
        .merge(suppliers::api::routes())
        .merge(orders::api::routes())
        .merge(comments::api::routes())
        .merge(imports::api::routes())
        .merge(exports::api::routes())
}
