-- Where a role counts, what an account must do first, and when it was last used.

ALTER TABLE users ADD COLUMN grants TEXT NOT NULL DEFAULT '["*"]' CHECK (json_valid(grants));

ALTER TABLE users ADD COLUMN must_change_password INTEGER NOT NULL DEFAULT 0 CHECK (must_change_password IN (0, 1));

ALTER TABLE users ADD COLUMN last_login_at INTEGER;
