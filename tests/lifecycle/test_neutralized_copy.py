"""`odoo neutralize` on a copy of a database that was at work: the account hears nothing of it."""

from usage import CONNECT, WORK, account_of

SECRETS_GONE = """
    SELECT (SELECT count(*) FROM sync_credential),
           (SELECT count(*) FROM sync_connection WHERE webhook_token IS NOT NULL),
           (SELECT count(*) FROM ir_config_parameter WHERE key = 'saas_sync.secret_key')
"""


LEAVE_WAITING = """
env['sync.scan']._post_hints(connection, [('contacts', remote_id)], 'change')
env['res.partner'].create({'name': 'Waits'})
"""
#: Somebody even switches the connection on again, past the screens.
USE_THE_COPY = """
env['res.partner'].create({'name': 'Copied'})
env['sync.connection'].search([]).write({'state': 'connected'})
"""


def test_a_neutralised_copy_never_talks_to_the_account(database, sandbox, keep):
    remote_id = sandbox.change("contacts", {"properties": {"firstname": "Ann"}})["id"]
    database.run(CONNECT + LEAVE_WAITING, remote_id=remote_id, **account_of(sandbox))
    copy = keep(database.name)
    copy.odoo("neutralize")
    mark = sandbox.last_n()

    assert copy.rows(SECRETS_GONE) == [(0, 0, 0)]
    copy.run(USE_THE_COPY + WORK)
    assert sandbox.ledger(after=mark) == []
    waiting = copy.value("SELECT count(*) FROM sync_outbox WHERE state = 'pending'")
    assert waiting == 2, "what was to be sent is kept, and not sent"

    database.run(WORK)
    names = {one["properties"].get("firstname") for one in sandbox.objects("contacts")}
    assert names == {"Ann", "Waits"}, "the original goes on, and knows nothing of the copy"
