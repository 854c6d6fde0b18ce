-- People as targets: what they were told, which decides what they are told next
-- (internal/notify.Memory), and where the message about a release is that changes
-- with it.

ALTER TABLE notice_targets ADD COLUMN memory TEXT NOT NULL DEFAULT '';

CREATE TABLE notice_places (
    site       TEXT   NOT NULL,
    target     TEXT   NOT NULL,
    release_no BIGINT NOT NULL,
    place      TEXT   NOT NULL,
    PRIMARY KEY (site, target, release_no)
);
