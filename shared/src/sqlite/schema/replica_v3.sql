-- A row of a kilobyte does not belong into an index: the bodies lie in a table of their own order, found by a thin
-- index. (WITHOUT ROWID put four rows on a page, and as few branches on every page above.)
CREATE TABLE record_by_row (
  id      BLOB NOT NULL PRIMARY KEY,          -- UUID, 16 bytes
  kind    TEXT NOT NULL,
  village TEXT NOT NULL,                      -- 12-digit code
  seq     INTEGER NOT NULL,                   -- the server's commit-ordered number of the last change
  hash    INTEGER NOT NULL,                   -- 64 bits over all but seq
  stamp   BLOB NOT NULL,                      -- of the newest write, 16 bytes
  others  TEXT NOT NULL DEFAULT '',           -- JSON {field: [stamp, order]} where they differ from `stamp`
  body    TEXT NOT NULL                       -- JSON {field: value}
) STRICT;
INSERT INTO record_by_row (id, kind, village, seq, hash, stamp, others, body)
SELECT id, kind, village, seq, hash, stamp, others, body FROM record ORDER BY seq;
DROP TABLE record;
ALTER TABLE record_by_row RENAME TO record;
CREATE INDEX record_by_seq ON record (seq);
CREATE INDEX record_by_village ON record (village, seq);
