//! What the kitchens keep: 28 families of 15 goods, each from the cheapest to the dearest.

use super::story::SUPPLIERS;
use crate::apps::inventory::items::rules::{BarcodeInput, Given, ItemInput};
use crate::apps::inventory::suppliers::rules::SupplierLink;

/// Goods in a family.
const RANKS: usize = 15;
/// Days of use that a minimum and a maximum stand for.
const MIN_DAYS: i64 = 5;
const MAX_DAYS: i64 = 60;
const MAX_DAYS_CENTRAL: i64 = 150;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Dry,
    Cooler,
    Freezer,
    /// Dry too, but behind the bar.
    Bar,
}

impl Zone {
    fn name(self) -> &'static str {
        match self {
            Self::Dry | Self::Bar => "dry",
            Self::Cooler => "cooler",
            Self::Freezer => "freezer",
        }
    }
}

/// How goods come to the kitchens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The supplier brings them to each kitchen.
    Direct,
    /// Through the central store.
    Central,
}

/// Goods that are kept, bought and used alike.
pub(super) struct Family {
    prefix: &'static str,
    category: &'static str,
    unit: Unit,
    pub(super) zone: Zone,
    pub(super) way: Way,
    pub(super) supplier: usize,
    /// Cents for the cheapest and the dearest.
    prices: (i64, i64),
    /// Thousandths that a kitchen uses of the cheapest in a day.
    daily: i64,
    /// Days between two entries of what was used.
    pub(super) every: u32,
    /// The bakery uses them too.
    pub(super) is_baked: bool,
    names: [&'static str; RANKS],
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Kilogram,
    Litre,
    Each,
    Bottle,
    Tin,
    Case,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Kilogram => "kg",
            Self::Litre => "l",
            Self::Each => "ea",
            Self::Bottle => "bottle",
            Self::Tin => "tin",
            Self::Case => "case",
        }
    }

    /// In thousandths.
    fn step(self) -> i64 {
        match self {
            Self::Kilogram => 50,
            Self::Litre => 250,
            Self::Each | Self::Bottle | Self::Tin | Self::Case => 1_000,
        }
    }
}

/// One of the goods, with what the story has to know of it.
pub(crate) struct Goods {
    pub(super) family: &'static Family,
    /// In its family, 0 for the cheapest.
    pub(super) rank: usize,
    /// Among all goods.
    pub(super) number: usize,
}

pub(super) fn all() -> impl Iterator<Item = Goods> {
    let ranked = FAMILIES.iter().flat_map(|family| (0..RANKS).map(move |rank| (family, rank)));
    ranked.enumerate().map(|(number, (family, rank))| Goods { family, rank, number })
}

impl Goods {
    /// The price in cents: it rises faster towards the dearest.
    pub(super) fn price(&self) -> i64 {
        let (from, to) = self.family.prices;
        let rank = whole(self.rank);
        let exact = from + (to - from) * rank * rank / whole((RANKS - 1) * (RANKS - 1));
        exact / 5 * 5
    }

    /// Thousandths that a kitchen uses in a day.
    pub(super) fn daily(&self) -> i64 {
        self.family.daily * whole(RANKS + 2 - self.rank) / whole(RANKS + 2)
    }

    /// Goods that every kitchen uses.
    pub(super) fn is_staple(&self) -> bool {
        self.rank < 3
    }

    pub(super) fn step(&self) -> i64 {
        self.family.unit.step()
    }

    pub(super) fn item_number(&self) -> String {
        format!("{}-{:03}", self.family.prefix, self.rank + 1)
    }

    /// The item as somebody would have written it. `users` kitchens use it.
    pub(super) fn item(&self, users: i64) -> ItemInput {
        let daily = self.daily() * users;
        let limit = |days| Some(amount(up_to_step(daily * days, self.step().max(500))));
        let price = self.price();
        let max_days = match self.family.way {
            Way::Direct => MAX_DAYS,
            Way::Central => MAX_DAYS_CENTRAL,
        };
        ItemInput {
            item_number: self.item_number(),
            name: self.family.names[self.rank].to_owned(),
            unit: self.family.unit.name().to_owned(),
            qty_step: Some(amount(self.step())),
            category: Some(self.family.category.to_owned()),
            min_qty: limit(MIN_DAYS),
            max_qty: limit(max_days),
            unit_cost: Given::To(Some(format!("{}.{:02}", price / 100, price % 100))),
            cost_method: None,
            temp_zone: Some(self.family.zone.name().to_owned()),
            notes: self.notes().map(str::to_owned),
            barcodes: self.barcodes(),
        }
    }

