-- Records that left a village because their household moved: the number of the change, for phones that have not heard
-- of it, and when, for what they wrote before.
CREATE TABLE moved (
  record       BLOB NOT NULL,
  from_village TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  at           INTEGER NOT NULL,              -- Unix milliseconds
  PRIMARY KEY (record, from_village)
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_by_seq ON moved (seq);
