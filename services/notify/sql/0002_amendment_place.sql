-- The jurisdiction that a correction or withdrawal was stated in: it counts only for facts within it. What was read before
-- this was known counts as it did.
alter table amendment add column place text not null default '00';
alter table amendment alter column place drop default;
