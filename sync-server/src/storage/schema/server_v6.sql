-- 依法抹去: what may stand nowhere any more. The list survives restores: what a backup or a phone brings back of it is
-- erased again.
CREATE TABLE erased (
  record  BLOB NOT NULL,
  field   TEXT NOT NULL,                      -- empty: the whole record
  kind    TEXT NOT NULL,
  village TEXT NOT NULL,                      -- 12-digit code, as it was then
  by      TEXT NOT NULL,                      -- who of the office
  why     TEXT NOT NULL,                      -- in their words
  at      INTEGER NOT NULL,                   -- Unix milliseconds
  seq     INTEGER NOT NULL,                   -- the number of the change: phones hear of it when they come by
  PRIMARY KEY (record, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_by_seq ON erased (seq);
CREATE INDEX erased_photo ON erased (field) WHERE field GLOB 'photos.*';
