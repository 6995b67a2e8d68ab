"""An account connected and used through `odoo shell`, as far as a test needs it.

The texts are run one after the other in one shell, because starting Odoo is what takes time.
"""

from __future__ import annotations

#: → `connection`, in the steps of the screens. Names: see `account_of`.
CONNECT = """
connection = env['sync.connection'].create({
    'name': 'Sandbox', 'base_url': url, 'allow_private': True, 'access_token_input': token,
    'client_secret_input': secret, 'backoff_base': 1, 'poll_enabled': False,
})
connection.action_test()
connection.action_create_external_id()
connection.action_discover()
connection.action_create_mappings()
env.cr.commit()
"""

#: Works off what is due, as the cron does; backoff is skipped.
WORK = """
env.cr.commit()
for _round in range(3):
    env.cr.execute(
        "UPDATE sync_lane SET run_at = now() AT TIME ZONE 'UTC' WHERE state = 'waiting'")
    env.cr.commit()
    env['sync.worker']._cron_work()
"""

#: Everything a user can hang on our records, so that an uninstall has something to forget.
LEAVE_TRACES = """
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
"""


def account_of(box) -> dict[str, str]:
    """What `CONNECT` needs to know of the sandbox `box`."""
    return {"url": box.url, "token": box.token, "secret": box.secret}
