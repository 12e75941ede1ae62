//! Books that are kept beside the box, from what `docs/manual/stock.md` and `counts.md` say alone,
//! in integers of 128 bits: thousandths of a unit and ten-thousandths of money.

use super::orders::Order;

/// What an entry of the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Receive,
    Use,
    Adjust,
    Transfer,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Use => "use",
            Self::Adjust => "adjust",
            Self::Transfer => "transfer",
        }
    }
}

/// A line of the books. Indices name items, places and other lines.
#[derive(Debug, Clone)]
pub struct Entry {
    pub item: usize,
    pub place: usize,
    pub kind: Kind,
    pub qty: i128,
    pub value: i128,
    /// Milliseconds since 1970.
    pub at: i64,
    pub reverses: Option<usize>,
    pub reversed_by: Option<usize>,
    /// The other leg of a transfer.
    pub other_leg: Option<usize>,
    /// The order and its line that brought it.
    pub delivery: Option<(usize, usize)>,
}

/// An item and what there is of it over all places.
#[derive(Debug, Clone)]
pub struct Goods {
    /// The item's own price.
    pub price: Option<i128>,
    /// Whether all of it comes in at that price, whatever was paid.
    pub is_standard: bool,
    pub step: i128,
    pub qty: i128,
    pub value: i128,
    pub is_deleted: bool,
}

impl Goods {
    pub fn new(price: Option<i128>, step: i128) -> Self {
        Self { price, is_standard: false, step, qty: 0, value: 0, is_deleted: false }
    }

    /// What one unit counts for that comes in, or that is found: what is bought has its own price
    /// or the usual one; what is found, the average.
    fn counts_for(&self, wish: &Move) -> i128 {
        let price = match wish.kind {
            _ if self.is_standard => self.price,
            Kind::Receive => wish.price.or(self.price).or(self.average()),
            _ => self.average().or(self.price),
        };
        price.unwrap_or(0)
    }

    /// The moving average of one unit, where there is one: what would be worth less than nothing is
    /// no price.
    pub fn average(&self) -> Option<i128> {
        let average = (self.qty != 0).then(|| rounded(self.value * 1_000, self.qty));
        average.filter(|average| *average >= 0)
    }

    /// What a change of the quantity is worth: towards nothing at the average, whose last unit
    /// takes the rest; away from nothing at a price.
    fn worth_of(&self, qty: i128, price: i128) -> i128 {
        if self.qty.signum() * qty.signum() != -1 {
            return rounded(qty * price, 1_000);
        }
        if qty.abs() < self.qty.abs() {
            return rounded(self.value * qty, self.qty);
        }
        rounded((self.qty + qty) * price, 1_000) - self.value
    }
}

/// A quotient to the nearest whole number, half away from zero.
pub fn rounded(dividend: i128, divisor: i128) -> i128 {
    let (dividend, divisor) = if divisor < 0 { (-dividend, -divisor) } else { (dividend, divisor) };
    let whole = (2 * dividend.abs() + divisor) / (2 * divisor);
    whole * dividend.signum()
}

/// What may be answered in place of posting.
#[derive(Debug)]
pub struct Refused {
    pub codes: &'static [&'static str],
    /// What the answer says is there, where that is the reason.
    pub on_hand: Option<i128>,
}

impl Refused {
    pub fn new(codes: &'static [&'static str]) -> Self {
        Self { codes, on_hand: None }
    }
}

/// A movement as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub kind: Kind,
    pub item: usize,
    pub place: usize,
    pub qty: i128,
    pub price: Option<i128>,
    pub at: i64,
    /// Whether the stock may fall below zero.
    pub overrides: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Books {
    pub goods: Vec<Goods>,
    pub entries: Vec<Entry>,
    pub orders: Vec<Order>,
}

impl Books {
    pub fn balance(&self, item: usize, place: usize) -> i128 {
        self.of(item, place).map(|entry| entry.qty).sum()
    }

