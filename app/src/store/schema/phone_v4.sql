-- What was written never changes once it is sealed; where it is changes three times. Apart, a receipt for thousands of
-- patches rewrites their envelopes alone.
CREATE TABLE patch_body (
  at   INTEGER NOT NULL PRIMARY KEY,          -- of its patch
  body TEXT NOT NULL                          -- JSON {set, base}
) STRICT;
INSERT INTO patch_body SELECT at, body FROM patch;
ALTER TABLE patch DROP COLUMN body;
CREATE VIEW whole_patch AS SELECT patch.*, patch_body.body FROM patch JOIN patch_body USING (at);

-- Counting what waits happens at every save: from this index alone, also after months without a network. (Some phones
-- have these three already.)
CREATE INDEX IF NOT EXISTS patch_unsent ON patch (record, written_at) WHERE state < 2;

-- So does what an exchange must look at: none of it may cost more the longer this phone has been in use.
CREATE INDEX IF NOT EXISTS patch_unsettled ON patch (device_seq) WHERE state = 2;
CREATE INDEX IF NOT EXISTS patch_held ON patch (device_seq) WHERE held <> '';
