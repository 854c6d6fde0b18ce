-- Several processes of the app on one database: who they are, what they committed, and
-- who does what. Times as in 0001. A replica's batch is the number of its last
-- transaction; claimed_us and until_us are when a claim ends unless it is renewed;
-- tokens only rise.

CREATE TABLE replicas (
    id         TEXT PRIMARY KEY,
    name       TEXT   NOT NULL,
    machine    TEXT   NOT NULL,
    version    TEXT   NOT NULL,
    config     TEXT   NOT NULL,
    started_us BIGINT NOT NULL,
    seen_us    BIGINT NOT NULL,
    batch      BIGINT NOT NULL
);

CREATE TABLE commits (
    number  BIGINT PRIMARY KEY,
    replica TEXT   NOT NULL,
    doc     TEXT   NOT NULL
);

CREATE TABLE duties (
    name     TEXT PRIMARY KEY,
    holder   TEXT   NOT NULL,
    until_us BIGINT NOT NULL,
    token    BIGINT NOT NULL
);

CREATE TABLE machines (
    site    TEXT PRIMARY KEY,
    machine TEXT NOT NULL,
    name    TEXT NOT NULL
);

CREATE TABLE shared_secrets (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

ALTER TABLE outbox ADD COLUMN claimed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN claimed_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN token BIGINT NOT NULL DEFAULT 0;
