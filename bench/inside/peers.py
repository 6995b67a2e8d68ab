"""Run within Odoo: the peers' partners, their account, and base_automation's rule."""

RECORD = "model.browse(%d)"
#: What the rule's action does with a delivery: keep it.
ACTION = """
env["bench.event"].create({
    "connection_id": 1,
    "idempotency_key": str(payload["eventId"]),
    "event_type": payload["subscriptionType"],
    "kind": "changed",
    "remote_object": "contacts",
    "remote_id": str(payload["objectId"]),
    "payload": json.dumps(payload),
})
"""


def prepare(env, url, token, contacts):
    parameters = env["ir.config_parameter"]
    parameters.set_param("bench.url", url)
    parameters.set_param("bench.token", token)
    partners = env["res.partner"].with_context(tracking_disable=True)
    partners.create(
        [
            {
                **partners._bench_vals(contact["properties"]),
                "bench_remote_id": contact["id"],
            }
            for contact in contacts
        ]
    )
    make_rule(env)


def make_rule(env):
    """A rule "on webhook", as its form makes it; the record it must run on is one of its own."""
    model = env["ir.model"]._get("bench.event")
    anchor = env["bench.event"].create({"connection_id": 0, "idempotency_key": "anchor"})
    rule = env["base.automation"].create(
        {
            "name": "Keep what arrives",
            "model_id": model.id,
            "trigger": "on_webhook",
            "record_getter": RECORD % anchor.id,
        }
    )
    env["ir.actions.server"].create(
        {
            "name": "Keep it",
            "model_id": model.id,
            "base_automation_id": rule.id,
            "usage": "base_automation",
            "state": "code",
            "code": ACTION,
        }
    )


def enqueue_pull(env, partners):
    """One job a partner, as a delivery of as many events would make them."""
    for partner in env["res.partner"].browse(partners):
        partner.with_delay()._bench_pull_one()


def enqueue_push(env, partners):
    for partner in env["res.partner"].browse(partners):
        partner.with_delay()._bench_push_one()


def app_store_write(env, partners, values):
    """Save records one by one, as people do, each with its call inside `write()`."""
    for partner in env["res.partner"].browse(partners).with_context(bench_app_store=True):
        partner.write(values)
        env.cr.commit()


def orm_write(env, partners, values, batch=100):
    """The ORM's own batched write, a commit a batch: nothing is linked, kept or sent. Every record
    gets its own values, as changed records do; `values` is by partner id."""
    records = env["res.partner"].browse(partners)
    for start in range(0, len(partners), batch):
        for partner in records[start : start + batch]:
            partner.write(values[str(partner.id)])
        env.cr.commit()


def orm_create(env, contacts, batch=100):
    """The ORM's own batched create, a commit a batch, mail tracking as it is by default."""
    partners = env["res.partner"]
    for start in range(0, len(contacts), batch):
        partners.create(
            [partners._bench_vals(contact) for contact in contacts[start : start + batch]]
        )
        env.cr.commit()
