-- 单位名册: a row for each unit in its latest form.
create table units (
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    name text not null,
    unit_kind text not null,
    level bigint not null,
    superior text,
    uscc text,
    valid_to date,
    primary key (act_id, known_from)
);
create index on units (happened_on, act_id);
create index on units (jurisdiction, happened_on);
create index on units (unit_id, happened_on);
