-- Photos: what is known of the files beside the database. A file is known only under its village.
CREATE TABLE file (
  village   TEXT NOT NULL,                    -- 12-digit code
  hash      TEXT NOT NULL,                    -- SHA-256 of all bytes, 64 hexadecimal digits
  bytes     INTEGER NOT NULL,
  media     TEXT NOT NULL,                    -- as its own bytes say: image/jpeg, image/png, image/webp
  device    INTEGER NOT NULL,                 -- who sent it first
  stored_at INTEGER NOT NULL,                 -- Unix milliseconds
  named_at  INTEGER NOT NULL,                 -- when a device last offered it
  PRIMARY KEY (village, hash)
) STRICT, WITHOUT ROWID;

-- The small picture that is shown for a photo; it may arrive long before the photo itself.
CREATE TABLE thumbnail (
  village  TEXT NOT NULL,
  original TEXT NOT NULL,                     -- hash of the photo
  hash     TEXT NOT NULL,                     -- hash of the small picture
  PRIMARY KEY (village, original)
) STRICT, WITHOUT ROWID;
CREATE INDEX thumbnail_by_hash ON thumbnail (village, hash);

-- Uploads under way, and for some days those that are done. How far one is, its file's length says.
CREATE TABLE upload (
  id         TEXT NOT NULL PRIMARY KEY,       -- 128 random bits, hexadecimal
  device     INTEGER NOT NULL,
  village    TEXT NOT NULL,
  hash       TEXT NOT NULL,
  original   TEXT NOT NULL,                   -- the photo whose thumbnail this is; empty: it is a photo itself
  bytes      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  done       INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_by_device ON upload (device, done, village, hash);

-- Which records name which photos, in their history, what is held apart included: written with every patch.
CREATE TABLE file_reference (
  hash   TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (hash, record)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO file_reference (hash, record)
  SELECT substr(field.key, 8), patch.record FROM patch, json_each(patch.body, '$.set') AS field
  WHERE field.key GLOB 'photos.*' AND length(field.key) = 71 AND substr(field.key, 8) NOT GLOB '*[^0-9a-f]*';
