-- Withdrawn acts are few and asked for by themselves.
create index on documents (happened_on, act_id) where withdrawn;
create index on meetings (happened_on, act_id) where withdrawn;
create index on inspections (happened_on, act_id) where withdrawn;
create index on secondments (happened_on, act_id) where withdrawn;
create index on certificates (happened_on, act_id) where withdrawn;
create index on demands (happened_on, act_id) where withdrawn;
create index on plans (happened_on, act_id) where withdrawn;
create index on units (happened_on, act_id) where withdrawn;
