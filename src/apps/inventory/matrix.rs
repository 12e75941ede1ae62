//! Who may do what with inventory: the one table of things, roles and deeds.
//!
//! The app's permissions are made from it when the program is built, so nothing can be said here
//! that does not hold. `docs/manual/people.md` shows it, and the tests try every cell of it.

use super::RESTORE_ANY;
use crate::platform::access::rules::{ADMINS, COUNTERS, EVERYBODY, MANAGERS};
use crate::platform::access::{PermissionSpec, Role};

/// Something that somebody may do; each has a permission of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Read,
    Write,
    Move,
    Count,
    Approve,
    Prices,
    Import,
    Export,
    Override,
    Lock,
    Restore,
    Comment,
    Moderate,
}

impl Deed {
    pub const ALL: [Self; 13] = [
        Self::Read,
        Self::Write,
        Self::Move,
        Self::Count,
        Self::Approve,
        Self::Prices,
        Self::Import,
        Self::Export,
        Self::Override,
        Self::Lock,
        Self::Restore,
        Self::Comment,
        Self::Moderate,
    ];

    /// The id of its permission.
    pub const fn permission(self) -> &'static str {
        match self {
            Self::Read => "inventory.read",
            Self::Write => "inventory.write",
            Self::Move => "inventory.move",
            Self::Count => "inventory.count",
            Self::Approve => "inventory.approve",
            Self::Prices => "inventory.prices",
            Self::Import => "inventory.import",
            Self::Export => "inventory.export",
            Self::Override => "inventory.override",
            Self::Lock => "inventory.lock",
            Self::Restore => RESTORE_ANY,
            Self::Comment => "inventory.comment",
            Self::Moderate => "inventory.moderate",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Read => "See items, places, stock and movements",
            Self::Write => "Add, change and delete items and places",
            Self::Move => "Receive, use, adjust and transfer stock",
            Self::Count => "Enter and submit counts",
            Self::Approve => "Open, approve, reject and cancel counts",
            Self::Prices => "See and set prices and the worth of stock",
            Self::Import => "Take over CSV files",
            Self::Export => "Export to CSV files",
            Self::Override => "Let stock fall below zero, with a reason",
            Self::Lock => "Close the books at the end of a day",
            Self::Restore => "Restore what anybody deleted",
            Self::Comment => "Comment on what they may see",
            Self::Moderate => "Delete anybody's comments",
        }
    }

    /// What it is called in a cell of the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Move => "post, reverse",
            Self::Count => "enter, submit",
            Self::Approve => "open, approve, reject, cancel",
            Self::Prices => "read, write",
            Self::Import => "import",
            Self::Export => "export",
            Self::Override => "below zero",
            Self::Lock => "close days",
            Self::Restore => "restore anybody's",
            Self::Comment => "comment",
            Self::Moderate => "delete anybody's comments",
        }
    }
}

/// A thing of the app, and what each role may do with it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub object: &'static str,
    /// The first segments of its addresses below `/inventory`; none where it is a field.
    pub paths: &'static [&'static str],
    /// Viewers, and the roles of other apps: analysts and members.
    pub viewer: &'static [Deed],
    pub counter: &'static [Deed],
    pub manager: &'static [Deed],
    /// Admins and owners.
    pub admin: &'static [Deed],
}

impl Row {
    /// What a role may do with it.
    pub const fn cell(&self, role: Role) -> &'static [Deed] {
        match role {
            Role::Owner | Role::Admin => self.admin,
            Role::Manager => self.manager,
            Role::Counter => self.counter,
            Role::Analyst | Role::Member | Role::Viewer => self.viewer,
        }
    }
}

