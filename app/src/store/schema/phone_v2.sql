-- The server's rows of its former life, until everything that its new life lacks has been offered and pulled.
CREATE TABLE former_record (
  id      BLOB NOT NULL PRIMARY KEY,
  kind    TEXT NOT NULL,
  village TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  stamp   BLOB NOT NULL,
  body    TEXT NOT NULL,
  others  TEXT NOT NULL DEFAULT '',
  hash    INTEGER NOT NULL,
  offered INTEGER NOT NULL DEFAULT 0          -- 1 on its way to the server, 2 the server has it
) STRICT, WITHOUT ROWID;
CREATE INDEX former_record_by_village ON former_record (village);
