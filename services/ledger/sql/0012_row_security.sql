-- Whoever answers readers does it as ledger_reader: it may read a few tables, and in them only rows within the scope that
-- its transaction has set (kit/scoped.py). Without a scope it sees none. What is not granted here it cannot read at all.
do $$ begin
    if not exists (select from pg_roles where rolname = 'ledger_reader') then
        create role ledger_reader nologin;
        execute format('grant ledger_reader to %I with inherit false, set true', current_user);
    end if;
end $$;
do $$ begin
    execute format('grant usage on schema %I to ledger_reader', current_schema());
end $$;

create function guard(guarded regclass, place text, unit text) returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', guarded);
    execute format(
        $policy$
        create policy scope on %s for select to ledger_reader using (
            %s collate "C" >= nullif(current_setting('jianfu.from', true), '') and %2$s collate "C" < current_setting('jianfu.to', true)
            and (current_setting('jianfu.only_units', true) = '*'
                or %s = any(string_to_array(current_setting('jianfu.only_units', true), E'\n')))
        )
        $policy$, guarded, place, unit);
    execute format('grant select on %s to ledger_reader', guarded);
end
$$;
comment on function guard is 'lets readers see the rows of a table within their scope; every new table of a ledger needs it';

select guard(name::regclass, 'jurisdiction', 'unit_id')
from unnest(array[
    'documents', 'meetings', 'inspections', 'secondments', 'certificates', 'demands', 'plans', 'units', 'counts'
]) as name;
select guard('journal', 'jurisdiction', 'unit');
select guard('parked', $$coalesce(jurisdiction, split_part(subject, '.', 2))$$, 'null::text');
grant select on checkpoint to ledger_reader;
