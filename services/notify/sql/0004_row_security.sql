-- Whoever answers readers does it as notify_reader: it may read a few tables, and in them only rows within the scope that
-- its transaction has set (kit/scoped.py). Without a scope it sees none. What is not granted here it cannot read at all.
do $$ begin
    if not exists (select from pg_roles where rolname = 'notify_reader') then
        create role notify_reader nologin;
        execute format('grant notify_reader to %I with inherit false, set true', current_user);
    end if;
end $$;
do $$ begin
    execute format('grant usage on schema %I to notify_reader', current_schema());
end $$;

-- A clue is seen by the desks that it was handed or escalated to, and by where it was handed over; by the unit that it is
-- about never. Whoever acts for no unit in particular acts for the desks of its jurisdiction, at its own place only where
-- there is one.
alter table clue enable row level security;
create policy scope on clue for select to notify_reader using (
    about <> all(string_to_array(current_setting('jianfu.units', true), E'\n'))
    and case
        when current_setting('jianfu.role', true) <> 'discipline' then
            handed_from collate "C" >= nullif(current_setting('jianfu.from', true), '')
            and handed_from collate "C" < current_setting('jianfu.to', true)
        when current_setting('jianfu.units', true) <> '' then
            desk = any(string_to_array(current_setting('jianfu.units', true), E'\n'))
            or above = any(string_to_array(current_setting('jianfu.units', true), E'\n'))
        else
            (desk_place collate "C" >= nullif(current_setting('jianfu.from', true), '')
                and desk_place collate "C" < current_setting('jianfu.to', true)
                and (desk_place <> current_setting('jianfu.place', true) or desk_place in (select place from sole_desk)))
            or (above_place collate "C" >= nullif(current_setting('jianfu.from', true), '')
                and above_place collate "C" < current_setting('jianfu.to', true)
                and (above_place <> current_setting('jianfu.place', true) or above_place in (select place from sole_desk)))
    end
);
alter view sole_desk set (security_invoker = true);
alter table clue_step enable row level security;
create policy scope on clue_step for select to notify_reader using (
    exists (select from clue where clue.clue = clue_step.clue)  -- one that is seen
);
alter table alert_change enable row level security;
create policy scope on alert_change for select to notify_reader using (
    (place collate "C" >= nullif(current_setting('jianfu.from', true), '') and place collate "C" < current_setting('jianfu.to', true))
    or exists (select from clue where clue.alert_seq = alert_change.seq)  -- a desk may be of another place than the act
);
create index clue_alert_seq on clue (alert_seq);

-- What was decided about clues is not for the desks, nor for the unit that a clue is about.
alter table decision enable row level security;
create policy scope on decision for select to notify_reader using (
    scope collate "C" >= nullif(current_setting('jianfu.from', true), '') and scope collate "C" < current_setting('jianfu.to', true)
    and (about_kind = 'alert' or (
        current_setting('jianfu.role', true) <> 'discipline'
        and about_unit <> all(string_to_array(current_setting('jianfu.units', true), E'\n'))))
);
alter table delivery enable row level security;
create policy scope on delivery for select to notify_reader using (
    exists (select from decision where decision.delivery = delivery.id)  -- one that is seen
);
alter table parked enable row level security;
create policy scope on parked for select to notify_reader using (
    split_part(subject, '.', 2) collate "C" >= nullif(current_setting('jianfu.from', true), '')
    and split_part(subject, '.', 2) collate "C" < current_setting('jianfu.to', true)
);
grant select on parked, clue, clue_step, alert_change, decision, delivery, unit_version, sole_desk, calendar, last_day, checkpoint
    to notify_reader;
