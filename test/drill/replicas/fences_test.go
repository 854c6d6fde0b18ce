//go:build unix

package replicas

// fences are triggers in the drill's database that note each write to what another
// replica has claimed at that instant. A replica is known by its application_name, which
// is also its name among the replicas.
const fences = `
CREATE TABLE drill_stale (at timestamptz NOT NULL DEFAULT clock_timestamp(), what text NOT NULL, writer text NOT NULL, holder text NOT NULL);

CREATE FUNCTION drill_now() RETURNS bigint LANGUAGE sql AS $$ SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint $$;

CREATE FUNCTION drill_note(what text, of text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	holder text;
BEGIN
	SELECT name INTO holder FROM replicas WHERE id = of;
	IF holder <> current_setting('application_name') AND current_setting('application_name') IN ('direct', 'proxied', 'pooled') THEN
		INSERT INTO drill_stale (what, writer, holder) VALUES (what, current_setting('application_name'), holder);
	END IF;
END $$;

CREATE FUNCTION drill_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.claimed_us > drill_now() THEN
		PERFORM drill_note('a task of the outbox', OLD.claimed_by);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER drill_task AFTER UPDATE OR DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION drill_task();

CREATE FUNCTION drill_duty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.until_us > drill_now() THEN
		PERFORM drill_note('the duty ' || OLD.name, OLD.holder);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER drill_duty AFTER UPDATE OR DELETE ON duties FOR EACH ROW EXECUTE FUNCTION drill_duty();

CREATE FUNCTION drill_under() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	of text;
BEGIN
	SELECT holder INTO of FROM duties WHERE name = TG_ARGV[0] AND until_us > drill_now();
	IF FOUND THEN
		PERFORM drill_note('what belongs to the duty ' || TG_ARGV[0], of);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER drill_under AFTER UPDATE ON notices FOR EACH ROW EXECUTE FUNCTION drill_under('notices');
CREATE TRIGGER drill_under AFTER UPDATE ON notice_targets FOR EACH ROW EXECUTE FUNCTION drill_under('notices');
`
