"""Run within Odoo: the pipelines by one worker, and the floors under them.

The same file runs in our database and in the peers'. `work` is what the cron calls, without a
deadline: it ends when nothing is due. The floors write and create the same values of the same
partners in batches of 100, one commit a batch; every record has values of its own, so each needs a
`write()` of its own, and the ORM's flush at the commit writes the batch in one statement. With
`lean` they leave mail tracking and followers out, as the engine does unless a mapping asks for it.
"""

import uuid
from datetime import datetime, timezone

BATCH = 100
#: What the engine's own context says, see `models/sync_inbound_merge.py`.
LEAN = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_auto_subscribe_no_notify": True,
}


# --- ours ---


def store_events(env, remote_ids, each):
    """Keep `each` notifications of every contact, as the webhook does; the last of one contact
    comes after the first of all others.
    """
    from odoo.addons.saas_sync.engine.contracts import InboundEvent

    connection = env["sync.connection"].search([], limit=1)
    for _time in range(each):
        events = [
            InboundEvent(
                idempotency_key=uuid.uuid4().hex,
                event_type="contact.propertyChange",
                kind="change",
                remote_object="contacts",
                remote_id=remote_id,
                occurred_at=datetime.now(timezone.utc),
                payload={"objectId": int(remote_id), "propertyName": "city"},
            )
            for remote_id in remote_ids
        ]
        env["sync.event"]._ingest(env.cr, connection.id, events, uuid.uuid4().hex)


def work(env):
    return env["sync.worker"]._work()


def start_import(env):
    mappings = env["sync.mapping"].search([("remote_object", "=", "contacts")])
    env["sync.scan"]._start_import(mappings)


def change_partners(env, values):
    """Partners are edited in Odoo; `values` by partner id."""
    partners = env["res.partner"].with_context(tracking_disable=True).browse(map(int, values))
    for partner in partners:
        partner.write(values[str(partner.id)])


# --- floors and peers ---


def _partners(env, lean):
    return env["res.partner"].with_context(**LEAN) if lean else env["res.partner"]


def orm_write(env, values, lean):
    ids = [int(partner_id) for partner_id in values]
    for start in range(0, len(ids), BATCH):
        for partner in _partners(env, lean).browse(ids[start : start + BATCH]):
            partner.write(values[str(partner.id)])
        env.cr.commit()


def orm_create(env, contacts, lean):
    partners = _partners(env, lean)
    for start in range(0, len(contacts), BATCH):
        batch = contacts[start : start + BATCH]
        partners.create([partners._bench_vals(contact) for contact in batch])
        env.cr.commit()


def enqueue_pull(env, partners):
    """One job a partner: read its contact, write it."""
    for partner in env["res.partner"].browse(partners):
        partner.with_delay()._bench_pull_one()


def app_store_write(env, values):
    """Partners are saved one by one, each with its call inside `write()`."""
    for partner_id, vals in values.items():
        partner = env["res.partner"].browse(int(partner_id))
        partner.with_context(bench_app_store=True).write(vals)
        env.cr.commit()
