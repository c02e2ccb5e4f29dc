-- 借调台账: a row for each loan.
create table secondments (
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    loan text not null,
    person text not null,
    person_kind text not null,
    state text not null,
    from_unit text not null,
    from_level bigint,
    to_unit text not null,
    to_level bigint,
    planned_end date,
    extensions bigint not null,
    ended_on date,
    days bigint,
    reason text,
    label text,
    major_task boolean,
    consents bigint,
    primary key (act_id, known_from)
);
create index on secondments (happened_on, act_id);
create index on secondments (jurisdiction, happened_on);
create index on secondments (unit_id, happened_on);
