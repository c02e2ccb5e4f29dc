-- Comparisons of two packs over the facts (backtests), each a whole report; readers see those of places within their scope.
create table backtest (
    number bigint generated always as identity primary key,
    place  text not null,
    at     timestamptz not null,
    report jsonb not null
);
alter table backtest enable row level security;
create policy scope on backtest for select to monitor_reader using (
    place collate "C" >= nullif(current_setting('jianfu.from', true), '') and place collate "C" < current_setting('jianfu.to', true)
    and current_setting('jianfu.only_units', true) = '*'
);
grant select on backtest to monitor_reader;
