-- One text for SQLite and PostgreSQL. Times are BIGINT microseconds since the
-- epoch, UTC; 0 is "not yet". Documents are JSON text.

CREATE TABLE sites (
    name       TEXT PRIMARY KEY,
    state      TEXT   NOT NULL,
    doc        TEXT   NOT NULL,
    updated_us BIGINT NOT NULL
);

CREATE TABLE requests (
    id            TEXT PRIMARY KEY,
    site          TEXT   NOT NULL,
    idem_key      TEXT,
    place         BIGINT NOT NULL,
    source        TEXT   NOT NULL,
    actor         TEXT   NOT NULL,
    title         TEXT   NOT NULL,
    link          TEXT   NOT NULL,
    entity        TEXT   NOT NULL,
    reason        TEXT   NOT NULL,
    accepted_us   BIGINT NOT NULL,
    not_before_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX requests_key ON requests (site, idem_key);
CREATE INDEX requests_place ON requests (site, place);
CREATE INDEX requests_scheduled ON requests (site, not_before_us) WHERE place = 0;

CREATE TABLE releases (
    site     TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    outcome  TEXT   NOT NULL,
    after_place BIGINT NOT NULL,
    upto_place  BIGINT NOT NULL,
    opened_us   BIGINT NOT NULL,
    live_us     BIGINT NOT NULL,
    ended_us    BIGINT NOT NULL,
    doc      TEXT   NOT NULL,
    metrics  TEXT   NOT NULL,
    PRIMARY KEY (site, number)
);
-- The database itself refuses a second release that has not ended.
CREATE UNIQUE INDEX releases_active ON releases (site) WHERE ended_us = 0;
CREATE INDEX releases_upto ON releases (site, upto_place);

-- Append-only: nothing updates an event, and only retention deletes one.
CREATE TABLE events (
    id         BIGINT PRIMARY KEY,
    site       TEXT   NOT NULL,
    at_us      BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    release_no BIGINT NOT NULL,
    request_id TEXT   NOT NULL,
    actor      TEXT   NOT NULL,
    why        TEXT   NOT NULL
);
CREATE INDEX events_site ON events (site, id);
CREATE INDEX events_release ON events (site, release_no, id);

CREATE TABLE outbox (
    id         BIGINT PRIMARY KEY,
    site       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    doc        TEXT   NOT NULL,
    created_us BIGINT NOT NULL,
    due_us     BIGINT NOT NULL,
    started_us BIGINT NOT NULL,
    tries      BIGINT NOT NULL
);
