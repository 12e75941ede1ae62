-- What is kept: items, their barcodes, who delivers them, and their lots.
--
-- In every table of this set `rid` is the row's number inside this file, `id` the UUIDv7 that the
-- outside world sees, and `<thing>_id` without more the `rid` of that thing. Quantities are integer
-- thousandths, money integer ten-thousandths, times integer milliseconds UTC; `*_by` are users of
-- the box. Bounds repeat the constants of the rules, so that no bug can store what no rule allows.

CREATE TABLE items (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT items_id_unique UNIQUE,
    item_number TEXT NOT NULL CHECK (length(item_number) BETWEEN 1 AND 64),
    -- Normalised and lower-cased: what makes a number the same number.
    item_number_key TEXT NOT NULL CHECK (length(item_number_key) BETWEEN 1 AND 400),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- Lower-cased, without accents: what names are sorted by.
    name_key TEXT NOT NULL CHECK (length(name_key) BETWEEN 1 AND 1200),
    unit TEXT NOT NULL CHECK (length(unit) BETWEEN 1 AND 32),
    qty_step INTEGER NOT NULL DEFAULT 1 CHECK (qty_step BETWEEN 1 AND 999999999999),
    category TEXT CHECK (length(category) BETWEEN 1 AND 100),
    min_qty INTEGER CHECK (min_qty BETWEEN 0 AND 999999999999),
    max_qty INTEGER CHECK (max_qty BETWEEN 0 AND 999999999999),
    unit_cost INTEGER CHECK (unit_cost BETWEEN 0 AND 99999999999999),
    cost_method TEXT NOT NULL DEFAULT 'average' CHECK (cost_method IN ('average', 'standard')),
    temp_zone TEXT CHECK (temp_zone IN ('dry', 'cooler', 'freezer')),
    tracks_lots INTEGER NOT NULL DEFAULT 0 CHECK (tracks_lots IN (0, 1)),
    notes TEXT NOT NULL DEFAULT '' CHECK (length(notes) <= 4000),
    -- The codes of item_suppliers, separated by blanks, for the search.
    supplier_skus TEXT NOT NULL DEFAULT '' CHECK (length(supplier_skus) <= 4000),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16),
    deleted_at INTEGER,
    deleted_by BLOB CHECK (length(deleted_by) = 16),
    CHECK (min_qty IS NULL OR max_qty IS NULL OR min_qty <= max_qty)
) STRICT;
-- For: one item per number; exact number in the search; list sorted by number.
CREATE UNIQUE INDEX items_item_number_key_unique ON items (item_number_key)
    WHERE deleted_at IS NULL;
-- For: list sorted by name.
CREATE INDEX items_name ON items (name_key, rid) WHERE deleted_at IS NULL;
-- For: list of a category sorted by name; categories with their counts.
CREATE INDEX items_category ON items (category, name_key, rid) WHERE deleted_at IS NULL;
-- For: list sorted by the last change.
CREATE INDEX items_updated ON items (updated_at, rid) WHERE deleted_at IS NULL;

CREATE TABLE item_barcodes (
    item_id INTEGER NOT NULL REFERENCES items (rid),
    -- The place in the item's own order, from 0.
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 19),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 128),
    kind TEXT NOT NULL CHECK (kind IN ('ean', 'qr', 'code128', 'supplier')),
    pack_qty INTEGER NOT NULL DEFAULT 1000 CHECK (pack_qty BETWEEN 1 AND 999999999999),
    -- 0 while the item is deleted: the code is free for another item.
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    PRIMARY KEY (item_id, position)
) STRICT, WITHOUT ROWID;
-- For: one item per code; look-up of a scanned code.
CREATE UNIQUE INDEX item_barcodes_code_unique ON item_barcodes (code) WHERE is_active = 1;

CREATE TABLE suppliers (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT suppliers_id_unique UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key TEXT NOT NULL CHECK (length(name_key) BETWEEN 1 AND 1200),
    email TEXT NOT NULL DEFAULT '' CHECK (length(email) <= 400),
    phone TEXT NOT NULL DEFAULT '' CHECK (length(phone) <= 64),
    lead_days INTEGER CHECK (lead_days BETWEEN 0 AND 999),
    notes TEXT NOT NULL DEFAULT '' CHECK (length(notes) <= 4000),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16),
    deleted_at INTEGER,
    deleted_by BLOB CHECK (length(deleted_by) = 16)
) STRICT;
-- For: one supplier per name; finding it by the name in a CSV file.
CREATE UNIQUE INDEX suppliers_name_key_unique ON suppliers (name_key) WHERE deleted_at IS NULL;

CREATE TABLE item_suppliers (
    item_id INTEGER NOT NULL REFERENCES items (rid),
    -- The preferred supplier is at position 0.
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 19),
    supplier_id INTEGER NOT NULL REFERENCES suppliers (rid),
    sku TEXT NOT NULL DEFAULT '' CHECK (length(sku) <= 64),
    pack_qty INTEGER NOT NULL DEFAULT 1000 CHECK (pack_qty BETWEEN 1 AND 999999999999),
    last_price INTEGER CHECK (last_price BETWEEN 0 AND 99999999999999),
    PRIMARY KEY (item_id, position),
    CONSTRAINT item_suppliers_item_id_supplier_id_unique UNIQUE (item_id, supplier_id)
) STRICT, WITHOUT ROWID;
-- For: what a supplier delivers.
CREATE INDEX item_suppliers_supplier ON item_suppliers (supplier_id, item_id);

-- Lot 0 stands for "no lot", so that keys of stock have no NULL.
CREATE TABLE lots (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT lots_id_unique UNIQUE,
    item_id INTEGER REFERENCES items (rid),
    code TEXT NOT NULL CHECK (length(code) <= 64),
    expires_on TEXT CHECK (expires_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16),
    CHECK ((rid = 0) = (item_id IS NULL)),
    CHECK (rid = 0 OR length(code) > 0),
    CONSTRAINT lots_item_id_code_unique UNIQUE (item_id, code)
) STRICT;
INSERT INTO lots (rid, id, item_id, code, created_at, updated_at)
VALUES (0, zeroblob(16), NULL, '', 0, 0);
