-- Acts that are compared with their like are found by what they offer; only what nothing else tells is a need. The log is read again from
-- its beginning to make the new keys.
drop index offer_act;
drop index need_act;
create index fact_unit on fact (unit) where target is null and not reference;
truncate fact, offer, need, timer, checkpoint;