/// The table.
pub const MATRIX: &[Row] = &[
    Row {
        object: "Items, their codes, files and comments, places",
        paths: &["items", "locations", "integrity"],
        viewer: &[Deed::Read],
        counter: &[Deed::Read],
        manager: &[Deed::Read, Deed::Write, Deed::Comment],
        admin: &[Deed::Read, Deed::Write, Deed::Restore, Deed::Comment, Deed::Moderate],
    },
    Row {
        object: "One's own saved filters, to see and to change",
        paths: &["saved-filters"],
        viewer: &[Deed::Read],
        counter: &[Deed::Read],
        manager: &[Deed::Read],
        admin: &[Deed::Read],
    },
    Row {
        object: "Stock and movements",
        paths: &["stock", "movements", "transfers", "lock-date"],
        viewer: &[Deed::Read],
        counter: &[Deed::Read],
        manager: &[Deed::Read, Deed::Move],
        admin: &[Deed::Read, Deed::Move, Deed::Override, Deed::Lock],
    },
    Row {
        object: "Counts",
        paths: &["counts", "count-settings"],
        viewer: &[Deed::Read],
        counter: &[Deed::Read, Deed::Count],
        manager: &[Deed::Read, Deed::Count, Deed::Approve],
        admin: &[Deed::Read, Deed::Count, Deed::Approve],
    },
    Row {
        object: "Suppliers, orders, their files and comments, receipts, worth of stock",
        paths: &["suppliers", "purchase-orders", "reports"],
        viewer: &[],
        counter: &[],
        manager: &[Deed::Prices, Deed::Comment],
        admin: &[Deed::Prices, Deed::Restore, Deed::Comment, Deed::Moderate],
    },
    Row {
        object: "Prices of items and movements",
        paths: &[],
        viewer: &[],
        counter: &[],
        manager: &[Deed::Prices],
        admin: &[Deed::Prices],
    },
    Row {
        object: "CSV files",
        paths: &["import", "export", "exports"],
        viewer: &[],
        counter: &[],
        manager: &[Deed::Import, Deed::Export],
        admin: &[Deed::Import, Deed::Export],
    },
];

/// The app's permissions, as the table says.
pub const PERMISSIONS: &[PermissionSpec] = &permissions();

const fn permissions() -> [PermissionSpec; Deed::ALL.len()] {
    let mut specs = [spec(Deed::Read); Deed::ALL.len()];
    let mut index = 0;
    while index < specs.len() {
        specs[index] = spec(Deed::ALL[index]);
        index += 1;
    }
    specs
}

const fn spec(deed: Deed) -> PermissionSpec {
    PermissionSpec { id: deed.permission(), title: deed.title(), roles: roles_of(deed) }
}

/// The roles that may do something anywhere in the table.
const fn roles_of(deed: Deed) -> &'static [Role] {
    let columns = [Role::Viewer, Role::Counter, Role::Manager, Role::Admin];
    let mut may = [false; 4];
    let mut row = 0;
    while row < MATRIX.len() {
        let mut column = 0;
        while column < columns.len() {
            may[column] |= holds(MATRIX[row].cell(columns[column]), deed);
            column += 1;
        }
        row += 1;
    }
    match may {
        [true, true, true, true] => EVERYBODY,
        [false, true, true, true] => COUNTERS,
        [false, false, true, true] => MANAGERS,
        [false, false, false, true] => ADMINS,
        _ => panic!("a higher role may do all that a lower one may, and somebody may do it"),
    }
}

const fn holds(cell: &[Deed], deed: Deed) -> bool {
    let mut index = 0;
    while index < cell.len() {
        if cell[index] as u8 == deed as u8 {
            return true;
        }
        index += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// The table as the manual shows it.
    fn shown() -> String {
        let cell = |deeds: &[Deed]| match deeds {
            [] => "–".to_owned(),
            deeds => deeds.iter().map(|deed| deed.word()).collect::<Vec<_>>().join(", "),
        };
        let mut table = "| About | Viewer, analyst, member | Counter | Manager | Admin, owner |\n\
            | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for row in MATRIX {
            let cells = [row.viewer, row.counter, row.manager, row.admin].map(cell);
            writeln!(table, "| {} | {} |", row.object, cells.join(" | ")).unwrap();
        }
        table
    }

    #[test]
    fn the_manual_shows_the_table_as_it_is() {
        let page = include_str!("../../../docs/manual/people.md");
        let table = shown();

        assert!(page.contains(&table), "docs/manual/people.md must show this:\n{table}");
    }

    #[test]
    fn a_permission_says_the_same_in_every_row_that_names_it() {
        for role in Role::ALL {
            for row in MATRIX {
                for spec in PERMISSIONS.iter().filter(|spec| spec.roles.contains(&role)) {
                    let deed = Deed::ALL.into_iter().find(|deed| deed.permission() == spec.id);
                    let deed = deed.expect("every permission is a deed's");
                    let is_named = holds(row.admin, deed);
                    let is_held = holds(row.cell(role), deed);
                    assert_eq!(is_held, is_named, "{role} × {} × {deed:?}", row.object);
                }
            }
        }
    }

    #[test]
    fn no_address_belongs_to_two_things() {
        let paths: Vec<_> = MATRIX.iter().flat_map(|row| row.paths).collect();

        for path in &paths {
            assert_eq!(paths.iter().filter(|one| one == &path).count(), 1, "{path}");
        }
    }
}
