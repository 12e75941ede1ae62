-- What people wrote beside a movement can be looked for. Movements without words stand in no index.

-- For: words and beginnings of words in references and notes, newest movement first.
CREATE VIRTUAL TABLE movements_fts USING fts5 (
    reference, note,
    content = 'movements', content_rowid = 'seq',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
INSERT INTO movements_fts (rowid, reference, note)
SELECT seq, reference, note FROM movements WHERE reference <> '' OR note <> '';

CREATE TRIGGER movements_are_indexed AFTER INSERT ON movements
WHEN NEW.reference <> '' OR NEW.note <> ''
BEGIN
    INSERT INTO movements_fts (rowid, reference, note)
    VALUES (NEW.seq, NEW.reference, NEW.note);
END;
