-- Nothing to do: Postgres itself tells a database that was restored from the one it was taken of.
select 1;
