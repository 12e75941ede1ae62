-- Search as you type. Both indexes read their text from `items`.

-- For: words and beginnings of words, accents ignored.
CREATE VIRTUAL TABLE items_fts USING fts5 (
    item_number, name, category, supplier_skus,
    content = 'items', content_rowid = 'rid',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
-- For: parts of words, from three characters on.
CREATE VIRTUAL TABLE items_trigrams USING fts5 (
    item_number, name,
    content = 'items', content_rowid = 'rid',
    tokenize = 'trigram remove_diacritics 1'
);

CREATE TRIGGER items_are_indexed AFTER INSERT ON items
BEGIN
    INSERT INTO items_fts (rowid, item_number, name, category, supplier_skus)
    VALUES (NEW.rid, NEW.item_number, NEW.name, NEW.category, NEW.supplier_skus);
    INSERT INTO items_trigrams (rowid, item_number, name)
    VALUES (NEW.rid, NEW.item_number, NEW.name);
END;
CREATE TRIGGER items_words_are_indexed AFTER UPDATE OF item_number, name, category, supplier_skus
    ON items
WHEN NEW.item_number <> OLD.item_number OR NEW.name <> OLD.name
    OR NEW.category IS NOT OLD.category OR NEW.supplier_skus <> OLD.supplier_skus
BEGIN
    INSERT INTO items_fts (items_fts, rowid, item_number, name, category, supplier_skus)
    VALUES ('delete', OLD.rid, OLD.item_number, OLD.name, OLD.category, OLD.supplier_skus);
    INSERT INTO items_fts (rowid, item_number, name, category, supplier_skus)
    VALUES (NEW.rid, NEW.item_number, NEW.name, NEW.category, NEW.supplier_skus);
END;
CREATE TRIGGER items_parts_are_indexed AFTER UPDATE OF item_number, name ON items
WHEN NEW.item_number <> OLD.item_number OR NEW.name <> OLD.name
BEGIN
    INSERT INTO items_trigrams (items_trigrams, rowid, item_number, name)
    VALUES ('delete', OLD.rid, OLD.item_number, OLD.name);
    INSERT INTO items_trigrams (rowid, item_number, name)
    VALUES (NEW.rid, NEW.item_number, NEW.name);
END;
