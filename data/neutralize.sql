-- A copy of the database never talks to the live account: it holds no secret, receives nothing,
-- and its connections wait to be set up again on purpose.
DELETE FROM sync_credential;
DELETE FROM ir_config_parameter WHERE key = 'saas_sync.secret_key';
UPDATE sync_connection
   SET webhook_token = NULL,
       state = CASE state WHEN 'draft' THEN 'draft' ELSE 'paused' END;
