"""Setting the connection up, in the steps and through the API that a person's clicks use."""

from __future__ import annotations

from .account import KINDS
from .progress import Progress
from .stage import Stage

NAME = "HubSpot (stand-in)"


def connect(stage: Stage) -> int:
    """Connect the account; return the id of the connection."""
    account = stage.account
    with Progress("Connecting the account") as bar:
        [connection] = stage.erp.call(
            "sync.connection",
            "create",
            vals_list=[
                {
                    "name": NAME,
                    "provider": "hubspot",
                    "base_url": account.url,
                    "allow_private": True,
                    "public_url": stage.url,
                    "app_id": account.app_id,
                    "access_token_input": account.token,
                    "client_secret_input": account.secret,
                }
            ],
        )
        for step in ("action_test", "action_connect", "action_create_external_id"):
            stage.erp.call("sync.connection", step, [connection])
        stage.erp.call("sync.connection", "action_discover", [connection])
        dialog = stage.erp.call("sync.connection", "action_choose_objects", [connection])
        stage.erp.call(dialog["res_model"], "action_confirm", [dialog["res_id"]])
        bar.remark = f"objects {', '.join(KINDS)}; ID property created"
    return connection


def webhook_url(stage: Stage, connection: int) -> str:
    [row] = stage.erp.rows("sync.connection", [("id", "=", connection)], ["webhook_url"])
    return row["webhook_url"]


def subscribe(stage: Stage, connection: int) -> None:
    """Have HubSpot send everything it can to the connection's address, from now on."""
    stage.account.webhooks(
        target=webhook_url(stage, connection),
        style="classic",
        client_secret=stage.account.secret,
        max_batch=100,
        window_ms=50,
    )


def run_import(stage: Stage, connection: int, records: int) -> float:
    """Read everything the mappings cover; return the seconds until it was all worked."""
    mark = stage.drain.mark()
    stage.erp.call("sync.connection", "action_import", [connection])
    return stage.drain.wait("Importing from HubSpot", mark, records)
