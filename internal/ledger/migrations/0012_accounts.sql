-- The accounts of bakes: what became of every address of a release, as gzip of JSON lines
-- in base64.

CREATE TABLE release_accounts (
    site       TEXT   NOT NULL,
    release_no BIGINT NOT NULL,
    account    TEXT   NOT NULL,
    PRIMARY KEY (site, release_no)
);
