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
