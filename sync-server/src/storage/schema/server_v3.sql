-- What the office said about patches that had been held: let into the records, or refused. Appended, none erased; the
-- last one about a patch stands.
CREATE TABLE ruling (
  id         INTEGER NOT NULL PRIMARY KEY,
  device     INTEGER NOT NULL,
  device_seq INTEGER NOT NULL,
  released   INTEGER NOT NULL,                -- 1 let into the records, 0 refused
  held       TEXT NOT NULL,                   -- why it had been held
  by         TEXT NOT NULL,                   -- who said so; empty: a grant did
  why        TEXT NOT NULL DEFAULT '',        -- in their words
  at         INTEGER NOT NULL                 -- Unix milliseconds
) STRICT;
CREATE INDEX ruling_by_patch ON ruling (device, device_seq);

-- A refused patch stays held, for ever unless the office thinks again.
ALTER TABLE patch ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;

-- Who of the office wrote which patch of the server's own device.
CREATE TABLE office_write (
  device     INTEGER NOT NULL,
  device_seq INTEGER NOT NULL,
  by         TEXT NOT NULL,
  PRIMARY KEY (device, device_seq)
) STRICT, WITHOUT ROWID;
