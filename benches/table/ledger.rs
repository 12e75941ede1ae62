//! A ledger of any length in seconds: rows go straight into the table, whose own triggers keep
//! the sums. Only the audit log stays as short as it was.

use std::time::Duration;

use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Ctx, Scope};
use holdfast::platform::error::Result;
use rusqlite::named_params;

use crate::seed::BUSIEST;

/// In one transaction.
const AT_ONCE: usize = 20_000;
/// Every item is kept at so many places.
const PLACES: usize = 4;
/// Thousandths that are delivered at once; uses are one to five.
const DELIVERED: i64 = 24_000;

struct Row {
    kind: &'static str,
    item: i64,
    place: i64,
    /// Thousandths.
    qty: i64,
    /// Ten-thousandths for one.
    price: i64,
    reference: String,
}

/// What is where, so that nothing falls below zero.
struct Stock {
    on_hand: Vec<[i64; PLACES]>,
    places: usize,
    number: usize,
}

/// Posts so many entries over the time the history takes, as the trade goes: a tenth of them on
/// ten items, four tenths on a thousand, the rest on all others.
pub(crate) async fn fill(
    ctx: &Ctx,
    clock: &Clock,
    history: Duration,
    movements: usize,
) -> Result<()> {
    let (items, places) = ctx.read(counts).await?;
    let mut stock = Stock { on_hand: vec![[0; PLACES]; items], places, number: 0 };
    let steps = movements.div_ceil(AT_ONCE);
    let step = history / u32::try_from(steps).unwrap_or(u32::MAX);
    for _ in 0..steps {
        let count = AT_ONCE.min(movements - stock.number);
        let rows: Vec<Row> = (0..count).map(|_| stock.next()).collect();
        clock.advance(step);
        ctx.write(move |scope| post(scope, &rows, step)).await?;
    }
    Ok(())
}

fn counts(scope: &Scope<'_>) -> Result<(usize, usize)> {
    let sql = "SELECT (SELECT MAX(rid) FROM items), (SELECT MAX(rid) FROM locations)";
    let counts = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (items, places) = scope.prepare_cached(sql)?.query_row([], counts)?;
    Ok((usize::try_from(items).unwrap_or(0), usize::try_from(places).unwrap_or(0)))
}

impl Stock {
    fn next(&mut self) -> Row {
        let number = self.number;
        self.number += 1;
        let items = self.on_hand.len();
        // Steps without a common divisor with their number visit all of them in turn.
        let item = match number % 10 {
            0 => number / 10 % BUSIEST,
            1..=4 => BUSIEST + number * 7_919 % 990,
            _ => 1_000 + number * 104_729 % (items - 1_000),
        };
        let spot = number / 10 % PLACES;
        let on_hand = &mut self.on_hand[item][spot];
        let (kind, qty) = if *on_hand < 6_000 {
            ("receive", DELIVERED)
        } else {
            ("use", -(1 + as_i64(number) % 5) * 1_000)
        };
        *on_hand += qty;
        Row {
            kind,
            item: as_i64(item) + 1,
            place: as_i64((item * 3 + spot) % self.places) + 1,
            qty,
            price: as_i64(item % 90 + 1) * 10_000 + 2_500,
            reference: if qty > 0 { format!("DN-{number:07}") } else { String::new() },
        }
    }
}

fn post(scope: &Scope<'_>, rows: &[Row], span: Duration) -> Result<()> {
    let gap = span / u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let begin = scope.now().minus(span);
    let mut statement = scope.prepare_cached(
        "INSERT INTO movements (id, type, item_id, location_id, lot_id, qty, unit_cost, value,
             effective_at, posted_at, posted_by, note, reference)
         VALUES (:id, :kind, :item, :place, 0, :qty, :price, :value, :at, :at, :user, '',
             :reference)",
    )?;
    for (nth, row) in rows.iter().enumerate() {
        let at = begin.plus(gap * u32::try_from(nth).unwrap_or(u32::MAX));
        statement.execute(named_params! {
            ":id": scope.new_id::<Row>(), ":kind": row.kind, ":item": row.item,
            ":place": row.place, ":qty": row.qty, ":price": row.price,
            ":value": row.qty / 1_000 * row.price, ":at": at, ":user": scope.user(),
            ":reference": row.reference,
        })?;
    }
    Ok(())
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
