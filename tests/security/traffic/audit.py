"""Do the answers fit, and is what was acknowledged stored exactly once?

Promise: an acknowledged event that is missing, stored twice or replaced by a later forgery, an
event that was refused and is there all the same, and a sum that differs from what the answers
said, all become findings. Weakness: an answer that never came says nothing about its events; they
may be there or not.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable

from .delivery import PROBES, Made
from .wire import Answer

_PROBE = re.compile(r'"probe": ?(\d+)')
MOST = 50

#: Statuses that our routes give; Odoo's own page for 404 begins a session.
OURS = (200, 202, 400, 401, 413, 415, 503)
UNKNOWN, OWED, REFUSED = 0, 1, 2


class Audit:
    """Collects what was asked and answered; :meth:`compare` looks at what is stored in the end."""

    def __init__(self, requests: int):
        self._owed = bytearray(requests * PROBES)
        self._lock = threading.Lock()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.findings: list[str] = []
        self.accepted = self.duplicates = self.unanswered = 0

    def note(self, made: Made, answer: Answer) -> None:
        """Judge an answer by itself and remember what it promised."""
        with self._lock:
            self.statuses[made.kind, answer.status] += 1
            wrong = complaint(made, answer)
            if wrong:
                self._find(f'{made.kind} #{made.number}: {wrong}')
            if answer.status == 0:
                self.unanswered += 1
            elif answer.status == 202:
                self._promised(made, answer)
            elif not made.again:
                for probe in made.probes:
                    self._owed[probe] = REFUSED

    def _promised(self, made: Made, answer: Answer) -> None:
        accepted, duplicates = answer.counts
        self.accepted += accepted
        self.duplicates += duplicates
        for probe in made.probes:
            self._owed[probe] = OWED
        if made.again and accepted:
            self._find(f'{made.kind} #{made.number}: {accepted} events were stored a second time')
        if made.probes and accepted + duplicates != len(made.probes):
            self._find(f'{made.kind} #{made.number}: {len(made.probes)} events were sent, '
                       f'{accepted} + {duplicates} answered for')

    def compare(self, payloads: Iterable[str]) -> int:
        """Compare with the payload of every stored event; return how many there are."""
        seen, stored = bytearray(len(self._owed)), 0
        for payload in payloads:
            stored += 1
            found = _PROBE.search(payload or '')
            if found and int(found[1]) < len(seen):
                self._one(int(found[1]), payload, seen)
        for probe, owed in enumerate(self._owed):
            if owed == OWED and not seen[probe]:
                self._find(f'event {probe} was acknowledged and is not stored')
        if not self.accepted <= stored <= self.accepted + self.unanswered * PROBES:
            self._find(f'{stored} events are stored, {self.accepted} were acknowledged')
        return stored

    def _one(self, probe: int, payload: str, seen: bytearray) -> None:
        if seen[probe]:
            self._find(f'event {probe} is stored twice')
        seen[probe] = 1
        if self._owed[probe] == REFUSED:
            self._find(f'event {probe} was refused and is stored')
        if '"tampered"' in payload:
            self._find(f'event {probe} was replaced by a later delivery of the same id')

    def _find(self, what: str) -> None:
        if len(self.findings) < MOST:
            self.findings.append(what)


def complaint(made: Made, answer: Answer) -> str | None:
    """What is wrong with this answer, if anything is."""
    status = answer.status
    if status == 0:
        return None if 0 in made.more else 'no answer'
    fits = 200 <= status < 300 or 400 <= status < 500 or status == 503 or status in made.more
    if not fits:
        return f'answered {status}'
    if made.must is not None and status != made.must:
        return f'answered {status}, {made.must} is right: {answer.body[:200]!r}'
    if made.forged and 200 <= status < 300:
        return f'accepted with {status}'
    if b'Traceback' in answer.body:
        return f'answered {status} with a traceback'
    if status in OURS and b'set-cookie' in answer.head.lower():
        return f'answered {status} with a cookie'
    return None
