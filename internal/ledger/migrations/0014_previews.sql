-- Previews of pull requests: one document each, which its version guards, and when it is to
-- be looked at again. Times as in 0001.

CREATE TABLE previews (
    site    TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    version BIGINT NOT NULL,
    due_us  BIGINT NOT NULL,
    doc     TEXT   NOT NULL,
    PRIMARY KEY (site, number)
);
CREATE INDEX previews_due ON previews (due_us);
