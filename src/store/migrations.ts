/**
 * Owns the shape of the store as numbered steps; a step that was released is never edited, only followed by another.
 * The constraints repeat what src/model/state.ts says, so that a wrong write fails here too.
 */

const FINAL = `('COMPLETED','FAILED','CRASHED','CANCELLED')`

const FIRST = `
CREATE TABLE texts (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('task','flow')),
  name TEXT NOT NULL,
  run_name TEXT NOT NULL,
  state_type TEXT NOT NULL CHECK (state_type IN
    ('SCHEDULED','PENDING','RUNNING','COMPLETED','FAILED','CRASHED','CANCELLING','CANCELLED','PAUSED')),
  state_name TEXT NOT NULL,
  state_ms INTEGER NOT NULL,
  state_message TEXT NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  owner TEXT,
  retry_at_ms INTEGER,
  options_id INTEGER NOT NULL REFERENCES texts (id),
  code_id INTEGER NOT NULL REFERENCES texts (id),
  environment_id INTEGER NOT NULL REFERENCES texts (id),
  parameters TEXT NOT NULL,
  input_digests TEXT NOT NULL,
  cache_key TEXT NOT NULL,
  notebook TEXT,
  parent_id TEXT,
  tags TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER,
  cached_from INTEGER REFERENCES runs (number),
  error TEXT,
  progress TEXT,
  last_log TEXT,
  cpu_seconds REAL,
  peak_memory_bytes INTEGER,
  warnings TEXT NOT NULL,
  has_result INTEGER NOT NULL CHECK (has_result IN (0, 1)),
  output_names TEXT NOT NULL,
  CHECK ((ended_ms IS NULL) = (state_type NOT IN ${FINAL})),
  CHECK ((owner IS NOT NULL) = (state_type IN ('RUNNING','CANCELLING') OR (state_type = 'PENDING' AND state_name = 'Starting'))),
  CHECK ((retry_at_ms IS NOT NULL) = (state_type = 'SCHEDULED')),
  CHECK (has_result = 0 OR state_type = 'COMPLETED'),
  CHECK (cached_from IS NULL OR state_name = 'Cached')
) STRICT;
CREATE INDEX runs_open ON runs (number) WHERE ended_ms IS NULL;
CREATE INDEX runs_by_parent ON runs (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE states (
  run INTEGER NOT NULL REFERENCES runs (number),
  position INTEGER NOT NULL,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  message TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  run INTEGER NOT NULL REFERENCES runs (number),
  attempt INTEGER NOT NULL,
  nonce TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_start TEXT,
  spool_path TEXT NOT NULL,
  assigned_ms INTEGER NOT NULL,
  PRIMARY KEY (run, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE inputs (
  run INTEGER PRIMARY KEY REFERENCES runs (number),
  digest BLOB NOT NULL,
  size_bytes INTEGER NOT NULL,
  body BLOB
) STRICT;

CREATE TABLE results (
  run INTEGER PRIMARY KEY REFERENCES runs (number),
  digest BLOB NOT NULL,
  size_bytes INTEGER NOT NULL,
  body BLOB
) STRICT;

CREATE TABLE emissions (
  run INTEGER NOT NULL REFERENCES runs (number),
  position INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('output','log','cut')),
  body TEXT NOT NULL,
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE cache (
  key TEXT PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs (number),
  computed_ms INTEGER NOT NULL,
  expires_ms INTEGER
) STRICT, WITHOUT ROWID;
`

/** Step n brings a store from user_version n to n + 1. */
export const MIGRATIONS: readonly string[] = [FIRST]
