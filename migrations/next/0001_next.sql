-- What the next release of the tests adds: something new beside what is there, so that the release
-- before runs on it. An item with this name is the row that the change cannot take.
CREATE TABLE next_names (
    item_id BLOB PRIMARY KEY,
    name TEXT NOT NULL CHECK (name <> 'Breaks the next release')
) STRICT, WITHOUT ROWID;
INSERT INTO next_names (item_id, name) SELECT id, name FROM items;
