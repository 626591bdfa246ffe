-- The store's format 2. Times are milliseconds since 1970 UTC. Nothing but the store writes here.

-- Table names, each once. `generation`: the current one.
CREATE TABLE tables (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL DEFAULT 1
) STRICT;

-- Heads of documents, in the order they became durable. A row is never changed. AUTOINCREMENT: a
-- number is never given twice, or a watermark would hide a document.
-- `id`: a UUID as a BLOB of 16 bytes, any other id as TEXT.
CREATE TABLE documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id ANY NOT NULL UNIQUE,
    table_id INTEGER NOT NULL REFERENCES tables (id),
    received_at_ms INTEGER NOT NULL,
    principal TEXT,
    form INTEGER NOT NULL,
    encoding INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

-- Bodies apart from the heads: reading heads touches no body, and retention removes rows here only.
CREATE TABLE bodies (
    seq INTEGER PRIMARY KEY REFERENCES documents (seq),
    body BLOB NOT NULL
) STRICT;

-- Documents up to this one are in batches.
CREATE TABLE watermark (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    dispatched_seq INTEGER NOT NULL
) STRICT;
INSERT INTO watermark (only_row, dispatched_seq) VALUES (1, 0);

-- `members`, `plan_members`: numbers of documents, in order, see members.rs. `plan`: JSON without
-- the ids of its documents.
CREATE TABLE batches (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    table_id INTEGER NOT NULL REFERENCES tables (id),
    generation INTEGER NOT NULL,
    members BLOB NOT NULL,
    documents INTEGER NOT NULL,
    oldest_received_at_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    plan TEXT,
    plan_members BLOB,
    committed_at_ms INTEGER
) STRICT;
CREATE INDEX batches_open ON batches (number) WHERE committed_at_ms IS NULL;

-- How far the trials of uncommitted batches are: JSON.
CREATE TABLE trials (
    batch INTEGER PRIMARY KEY REFERENCES batches (number),
    trial TEXT NOT NULL
) STRICT;

-- A document belongs to one batch of a generation for good. `rows`, `rejects`: its outcome, null
-- until the batch was written.
CREATE TABLE claims (
    table_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    batch INTEGER NOT NULL REFERENCES batches (number),
    rows INTEGER,
    rejects INTEGER,
    PRIMARY KEY (table_id, generation, seq)
) STRICT, WITHOUT ROWID;

-- Why records are rejects, of documents that have some.
CREATE TABLE outcome_reasons (
    table_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    position INTEGER NOT NULL,
    record INTEGER,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    pointer TEXT,
    PRIMARY KEY (table_id, generation, seq, position)
) STRICT, WITHOUT ROWID;

-- Parts of committed batches. `table_id`, `generation`: of the root table, for rejects too.
-- `retired_at_ms`: readers that start now do not see it; its file can still be in use.
CREATE TABLE parts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    table_id INTEGER NOT NULL REFERENCES tables (id),
    generation INTEGER NOT NULL,
    physical TEXT NOT NULL,
    tier TEXT NOT NULL,
    ingest_date TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    batch INTEGER REFERENCES batches (number),
    retired_at_ms INTEGER
) STRICT;
CREATE INDEX parts_of_table ON parts (table_id, generation, ingest_date)
    WHERE retired_at_ms IS NULL;

-- Sums over the reports of committed batches.
CREATE TABLE table_totals (
    table_id INTEGER NOT NULL REFERENCES tables (id),
    generation INTEGER NOT NULL,
    batches INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    rejected_documents INTEGER NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (table_id, generation)
) STRICT, WITHOUT ROWID;
CREATE TABLE row_totals (
    table_id INTEGER NOT NULL REFERENCES tables (id),
    generation INTEGER NOT NULL,
    physical TEXT NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (table_id, generation, physical)
) STRICT, WITHOUT ROWID;
CREATE TABLE reject_totals (
    table_id INTEGER NOT NULL REFERENCES tables (id),
    generation INTEGER NOT NULL,
    code TEXT NOT NULL,
    rejects INTEGER NOT NULL,
    PRIMARY KEY (table_id, generation, code)
) STRICT, WITHOUT ROWID;

-- The queue of batches. `state`: 0 waiting, 1 out, 2 set aside.
CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    table_id INTEGER NOT NULL REFERENCES tables (id),
    batch TEXT NOT NULL,
    send INTEGER NOT NULL,
    receives INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL,
    state INTEGER NOT NULL,
    UNIQUE (batch, send)
) STRICT;
CREATE INDEX messages_in_line ON messages (table_id, number) WHERE state <> 2;

-- The registry version that SQL is told.
CREATE TABLE shown (
    table_id INTEGER NOT NULL REFERENCES tables (id),
    generation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (table_id, generation)
) STRICT, WITHOUT ROWID;
