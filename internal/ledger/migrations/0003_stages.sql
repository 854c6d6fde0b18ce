-- What webhooks told of an attempt so far is read without going through all of
-- them: a run with many jobs has thousands.

CREATE INDEX deliveries_stage ON deliveries (run, attempt, stage) WHERE processed_us <> 0;
DROP INDEX deliveries_run;
