-- Who is signed in to the pages. The secret of a session is in its browser alone:
-- here is its SHA-256. belongs is what the provider said somebody belongs to, as a
-- JSON list, from which the configuration makes a role at each call. Times as in
-- 0001; ended_us is 0 while the session is good.

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    hash       TEXT   NOT NULL UNIQUE,
    via        TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    email      TEXT   NOT NULL,
    domain     TEXT   NOT NULL,
    belongs    TEXT   NOT NULL,
    browser    TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    begun_us   BIGINT NOT NULL,
    seen_us    BIGINT NOT NULL,
    until_us   BIGINT NOT NULL,
    ended_us   BIGINT NOT NULL,
    ended_by   TEXT   NOT NULL
);
CREATE INDEX sessions_person ON sessions (via, subject);
CREATE INDEX sessions_until ON sessions (until_us);
