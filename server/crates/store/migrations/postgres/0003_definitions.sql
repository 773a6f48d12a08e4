-- How often the definitions were changed: a write holds only at the version that it was checked by.
insert into _meta (key, value) values ('definitions', '0');
