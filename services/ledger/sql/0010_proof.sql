-- Signed checkpoints of the journal's chain; each is also a fact of FACTS (contracts/log.py), published by the outbox.
create table signed_checkpoint (
    position bigint primary key,
    hash bytea not null,
    algorithm text not null,
    entries bigint not null,
    key_id text not null,
    signature bytea not null
);
comment on column signed_checkpoint.entries is 'entries since the checkpoint before';
create trigger append_only before update or delete or truncate on signed_checkpoint
    for each statement execute function refuse_change();

create table outbox (
    id bigint generated always as identity primary key,
    stream text not null,
    subject text not null,
    msg_id text not null,
    body bytea not null,
    headers jsonb not null default '{}',
    at timestamptz not null default now()
);
