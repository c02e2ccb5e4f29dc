-- 年度计划台账: a row for each unit, kind of act and year.
create table plans (
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    plan_kind text not null,
    year bigint not null,
    planned bigint not null,
    cap bigint,
    base bigint,
    amendments bigint not null,
    approved_by text,
    approval_ref text,
    items text not null,
    primary key (act_id, known_from)
);
create index on plans (happened_on, act_id);
create index on plans (jurisdiction, happened_on);
create index on plans (unit_id, happened_on);
