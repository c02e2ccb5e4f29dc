-- 证明台账: a row for each demand for a certificate.
create table certificates (
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    item text not null,
    issuer_unit text,
    issuer_kind text,
    matter text,
    basis text,
    shareable boolean,
    primary key (act_id, known_from)
);
create index on certificates (happened_on, act_id);
create index on certificates (jurisdiction, happened_on);
create index on certificates (unit_id, happened_on);
