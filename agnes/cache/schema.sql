-- The tables of a snapshot. Times are UTC. In the first three tables the columns up to the comment
-- "ours" are those of the existing system, in its order; programs rely on them.

CREATE TABLE metric_definitions (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    display_name VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    description TEXT,
    type VARCHAR DEFAULT 'sum',
    unit VARCHAR,
    grain VARCHAR DEFAULT 'monthly',
    table_name VARCHAR,
    tables VARCHAR[],
    expression VARCHAR,
    time_column VARCHAR,
    dimensions VARCHAR[],
    filters VARCHAR[],
    synonyms VARCHAR[],
    notes VARCHAR[],
    sql TEXT NOT NULL,
    sql_variants JSON,
    validation JSON,
    source VARCHAR DEFAULT 'manual',
    created_at TIMESTAMP DEFAULT now(),
    updated_at TIMESTAMP DEFAULT now(),
    -- ours
    owner VARCHAR,
    status VARCHAR DEFAULT 'active',
    tags VARCHAR[],
    meta JSON,
    inputs VARCHAR[],
    replaced_by VARCHAR,
    path VARCHAR NOT NULL,             -- the file, relative to the catalog
    blob VARCHAR NOT NULL,             -- git's id of the version that is served
    commit_id VARCHAR,                 -- the commit that last changed the file
    author VARCHAR,                    -- and its author
    stale BOOLEAN NOT NULL DEFAULT false,  -- the file is broken; an earlier version is served
    certified JSON,                    -- the certificate as the file has it
    certified_by VARCHAR,              -- the e-mail of who approved
    certified_on VARCHAR,              -- and the day, 2026-07-29
    certification VARCHAR              -- certified, or lapsed: the meaning changed since
);

CREATE TABLE column_metadata (
    table_id VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    basetype VARCHAR,
    description VARCHAR,
    confidence VARCHAR DEFAULT 'manual',
    source VARCHAR DEFAULT 'manual',
    updated_at TIMESTAMP DEFAULT now(),
    -- ours
    pii BOOLEAN NOT NULL DEFAULT false,
    position INTEGER NOT NULL,         -- the order in the file, from 1
    path VARCHAR NOT NULL,
    PRIMARY KEY (table_id, column_name)
);

CREATE TABLE table_registry (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    source_type VARCHAR,
    bucket VARCHAR,
    source_table VARCHAR,
    sync_strategy VARCHAR DEFAULT 'full_refresh',
    query_mode VARCHAR DEFAULT 'local',
    sync_schedule VARCHAR,
    profile_after_sync BOOLEAN DEFAULT true,
    primary_key VARCHAR,
    folder VARCHAR,
    description TEXT,
    registered_by VARCHAR,
    is_public BOOLEAN DEFAULT true,
    registered_at TIMESTAMP DEFAULT now(),
    -- ours
    access_groups VARCHAR[],
    updated_at TIMESTAMP,
    path VARCHAR NOT NULL,
    blob VARCHAR NOT NULL,
    commit_id VARCHAR,
    author VARCHAR,
    stale BOOLEAN NOT NULL DEFAULT false
);

CREATE TABLE categories (
    name VARCHAR PRIMARY KEY,          -- the folder, the first part of a metric's id
    display_name VARCHAR NOT NULL,     -- what metrics.yml calls it
    description VARCHAR,
    position INTEGER NOT NULL          -- the order of metrics.yml, unlisted ones after it
);

CREATE TABLE catalog_diagnostics (
    path VARCHAR NOT NULL,
    line INTEGER NOT NULL,             -- 1-based, 0 for the whole file
    "column" INTEGER NOT NULL,
    code VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    hint VARCHAR
);

CREATE TABLE file_history (
    path VARCHAR PRIMARY KEY,          -- deleted files too
    created_at TIMESTAMP NOT NULL,     -- of the first commit that touched it
    created_by VARCHAR NOT NULL,
    created_commit VARCHAR NOT NULL,
    updated_at TIMESTAMP NOT NULL,     -- of the last
    updated_by VARCHAR NOT NULL,
    updated_commit VARCHAR NOT NULL,
    source VARCHAR                     -- the last one's trailer Agnes-Source
);

CREATE TABLE snapshot_info (
    commit_id VARCHAR NOT NULL,        -- of a preview: the commit that it is based on
    tree VARCHAR,                      -- the catalog's folder
    committed BOOLEAN NOT NULL,        -- false for a preview of the working tree
    shallow BOOLEAN NOT NULL,          -- history was cut off: dates go back only so far
    name VARCHAR,                      -- agnes.yml
    description VARCHAR,
    sync_interval VARCHAR,
    format INTEGER NOT NULL,
    agnes_version VARCHAR NOT NULL,
    duckdb_version VARCHAR NOT NULL,
    built_at TIMESTAMP NOT NULL,
    committed_at TIMESTAMP NOT NULL,   -- the commit's own time
    metrics INTEGER NOT NULL,
    tables INTEGER NOT NULL,
    columns INTEGER NOT NULL,
    stale INTEGER NOT NULL,            -- metrics and tables of which an earlier version is served
    errors INTEGER NOT NULL,           -- rows of catalog_diagnostics
    warnings INTEGER NOT NULL,
    digest VARCHAR NOT NULL            -- of all other rows
);

-- What search needs. Terms are stems; see agnes/search/text.py.
CREATE TABLE search_terms (
    term VARCHAR NOT NULL,
    id VARCHAR NOT NULL,
    weight FLOAT NOT NULL,             -- of the fields that it stands in, the longer the less
    field VARCHAR NOT NULL,            -- the weightiest of them
    word VARCHAR NOT NULL              -- as written there
);

CREATE TABLE search_keys (
    key VARCHAR NOT NULL,              -- the stems of the words of a whole name or synonym
    id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,             -- id, name, display name, synonym, abbreviation
    phrase VARCHAR NOT NULL            -- as written
);
