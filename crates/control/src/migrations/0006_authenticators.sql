CREATE TABLE authenticator_tries (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    authenticator TEXT NOT NULL,
    tries INTEGER NOT NULL,
    PRIMARY KEY (user_id, authenticator)
) STRICT, WITHOUT ROWID;
