-- The alerts of a county are found without looking at those of all others; the policy of readers compares the place so.
create index alert_place on alert (place collate "C", happened_on desc, alert_id desc);
