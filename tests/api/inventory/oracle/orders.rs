//! The orders of the books: what was ordered and what has come of it.

use super::books::{Books, Kind, Move, Refused};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    /// All of it came.
    Received,
    ClosedShort,
}

#[derive(Debug, Clone)]
pub struct OrderLine {
    pub item: usize,
    pub ordered: i128,
    pub price: i128,
    pub received: i128,
}

#[derive(Debug, Clone)]
pub struct Order {
    pub state: State,
    pub lines: Vec<OrderLine>,
}

/// What came of a line to a place.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub line: usize,
    pub qty: i128,
    pub place: usize,
    pub price: Option<i128>,
}

impl Order {
    pub fn left(&self, line: usize) -> i128 {
        self.lines[line].ordered - self.lines[line].received
    }

    /// Something that had come is no longer there. What was closed short stays closed.
    pub fn went_back(&mut self, line: usize, qty: i128) {
        self.lines[line].received -= qty;
        if self.state == State::Received {
            self.state = State::Open;
        }
    }

    fn is_complete(&self) -> bool {
        self.lines.iter().all(|line| line.received == line.ordered)
    }
}

impl Books {
    /// Receives all that came in one van, or nothing of it.
    pub fn deliver(
        &mut self,
        order: usize,
        arrivals: &[Arrival],
        at: i64,
    ) -> Result<Vec<usize>, Refused> {
        let before = self.clone();
        let written = self.unload(order, arrivals, at);
        if written.is_err() {
            *self = before;
        }
        written
    }

    fn unload(
        &mut self,
        order: usize,
        arrivals: &[Arrival],
        at: i64,
    ) -> Result<Vec<usize>, Refused> {
        if self.orders[order].state != State::Open {
            return Err(Refused::new(&["order-not-open"]));
        }
        let mut written = Vec::new();
        for Arrival { line, qty, place, price } in arrivals.iter().copied() {
            if qty > self.orders[order].left(line) {
                return Err(Refused::new(&["over-receipt"]));
            }
            let ordered = &mut self.orders[order].lines[line];
            ordered.received += qty;
            let (item, price) = (ordered.item, price.or(Some(ordered.price)));
            let kind = Kind::Receive;
            let wish = Move { kind, item, place, qty, price, at, overrides: false };
            let entry = self.post(&wish)?;
            self.entries[entry].delivery = Some((order, line));
            written.push(entry);
        }
        if self.orders[order].is_complete() {
            self.orders[order].state = State::Received;
        }
        Ok(written)
    }

    /// Takes back what is left of a receipt, all of it or nothing.
    pub fn take_back(&mut self, receipt: &[usize], now: i64) -> Result<Vec<usize>, Refused> {
        let left = receipt.iter().copied().filter(|one| self.entries[*one].reversed_by.is_none());
        let left: Vec<usize> = left.collect();
        if left.is_empty() {
            return Err(Refused::new(&["already-reversed"]));
        }
        let before = self.clone();
        let mut written = Vec::new();
        for entry in left {
            match self.reverse(entry, now, false) {
                Ok(lines) => written.extend(lines),
                Err(refused) => {
                    *self = before;
                    return Err(refused);
                }
            }
        }
        Ok(written)
    }

    pub fn close(&mut self, order: usize) -> Result<(), Refused> {
        let order = &mut self.orders[order];
        if order.state != State::Open {
            return Err(Refused::new(&["order-not-open"]));
        }
        if order.lines.iter().all(|line| line.received == 0) {
            return Err(Refused::new(&["order-nothing-received"]));
        }
        order.state = State::ClosedShort;
        Ok(())
    }

    /// An item that is somewhere or may still come is not deleted.
    pub fn delete(&mut self, item: usize, places: usize) -> Result<(), Refused> {
        let is_somewhere = (0..places).any(|place| self.balance(item, place) != 0);
        let open = self.orders.iter().filter(|order| order.state == State::Open);
        let may_come = open.flat_map(|order| &order.lines).any(|line| line.item == item);
        if is_somewhere || may_come {
            return Err(Refused::new(&["item-in-use"]));
        }
        self.goods[item].is_deleted = true;
        Ok(())
    }
}
