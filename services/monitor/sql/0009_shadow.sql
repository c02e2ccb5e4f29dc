-- A candidate that judges beside the live book, and what it finds; nothing of it is ever an alert. Readers see the difference to
-- the live alerts, a whole report, of places within their scope; the findings by themselves are the monitor's own.
create table shadow (
    number      bigint generated always as identity primary key,
    place       text not null,
    candidate   jsonb not null,  -- which packs are compared, and the texts of the files over those that ship
    started_at  timestamptz not null,
    book        text not null default '',  -- the live book that the findings are beside
    position    bigint not null default 0,
    replayed_at timestamptz,
    acts        bigint not null default 0,
    trouble     text,
    report      jsonb,
    reported_at timestamptz
);
create table shadow_finding (
    shadow      bigint not null references shadow on delete cascade,
    rule        text not null,
    scope       text not null,
    subject     text not null,
    severity    text not null,
    outcome     text not null,
    summary     text not null,
    acts        text[] not null,
    clause      text not null,
    quote       text not null,
    unit        text not null,
    place       text not null,
    happened_on date not null,
    primary key (shadow, rule, scope, subject)
);
create table shadow_timer (
    shadow bigint not null references shadow on delete cascade,
    rule   text not null,
    scope  text not null,
    due    date not null,
    primary key (shadow, rule, scope)
);
alter table shadow enable row level security;
create policy scope on shadow for select to monitor_reader using (
    place collate "C" >= nullif(current_setting('jianfu.from', true), '') and place collate "C" < current_setting('jianfu.to', true)
    and current_setting('jianfu.only_units', true) = '*'
);
grant select on shadow to monitor_reader;
