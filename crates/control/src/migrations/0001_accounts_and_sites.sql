-- Times are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    password_phc TEXT NOT NULL,
    role TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    user_agent TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    owner_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL CHECK (json_valid(scopes)),
    cidrs TEXT NOT NULL CHECK (json_valid(cidrs)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER,
    successor_id TEXT REFERENCES api_keys (id) ON DELETE SET NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_of_owner ON api_keys (owner_id);

CREATE TABLE lockouts (
    key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 16),
    failures INTEGER NOT NULL,
    locks INTEGER NOT NULL,
    last_failure_at INTEGER NOT NULL,
    locked_until INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX lockouts_by_age ON lockouts (last_failure_at);

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sites (
    domain TEXT NOT NULL PRIMARY KEY,
    time_zone TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    settings TEXT NOT NULL CHECK (json_valid(settings))
) STRICT, WITHOUT ROWID;
