-- Runs that wait at GitHub until the app lets them begin (custom deployment
-- protection rules). Times as in 0001.

CREATE TABLE approvals (
    site        TEXT   NOT NULL,
    run         TEXT   NOT NULL,
    environment TEXT   NOT NULL,
    since_us    BIGINT NOT NULL,
    comment     TEXT   NOT NULL,
    comments    BIGINT NOT NULL,
    PRIMARY KEY (site, run, environment)
);
