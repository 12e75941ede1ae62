//! Half a year of the kitchens' ledger: what was there at first, what came every week, went to
//! the kitchens, was used day by day, got lost, and was typed wrong.

use std::cmp::Reverse;

use super::catalogue::{self, Goods, Way, amount, up_to_step, whole};
use super::dice::Dice;
use super::places::{Kitchen, central_place};

/// The story begins so many days ago.
pub(super) const DAYS: u32 = 182;
/// One of so many goods is not delivered any more in the end, so it runs low.
const SCARCE_EVERY: usize = 24;
/// For so many days; what the central store buys lasts longer.
const SCARCE_DAYS: u32 = 40;
const SCARCE_CENTRAL_DAYS: u32 = 150;
const SEED: u64 = 0x1e_de_c0_ff_ee;

/// Short mark and name.
pub(super) const SUPPLIERS: [(&str, &str); 14] = [
    ("GG", "Grüne Gärten Cooperative"),
    ("OB", "Orchard & Berry"),
    ("HB", "Hinterland Butchers"),
    ("WF", "Wald & Feder Game and Poultry"),
    ("NF", "North Quay Fisheries"),
    ("MD", "Marsch Dairy"),
    ("PC", "Polar Cold Chain"),
    ("ML", "Mill Lane Bakery"),
    ("AM", "Alte Mühle Mills"),
    ("SI", "Spice Island Trading"),
    ("KW", "Kontor Wholesale"),
    ("TR", "Tidewater Roasters"),
    ("BF", "Brauhaus & Fizz Drinks"),
    ("VN", "Vineyard North"),
];

/// Something that happened to some goods at a place.
pub(crate) struct Move {
    /// Days before the day the story is told on; the last are those of yesterday.
    pub(crate) days_ago: u32,
    /// Of that day.
    pub(crate) minute: u32,
    /// Among the goods.
    pub(crate) goods: usize,
    pub(crate) place: &'static str,
    /// Signed for what was found or lost, else above zero; thousandths.
    pub(crate) qty: i64,
    pub(crate) what: What,
}

pub(crate) enum What {
    /// Was there when the ledger began.
    Opening,
    /// Came, for so many cents each, with a delivery note.
    Received {
        unit_cost: i64,
        delivery: String,
    },
    Used {
        note: &'static str,
    },
    Adjusted {
        note: &'static str,
    },
    Transferred {
        to: &'static str,
    },
    /// Takes back the entry right before it.
    Reversed {
        note: &'static str,
    },
}

impl Move {
    /// Its quantity as people write it.
    pub(crate) fn amount(&self) -> String {
        amount(self.qty)
    }
}

/// What lies at one place of the goods, for one kitchen.
struct Shelf {
    goods: usize,
    kitchen: &'static str,
    /// Thousandths.
    stock: i64,
    daily: i64,
    /// The day of its round on which its use is entered.
    turn: u32,
}

struct Teller {
    goods: Vec<Goods>,
    shelves: Vec<Shelf>,
    /// In the central store, by goods.
    central: Vec<i64>,
    /// What all kitchens use in a day, by goods.
    daily: Vec<i64>,
    dice: Dice,
    moves: Vec<Move>,
    uses: usize,
    receipts: usize,
}

/// Everything that happened, oldest first.
pub(super) fn tell() -> Vec<Move> {
    let mut teller = Teller::new();
    teller.open();
    for days_ago in (1..DAYS).rev() {
        teller.deliver(days_ago);
        teller.distribute(days_ago);
        teller.use_up(days_ago);
        teller.count(days_ago);
    }
    let mut moves = teller.moves;
    // Stable, so that what takes an entry back stays right behind it.
    moves.sort_by_key(|one| (Reverse(one.days_ago), one.minute));
    moves
}

