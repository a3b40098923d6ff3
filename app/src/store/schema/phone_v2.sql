-- The server's rows of its former lives, until everything that its present life lacks has been offered and pulled.
CREATE TABLE former_record (
  id      BLOB NOT NULL,
  layer   INTEGER NOT NULL,                   -- 1, 2 … : of which life; the greatest is the last
  kind    TEXT NOT NULL,
  village TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  stamp   BLOB NOT NULL,
  body    TEXT NOT NULL,
  others  TEXT NOT NULL DEFAULT '',
  hash    INTEGER NOT NULL,
  offered INTEGER NOT NULL DEFAULT 0,         -- 1 on its way to the server, 2 the server has it
  PRIMARY KEY (id, layer)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_record_by_village ON former_record (village);

-- What winners compare where the server gave another than the stamp: a patch that is sent again keeps it.
ALTER TABLE patch ADD COLUMN ord BLOB;

-- Receipted under the number of a device that this phone no longer is: after a restore it is offered, since nobody can
-- push it any more. 0 no; else as former_record.offered, one more: 1 to be offered, 2 on its way, 3 the server has it.
ALTER TABLE patch ADD COLUMN orphan INTEGER NOT NULL DEFAULT 0;
CREATE INDEX patch_orphan ON patch (orphan) WHERE orphan > 0;
