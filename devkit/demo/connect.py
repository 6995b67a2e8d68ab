"""Setting the connection up, in the steps and through the API that a person's clicks use."""

from __future__ import annotations

from .account import Account
from .progress import Progress
from .stage import Stage


def connect(stage: Stage, account: Account) -> int:
    """Connect the account; return the id of the connection."""
    with Progress(f"Connecting {account.label}") as bar:
        [connection] = stage.erp.call(
            "sync.connection",
            "create",
            vals_list=[
                {
                    "name": f"{account.label} (stand-in)",
                    "provider": account.provider,
                    "base_url": account.url,
                    "allow_private": True,
                    "public_url": stage.url,
                    **account.credentials(),
                }
            ],
        )
        for step in ("action_test", "action_connect", "action_create_external_id"):
            stage.erp.call("sync.connection", step, [connection])
        stage.erp.call("sync.connection", "action_discover", [connection])
        dialog = stage.erp.call("sync.connection", "action_choose_objects", [connection])
        stage.erp.call(dialog["res_model"], "action_confirm", [dialog["res_id"]])
        bar.remark = f"objects {', '.join(account.models)}; ID property created"
    return connection


def webhook_url(stage: Stage, connection: int) -> str:
    [row] = stage.erp.rows("sync.connection", [("id", "=", connection)], ["webhook_url"])
    return row["webhook_url"]


def subscribe(stage: Stage, account: Account, connection: int) -> None:
    """Have the account send everything it can to the connection's address, from now on."""
    account.webhooks(target=webhook_url(stage, connection), **account.delivery)


def send_all(stage: Stage, connection: int) -> tuple[int, float]:
    """Have every record of Odoo looked at, and sent where the account lacks it.

    :return: the records looked at, and the seconds until it was all worked
    """
    mark = stage.drain.mark()
    outward = [("connection_id", "=", connection), ("direction", "!=", "in")]
    mappings = stage.erp.call("sync.mapping", "search", domain=outward)
    stage.erp.call("sync.mapping", "action_send_all", mappings)
    posted = stage.database.last_message() - mark.message
    return posted, stage.drain.wait("Sending what Odoo has", mark, posted)


def run_import(stage: Stage, account: Account, connection: int, records: int) -> float:
    """Read everything the mappings cover; return the seconds until it was all worked."""
    mark = stage.drain.mark()
    stage.erp.call("sync.connection", "action_import", [connection])
    return stage.drain.wait(f"Importing from {account.label}", mark, records)
