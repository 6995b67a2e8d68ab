"""An account connected and used through `odoo shell`, as far as a test needs it."""

from __future__ import annotations

_CONNECT = """
connection = env['sync.connection'].create({
    'name': 'Sandbox', 'provider': 'hubspot', 'base_url': url, 'allow_private': True,
    'remote_account': account, 'access_token_input': token, 'client_secret_input': secret,
    'backoff_base': 1, 'poll_enabled': False, **values,
})
connection.action_test()
connection.action_create_external_id()
connection.action_discover()
connection.action_create_mappings()
result = connection.id
"""

_WORK = """
for _round in range(rounds):
    env.cr.execute(
        "UPDATE sync_lane SET run_at = now() AT TIME ZONE 'UTC' WHERE state = 'waiting'")
    env.cr.commit()
    env['sync.worker']._cron_work()
result = True
"""

#: Everything a user can hang on our records (`connection`: id), so that an uninstall has something
#: to forget.
LEAVE_TRACES = """
connection = env['sync.connection'].browse(connection)
connection.message_post(body='A word about it', attachments=[('note.txt', b'text')])
connection.message_subscribe(partner_ids=env.user.partner_id.ids)
connection.activity_schedule('mail.mail_activity_data_todo', summary='Look at it')
connection.mapping_ids[0].message_post(body='And about that')
env['ir.attachment'].create({
    'name': 'loose.txt', 'raw': b'text', 'res_model': 'sync.connection', 'res_id': connection.id})
env['ir.filters'].create({
    'name': 'My failures', 'model_id': 'sync.lane', 'user_ids': [(6, 0, env.user.ids)]})
env['ir.default'].set('sync.connection', 'batch_size', 50)
env['ir.config_parameter'].set_param('saas_sync.payload_days', '7')
env['sync.housekeeping']._cron_alert()
result = True
"""


def connect(database, box, **values) -> int:
    """Set up a connection to the sandbox `box` in the steps of the screens; return its id."""
    return database.run(
        _CONNECT,
        url=box.url,
        token=box.token,
        secret=box.secret,
        account=str(box.info["portal_id"]),
        values=values,
    )


def work(database, rounds: int = 1) -> None:
    """Work off what is due, as the cron does; backoff is skipped."""
    database.run(_WORK, rounds=rounds)
