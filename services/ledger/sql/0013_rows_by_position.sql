-- Rows are found and listed by the position of the fact whose id they have. Positions grow, so what is new stands at the end of
-- an index or of a day in it; ids are random, and each new one touched another page, the more the larger the ledger. A row
-- whose id is that of no one fact (a loan, a plan, a unit) has the position 0.
do $$
declare
    ledger text;
    old text;
begin
    foreach ledger in array array[
        'documents', 'meetings', 'inspections', 'secondments', 'certificates', 'demands', 'plans', 'units'
    ] loop
        execute format('alter table %I add column position bigint not null default 0', ledger);
        execute format(
            'update %I set position = journal.position from journal where fact_id = act_id and repeats is null', ledger);
        for old in -- by what they are: a ledger that was rebuilt once has indexes of other names
            select format('alter table %I drop constraint %I', ledger, conname) from pg_constraint
            where conrelid = ledger::regclass and contype = 'p'
            union all
            select format('drop index %s', indexrelid::regclass) from pg_index
            where indrelid = ledger::regclass and indpred is null
              and pg_get_indexdef(indexrelid) like '%(happened_on, act_id)'
        loop
            execute old;
        end loop;
        execute format('alter table %I add primary key (position, act_id, known_from)', ledger);
        execute format('create index on %I (happened_on, position)', ledger);
    end loop;
end $$;
