-- 报表任务台账: a row for each demand, with what was submitted to it.
create table demands (
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    subject_matter text not null,
    demand_kind text,
    period text,
    addressees bigint not null,
    addressee_level bigint,
    sent_at timestamptz not null,
    received_at timestamptz,
    due_at timestamptz,
    items bigint not null,
    form_id text,
    channel text,
    submit_as text,
    basis text,
    basis_level text,
    submissions bigint not null,
    late bigint,
    last_submitted_at timestamptz,
    primary key (act_id, known_from)
);
create index on demands (happened_on, act_id);
create index on demands (jurisdiction, happened_on);
create index on demands (unit_id, happened_on);
