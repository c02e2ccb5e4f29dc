-- 督查检查台账: a row for each launch and each visit.
create table inspections (
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    step text not null,
    topic text not null,
    matter text,
    inspection_kind text,
    mode text,
    team text,
    batch bigint,
    targets bigint not null,
    target_unit text,
    lowest_level bigint,
    minutes bigint,
    launch text,
    joint bigint not null,
    emergency boolean,
    plan_item text,
    approval_ref text,
    primary key (act_id, known_from)
);
create index on inspections (happened_on, act_id);
create index on inspections (jurisdiction, happened_on);
create index on inspections (unit_id, happened_on);
