-- The newest request about some content is found without going through all of them.

CREATE INDEX requests_entity ON requests (site, entity, accepted_us) WHERE entity <> '';
