-- Columns hold text and integers only; times are milliseconds since 1970, truth values 0 and 1.

create table _meta (
  key text not null primary key,
  value text not null
) strict, without rowid;

insert into _meta (key, value) values ('epoch', lower(hex(randomblob(8))));

-- One row a write, in commit order: there is one writer, and the newest row is never removed.
create table _changes (
  seq integer primary key,
  collection text not null,
  record text not null,
  kind text not null,
  before text,
  after text,
  at integer not null,
  by text
) strict;

create table _collections (
  name text not null primary key,
  definition text not null,
  hash text not null,
  schema_seq integer not null,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

create table _policies (
  id text not null primary key,
  position integer not null,
  subject text not null,
  object text not null,
  action text not null,
  condition text not null,
  fields text not null,
  effect text not null
) strict, without rowid;

create unique index _policies_rule on _policies (subject, object, action, condition, fields, effect);

create table _roles (
  member text not null,
  role text not null,
  primary key (member, role)
) strict, without rowid;

create table _accounts (
  id text not null primary key,
  password text not null,
  version integer not null,
  disabled integer not null,
  created_at integer not null,
  updated_at integer not null,
  last_seen_at integer
) strict, without rowid;

-- One row a sign-in; the tokens are hashes. `place` counts the refreshes.
create table _sessions (
  id text not null primary key,
  account text not null references _accounts (id) on delete cascade,
  token text not null,
  parent text,
  place integer not null,
  created_at integer not null,
  used_at integer not null,
  expires_at integer not null,
  ends_at integer not null,
  address text not null,
  agent text not null
) strict, without rowid;

create index _sessions_account on _sessions (account, id);

create index _sessions_expiry on _sessions (expires_at);

create table _secrets (
  name text not null primary key,
  value text not null,
  created_at integer not null
) strict, without rowid;

-- Hashes of printed set-up tokens, and `done` when one was used.
create table _setup (
  token text not null primary key,
  expires_at integer not null
) strict, without rowid;

-- Requests that were sent under a key.
create table _idempotency (
  principal text not null,
  key text not null,
  request text not null,
  outcome text not null,
  created_at integer not null,
  primary key (principal, key)
) strict, without rowid;

create index _idempotency_age on _idempotency (created_at);
