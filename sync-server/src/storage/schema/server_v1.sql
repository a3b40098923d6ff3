-- The server's own tables, beside replica and projections.
CREATE TABLE server (
  only       INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  server_id  BLOB NOT NULL,                   -- minted by init, survives a restore
  epoch      BLOB NOT NULL,                   -- life of this database
  device     INTEGER NOT NULL,                -- the server's own device id, new in each epoch
  clock      BLOB NOT NULL,                   -- newest stamp that the server's clock has given
  township   TEXT NOT NULL,                   -- name
  region     TEXT NOT NULL                    -- the township's 12-digit code, granted to every device
) STRICT;

-- Every commit that moved the stream: a cursor names a number and the nonce of the commit that holds it.
CREATE TABLE commit_log (
  last_seq INTEGER NOT NULL PRIMARY KEY,
  nonce    TEXT NOT NULL,
  at       INTEGER NOT NULL                   -- Unix milliseconds
) STRICT;

CREATE TABLE cadre (
  id   TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  unit TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE cadre_village (
  cadre   TEXT NOT NULL REFERENCES cadre (id),
  village TEXT NOT NULL,
  PRIMARY KEY (cadre, village)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
  id          INTEGER NOT NULL PRIMARY KEY,   -- 63 random bits, never reused
  cadre       TEXT NOT NULL REFERENCES cadre (id),
  name        TEXT NOT NULL DEFAULT '',       -- “Android · Chrome”
  app_version TEXT NOT NULL DEFAULT '',
  token_hash  BLOB NOT NULL UNIQUE,           -- SHA-256
  enrolled_at INTEGER NOT NULL,
  revoked_at  INTEGER,
  receipt     INTEGER NOT NULL DEFAULT 0,     -- all patches up to this device_seq are committed
  chain       BLOB NOT NULL,                  -- hash over them
  last_sync_at INTEGER
) STRICT;

-- Every patch ever accepted (history, audit) or held; its hash stays even if a value is erased by law.
CREATE TABLE patch (
  device      INTEGER NOT NULL,
  device_seq  INTEGER NOT NULL,
  stamp       BLOB NOT NULL,
  ord         BLOB NOT NULL,                  -- what winners compare: the stamp, or given at admission
  record      BLOB NOT NULL,
  kind        TEXT NOT NULL,
  village     TEXT NOT NULL,                  -- as the writer believed
  hash        BLOB NOT NULL,
  body        TEXT NOT NULL,                  -- JSON {set, base}
  received_at INTEGER NOT NULL,
  held        TEXT NOT NULL DEFAULT '',       -- why it is not in the records; empty if it is
  PRIMARY KEY (device, device_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX patch_by_record ON patch (record);
CREATE INDEX patch_held ON patch (device, device_seq) WHERE held <> '';

CREATE TABLE enrol_code (
  code_hash  BLOB NOT NULL PRIMARY KEY,       -- SHA-256 of the digits
  cadre      TEXT NOT NULL REFERENCES cadre (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
  name          TEXT NOT NULL PRIMARY KEY,
  display       TEXT NOT NULL,
  password_hash TEXT NOT NULL,                -- argon2, PHC string
  created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  token_hash BLOB NOT NULL PRIMARY KEY,       -- SHA-256
  user       TEXT NOT NULL REFERENCES user (name),
  csrf       TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