    fn of(&self, item: usize, place: usize) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.item == item && entry.place == place)
    }

    /// The lowest that there was at a place at a moment or since.
    fn lowest_since(&self, item: usize, place: usize, at: i64) -> i128 {
        let mut entries: Vec<&Entry> = self.of(item, place).collect();
        entries.sort_by_key(|entry| entry.at);
        let (before, since) = entries.split_at(entries.partition_point(|entry| entry.at <= at));
        let mut balance: i128 = before.iter().map(|entry| entry.qty).sum();
        let mut lowest = balance;
        for entry in since {
            balance += entry.qty;
            lowest = lowest.min(balance);
        }
        lowest
    }

    fn check_stock(&self, wish: &Move) -> Result<(), Refused> {
        let is_fine = wish.overrides || wish.qty >= 0;
        if is_fine || self.lowest_since(wish.item, wish.place, wish.at) + wish.qty >= 0 {
            return Ok(());
        }
        let on_hand = Some(self.balance(wish.item, wish.place));
        Err(Refused { on_hand, ..Refused::new(&["stock-short"]) })
    }

    /// Writes a receipt, a use or an adjustment and gives its line.
    pub fn post(&mut self, wish: &Move) -> Result<usize, Refused> {
        let goods = &self.goods[wish.item];
        if goods.is_deleted {
            return Err(Refused::new(&["unknown-item"]));
        }
        self.check_stock(wish)?;
        let value = goods.worth_of(wish.qty, goods.counts_for(wish));
        Ok(self.write(wish, value))
    }

    fn write(&mut self, wish: &Move, value: i128) -> usize {
        let goods = &mut self.goods[wish.item];
        goods.qty += wish.qty;
        goods.value += value;
        let Move { kind, item, place, qty, at, .. } = *wish;
        let (reverses, reversed_by, other_leg, delivery) = (None, None, None, None);
        let links =
            Entry { item, place, kind, qty, value, at, reverses, reversed_by, other_leg, delivery };
        self.entries.push(links);
        self.entries.len() - 1
    }

    /// Moves goods: what leaves takes its worth along.
    pub fn transfer(&mut self, out: &Move, to: usize) -> Result<[usize; 2], Refused> {
        let leaving = self.post(out)?;
        let value = -self.entries[leaving].value;
        let arriving = self.write(&Move { place: to, qty: -out.qty, ..*out }, value);
        self.entries[leaving].other_leg = Some(arriving);
        self.entries[arriving].other_leg = Some(leaving);
        Ok([leaving, arriving])
    }

    /// Takes a line back at its own value, of a transfer both legs in their order, and gives the
    /// new lines.
    pub fn reverse(
        &mut self,
        which: usize,
        now: i64,
        overrides: bool,
    ) -> Result<Vec<usize>, Refused> {
        let entry = self.entries[which].clone();
        if self.goods[entry.item].is_deleted {
            let codes = &["movement-gone", "already-reversed", "reversal-of-reversal"];
            return Err(Refused::new(codes));
        }
        if entry.reverses.is_some() {
            return Err(Refused::new(&["reversal-of-reversal"]));
        }
        if entry.reversed_by.is_some() {
            return Err(Refused::new(&["already-reversed"]));
        }
        let mut legs: Vec<usize> = [Some(which), entry.other_leg].into_iter().flatten().collect();
        legs.sort_unstable();
        let wishes: Vec<Move> =
            legs.iter().map(|leg| self.opposite(*leg, now, overrides)).collect();
        for wish in &wishes {
            self.check_stock(wish)?;
        }
        let written = legs.iter().zip(&wishes).map(|(leg, wish)| self.write_back(*leg, wish));
        let written: Vec<usize> = written.collect();
        if let [one, other] = written[..] {
            self.entries[one].other_leg = Some(other);
            self.entries[other].other_leg = Some(one);
        }
        Ok(written)
    }

    fn opposite(&self, which: usize, at: i64, overrides: bool) -> Move {
        let entry = &self.entries[which];
        let Entry { kind, item, place, .. } = *entry;
        Move { kind, item, place, qty: -entry.qty, price: None, at, overrides }
    }

    /// The last unit takes the rest here as well: nothing is worth nothing.
    fn write_back(&mut self, which: usize, wish: &Move) -> usize {
        let goods = &self.goods[wish.item];
        let entry = &self.entries[which];
        let takes_rest = entry.other_leg.is_none() && goods.qty + wish.qty == 0;
        let value = if takes_rest { -goods.value } else { -entry.value };
        let written = self.write(wish, value);
        self.entries[written].reverses = Some(which);
        self.entries[which].reversed_by = Some(written);
        if let Some((order, line)) = self.entries[which].delivery {
            self.orders[order].went_back(line, -wish.qty);
        }
        written
    }

    /// What there was of an item at a moment, and its worth.
    pub fn at(&self, item: usize, moment: i64) -> (i128, i128) {
        let entries = self.entries.iter().filter(|entry| entry.item == item && entry.at <= moment);
        entries.fold((0, 0), |(qty, value), entry| (qty + entry.qty, value + entry.value))
    }

    /// The same at one place.
    pub fn at_place(&self, item: usize, place: usize, moment: i64) -> i128 {
        self.of(item, place).filter(|entry| entry.at <= moment).map(|entry| entry.qty).sum()
    }
}
