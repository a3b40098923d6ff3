-- The phone's own tables, beside replica and projections.
CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- This phone's patches, for ever: after a restore of the server they are pushed again.
CREATE TABLE patch (
  at         INTEGER NOT NULL PRIMARY KEY,    -- order of writing
  device_seq INTEGER UNIQUE,                  -- none while open
  stamp      BLOB NOT NULL,
  record     BLOB NOT NULL,
  kind       TEXT NOT NULL,
  village    TEXT NOT NULL,
  body       TEXT NOT NULL,                   -- JSON {set, base}
  hash       BLOB,                            -- none while open
  state      INTEGER NOT NULL,                -- 0 open, 1 sealed, 2 receipted, 3 in the server's rows
  held       TEXT NOT NULL DEFAULT '',        -- why the township keeps it apart
  written_at INTEGER NOT NULL                 -- Unix milliseconds
) STRICT;
CREATE INDEX patch_by_record ON patch (record);
CREATE INDEX patch_overlay ON patch (record) WHERE state < 3;
CREATE INDEX patch_waiting ON patch (state, device_seq) WHERE state < 2;

-- Visits being written. Local; they become patches at 完成.
CREATE TABLE draft (
  id         BLOB NOT NULL PRIMARY KEY,
  household  BLOB,
  title      TEXT NOT NULL DEFAULT '',
  body       TEXT NOT NULL,                   -- JSON
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_by_household ON draft (household);
