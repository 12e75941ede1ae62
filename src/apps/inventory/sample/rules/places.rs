//! Where the kitchens keep it: a central store, three kitchens and a bakery.

use super::catalogue::{Goods, Zone};

/// A place of the tree; `parent` is the code of the one it stands in.
pub(crate) struct Place {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) zone: Option<&'static str>,
    pub(crate) parent: Option<&'static str>,
}

const fn site(code: &'static str, name: &'static str) -> Place {
    Place { code, name, zone: None, parent: None }
}

const fn within(
    parent: &'static str,
    code: &'static str,
    name: &'static str,
    zone: &'static str,
) -> Place {
    Place { code, name, zone: Some(zone), parent: Some(parent) }
}

/// Every place stands behind the one it is in.
pub(crate) const PLACES: [Place; 24] = [
    site("CS", "Central store"),
    within("CS", "CS-B", "Central store, drinks", "dry"),
    within("CS", "CS-C", "Central store, cold room", "cooler"),
    within("CS", "CS-D", "Central store, dry store", "dry"),
    within("CS", "CS-F", "Central store, freezer", "freezer"),
    site("HK", "Harbour Kitchen"),
    within("HK", "HK-B", "Harbour Kitchen, bar", "dry"),
    within("HK", "HK-C", "Harbour Kitchen, cold room", "cooler"),
    within("HK", "HK-D", "Harbour Kitchen, dry store", "dry"),
    within("HK", "HK-F", "Harbour Kitchen, freezer", "freezer"),
    within("HK", "HK-S", "Harbour Kitchen, salad fridge", "cooler"),
    site("OT", "Old Town Bistro"),
    within("OT", "OT-B", "Old Town Bistro, bar", "dry"),
    within("OT", "OT-C", "Old Town Bistro, cold room", "cooler"),
    within("OT", "OT-D", "Old Town Bistro, dry store", "dry"),
    within("OT", "OT-F", "Old Town Bistro, freezer", "freezer"),
    site("GB", "Garden Brasserie"),
    within("GB", "GB-B", "Garden Brasserie, bar", "dry"),
    within("GB", "GB-C", "Garden Brasserie, cold room", "cooler"),
    within("GB", "GB-D", "Garden Brasserie, dry store", "dry"),
    within("GB", "GB-F", "Garden Brasserie, freezer", "freezer"),
    site("BK", "Bakery"),
    within("BK", "BK-C", "Bakery, cold room", "cooler"),
    within("BK", "BK-D", "Bakery, dry store", "dry"),
];

/// Who uses goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kitchen {
    Harbour,
    OldTown,
    Garden,
    Bakery,
}

impl Kitchen {
    const RESTAURANTS: [Self; 3] = [Self::Harbour, Self::OldTown, Self::Garden];

    /// The kitchens that use some goods: all of them the cheap ones, one the others.
    pub(super) fn of(goods: &Goods) -> impl Iterator<Item = Self> {
        let home = Self::RESTAURANTS[goods.number % 3];
        let (is_staple, is_baked) = (goods.is_staple(), goods.family.is_baked);
        let restaurants = Self::RESTAURANTS.into_iter();
        restaurants
            .filter(move |one| is_staple || *one == home)
            .chain(is_baked.then_some(Self::Bakery))
    }

    /// Where it keeps them.
    pub(super) fn place(self, goods: &Goods) -> &'static str {
        let is_salad = goods.family.supplier == 0 && goods.step() == 1_000;
        match (self, goods.family.zone) {
            (Self::Harbour, Zone::Cooler) if is_salad => "HK-S",
            (Self::Harbour, Zone::Cooler) => "HK-C",
            (Self::Harbour, Zone::Dry) => "HK-D",
            (Self::Harbour, Zone::Freezer) => "HK-F",
            (Self::Harbour, Zone::Bar) => "HK-B",
            (Self::OldTown, Zone::Cooler) => "OT-C",
            (Self::OldTown, Zone::Dry) => "OT-D",
            (Self::OldTown, Zone::Freezer) => "OT-F",
            (Self::OldTown, Zone::Bar) => "OT-B",
            (Self::Garden, Zone::Cooler) => "GB-C",
            (Self::Garden, Zone::Dry) => "GB-D",
            (Self::Garden, Zone::Freezer) => "GB-F",
            (Self::Garden, Zone::Bar) => "GB-B",
            (Self::Bakery, Zone::Cooler | Zone::Freezer) => "BK-C",
            (Self::Bakery, Zone::Dry | Zone::Bar) => "BK-D",
        }
    }
}

/// Where the central store keeps them.
pub(super) fn central_place(goods: &Goods) -> &'static str {
    match goods.family.zone {
        Zone::Cooler => "CS-C",
        Zone::Dry => "CS-D",
        Zone::Freezer => "CS-F",
        Zone::Bar => "CS-B",
    }
}
