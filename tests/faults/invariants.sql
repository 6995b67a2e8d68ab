-- The invariants that SQL can see, numbered as in docs/reliability.md. Every statement returns what
-- violates it: no rows, no violation. They hold once everything is drained and no fault is in force.
--
-- %(stopped)s   lanes that may wait for a person, as 'direction object key'
-- %(secrets)s   texts that must be nowhere
-- %(unique)s    a pattern of e-mail addresses and names of which every one was given once

-- name: I1 one row for each notification
SELECT connection_id, idempotency_key, count(*)
  FROM sync_event GROUP BY 1, 2 HAVING count(*) > 1;

-- name: I2 every event is over, with its reason, or waits behind a lane that waits for a person
SELECT m.id, m.state, m.reason, m.lane_id, l.state, m.error_class
  FROM sync_event m LEFT JOIN sync_lane l ON l.id = m.lane_id
 WHERE NOT CASE m.state
       WHEN 'done' THEN m.lane_id IS NULL AND m.done_at IS NOT NULL
       WHEN 'ignored' THEN m.lane_id IS NULL AND m.done_at IS NOT NULL AND m.reason <> ''
       WHEN 'superseded' THEN m.lane_id IS NULL AND m.done_at IS NOT NULL AND m.reason <> ''
       WHEN 'cancelled' THEN m.lane_id IS NULL
       WHEN 'failed' THEN l.state IN ('failed', 'quarantined') OR m.error_class = 'contract'
       WHEN 'pending' THEN l.state IN ('failed', 'quarantined')
       ELSE FALSE END IS TRUE;

-- name: I2 every outbound message likewise
SELECT m.id, m.state, m.reason, m.lane_id, l.state, m.error_class
  FROM sync_outbox m LEFT JOIN sync_lane l ON l.id = m.lane_id
 WHERE NOT CASE m.state
       WHEN 'done' THEN m.lane_id IS NULL AND m.done_at IS NOT NULL
       WHEN 'ignored' THEN m.lane_id IS NULL AND m.done_at IS NOT NULL AND m.reason <> ''
       WHEN 'superseded' THEN m.lane_id IS NULL AND m.done_at IS NOT NULL AND m.reason <> ''
       WHEN 'cancelled' THEN m.lane_id IS NULL
       WHEN 'failed' THEN l.state IN ('failed', 'quarantined')
       WHEN 'pending' THEN l.state IN ('failed', 'quarantined')
       ELSE FALSE END IS TRUE;

-- name: I3 a remote record has one link
SELECT connection_id, remote_object, remote_id, count(*)
  FROM sync_link GROUP BY 1, 2, 3 HAVING count(*) > 1;

-- name: I3 an Odoo record has one link
SELECT connection_id, res_model, res_id, remote_object, count(*)
  FROM sync_link GROUP BY 1, 2, 3, 4 HAVING count(*) > 1;

-- name: I3 a living link has its Odoo record
SELECT k.id, k.res_model, k.res_id, k.remote_object, k.remote_id
  FROM sync_link k
 WHERE k.deleted_at IS NULL AND NOT CASE k.res_model
       WHEN 'res.partner' THEN EXISTS (SELECT 1 FROM res_partner r WHERE r.id = k.res_id)
       WHEN 'crm.lead' THEN EXISTS (SELECT 1 FROM crm_lead r WHERE r.id = k.res_id)
       ELSE TRUE END;

-- name: I3 no person is in Odoo twice
SELECT lower(email), array_agg(id ORDER BY id)
  FROM res_partner WHERE email LIKE %(unique)s GROUP BY 1 HAVING count(*) > 1;

-- name: I3 no deal is in Odoo twice
SELECT name, array_agg(id ORDER BY id)
  FROM crm_lead WHERE name LIKE %(unique)s GROUP BY 1 HAVING count(*) > 1;

-- name: I4 the news of a record were worked in the order in which they came
-- (half a minute is what a transaction may take from its beginning, which dates it, to its commit;
-- what a person replays is worked when he does so, and since then says nothing: %(since)s)
SELECT early.id, late.id, early.connection_id, early.remote_object, early.remote_id
  FROM sync_event early
  JOIN sync_event late USING (connection_id, remote_object, remote_id)
 WHERE early.state = 'done' AND late.state = 'done' AND early.done_at > late.done_at
   AND early.create_date < late.create_date - interval '30 s'
   AND early.create_date >= %(since)s;

-- name: I5 a record has one lane a direction
SELECT connection_id, direction, object, key, count(*)
  FROM sync_lane GROUP BY 1, 2, 3, 4 HAVING count(*) > 1;

-- name: I5 nobody holds a lane
SELECT id, direction, object, key, state, token, worker
  FROM sync_lane WHERE token IS NOT NULL OR state = 'running';

-- name: I6 every attempt has its outcome
SELECT id, direction, object, key FROM sync_attempt WHERE outcome IS NULL;

-- name: I7 no message speaks of a record that was never committed
-- (a deleted record has left a message that says so, or a link that is a tombstone)
SELECT m.id, m.res_model, m.res_id, m.operation
  FROM sync_outbox m
 WHERE m.operation = 'upsert'
   AND NOT CASE m.res_model
       WHEN 'res.partner' THEN EXISTS (SELECT 1 FROM res_partner r WHERE r.id = m.res_id)
       WHEN 'crm.lead' THEN EXISTS (SELECT 1 FROM crm_lead r WHERE r.id = m.res_id)
       ELSE TRUE END
   AND NOT EXISTS (SELECT 1 FROM sync_outbox d WHERE d.operation = 'delete'
                      AND (d.res_model, d.res_id) = (m.res_model, m.res_id))
   AND NOT EXISTS (SELECT 1 FROM sync_link k WHERE k.deleted_at IS NOT NULL
                      AND (k.res_model, k.res_id) = (m.res_model, m.res_id));

-- name: I10 no secret in what people read
SELECT place, left(text, 200) FROM (
       SELECT 'attempt ' || id AS place,
              concat_ws(' ', summary, error_message, traceback) AS text FROM sync_attempt
 UNION ALL SELECT 'lane ' || id, error_message FROM sync_lane
 UNION ALL SELECT 'event ' || id, concat_ws(' ', reason, error_message, payload) FROM sync_event
 UNION ALL SELECT 'message ' || id, concat_ws(' ', reason, error_message) FROM sync_outbox
 UNION ALL SELECT 'link ' || id, reason FROM sync_link
 UNION ALL SELECT 'connection ' || id, last_error FROM sync_connection
 UNION ALL SELECT 'chatter ' || id, body FROM mail_message) found
 WHERE text LIKE ANY (SELECT '%%' || secret || '%%' FROM unnest(%(secrets)s) AS secret);

-- name: I11 nothing is left to do
SELECT direction, object, key, state, error_class, error_message
  FROM sync_lane
 WHERE NOT (state IN ('failed', 'quarantined')
            AND concat_ws(' ', direction, object, key) = ANY(%(stopped)s));

-- name: I11 the account is connected and the way to it is open
SELECT c.id, c.state, c.hold_until, c.last_error, b.state
  FROM sync_connection c LEFT JOIN sync_breaker b ON b.connection_id = c.id
 WHERE c.state <> 'connected' OR c.hold_until > clock_timestamp() AT TIME ZONE 'UTC'
    OR (b.state <> 'closed' AND b.until > clock_timestamp() AT TIME ZONE 'UTC');

-- name: I12 a record takes no more than three workers with it
SELECT id, direction, object, key, state, crashes
  FROM sync_lane WHERE crashes > 3 OR (state = 'quarantined' AND crashes < 3);
