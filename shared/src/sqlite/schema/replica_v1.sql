-- The replica: one row per record, as the server folded it. On a phone these are the server's rows,
-- never the phone's own unreceipted edits.
CREATE TABLE record (
  id      BLOB NOT NULL PRIMARY KEY,          -- UUID, 16 bytes
  kind    TEXT NOT NULL,
  village TEXT NOT NULL,                      -- 12-digit code
  seq     INTEGER NOT NULL,                   -- the server's commit-ordered number of the last change
  stamp   BLOB NOT NULL,                      -- of the newest write, 16 bytes
  body    TEXT NOT NULL,                      -- JSON {field: value}
  others  TEXT NOT NULL DEFAULT '',           -- JSON {field: [stamp, order]} where they differ from `stamp`
  hash    INTEGER NOT NULL                    -- 64 bits over all but seq
) STRICT, WITHOUT ROWID;
CREATE INDEX record_by_seq ON record (seq);
CREATE INDEX record_by_village ON record (village);

-- Sum of record.hash per village, kept in the same transaction as every change of record.
CREATE TABLE village_digest (
  village TEXT NOT NULL PRIMARY KEY,
  sum     INTEGER NOT NULL,
  records INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Projections: only what screens and ledgers search and sort by. Everything here can be rebuilt.
CREATE TABLE village (
  code     TEXT NOT NULL PRIMARY KEY,
  id       BLOB NOT NULL,
  name     TEXT NOT NULL DEFAULT '',
  township TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign (
  id        BLOB NOT NULL PRIMARY KEY,
  village   TEXT NOT NULL,
  name      TEXT NOT NULL DEFAULT '',
  scheme    TEXT NOT NULL DEFAULT '',
  start_day TEXT NOT NULL DEFAULT '',
  end_day   TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE household (
  id         BLOB NOT NULL PRIMARY KEY,
  village    TEXT NOT NULL,
  head       TEXT NOT NULL DEFAULT '',
  grp        TEXT NOT NULL DEFAULT '',        -- 组
  grp_no     INTEGER NOT NULL DEFAULT 0,      -- 三组 → 3, to sort by
  door       TEXT NOT NULL DEFAULT '',
  door_no    INTEGER NOT NULL DEFAULT 0,      -- 17号 → 17
  phone      TEXT NOT NULL DEFAULT '',
  population INTEGER NOT NULL DEFAULT 0,
  id_number  TEXT NOT NULL DEFAULT '',
  search     TEXT NOT NULL DEFAULT ''         -- head, its pinyin initials, group, door, phone, tags; lower case
) STRICT, WITHOUT ROWID;
CREATE INDEX household_by_village ON household (village, grp_no, door_no);

CREATE TABLE person (
  id        BLOB NOT NULL PRIMARY KEY,
  village   TEXT NOT NULL,
  household BLOB NOT NULL,
  name      TEXT NOT NULL DEFAULT '',
  id_number TEXT NOT NULL DEFAULT '',
  search    TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX person_by_household ON person (household);

-- A category is a tag on a household or on one of its members.
CREATE TABLE tag (
  record    BLOB NOT NULL,
  category  TEXT NOT NULL,
  household BLOB NOT NULL,
  village   TEXT NOT NULL,
  PRIMARY KEY (record, category)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_by_category ON tag (category, village, household);
CREATE INDEX tag_by_household ON tag (household);

CREATE TABLE visit (
  id           BLOB NOT NULL PRIMARY KEY,
  village      TEXT NOT NULL,
  household    BLOB,
  target_kind  TEXT NOT NULL DEFAULT '',
  target_name  TEXT NOT NULL DEFAULT '',
  occurred_at  INTEGER NOT NULL DEFAULT 0,    -- Unix milliseconds
  visitor      TEXT NOT NULL DEFAULT '',
  visitor_name TEXT NOT NULL DEFAULT '',
  mode         TEXT NOT NULL DEFAULT '',
  absent       INTEGER NOT NULL DEFAULT 0,    -- 无人在家: never counts as covered
  void         INTEGER NOT NULL DEFAULT 0,    -- 作废
  campaign     TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_by_household ON visit (household, occurred_at);
CREATE INDEX visit_by_village ON visit (village, occurred_at);
CREATE INDEX visit_by_time ON visit (occurred_at);

CREATE TABLE opinion (
  id          BLOB NOT NULL PRIMARY KEY,
  village     TEXT NOT NULL,
  visit       BLOB,
  household   BLOB,
  kind        TEXT NOT NULL DEFAULT '',
  category    TEXT NOT NULL DEFAULT '',
  immediate   INTEGER NOT NULL DEFAULT 0,     -- 立行立改
  anonymous   INTEGER NOT NULL DEFAULT 0,     -- the name is withheld
  occurred_at INTEGER NOT NULL DEFAULT 0,
  visitor     TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX opinion_by_visit ON opinion (visit);
CREATE INDEX opinion_by_household ON opinion (household);
CREATE INDEX opinion_by_village ON opinion (village, occurred_at);

CREATE TABLE diary (
  id      BLOB NOT NULL PRIMARY KEY,
  village TEXT NOT NULL,
  cadre   TEXT NOT NULL DEFAULT '',
  day     TEXT NOT NULL DEFAULT ''            -- YYYY-MM-DD
) STRICT, WITHOUT ROWID;
CREATE INDEX diary_by_cadre ON diary (cadre, day);

CREATE TABLE conflict (
  id      BLOB NOT NULL PRIMARY KEY,
  village TEXT NOT NULL,
  record  BLOB NOT NULL,
  field   TEXT NOT NULL DEFAULT '',
  open    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX conflict_by_record ON conflict (record, field);
CREATE INDEX conflict_open ON conflict (village) WHERE open = 1;
