"""An upgrade while work is in flight: nothing is lost, nothing is done twice, settings stay."""

from usage import CONNECT, WORK, account_of

from tests.odoo_database import complaints

#: What has to be the same before and after, row by row and column by column.
TABLES = ("sync_connection", "sync_mapping", "sync_mapping_line", "sync_link", "sync_event",
          "sync_outbox", "sync_lane", "sync_attempt", "sync_credential", "sync_budget",
          "sync_breaker", "sync_remote_field")  # fmt: skip

#: A lane in each state it can have: backed off, held by a worker that died, ready, failed; and
#: messages that no worker has seen yet, both ways. (`ids`: of contacts)
BUSY = """
env['sync.scan']._post_hints(connection, [('contacts', key) for key in ids], 'change')
env.cr.commit()
env['sync.lane']._tick()
env.cr.execute('''
    UPDATE sync_lane SET state = 'waiting', attempts = 3, run_at = now() + interval '1 hour',
           error_class = 'transient', error_message = 'A time-out', fingerprint = 'transient|x'
     WHERE key = %s''', [ids[0]])
env.cr.execute('''
    UPDATE sync_lane SET state = 'running', token = 'of-the-dead', worker = 1, crashes = 1,
           lease_until = now() - interval '1 hour' WHERE key = %s''', [ids[1]])
env['res.partner'].create([{'name': 'Out %s' % number} for number in range(3)])
env['sync.scan']._post_hints(connection, [('contacts', ids[3])], 'change')
env.ref('saas_sync.ir_cron_worker_3').active = True
env.ref('saas_sync.ir_cron_worker_1').priority = 9
connection.mapping_ids.filtered(lambda m: m.remote_object == 'contacts').line_ids.filtered(
    lambda line: line.odoo_field == 'city').rule = 'odoo_wins'
"""


def test_an_upgrade_in_the_middle_of_work_changes_no_row_and_the_work_ends_well(database, sandbox):
    ids = [
        sandbox.change("contacts", {"properties": {"firstname": "In", "lastname": str(number)}})[
            "id"
        ]
        for number in range(5)
    ]
    database.run(CONNECT + BUSY, ids=ids, **account_of(sandbox))
    before = state(database)
    assert {row[0] for row in database.rows("SELECT state FROM sync_lane")} == {
        "waiting",
        "running",
        "ready",
    }
    mark = sandbox.last_n()

    assert complaints(database.upgrade()) == []

    assert sandbox.ledger(after=mark) == [], "an upgrade talks to nobody"
    assert state(database) == before
    assert crons(database) == {"worker_1": (True, 9), "worker_2": (True, 4),
                               "worker_3": (True, 4), "worker_4": (False, 4)}  # fmt: skip
    database.run(WORK)
    assert database.rows("SELECT * FROM sync_lane") == []
    assert database.value("SELECT count(*) FROM sync_link WHERE state = 'in_sync'") == 8
    names = sorted(
        f"{one['properties']['firstname']} {one['properties']['lastname']}"
        for one in sandbox.objects("contacts")
    )
    assert names == [f"In {n}" for n in range(5)] + [f"Out {n}" for n in range(3)]


def state(database):
    return {
        table: sorted(row[0] for row in database.rows(f"SELECT t::text FROM {table} t"))
        for table in TABLES
    }


def crons(database):
    return {
        name.removeprefix("ir_cron_"): (active, priority)
        for name, active, priority in database.rows(
            """SELECT d.name, c.active, c.priority FROM ir_cron c
                 JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
                WHERE d.module = 'saas_sync' AND d.name LIKE 'ir_cron_worker_%'"""
        )
    }
