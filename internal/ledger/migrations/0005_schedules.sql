-- Up to when each schedule of a site was looked at. Times as in 0001.

CREATE TABLE schedules (
    site      TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    looked_us BIGINT NOT NULL,
    PRIMARY KEY (site, name)
);
