-- Which rule books have judged here, each by the hash that the fact rule.released states.
create table release (
    number bigint generated always as identity primary key,
    book   text not null,
    at     timestamptz not null default now()
);
