"""Whether anything comes back: silence first, then everything that could provoke an echo.

Silence: for some seconds nobody writes. Provocation: HubSpot is asked for all recent changes, and
every message of the whole day, either way, is worked again. Whatever that writes on either side is
an echo.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from . import books
from .progress import Progress
from .stage import Stage

SILENCE_SECONDS = 5
PAGE = 1000
OVER = [("state", "in", ["done", "ignored", "superseded"])]


@dataclass(frozen=True)
class Echoes:
    """`remote` names the calls that changed something at HubSpot, `odoo` the records that
    changed in Odoo.
    """

    in_silence: int
    replayed: int
    remote: list[str]
    odoo: list[str]
    reads: int


def listen(stage: Stage, connection: int) -> Echoes:
    """Listen, then provoke."""
    in_silence = _listen(stage)
    mark, moment, call = stage.drain.mark(), stage.database.now(), stage.hubspot.calls
    stage.erp.call("sync.connection", "action_poll", [connection])
    replayed = sum(_replay(stage, model) for model in ("sync.event", "sync.outbox"))
    stage.drain.wait("Everything once more", mark, again=replayed)
    entries = stage.hubspot.ledger(call)
    calls = books.classify(entries)
    remote = [f"echo: {books.described(one)}" for one in entries if books.is_change(one)]
    odoo = [
        f"echo: {model} {res_id} was written" for model, res_id in stage.database.written(moment)
    ]
    return Echoes(in_silence, replayed, remote, odoo, calls.reads + calls.searches)


def _listen(stage: Stage) -> int:
    call = stage.hubspot.calls
    with Progress("Listening for echoes", SILENCE_SECONDS) as bar:
        for second in range(SILENCE_SECONDS):
            bar.show(second)
            time.sleep(1)
    return sum(map(books.is_change, stage.hubspot.ledger(call)))


def _replay(stage: Stage, model: str) -> int:
    ids = stage.erp.call(model, "search", domain=OVER)
    for at in range(0, len(ids), PAGE):
        stage.erp.call(model, "action_replay", ids[at : at + PAGE])
    return len(ids)
