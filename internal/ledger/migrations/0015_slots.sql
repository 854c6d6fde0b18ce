-- Slots: the number of each group's last turn (a site's where it has no group). What runs
-- is told by the sites themselves. And what GitHub said last of the limits of its API, for
-- each installation of the App: 0 is the token's, -1 the App's own. Times as in 0001.
-- quota is how many calls an hour has, 0 for not known; until_us is before when nothing
-- may be sent, met how many refusals in a row did not say for how long; read_us and
-- change_us are when the next call that reads, or changes something, may be sent.

CREATE TABLE slot_turns (
    name TEXT PRIMARY KEY,
    turn BIGINT NOT NULL
);
CREATE INDEX sites_busy ON sites (name) WHERE state <> 'ready';

CREATE TABLE github_budgets (
    installation BIGINT PRIMARY KEY,
    quota        BIGINT NOT NULL,
    remaining    BIGINT NOT NULL,
    reset_us     BIGINT NOT NULL,
    until_us     BIGINT NOT NULL,
    met          BIGINT NOT NULL,
    read_us      BIGINT NOT NULL,
    change_us    BIGINT NOT NULL
);
