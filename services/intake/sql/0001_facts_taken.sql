-- Every fact id that was ever reserved, with the hash of its content. A row is written before the fact is published and
-- gets its position afterwards, so position null means: perhaps in the stream, behind after_position.
create table accepted (
    fact_id        text collate "C" primary key,
    source         text not null,
    id             text not null,
    hash           bytea not null,
    after_position bigint not null,
    position       bigint,
    at             timestamptz not null
) with (fillfactor = 75);  -- room for the position, so that setting it touches no index

-- What was refused or conflicts, as it came; nothing that the secrecy gate stopped is ever here.
create table quarantine (
    entry_id     text collate "C" primary key,
    source       text not null,  -- empty when it could not be read
    event_id     text,
    jurisdiction text,
    sender       text not null,
    code         text not null,
    field        text,
    detail       text not null,
    body         bytea not null,
    body_hash    bytea not null,
    first_at     timestamptz not null,
    last_at      timestamptz not null,
    times        integer not null default 1,
    replayed_as  text,           -- the fact that came of it
    replayed_at  timestamptz,
    unique (source, sender, body_hash)
);

-- What each source sent, by the jurisdiction of its items, and how late it was: recordedtime - time of accepted facts.
create table tally (
    source        text not null,
    jurisdiction  text not null,  -- empty when it could not be read
    accepted      bigint not null,
    duplicate     bigint not null,
    conflict      bigint not null,
    rejected      bigint not null,
    secret        bigint not null,
    last_time     timestamptz,
    last_recorded timestamptz,
    lag_minute    bigint not null,
    lag_hour      bigint not null,
    lag_day       bigint not null,
    lag_week      bigint not null,
    lag_month     bigint not null,
    lag_more      bigint not null,
    primary key (source, jurisdiction)
);
