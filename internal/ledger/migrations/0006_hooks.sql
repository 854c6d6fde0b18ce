-- What CMSs call: the secrets in the addresses of hooks (their hashes alone),
-- what was delivered, and changes that wait for the next release. Times as in
-- 0001; until_us is 0 for a secret that is good until it is replaced.

CREATE TABLE hook_secrets (
    id         TEXT PRIMARY KEY,
    site       TEXT   NOT NULL,
    hook       TEXT   NOT NULL,
    hash       TEXT   NOT NULL,
    made_by    TEXT   NOT NULL,
    made_us    BIGINT NOT NULL,
    until_us   BIGINT NOT NULL
);
CREATE INDEX hook_secrets_site ON hook_secrets (site, hook);

CREATE TABLE hook_deliveries (
    id          TEXT PRIMARY KEY,
    site        TEXT   NOT NULL,
    hook        TEXT   NOT NULL,
    event_key   TEXT,
    event       TEXT   NOT NULL,
    entity      TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    actor       TEXT   NOT NULL,
    decision    TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    why         TEXT   NOT NULL,
    request_id  TEXT   NOT NULL,
    received_us BIGINT NOT NULL
);
CREATE INDEX hook_deliveries_site ON hook_deliveries (site, id);
CREATE INDEX hook_deliveries_key ON hook_deliveries (site, event_key);

CREATE TABLE changes (
    id         TEXT PRIMARY KEY,
    site       TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    hook       TEXT   NOT NULL,
    entity     TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    link       TEXT   NOT NULL,
    actor      TEXT   NOT NULL,
    why        TEXT   NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX changes_subject ON changes (site, subject);
CREATE INDEX changes_time ON changes (site, changed_us);
