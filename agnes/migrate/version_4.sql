-- The tables that version 4 of system.duckdb has and version 3 has not.

CREATE TABLE IF NOT EXISTS metric_definitions (
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
    updated_at TIMESTAMP DEFAULT now()
);

CREATE TABLE IF NOT EXISTS column_metadata (
    table_id VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    basetype VARCHAR,
    description VARCHAR,
    confidence VARCHAR DEFAULT 'manual',
    source VARCHAR DEFAULT 'manual',
    updated_at TIMESTAMP DEFAULT now(),
    PRIMARY KEY (table_id, column_name)
);
