-- Photos, in the same keyed database as the words: a photo is two files, each once per village.
CREATE TABLE photo_file (
  id       INTEGER NOT NULL PRIMARY KEY,
  village  TEXT NOT NULL,
  photo    TEXT NOT NULL,                     -- hash of the original: the photo's name in records
  part     INTEGER NOT NULL,                  -- 0 thumbnail, 1 original
  hash     TEXT NOT NULL,                     -- of these very bytes
  bytes    INTEGER NOT NULL,
  own      INTEGER NOT NULL,                  -- 1 taken here, to be sent; 0 fetched from the township
  epoch    TEXT NOT NULL DEFAULT '',          -- the server's life in which it said that it has it
  refused  TEXT NOT NULL DEFAULT '',          -- why the township will not take it
  put_off  INTEGER NOT NULL DEFAULT 0,        -- tries that led nowhere: others go first
  unused   INTEGER,                           -- since when nothing names it, Unix milliseconds
  body     BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX photo_file_named ON photo_file (village, photo, part);
CREATE INDEX photo_file_to_send ON photo_file (put_off, part, id) WHERE own = 1 AND refused = '';

-- Who names which photo: records as they are shown, and drafts.
CREATE TABLE photo_use (
  photo   TEXT NOT NULL,
  record  BLOB NOT NULL,
  draft   INTEGER NOT NULL,                   -- 0 the record, 1 the draft of that visit, 2 a record that has left this
                                              -- phone before its photos were sent
  village TEXT NOT NULL,
  PRIMARY KEY (photo, record, draft)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_use_by_record ON photo_use (record);

-- What newer phones wrote while this one did not know photos yet.
INSERT INTO photo_use (photo, record, draft, village)
SELECT substr(field.key, 8), record.id, 0, record.village FROM record, json_each(record.body) AS field
WHERE instr(record.body, '"photos.') > 0 AND field.key GLOB 'photos.*' AND field.type <> 'null';
