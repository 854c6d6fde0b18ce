-- Releases by when they went live: "what went out yesterday?" is asked by the clock, and
-- there may be years of them.

-- +goose Up
CREATE INDEX releases_live ON releases (site, live_us);

-- +goose Down
DROP INDEX releases_live;
