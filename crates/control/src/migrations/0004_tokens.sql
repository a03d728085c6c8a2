-- Families of tokens, what ended before its time, and what is noted of keys.

ALTER TABLE users ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;

CREATE TABLE token_families (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_hash BLOB NOT NULL CHECK (length(refresh_hash) = 32),
    created_at INTEGER NOT NULL,
    factors TEXT NOT NULL CHECK (json_valid(factors)),
    refreshed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
    era INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    user_agent TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX token_families_of_user ON token_families (user_id, created_at);

CREATE TABLE denied_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE api_keys ADD COLUMN label TEXT;
ALTER TABLE api_keys ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE api_keys ADD COLUMN last_used_from TEXT;
ALTER TABLE api_keys ADD COLUMN replaced_at INTEGER;
ALTER TABLE api_keys ADD COLUMN reminded_days INTEGER;
