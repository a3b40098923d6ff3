-- As with the records: a patch of a kilobyte does not belong into an index.
CREATE TABLE patch_by_row (
  device      INTEGER NOT NULL,
  device_seq  INTEGER NOT NULL,
  stamp       BLOB NOT NULL,
  ord         BLOB NOT NULL,                  -- what winners compare: the stamp, or given at admission
  record      BLOB NOT NULL,
  kind        TEXT NOT NULL,
  village     TEXT NOT NULL,                  -- as the writer believed
  hash        BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  held        TEXT NOT NULL DEFAULT '',       -- why it is not in the records; empty if it is
  refused     INTEGER NOT NULL DEFAULT 0,     -- a refused patch stays held, unless the office thinks again
  body        TEXT NOT NULL,                  -- JSON {set, base}
  PRIMARY KEY (device, device_seq)
) STRICT;
INSERT INTO patch_by_row (device, device_seq, stamp, ord, record, kind, village, hash, received_at, held, refused, body)
SELECT device, device_seq, stamp, ord, record, kind, village, hash, received_at, held, refused, body
FROM patch ORDER BY received_at, device, device_seq;
DROP TABLE patch;
ALTER TABLE patch_by_row RENAME TO patch;
CREATE INDEX patch_by_record ON patch (record);
CREATE INDEX patch_held ON patch (device, device_seq) WHERE held <> '';
