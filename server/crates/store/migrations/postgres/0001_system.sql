-- Columns hold text and bigints only; times are milliseconds since 1970, truth values 0 and 1.

create table _meta (
  key text collate "C" not null primary key,
  value text collate "C" not null
);

insert into _meta (key, value) values ('epoch', left(replace(gen_random_uuid()::text, '-', ''), 16));

-- One row a write. Places are handed out before commit; the sequence has cache 1, on which the reader relies.
create table _changes (
  seq bigint generated always as identity (cache 1) primary key,
  collection text collate "C" not null,
  record text collate "C" not null,
  kind text collate "C" not null,
  before text collate "C",
  after text collate "C",
  at bigint not null,
  by text collate "C"
);

create table _collections (
  name text collate "C" not null primary key,
  definition text collate "C" not null,
  hash text collate "C" not null,
  schema_seq bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);

create table _policies (
  id text collate "C" not null primary key,
  position bigint not null,
  subject text collate "C" not null,
  object text collate "C" not null,
  action text collate "C" not null,
  condition text collate "C" not null,
  fields text collate "C" not null,
  effect text collate "C" not null
);

-- By hash, since an index entry must be shorter than a condition may be.
create unique index _policies_rule on _policies (subject, object, action, md5(condition), md5(fields), effect);

create table _roles (
  member text collate "C" not null,
  role text collate "C" not null,
  primary key (member, role)
);

create table _accounts (
  id text collate "C" not null primary key,
  password text collate "C" not null,
  version bigint not null,
  disabled bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  last_seen_at bigint
);

-- One row a sign-in; the tokens are hashes. `place` counts the refreshes.
create table _sessions (
  id text collate "C" not null primary key,
  account text collate "C" not null references _accounts (id) on delete cascade,
  token text collate "C" not null,
  parent text collate "C",
  place bigint not null,
  created_at bigint not null,
  used_at bigint not null,
  expires_at bigint not null,
  ends_at bigint not null,
  address text collate "C" not null,
  agent text collate "C" not null
);

create index _sessions_account on _sessions (account, id);

create index _sessions_expiry on _sessions (expires_at);

create table _secrets (
  name text collate "C" not null primary key,
  value text collate "C" not null,
  created_at bigint not null
);

-- Hashes of printed set-up tokens, and `done` when one was used.
create table _setup (
  token text collate "C" not null primary key,
  expires_at bigint not null
);

-- Requests that were sent under a key.
create table _idempotency (
  principal text collate "C" not null,
  key text collate "C" not null,
  request text collate "C" not null,
  outcome text collate "C" not null,
  created_at bigint not null,
  primary key (principal, key)
);

create index _idempotency_age on _idempotency (created_at);
