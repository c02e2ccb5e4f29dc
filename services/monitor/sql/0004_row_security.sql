-- Whoever answers readers does it as monitor_reader: it may read a few tables, and in them only rows within the scope that
-- its transaction has set (kit/scoped.py). Without a scope it sees none. What is not granted here it cannot read at all.
do $$ begin
    if not exists (select from pg_roles where rolname = 'monitor_reader') then
        create role monitor_reader nologin;
        execute format('grant monitor_reader to %I with inherit false, set true', current_user);
    end if;
end $$;
do $$ begin
    execute format('grant usage on schema %I to monitor_reader', current_schema());
end $$;

alter table alert enable row level security;
create policy scope on alert for select to monitor_reader using (
    place collate "C" >= nullif(current_setting('jianfu.from', true), '') and place collate "C" < current_setting('jianfu.to', true)
    and (current_setting('jianfu.only_units', true) = '*'
        or unit = any(string_to_array(current_setting('jianfu.only_units', true), E'\n')))
);
alter table fact enable row level security;
create policy scope on fact for select to monitor_reader using (
    place collate "C" >= nullif(current_setting('jianfu.from', true), '') and place collate "C" < current_setting('jianfu.to', true)
    and (current_setting('jianfu.only_units', true) = '*'
        or unit = any(string_to_array(current_setting('jianfu.only_units', true), E'\n')))
);
alter table alert_revision enable row level security;
create policy scope on alert_revision for select to monitor_reader using (
    exists (select from alert where alert.alert_id = alert_revision.alert_id)  -- one that is seen
);
alter table parked enable row level security;
create policy scope on parked for select to monitor_reader using (
    split_part(subject, '.', 2) collate "C" >= nullif(current_setting('jianfu.from', true), '')
    and split_part(subject, '.', 2) collate "C" < current_setting('jianfu.to', true)
    and current_setting('jianfu.only_units', true) = '*'
);
grant select on alert, fact, alert_revision, parked, checkpoint to monitor_reader;
