-- 发文台账: a row for each document.
create table documents (
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    heading text not null,
    doc_no text,
    doc_no_code text,
    doc_no_year bigint,
    doc_no_number bigint,
    issuer_name text,
    issuer_rank text,
    genre text,
    form text,
    carrier text,
    doc_class text,
    direction text,
    matter text,
    printed_on date,
    char_count bigint,
    pages bigint,
    addressees bigint not null,
    lowest_level bigint,
    implements boolean not null,
    approval_ref text,
    plan_item text,
    revoked_on date,
    primary key (act_id, known_from)
);
create index on documents (happened_on, act_id);
create index on documents (jurisdiction, happened_on);
create index on documents (unit_id, happened_on);
