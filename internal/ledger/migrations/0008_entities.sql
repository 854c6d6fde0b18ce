-- The newest request about some content is found without going through all of them.

-- +goose Up
CREATE INDEX requests_entity ON requests (site, entity, accepted_us) WHERE entity <> '';

-- +goose Down
DROP INDEX requests_entity;
