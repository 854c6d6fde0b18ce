-- What GitHub's webhooks told, kept before they are acknowledged, and names
-- that are good once (OIDC tokens of runs). Times as in 0001.

CREATE TABLE deliveries (
    id           TEXT PRIMARY KEY,
    event        TEXT   NOT NULL,
    doc          TEXT   NOT NULL,
    run          TEXT   NOT NULL,
    attempt      BIGINT NOT NULL,
    stage        BIGINT NOT NULL,
    received_us  BIGINT NOT NULL,
    processed_us BIGINT NOT NULL
);
CREATE INDEX deliveries_waiting ON deliveries (received_us, id) WHERE processed_us = 0;
CREATE INDEX deliveries_run ON deliveries (run, attempt) WHERE processed_us <> 0;

CREATE TABLE used_names (
    name     TEXT PRIMARY KEY,
    until_us BIGINT NOT NULL
);
