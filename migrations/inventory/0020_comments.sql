-- What people say about items and orders, and whom they mention.

CREATE TABLE comments (
    -- In the order they were written.
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT comments_id_unique UNIQUE,
    -- One of the two. A release that knows no comments takes them along when it forgets an item.
    item_id INTEGER REFERENCES items (rid) ON DELETE CASCADE,
    purchase_order_id INTEGER REFERENCES purchase_orders (rid) ON DELETE CASCADE,
    -- Somebody mentioned stands in it as `@{id}`. Empty once whoever wrote it was erased.
    text TEXT NOT NULL CHECK (length(text) <= 4000),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16),
    edited_at INTEGER,
    CHECK ((item_id IS NULL) <> (purchase_order_id IS NULL))
) STRICT;
-- For: the comments on an item or an order, newest first.
CREATE INDEX comments_item ON comments (item_id, rid) WHERE item_id IS NOT NULL;
CREATE INDEX comments_purchase_order ON comments (purchase_order_id, rid)
    WHERE purchase_order_id IS NOT NULL;

-- Who is to be told of a comment, once; its text says whom it mentions.
CREATE TABLE comment_mentions (
    comment_id INTEGER NOT NULL REFERENCES comments (rid) ON DELETE CASCADE,
    person_id BLOB NOT NULL CHECK (length(person_id) = 16),
    told_at INTEGER,
    PRIMARY KEY (comment_id, person_id)
) STRICT, WITHOUT ROWID;
-- For: who was not told yet.
CREATE INDEX comment_mentions_pending ON comment_mentions (comment_id, person_id)
    WHERE told_at IS NULL;
