-- What is parked can be taken in again: the same table as in every reader of a stream (kit/parked.py).
alter table set_aside rename to parked;
alter table parked rename constraint set_aside_pkey to parked_pkey;
alter table parked rename column seq to position;
alter table parked rename column at to stored_at;
alter table parked add column subject text not null default '';
alter table parked alter column subject drop default;
alter table parked add column replayed_at timestamptz;
