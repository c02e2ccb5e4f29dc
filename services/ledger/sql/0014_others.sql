-- 其他事项台账: a row for each act of a family that has no ledger of its own, and for each step around the others.
create table others (
    position bigint not null default 0,
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    act text not null,
    subject text,
    matter text,
    act_kind text,
    number text,
    object text,
    due text,
    result text,
    basis text,
    list_item text,
    plan_item text,
    approval_ref text,
    primary key (position, act_id, known_from)
);
create index on others (happened_on, position);
create index on others (jurisdiction, happened_on);
create index on others (unit_id, happened_on);
create index on others (happened_on, act_id) where withdrawn;
select guard('others', 'jurisdiction', 'unit_id');
