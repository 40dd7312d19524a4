//! The tables on a server, how older ones become newer ones, and who may do what.

/// One step per schema version, append only: a released step never changes.
pub(super) const MIGRATIONS: [&str; 1] = [VERSION_1];

/// The version this program writes: the number of steps.
pub(super) const VERSION: i64 = 1;

/// What the role that makes the schema leaves to other roles. The names stand for roles that
/// people log in by membership of.
pub(super) const ROLES: &str = "
DO $$ BEGIN
  CREATE ROLE ostracon_writer NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN
  CREATE ROLE ostracon_reader NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT USAGE ON SCHEMA ostracon TO ostracon_writer, ostracon_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA ostracon TO ostracon_writer, ostracon_reader;
GRANT INSERT, UPDATE, DELETE ON ostracon.target, ostracon.enforcement, ostracon.orders, ostracon.call, ostracon.run,
  ostracon.lease, ostracon.meta TO ostracon_writer;
GRANT INSERT ON ostracon.audit TO ostracon_writer;
GRANT USAGE ON SEQUENCE ostracon.fence TO ostracon_writer;
";

/// Times of ours are milliseconds since the Unix epoch; `until` is null for `never`, `lapse` for
/// \"does not end by itself\"; a restriction in the whole app has room ''. Text sorts by its
/// bytes, as the domain's order does. What expires by the server's clock is a `timestamptz`.
/// What no row can say the tables refuse.
const VERSION_1: &str = r#"
CREATE TABLE ostracon.meta (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE ostracon.target (
  name text COLLATE "C" PRIMARY KEY,
  binding text NOT NULL,
  endpoint text NOT NULL,
  credentials text NOT NULL
);

CREATE TABLE ostracon.enforcement (
  target text COLLATE "C" NOT NULL,
  room text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('channel', 'device', 'ip', 'stream', 'user')),
  subject text COLLATE "C" NOT NULL,
  deny bigint NOT NULL CHECK (deny BETWEEN 0 AND 7),
  until bigint,
  reason text,
  entry text,
  since bigint,
  written bigint,
  lapse bigint,
  rule text,
  evidence text CHECK (evidence IN ('acknowledged', 'observed', 'adopted')),
  twin_since bigint,
  twin_asked text,
  doubt text CHECK (doubt IN ('impose', 'renew', 'amend', 'lift', 'kick', 'forget')),
  doubt_since bigint,
  doubt_lapse bigint,
  doubt_asked text,
  waiting bigint,
  seen bigint,
  PRIMARY KEY (target, room, kind, subject, deny),
  CHECK ((since IS NULL) = (written IS NULL) AND (since IS NULL) = (evidence IS NULL)),
  CHECK (since IS NOT NULL
    OR (lapse IS NULL AND rule IS NULL AND twin_since IS NULL AND seen IS NULL)),
  CHECK ((doubt IS NULL) = (doubt_since IS NULL) AND (doubt IS NULL) = (doubt_asked IS NULL)),
  CHECK ((twin_since IS NULL) = (twin_asked IS NULL))
);

CREATE TABLE ostracon.orders (
  id text COLLATE "C" PRIMARY KEY,
  given bigint NOT NULL,
  ended bigint,
  document text NOT NULL
);

CREATE TABLE ostracon.run (
  id text COLLATE "C" PRIMARY KEY,
  started bigint NOT NULL,
  finished bigint,
  "user" text NOT NULL,
  host text NOT NULL,
  pid bigint NOT NULL,
  note text,
  outcome text,
  who text
);

CREATE TABLE ostracon.call (
  run text COLLATE "C" NOT NULL,
  id bigint NOT NULL,
  target text NOT NULL,
  rate_key text NOT NULL,
  lane bigint NOT NULL,
  verb text NOT NULL,
  kind text NOT NULL,
  room text NOT NULL,
  subjects bigint NOT NULL,
  intended bigint NOT NULL,
  sent bigint,
  answered bigint,
  outcome text,
  code text,
  message text,
  request_id text,
  recorded timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run, id),
  CHECK (answered IS NULL OR outcome IS NOT NULL)
);

CREATE INDEX call_by_id ON ostracon.call (id);
CREATE INDEX call_by_record ON ostracon.call (recorded);

CREATE TABLE ostracon.audit (
  seq bigint PRIMARY KEY,
  at bigint NOT NULL,
  run text NOT NULL,
  call bigint,
  target text NOT NULL,
  room text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  deny bigint NOT NULL,
  action text NOT NULL,
  because text NOT NULL,
  until bigint,
  entry text,
  source text,
  outcome text NOT NULL,
  code text,
  message text,
  request_id text,
  hash text,
  who text,
  meta text,
  told text,
  reason text
);

CREATE INDEX audit_by_subject ON ostracon.audit (subject, seq);

CREATE FUNCTION ostracon.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END $$;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON ostracon.audit
FOR EACH STATEMENT EXECUTE FUNCTION ostracon.audit_is_append_only();

CREATE TABLE ostracon.lease (
  account text COLLATE "C" PRIMARY KEY,
  holder text NOT NULL,
  "user" text NOT NULL,
  host text NOT NULL,
  pid bigint NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat timestamptz NOT NULL DEFAULT clock_timestamp(),
  fence bigint NOT NULL,
  written bigint NOT NULL DEFAULT 0
);

CREATE SEQUENCE ostracon.fence;

CREATE FUNCTION ostracon.hold(the_fence bigint, accounts bigint, number bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  held bigint;
BEGIN
  UPDATE ostracon.lease SET heartbeat = clock_timestamp(), written = number
  WHERE fence = the_fence AND written < number;
  GET DIAGNOSTICS held = ROW_COUNT;
  IF held <> accounts THEN
    IF EXISTS (SELECT FROM ostracon.lease WHERE fence = the_fence AND written >= number) THEN
      RAISE EXCEPTION 'the group is written' USING ERRCODE = 'OS003';
    END IF;
    RAISE EXCEPTION 'the lease is lost' USING ERRCODE = 'OS001';
  END IF;
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
END $$;

CREATE FUNCTION ostracon.follow(known text, next text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ostracon.meta SET value = next WHERE key = 'audit_head' AND value = known;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the audit log has gone on' USING ERRCODE = 'OS002';
  END IF;
END $$;
"#;
