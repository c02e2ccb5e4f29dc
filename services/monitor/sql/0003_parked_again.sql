-- What is parked can be taken in again: the same table as in every reader of a stream (kit/parked.py).
alter table parked add column stream text not null default 'FACTS';
alter table parked alter column stream drop default;
alter table parked rename column parked_at to stored_at;
alter table parked alter column stored_at drop default;
alter table parked add column replayed_at timestamptz;
alter table parked drop constraint parked_pkey, add primary key (stream, position);
