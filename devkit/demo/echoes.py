"""Whether anything comes back: silence first, then everything that could provoke an echo.

Silence: for some seconds nobody writes. Provocation: each account is asked for all recent changes,
and every message since a mark, either way, is worked again. Whatever that writes on any side is an
echo.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import books
from .account import Account
from .drain import Mark
from .progress import Progress
from .stage import Stage

SILENCE_SECONDS = 5
PAGE = 1000
OVER = [("state", "in", ["done", "ignored", "superseded"])]


@dataclass(frozen=True)
class Echoes:
    """By the label of the account: writes in the silence; the calls that changed something because
    of the provocation, and the calls that only looked. `odoo` are the records that changed in Odoo.
    """

    in_silence: dict[str, int]
    replayed: int
    remote: dict[str, list[str]]
    odoo: list[str]
    reads: dict[str, int]


def listen(stage: Stage, lines: Mapping[int, Account], since: Mark | None = None) -> Echoes:
    """Listen, then provoke.

    :param lines: connection → its account
    :param since: only the messages after it are worked again; all without it
    """
    in_silence = _listen(lines.values())
    mark, moment = stage.drain.mark(), stage.database.now()
    before = {account: account.calls for account in lines.values()}
    stage.erp.call("sync.connection", "action_poll", list(lines))
    replayed = _replay(stage, "sync.event", since.event if since else 0)
    replayed += _replay(stage, "sync.outbox", since.message if since else 0)
    stage.drain.wait("Everything once more", mark, again=replayed)
    ledgers = {account.label: account.ledger(call) for account, call in before.items()}
    remote = {
        label: [f"echo: {books.described(one)}" for one in entries if books.is_change(one)]
        for label, entries in ledgers.items()
    }
    odoo = [
        f"echo: {model} {res_id} was written" for model, res_id in stage.database.written(moment)
    ]
    reads = {label: books.classify(entries).inward for label, entries in ledgers.items()}
    return Echoes(in_silence, replayed, remote, odoo, reads)


def _listen(accounts: Iterable[Account]) -> dict[str, int]:
    before = {account: account.calls for account in accounts}
    with Progress("Listening for echoes", SILENCE_SECONDS) as bar:
        for second in range(SILENCE_SECONDS):
            bar.show(second)
            time.sleep(1)
    return {
        account.label: sum(map(books.is_change, account.ledger(call)))
        for account, call in before.items()
    }


def _replay(stage: Stage, model: str, after: int) -> int:
    ids = stage.erp.call(model, "search", domain=[*OVER, ("id", ">", after)])
    for at in range(0, len(ids), PAGE):
        stage.erp.call(model, "action_replay", ids[at : at + PAGE])
    return len(ids)
