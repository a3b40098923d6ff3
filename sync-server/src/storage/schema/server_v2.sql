-- Lives of this database: the first is in `server` alone; each later one was begun by a restore or by a phone that
-- proved a rollback.
CREATE TABLE epoch (
  epoch    BLOB NOT NULL PRIMARY KEY,
  began_at INTEGER NOT NULL,                  -- Unix milliseconds
  why      TEXT NOT NULL                      -- in Chinese
) STRICT, WITHOUT ROWID;

-- Writes of a former life that a phone brought back; they are patches of the server's own device.
CREATE TABLE salvaged (
  device     INTEGER NOT NULL,
  device_seq INTEGER NOT NULL,
  offered_by INTEGER NOT NULL,                -- the phone
  PRIMARY KEY (device, device_seq)
) STRICT, WITHOUT ROWID;

-- Grants that have ended: what was written while one lasted is still accepted.
CREATE TABLE cadre_village_past (
  cadre      TEXT NOT NULL REFERENCES cadre (id),
  village    TEXT NOT NULL,
  ended_at   INTEGER NOT NULL,                -- Unix milliseconds
  PRIMARY KEY (cadre, village)
) STRICT, WITHOUT ROWID;
