-- 迁出、销户、并户: a household that is not on the register any more keeps its page and its visits.
ALTER TABLE household ADD COLUMN standing TEXT NOT NULL DEFAULT '';   -- '' on the register; moved, dissolved, merged
ALTER TABLE household ADD COLUMN merged_into BLOB;                    -- 并户: shown under this one
CREATE INDEX household_off_register ON household (standing) WHERE standing <> '';
CREATE INDEX household_merged ON household (merged_into) WHERE merged_into IS NOT NULL;

-- Every household that a merged one leads to, over any number of links; a ring ends by itself.
CREATE VIEW household_alias (old, shown) AS
WITH RECURSIVE link (old, shown) AS (
  SELECT id, merged_into FROM household WHERE merged_into IS NOT NULL
  UNION
  SELECT link.old, h.merged_into FROM link JOIN household h ON h.id = link.shown WHERE h.merged_into IS NOT NULL
)
SELECT old, shown FROM link;

-- Projections to be derived anew from the shown records, once, when the database is next opened.
CREATE TABLE stale_projection (name TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO stale_projection VALUES ('household');
