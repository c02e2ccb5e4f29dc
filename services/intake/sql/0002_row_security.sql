-- Whoever answers readers does it as intake_reader: it may read two tables, and in them only rows within the scope that
-- its transaction has set (kit/scoped.py). Without a scope it sees none. What is not granted here it cannot read at all.
do $$ begin
    if not exists (select from pg_roles where rolname = 'intake_reader') then
        create role intake_reader nologin;
        execute format('grant intake_reader to %I with inherit false, set true', current_user);
    end if;
end $$;
do $$ begin
    execute format('grant usage on schema %I to intake_reader', current_schema());
end $$;

-- What names no jurisdiction stands before all of them: only who is not limited by one sees it.
alter table quarantine enable row level security;
create policy scope on quarantine for select to intake_reader using (
    sender = current_setting('jianfu.subject', true)
    or (source like any(string_to_array(current_setting('jianfu.sources', true), E'\n'))
        and coalesce(jurisdiction, '!') collate "C" >= nullif(current_setting('jianfu.from', true), '')
        and coalesce(jurisdiction, '!') collate "C" < current_setting('jianfu.to', true))
);
alter table tally enable row level security;
create policy scope on tally for select to intake_reader using (
    source like any(string_to_array(current_setting('jianfu.sources', true), E'\n'))
    and coalesce(nullif(jurisdiction, ''), '!') collate "C" >= nullif(current_setting('jianfu.from', true), '')
    and coalesce(nullif(jurisdiction, ''), '!') collate "C" < current_setting('jianfu.to', true)
);
grant select on quarantine, tally to intake_reader;
