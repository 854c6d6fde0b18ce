-- Who is told what happened: how far each target has been told of the events, and
-- what is to be sent to it, in its order. Times as in 0001. A place that is not 0
-- says how far within the event after event_id its requests have been told.

CREATE TABLE notice_targets (
    site     TEXT   NOT NULL,
    target   TEXT   NOT NULL,
    event_id BIGINT NOT NULL,
    place    BIGINT NOT NULL,
    PRIMARY KEY (site, target)
);

CREATE TABLE notices (
    id         TEXT PRIMARY KEY,
    site       TEXT   NOT NULL,
    target     TEXT   NOT NULL,
    line       BIGINT NOT NULL,
    type       TEXT   NOT NULL,
    release_no BIGINT NOT NULL,
    request_id TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    tries      BIGINT NOT NULL,
    status     BIGINT NOT NULL,
    trouble    TEXT   NOT NULL,
    created_us BIGINT NOT NULL,
    due_us     BIGINT NOT NULL,
    until_us   BIGINT NOT NULL,
    tried_us   BIGINT NOT NULL
);
CREATE INDEX notices_line ON notices (site, target, line);
CREATE INDEX notices_waiting ON notices (site, target, line) WHERE state = 'waiting';
CREATE INDEX notices_state ON notices (state, created_us);
