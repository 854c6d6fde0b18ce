-- Releases by when they went live: "what went out yesterday?" is asked by the clock, and
-- there may be years of them.

CREATE INDEX releases_live ON releases (site, live_us);