    pub(super) fn supplier(&self) -> SupplierLink {
        let (code, name) = SUPPLIERS[self.family.supplier];
        SupplierLink {
            name: name.to_owned(),
            sku: format!("{code}{:05}", self.number * 37 + 1_204),
        }
    }

    fn notes(&self) -> Option<&'static str> {
        match (self.family.zone, self.family.way, self.rank) {
            (Zone::Freezer, ..) => Some("Keep at −18 °C. Never freeze again what has thawed."),
            (Zone::Cooler, Way::Direct, 12..) => Some("Sign for it only after a look at the date."),
            (_, _, 14) => Some("Dear: keep locked."),
            _ => None,
        }
    }

    /// Two of three goods have a code on their pack; some cases have one too.
    fn barcodes(&self) -> Vec<BarcodeInput> {
        let ean = |lead: usize, pack: Option<i64>| BarcodeInput {
            code: gtin(&format!("{lead}{:09}", self.number * 7_919_113 % 1_000_000_000)),
            kind: Some("ean".to_owned()),
            pack_qty: pack.map(amount),
        };
        match self.number % 6 {
            0 | 3 => Vec::new(),
            1 => vec![ean(200, None), ean(201, Some(12_000))],
            _ => vec![ean(200, None)],
        }
    }
}

