-- What senders that number their events say exists, and which of these numbers came: nothing vanishes between them and
-- us unseen. A number is counted once, with the first answer that was noted, however often it was sent.
create table numbered (
    source    text collate "C" not null,
    spool     text collate "C" not null,  -- the sender's own file of events; each counts from 1 for each source
    kept      bigint not null,            -- the highest number that the sender said exists
    seen      int8multirange not null,
    accepted  bigint not null,
    duplicate bigint not null,
    conflict  bigint not null,
    rejected  bigint not null,
    secret    bigint not null,
    last_at   timestamptz not null,
    primary key (source, spool)
);

-- Numbers are of a whole source, whatever the jurisdictions of its events: whoever sees any count of it sees them.
alter table numbered enable row level security;
create policy scope on numbered for select to intake_reader using (
    source like any(string_to_array(current_setting('jianfu.sources', true), E'\n'))
    and exists (select from tally where tally.source = numbered.source)
);
grant select on numbered to intake_reader;
