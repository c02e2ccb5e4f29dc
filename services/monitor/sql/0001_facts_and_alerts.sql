-- What the monitor knows (facts, and the keys that relate acts), what it found (alerts with every revision), and how far it read.
create table checkpoint (
    stream    text primary key,
    position  bigint not null,
    stored_at timestamptz
);

create table fact (
    fact_id   text primary key,
    position  bigint not null,
    name      text not null,
    target    text,
    reference boolean not null,
    place     text not null,
    unit      text not null,
    body      bytea not null
);
create index fact_target on fact (target) where target is not null;
create index fact_reference on fact (position) where reference;

create table offer (
    key text not null,
    act text not null,
    primary key (key, act)
);
create index offer_act on offer (act);

create table need (
    key text not null,
    act text not null,
    primary key (key, act)
);
create index need_act on need (act);

create table timer (
    rule  text not null,
    scope text not null,
    due   date not null,
    primary key (rule, scope)
);
create index timer_due on timer (due);

create table alert (
    alert_id     text primary key,
    rule         text not null,
    rule_version integer not null,
    scope        text not null,
    subject      text not null,
    state        text not null check (state in ('standing', 'retracted')),
    revision     integer not null,
    severity     text not null,
    place        text not null,
    unit         text not null,
    happened_on  date not null,
    acts         text[] not null,
    digest       text not null,
    shown        jsonb not null,
    updated_at   timestamptz not null
);
create index alert_scope on alert (rule, scope) where state = 'standing';
create index alert_page on alert (happened_on desc, alert_id);
create index alert_acts on alert using gin (acts);

create table alert_revision (
    alert_id   text not null references alert,
    revision   integer not null,
    change     text not null check (change in ('raised', 'amended', 'retracted')),
    position   bigint not null,
    stored_at  timestamptz not null,
    shown      jsonb not null,
    dossier    bytea,
    primary key (alert_id, revision)
);

create table parked (
    position  bigint primary key,
    subject   text not null,
    reason    text not null,
    body      bytea not null,
    parked_at timestamptz not null default now()
);

create table outbox (
    id       bigint generated always as identity primary key,
    stream   text not null,
    subject  text not null,
    msg_id   text not null,
    body     bytea not null,
    headers  jsonb not null default '{}',
    at       timestamptz not null default now()
);
