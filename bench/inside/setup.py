"""Run within Odoo: connect the account and import it, by the steps of the connection's form."""


def connect(env, url, token, secret, public_url):
    connection = env["sync.connection"].create(
        {
            "name": "HubSpot",
            "base_url": url,
            "allow_private": True,
            "public_url": public_url,
            "access_token_input": token,
            "client_secret_input": secret,
            "poll_enabled": False,
        }
    )
    connection.action_test()
    connection.action_create_external_id()
    connection.action_discover()
    connection.action_create_mappings()
    return connection.id


def import_everything(env):
    env["sync.connection"].search([]).action_import()
    env.cr.commit()
    env["sync.worker"]._work()
    waiting = env["sync.mapping"].search_count([("import_state", "=", "running")])
    if waiting:
        raise RuntimeError(f"{waiting} imports have not ended")
