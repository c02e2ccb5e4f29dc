-- 会议台账: a row for each meeting.
create table meetings (
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    topic text not null,
    matter text,
    meeting_class text,
    meeting_kind text,
    mode text,
    starts_at timestamptz not null,
    ended_at timestamptz,
    minutes bigint,
    planned_attendees bigint,
    actual_attendees bigint,
    person_hours double precision,
    units bigint not null,
    reach_level bigint,
    convener_role text,
    parent text,
    same_session boolean,
    plan_item text,
    approval_ref text,
    cost double precision,
    primary key (act_id, known_from)
);
create index on meetings (happened_on, act_id);
create index on meetings (jurisdiction, happened_on);
create index on meetings (unit_id, happened_on);
