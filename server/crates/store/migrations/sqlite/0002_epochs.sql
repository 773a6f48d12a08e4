-- Each opening of the database begins an epoch of the log; how one tells whether a place is of this history.
create table _epochs (
  number integer primary key,
  name text not null,
  since integer not null
) strict;

insert into _epochs (name, since) select value, 0 from _meta where key = 'epoch';
delete from _meta where key = 'epoch';
