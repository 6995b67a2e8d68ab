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
