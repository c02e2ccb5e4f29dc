-- Every message of FACTS as it came, one row for each stream sequence, chained by hash (services/ledger/chain.py).
-- The columns beside the body repeat its envelope, for queries; they are null where it cannot be read.
create table journal (
    position bigint primary key,
    fact_id text collate "C",
    source text,
    id text,
    type text,
    time timestamptz,
    recorded timestamptz,
    jurisdiction text collate "C",
    unit text,
    repeats bigint,
    body bytea not null,
    algorithm text not null,
    prev_hash bytea not null,
    hash bytea not null
);
comment on column journal.repeats is 'the position of the first copy when the stream holds the same fact again';
-- A fact counts once, whatever the stream holds.
create unique index journal_fact on journal (fact_id) where repeats is null and fact_id is not null;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is append-only';
end
$$;
create trigger append_only before update or delete or truncate on journal for each statement execute function refuse_change();

-- How far the reader is: one row, committed with everything that the batch changed.
create table checkpoint (
    reader text primary key,
    position bigint not null,
    stored_at timestamptz,
    hash bytea not null,
    ledgers text[] not null
);
comment on column checkpoint.ledgers is 'the ledgers that hold everything up to the position; another is filled first';

-- Which facts concern more than themselves: a correction its target ('act'), a fact the entity of another one (the ledger).
create table thread (
    key text collate "C" not null,
    tag text collate "C" not null,
    position bigint not null,
    primary key (key, tag, position)
);

-- Facts that are journalled and cannot be projected yet, each with its reason.
create table parked (
    position bigint primary key,
    subject text not null,
    fact_id text,
    type text,
    jurisdiction text collate "C",
    code text not null,
    field text not null,
    detail text not null,
    stored_at timestamptz not null,
    replayed_at timestamptz
);

-- How many standing rows a ledger has by unit, family and month; equal to a recount at every commit.
create table counts (
    tag text collate "C" not null,
    jurisdiction text collate "C" not null,
    month date not null,
    family text not null,
    unit_id text not null,
    n bigint not null,
    primary key (tag, jurisdiction, month, family, unit_id)
) with (fillfactor = 70);
comment on column counts.tag is 'the ledger, or a build of it that is not switched in yet';