/// Twelve digits and their check digit.
fn gtin(digits: &str) -> String {
    let weighted = digits.bytes().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Thousandths as people write them.
pub(super) fn amount(thousandths: i64) -> String {
    let (sign, size) = (if thousandths < 0 { "-" } else { "" }, thousandths.abs());
    format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
}

/// The next whole number of steps, at least one.
pub(super) fn up_to_step(thousandths: i64, step: i64) -> i64 {
    ((thousandths + step - 1) / step).max(1) * step
}

/// Small counts as numbers to calculate with.
pub(super) fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

use Unit::{Bottle, Case, Each, Kilogram, Litre, Tin};
use Way::{Central, Direct};
use Zone::{Bar, Cooler, Dry, Freezer};

const FAMILIES: [Family; 28] = [
    Family {
        prefix: "VEG",
        category: "Vegetables",
        unit: Kilogram,
        zone: Cooler,
        way: Direct,
        supplier: 0,
        prices: (80, 650),
        daily: 6_000,
        every: 21,
        is_baked: false,
        names: [
            "Potatoes, waxy",
            "Onions, yellow",
            "Carrots",
            "White cabbage",
            "Beetroot",
            "Leeks",
            "Celeriac",
            "Cucumbers",
            "Courgettes",
            "Aubergines",
            "Tomatoes on the vine",
            "Fennel",
            "Red peppers",
            "Broccoli",
            "Green asparagus",
        ],
    },
    Family {
        prefix: "HRB",
        category: "Salads and herbs",
        unit: Each,
        zone: Cooler,
        way: Direct,
        supplier: 0,
        prices: (60, 240),
        daily: 9_000,
        every: 21,
        is_baked: false,
        names: [
            "Iceberg lettuce",
            "Parsley, flat, bunch",
            "Cos lettuce",
            "Parsley, curly, bunch",
            "Chives, bunch",
            "Dill, bunch",
            "Lollo rosso",
            "Mint, bunch",
            "Coriander, bunch",
            "Thyme, bunch",
            "Rosemary, bunch",
            "Radicchio",
            "Sage, bunch",
            "Tarragon, bunch",
            "Basil in a pot",
        ],
    },
    Family {
        prefix: "FRT",
        category: "Fruit",
        unit: Kilogram,
        zone: Cooler,
        way: Direct,
        supplier: 1,
        prices: (110, 1_250),
        daily: 3_000,
        every: 21,
        is_baked: false,
        names: [
            "Bananas",
            "Apples, Braeburn",
            "Oranges",
            "Lemons",
            "Pears, Conference",
            "Grapefruit, pink",
            "Plums",
            "Limes",
            "Grapes, white",
            "Pineapple",
            "Mangoes",
            "Strawberries",
            "Figs",
            "Blueberries",
            "Raspberries",
        ],
    },
    Family {
        prefix: "PLS",
        category: "Pulses",
        unit: Kilogram,
        zone: Dry,
        way: Central,
        supplier: 8,
        prices: (160, 580),
        daily: 1_400,
        every: 28,
        is_baked: false,
        names: [
            "Green lentils",
            "Yellow split peas",
            "Chickpeas",
            "Red lentils",
            "Kidney beans",
            "Black beans",
            "White haricot beans",
            "Pinto beans",
            "Cannellini beans",
            "Borlotti beans",
            "Mung beans",
            "Black-eyed beans",
            "Butter beans",
            "Puy lentils",
            "Beluga lentils",
        ],
    },
    Family {
        prefix: "BEF",
        category: "Beef and veal",
        unit: Kilogram,
        zone: Cooler,
        way: Direct,
        supplier: 2,
        prices: (690, 4_200),
        daily: 3_200,
        every: 21,
        is_baked: false,
        names: [
            "Beef bones for stock",
            "Beef mince",
            "Beef shin",
            "Oxtail",
            "Beef brisket",
            "Stewing beef",
            "Beef cheeks",
            "Topside of beef",
            "Flank steak",
            "Veal shoulder",
            "Beef rump",
            "Rib-eye of beef",
            "Striploin of beef",
            "Veal loin",
            "Beef fillet",
        ],
    },
    Family {
        prefix: "PRK",
        category: "Pork and charcuterie",
        unit: Kilogram,
        zone: Cooler,
        way: Direct,
        supplier: 2,
        prices: (420, 2_400),
        daily: 2_800,
        every: 21,
        is_baked: false,
        names: [
            "Pork shoulder",
            "Pork mince",
            "Pork belly",
            "Pork knuckle",
            "Pork neck",
            "Frankfurters",
            "Streaky bacon",
            "Cooked ham",
            "Pork loin",
            "Pork fillet",
            "Chorizo",
            "Salami Milano",
            "Pancetta",
            "Coppa",
            "Prosciutto di Parma",
        ],
    },
    Family {
        prefix: "PLT",
        category: "Poultry and game",
        unit: Kilogram,
        zone: Cooler,
        way: Direct,
        supplier: 3,
        prices: (390, 2_800),
        daily: 3_000,
        every: 21,
        is_baked: false,
        names: [
            "Chicken carcasses",
            "Chicken legs",
            "Whole chicken",
            "Chicken wings",
            "Chicken thighs, boneless",
            "Turkey escalopes",
            "Chicken breast",
            "Duck legs",
            "Guinea fowl",
            "Rabbit legs",
            "Wild boar shoulder",
            "Quail",
            "Venison leg",
            "Duck breast",
            "Venison loin",
        ],
    },
    Family {
        prefix: "FSH",
        category: "Fresh fish",
        unit: Kilogram,
        zone: Cooler,
        way: Direct,
        supplier: 4,
        prices: (700, 3_800),
        daily: 2_200,
        every: 21,
        is_baked: false,
        names: [
            "Herring",
            "Mackerel",
            "Sardines",
            "Pollock fillet",
            "Carp",
            "Rainbow trout",
            "Plaice",
            "Hake",
            "Cod fillet",
            "Salmon fillet",
            "Sea bream",
            "Sea bass",
            "Halibut",
            "Tuna loin",
            "Turbot",
        ],
    },
    Family {
        prefix: "SEA",
        category: "Frozen seafood",
        unit: Kilogram,
        zone: Freezer,
        way: Central,
        supplier: 4,
        prices: (650, 3_400),
        daily: 1_500,
        every: 28,
        is_baked: false,
        names: [
            "Mussels, cooked",
            "Squid rings",
            "Wild-caught Alaska pollock fillet portions, skinless and boneless, 120–140 g \
             each, individually frozen, in a carton of 6 × 1 kg, for the staff canteen \
             and the children's menu",
            "Cuttlefish",
            "Prawns 31/40",
            "Clams",
            "Crayfish tails",
            "Octopus",
            "Prawns 16/20",
            "Smoked eel",
            "Scallops",
            "Soft-shell crab",
            "Langoustines",
            "King prawns 8/12",
            "Lobster tails",
        ],
    },
    Family {
        prefix: "DAI",
        category: "Milk and cream",
        unit: Litre,
        zone: Cooler,
        way: Direct,
        supplier: 5,
        prices: (95, 620),
        daily: 6_000,
        every: 21,
        is_baked: true,
        names: [
            "Milk, 3.5 %",
            "Milk, 1.5 %",
            "Buttermilk",
            "Oat drink",
            "Soya drink",
            "Kefir",
            "Yoghurt, 3.5 %",
            "Almond drink",
            "Sour cream",
            "Cream for cooking, 15 %",
            "Whipping cream, 30 %",
            "Oat cream",
            "Crème fraîche",
            "Double cream, 48 %",
            "Clarified butter",
        ],
    },
    Family {
        prefix: "CHS",
        category: "Cheese",
        unit: Kilogram,
        zone: Cooler,
        way: Direct,
        supplier: 5,
        prices: (520, 2_900),
        daily: 1_300,
        every: 21,
        is_baked: false,
        names: [
            "Quark",
            "Cottage cheese",
            "Mozzarella",
            "Cream cheese",
            "Ricotta",
            "Gouda, young",
            "Emmental",
            "Cheddar",
            "Feta",
            "Camembert",
            "Mascarpone",
            "Gorgonzola",
            "Halloumi",
            "Comté",
            "Parmigiano Reggiano, 24 months",
        ],
    },
    Family {
        prefix: "EGG",
        category: "Eggs and fats",
        unit: Kilogram,
        zone: Cooler,
        way: Direct,
        supplier: 5,
        prices: (260, 1_150),
        daily: 2_600,
        every: 21,
        is_baked: true,
        names: [
            "Eggs, free range",
            "Margarine",
            "Liquid whole egg",
            "Lard",
            "Liquid egg white",
            "Suet",
            "Butter, salted",
            "Butter, unsalted",
            "Liquid egg yolk",
            "Vegetable spread",
            "Puff pastry butter",
            "Herb butter",
            "Goose fat",
            "Duck fat",
            "Truffle butter",
        ],
    },
    Family {
        prefix: "ICE",
        category: "Ice cream",
        unit: Litre,
        zone: Freezer,
        way: Central,
        supplier: 6,
        prices: (320, 980),
        daily: 1_500,
        every: 28,
        is_baked: false,
        names: [
            "Vanilla ice cream",
            "Chocolate ice cream",
            "Strawberry ice cream",
            "Lemon sorbet",
            "Stracciatella ice cream",
            "Walnut ice cream",
            "Raspberry sorbet",
            "Mango sorbet",
            "Caramel ice cream",
            "Hazelnut ice cream",
            "Passion fruit sorbet",
            "Rum and raisin ice cream",
            "Coconut ice cream",
            "Pistachio ice cream",
            "Madagascar vanilla ice cream",
        ],
    },
    Family {
        prefix: "FRZ",
        category: "Frozen vegetables",
        unit: Kilogram,
        zone: Freezer,
        way: Central,
        supplier: 6,
        prices: (120, 540),
        daily: 3_600,
        every: 28,
        is_baked: false,
        names: [
            "Peas",
            "Chips, 9 mm",
            "Leaf spinach",
            "Sweetcorn",
            "Diced carrots",
            "Green beans",
            "Brussels sprouts",
            "Cauliflower florets",
            "Potato croquettes",
            "Rösti",
            "Sweet potato chips",
            "Okra",
            "Edamame",
            "Artichoke hearts",
            "Porcini, sliced",
        ],
    },
    Family {
        prefix: "BRD",
        category: "Bread",
        unit: Each,
        zone: Dry,
        way: Direct,
        supplier: 7,
        prices: (25, 340),
        daily: 16_000,
        every: 21,
        is_baked: false,
        names: [
            "White roll",
            "Rye roll",
            "Pretzel",
            "Burger bun",
            "Brioche bun",
            "Pita bread",
            "Naan",
            "Baguette",
            "Ciabatta",
            "Focaccia",
            "Sandwich loaf",
            "Rye loaf, 1 kg",
            "Sourdough loaf",
            "Walnut loaf",
            "Gluten-free loaf",
        ],
    },
    Family {
        prefix: "FLR",
        category: "Flour and baking",
        unit: Kilogram,
        zone: Dry,
        way: Central,
        supplier: 8,
        prices: (70, 1_400),
        daily: 3_200,
        every: 28,
        is_baked: true,
        names: [
            "Wheat flour 405",
            "Wheat flour 550",
            "Caster sugar",
            "Rye flour 1150",
            "Semolina",
            "Spelt flour",
            "Cornflour",
            "Icing sugar",
            "Breadcrumbs",
            "Brown sugar",
            "Baking powder",
            "Dark chocolate, 55 %",
            "Cocoa powder",
            "Ground almonds",
            "Dried yeast",
        ],
    },
    Family {
        prefix: "PST",
        category: "Pasta and rice",
        unit: Kilogram,
        zone: Dry,
        way: Central,
        supplier: 8,
        prices: (105, 690),
        daily: 2_400,
        every: 28,
        is_baked: false,
        names: [
            "Spaghetti",
            "Penne",
            "Fusilli",
            "Macaroni",
            "Long grain rice",
            "Couscous",
            "Bulgur",
            "Tagliatelle",
            "Rigatoni",
            "Lasagne sheets",
            "Jasmine rice",
            "Basmati rice",
            "Arborio rice",
            "Quinoa",
            "Wild rice",
        ],
    },
    Family {
        prefix: "SPC",
        category: "Spices",
        unit: Kilogram,
        zone: Dry,
        way: Central,
        supplier: 9,
        prices: (400, 9_500),
        daily: 250,
        every: 42,
        is_baked: false,
        names: [
            "Sea salt, coarse",
            "Mustard seed",
            "Paprika, sweet",
            "Curry powder",
            "Caraway",
            "Coriander seed",
            "Turmeric",
            "زعتر بري",
            "Cumin",
            "Chilli flakes",
            "Black pepper",
            "Cinnamon",
            "Nutmeg",
            "White pepper",
            "Cardamom",
        ],
    },
    Family {
        prefix: "OIL",
        category: "Oil and vinegar",
        unit: Litre,
        zone: Dry,
        way: Central,
        supplier: 9,
        prices: (190, 1_600),
        daily: 1_800,
        every: 28,
        is_baked: false,
        names: [
            "Rapeseed oil",
            "Sunflower oil",
            "Spirit vinegar",
            "Frying oil",
            "Apple vinegar",
            "White wine vinegar",
            "Red wine vinegar",
            "Peanut oil",
            "Olive oil",
            "Rice vinegar",
            "Olive oil, extra virgin",
            "Sherry vinegar",
            "Sesame oil",
            "Balsamic vinegar",
            "Walnut oil",
        ],
    },
    Family {
        prefix: "SAU",
        category: "Sauces and preserves",
        unit: Kilogram,
        zone: Dry,
        way: Central,
        supplier: 9,
        prices: (180, 1_300),
        daily: 1_500,
        every: 28,
        is_baked: false,
        names: [
            "Tomato ketchup",
            "Mustard, medium hot",
            "Mayonnaise",
            "Tomato paste",
            "Apple sauce",
            "Strawberry jam",
            "Dijon mustard",
            "Soy sauce",
            "Worcestershire sauce",
            "Horseradish",
            "Sweet chilli sauce",
            "Honey",
            "Tahini",
            "Harissa",
            "Basil pesto",
        ],
    },
    Family {
        prefix: "TIN",
        category: "Tinned goods",
        unit: Tin,
        zone: Dry,
        way: Central,
        supplier: 10,
        prices: (75, 690),
        daily: 3_000,
        every: 28,
        is_baked: false,
        names: [
            "Tomatoes, chopped",
            "Tomatoes, peeled",
            "Sweetcorn, tinned",
            "Chickpeas, tinned",
            "Pineapple rings",
            "Peaches, halved",
            "Sauerkraut",
            "Gherkins",
            "Coconut milk",
            "Tuna in brine",
            "Green olives, pitted",
            "Black olives",
            "Capers",
            "Sun-dried tomatoes",
            "Anchovy fillets",
        ],
    },
    Family {
        prefix: "NUT",
        category: "Nuts and dried fruit",
        unit: Kilogram,
        zone: Dry,
        way: Central,
        supplier: 10,
        prices: (340, 2_800),
        daily: 600,
        every: 42,
        is_baked: true,
        names: [
            "Sunflower seeds",
            "Sultanas",
            "Peanuts",
            "Linseed",
            "Dates",
            "Pumpkin seeds",
            "Dried apricots",
            "Hazelnuts",
            "Sesame",
            "Almonds",
            "Walnuts",
            "Cashews",
            "Dried cherries",
            "Pecans",
            "Pine nuts",
        ],
    },
    Family {
        prefix: "COF",
        category: "Coffee and tea",
        unit: Kilogram,
        zone: Dry,
        way: Central,
        supplier: 11,
        prices: (600, 3_800),
        daily: 900,
        every: 28,
        is_baked: false,
        names: [
            "Filter coffee",
            "Espresso, house blend",
            "Peppermint tea",
            "Drinking chocolate",
            "Camomile tea",
            "Black tea, breakfast",
            "Fruit tea",
            "Espresso, decaffeinated",
            "Rooibos",
            "Earl Grey",
            "Green tea",
            "Espresso, single origin",
            "Darjeeling",
            "Jasmine tea",
            "Matcha",
        ],
    },
    Family {
        prefix: "SFT",
        category: "Soft drinks",
        unit: Case,
        zone: Bar,
        way: Central,
        supplier: 12,
        prices: (550, 2_400),
        daily: 1_300,
        every: 28,
        is_baked: false,
        names: [
            "Mineral water, sparkling",
            "Mineral water, still",
            "Lemonade",
            "Orange lemonade",
            "Cola",
            "Cola, sugar-free",
            "Apple spritzer",
            "Iced tea, peach",
            "Bitter lemon",
            "Tonic water",
            "Ginger ale",
            "Rhubarb spritzer",
            "Maté",
            "Ginger beer",
            "Elderflower pressé",
        ],
    },
    Family {
        prefix: "JUI",
        category: "Juice",
        unit: Litre,
        zone: Cooler,
        way: Central,
        supplier: 12,
        prices: (120, 650),
        daily: 1_700,
        every: 28,
        is_baked: false,
        names: [
            "Apple juice",
            "Orange juice",
            "Multivitamin juice",
            "Grape juice",
            "Tomato juice",
            "Pear juice",
            "Pineapple juice",
            "Carrot juice",
            "Grapefruit juice",
            "Cherry nectar",
            "Blackcurrant nectar",
            "Cranberry juice",
            "Mango nectar",
            "Lime juice",
            "Pomegranate juice",
        ],
    },
    Family {
        prefix: "BER",
        category: "Beer and cider",
        unit: Case,
        zone: Bar,
        way: Central,
        supplier: 12,
        prices: (1_100, 3_200),
        daily: 1_100,
        every: 28,
        is_baked: false,
        names: [
            "Lager",
            "Pilsner",
            "Wheat beer",
            "Shandy",
            "Pale lager, alcohol-free",
            "Dark lager",
            "Wheat beer, alcohol-free",
            "Kölsch",
            "Cider, dry",
            "Cider, sweet",
            "Pale ale",
            "India pale ale",
            "Stout",
            "Gluten-free lager",
            "Trappist ale",
        ],
    },
    Family {
        prefix: "WIN",
        category: "Wine",
        unit: Bottle,
        zone: Bar,
        way: Central,
        supplier: 13,
        prices: (420, 2_800),
        daily: 5_000,
        every: 28,
        is_baked: false,
        names: [
            "House white",
            "House red",
            "House rosé",
            "Silvaner",
            "Müller-Thurgau",
            "Pinot grigio",
            "Tempranillo",
            "Riesling",
            "Merlot",
            "Grauburgunder",
            "Prosecco",
            "Chianti Classico",
            "Spätburgunder",
            "Crémant",
            "Barolo",
        ],
    },
    Family {
        prefix: "CLN",
        category: "Cleaning and hygiene",
        unit: Each,
        zone: Dry,
        way: Central,
        supplier: 10,
        prices: (150, 2_400),
        daily: 1_100,
        every: 42,
        is_baked: false,
        names: [
            "Sponge scourers, 10",
            "Washing-up liquid, 1 l",
            "Bin bags, 120 l, roll",
            "Paper towels, roll",
            "Glass cleaner, 1 l",
            "Descaler, 1 l",
            "Disposable gloves, M, 100",
            "Disposable gloves, L, 100",
            "Hand soap, 5 l",
            "Surface disinfectant, 5 l",
            "Hairnets, 100",
            "Oven cleaner, 5 l",
            "Floor cleaner, 10 l",
            "Rinse aid, 10 l",
            "Dishwasher detergent, 10 l",
        ],
    },
];