impl Teller {
    fn new() -> Self {
        let goods: Vec<Goods> = catalogue::all().collect();
        let mut dice = Dice::new(SEED);
        let (mut shelves, mut daily) = (Vec::new(), vec![0; goods.len()]);
        for one in &goods {
            for kitchen in Kitchen::of(one) {
                let rate = one.daily() * dice.between(80, 120) / 100;
                daily[one.number] += rate;
                let turn = u32::try_from(dice.between(0, 41)).unwrap_or(0);
                let kitchen = kitchen.place(one);
                shelves.push(Shelf { goods: one.number, kitchen, stock: 0, daily: rate, turn });
            }
        }
        let central = vec![0; goods.len()];
        Self { goods, shelves, central, daily, dice, moves: Vec::new(), uses: 0, receipts: 0 }
    }

    fn tell(&mut self, at: (u32, u32), goods: usize, place: &'static str, qty: i64, what: What) {
        let (days_ago, minute) = at;
        self.moves.push(Move { days_ago, minute, goods, place, qty, what });
    }

    /// What was there on the first morning.
    fn open(&mut self) {
        let at = (DAYS, 7 * 60);
        for number in 0..self.goods.len() {
            if self.goods[number].family.way == Way::Central {
                let days = self.dice.between(25, 40);
                let qty = self.steps_of(number, self.daily[number] * days);
                self.central[number] = qty;
                self.tell(at, number, central_place(&self.goods[number]), qty, What::Opening);
            }
        }
        for shelf in 0..self.shelves.len() {
            let Shelf { goods, kitchen, daily, .. } = self.shelves[shelf];
            let days = self.dice.between(12, 26);
            let qty = self.steps_of(goods, daily * days);
            self.shelves[shelf].stock = qty;
            self.tell(at, goods, kitchen, qty, What::Opening);
        }
    }

    /// Every supplier comes once a week and brings what runs out.
    fn deliver(&mut self, days_ago: u32) {
        for number in 0..self.goods.len() {
            let Goods { family, .. } = self.goods[number];
            if !is_turn(days_ago, whole(family.supplier), 7)
                || is_scarce(&self.goods[number], days_ago)
            {
                continue;
            }
            if family.way == Way::Central && self.central[number] < self.daily[number] * 35 {
                let qty = self.steps_of(number, self.daily[number] * 60);
                self.central[number] += qty;
                self.receive(days_ago, number, central_place(&self.goods[number]), qty);
            }
        }
        for shelf in 0..self.shelves.len() {
            let Shelf { goods, kitchen, daily, stock, .. } = self.shelves[shelf];
            let Goods { family, .. } = self.goods[goods];
            let is_due = is_turn(days_ago, whole(family.supplier), 7) && stock < daily * 24;
            if family.way == Way::Direct && is_due && !is_scarce(&self.goods[goods], days_ago) {
                let days = self.dice.between(28, 36);
                let qty = self.steps_of(goods, daily * days);
                self.shelves[shelf].stock += qty;
                self.receive(days_ago, goods, kitchen, qty);
            }
        }
    }

    fn receive(&mut self, days_ago: u32, goods: usize, place: &'static str, qty: i64) {
        self.receipts += 1;
        let supplier = self.goods[goods].family.supplier;
        // Prices rise by three in a hundred over the half year, and move a little each week.
        let per_mille = 1_000 + i64::from(30 * (DAYS - days_ago) / DAYS);
        let price = self.goods[goods].price() * (per_mille + self.dice.between(-25, 25)) / 1_000;
        let minute = 6 * 60 + 10 * u32::try_from(supplier).unwrap_or(0);
        let what = || What::Received {
            unit_cost: price,
            delivery: format!("{}-{:04}", SUPPLIERS[supplier].0, 7_400 + (DAYS - days_ago) / 7),
        };
        self.tell((days_ago, minute), goods, place, qty, what());
        if self.receipts % 400 == 150 {
            self.tell((days_ago, minute), goods, place, qty, what());
            let note = "Entered twice from the same delivery note";
            self.tell((days_ago, minute), goods, place, qty, What::Reversed { note });
        }
    }

