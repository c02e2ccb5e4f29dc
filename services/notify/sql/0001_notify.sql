-- How far each stream has been read; written in the transaction that applies the batch.
create table checkpoint (
    stream text primary key,
    seq    bigint      not null,
    at     timestamptz not null
);

-- Messages that cannot be read, with the reason; an operator sees them, and nothing behind them waits.
create table set_aside (
    stream text        not null,
    seq    bigint      not null,
    reason text        not null,
    body   bytea       not null,
    at     timestamptz not null,
    primary key (stream, seq)
);

-- Every change of every alert, its bytes unchanged: what is delivered, streamed again and handed over.
create table alert_change (
    seq      bigint primary key,
    fact_id  text        not null unique,
    alert_id text        not null,
    revision integer     not null,
    change   text        not null,
    severity text        not null,
    rule     text        not null,
    about    text        not null,
    place    text        not null,
    at       timestamptz not null,
    body     bytea       not null
);
create index alert_change_alert on alert_change (alert_id, seq desc);

-- One message to one receiver. waiting: alerts may still join or leave it; sending and retrying: it may have left;
-- delivered, refused, expired and cancelled are final.
create table delivery (
    id           text primary key,
    kind         text        not null check (kind in ('alert', 'digest', 'clue')),
    receiver     text        not null,
    channel      text        not null,
    group_key    text        not null,
    state        text        not null default 'waiting'
        check (state in ('waiting', 'sending', 'retrying', 'delivered', 'refused', 'expired', 'cancelled')),
    reason       text,
    attempts     integer     not null default 0,
    opened_at    timestamptz not null,
    due_at       timestamptz not null,
    next_at      timestamptz not null,
    completed_at timestamptz
);
create index delivery_due on delivery (next_at) where completed_at is null;
create index delivery_waiting on delivery (group_key) where state = 'waiting';
create index delivery_spent on delivery (receiver, opened_at) where kind = 'alert';

-- Who is told of what, or why not. A told row without a drop is part of its delivery.
create table decision (
    id         bigint generated always as identity primary key,
    receiver   text        not null,
    about_kind text        not null check (about_kind in ('alert', 'clue')),
    about_id   text        not null,
    fact_id    text        not null,
    revision   integer     not null,
    change     text        not null,
    about_unit text        not null,
    scope      text        not null,
    reason     text        not null,
    route      text,
    timing     text,
    delivery   text references delivery,
    dropped    text,
    gist       text,
    at         timestamptz not null,
    unique (receiver, fact_id)
);
create index decision_about on decision (about_id);
create index decision_delivery on decision (delivery);

-- Facts about units and calendars, and what corrects or withdraws them (withdrawals do not say of what type: all are kept).
-- unit_version and calendar below are how these stand.
create table reference (
    fact_id text primary key,
    body    bytea not null
);

create table amendment (
    fact_id  text primary key,
    target   text        not null,
    recorded timestamptz not null,
    body     bytea       -- of a correction; null for a withdrawal
);
create index amendment_target on amendment (target);

-- The units in all their versions: a desk is chosen by the org of a day.
create table unit_version (
    fact_id    text primary key,
    unit       text        not null,
    name       text        not null,
    kind       text        not null,
    place      text        not null,
    superior   text,
    valid_from date        not null,
    valid_to   date,
    recorded   timestamptz not null
);
create index unit_version_unit on unit_version (unit);
create index unit_version_desk on unit_version (place) where kind = '纪检监察';

-- Places with one discipline desk only: who acts there for the place acts for that desk.
create view sole_desk as
    select place from unit_version where kind = '纪检监察' group by place having count(distinct unit) = 1;

create table calendar (
    fact_id   text primary key,
    year      integer     not null,
    place     text        not null,
    basis     text        not null,
    days_off  date[]      not null,
    work_days date[]      not null,
    recorded  timestamptz not null
);

-- The last day that ended, as the facts tell it; at most one row.
create table last_day (
    only_row boolean primary key default true check (only_row),
    day      date not null
);

-- Clues as they stand, and their steps. Notes and reasons are nowhere else but here and in the CLUES stream.
create table clue (
    clue           text primary key,
    alert_id       text        not null,
    alert_revision integer     not null,
    alert_seq      bigint      not null references alert_change,
    handover       integer     not null,
    rule           text        not null,
    about          text        not null,
    place          text        not null,
    acted_on       date        not null,
    desk           text        not null,
    desk_place     text        not null,
    above          text,
    above_place    text,
    handed_over_by text        not null,
    handed_from    text        not null,
    handed_over_at timestamptz not null,
    handed_on      date        not null,
    note           text,
    working_days   integer     not null,
    due_on         date,
    state          text        not null check (state in ('open', 'received', 'refused')),
    steps          integer     not null,
    closed_by      text,
    closed_desk    text,
    closed_at      timestamptz,
    reason         text,
    unique (alert_id, handover)
);
create unique index clue_open on clue (alert_id) where state = 'open';
create index clue_due on clue (due_on) where state = 'open';

create table clue_step (
    clue    text        not null references clue,
    step    integer     not null,
    fact_id text        not null,
    verb    text        not null,
    desk    text        not null,
    at      timestamptz not null,
    primary key (clue, step)
);

-- What a committed transaction still has to publish.
create table outbox (
    id      bigint generated always as identity primary key,
    stream  text        not null,
    subject text        not null,
    msg_id  text        not null,
    body    bytea       not null,
    headers jsonb       not null default '{}',
    at      timestamptz not null default now()
);