    /// The central store's van goes to each kitchen once a week.
    fn distribute(&mut self, days_ago: u32) {
        for shelf in 0..self.shelves.len() {
            let Shelf { goods, kitchen, daily, stock, .. } = self.shelves[shelf];
            let Goods { family, .. } = self.goods[goods];
            let round = kitchen.bytes().next().map_or(0, i64::from);
            let is_due = is_turn(days_ago, round, 7) && stock < daily * 30;
            if family.way != Way::Central || !is_due {
                continue;
            }
            let wanted = self.steps_of(goods, daily * 60);
            let qty = wanted.min(self.central[goods]);
            if qty > 0 {
                self.central[goods] -= qty;
                self.shelves[shelf].stock += qty;
                let from = central_place(&self.goods[goods]);
                let what = What::Transferred { to: kitchen };
                self.tell((days_ago, 9 * 60), goods, from, qty, what);
            }
        }
    }

    /// The cooks enter what was used since they last did.
    fn use_up(&mut self, days_ago: u32) {
        const NOTES: [&str; 12] = [
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "Lunch and dinner",
            "Staff meal",
            "Banquet",
            "Catering",
            "Sunday brunch",
        ];
        let mut minute = 11 * 60;
        for shelf in 0..self.shelves.len() {
            let Shelf { goods, kitchen, daily, stock, turn } = self.shelves[shelf];
            let every = self.goods[goods].family.every;
            if !is_turn(days_ago, i64::from(turn), every) {
                continue;
            }
            let rate = self.dice.between(75, 115);
            let used = self.steps_of(goods, daily * i64::from(every) * rate / 100).min(stock);
            if used == 0 {
                continue;
            }
            self.shelves[shelf].stock -= used;
            self.uses += 1;
            let note = self.dice.pick(&NOTES).unwrap_or_default();
            minute = (minute + 4).min(21 * 60);
            self.tell((days_ago, minute), goods, kitchen, used, What::Used { note });
            if self.uses % 500 == 99 && self.shelves[shelf].stock >= used {
                self.tell((days_ago, minute), goods, kitchen, used, What::Used { note });
                let note = "Entered twice";
                self.tell((days_ago, minute), goods, kitchen, used, What::Reversed { note });
            }
        }
    }

    /// In the evening some shelves are looked at, and what is missing is written off.
    fn count(&mut self, days_ago: u32) {
        const LOST: [&str; 5] =
            ["Spot count", "Broken", "Past its date", "Spilt", "Spoilt when the door stood open"];
        const FOUND: [&str; 2] = ["Spot count", "Found behind the crates"];
        for shelf in 0..self.shelves.len() {
            let Shelf { goods, kitchen, stock, .. } = self.shelves[shelf];
            let roll = self.dice.between(1, 2_800);
            let percent = self.dice.between(1, 4);
            let change = self.steps_of(goods, stock * percent / 100);
            let (qty, notes) = if roll == 1 { (change, &FOUND[..]) } else { (-change, &LOST[..]) };
            if roll > 4 || stock + qty < 0 {
                continue;
            }
            self.shelves[shelf].stock += qty;
            let note = self.dice.pick(notes).unwrap_or_default();
            self.tell((days_ago, 22 * 60), goods, kitchen, qty, What::Adjusted { note });
        }
    }

    fn steps_of(&self, goods: usize, thousandths: i64) -> i64 {
        up_to_step(thousandths, self.goods[goods].step())
    }
}

/// Whether a day is the one of its round of `every` days.
fn is_turn(days_ago: u32, turn: i64, every: u32) -> bool {
    (i64::from(days_ago) + turn) % i64::from(every) == 0
}

/// Whether the supplier has none.
fn is_scarce(goods: &Goods, days_ago: u32) -> bool {
    let since = match goods.family.way {
        Way::Direct => SCARCE_DAYS,
        Way::Central => SCARCE_CENTRAL_DAYS,
    };
    goods.number % SCARCE_EVERY == SCARCE_EVERY / 2 && days_ago <= since
}
