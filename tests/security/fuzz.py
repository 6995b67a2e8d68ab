"""The long form of the generated requests: against a real prefork server, over real sockets.

Started by `./dev fuzz`, which makes the database and sets the variables. Promises: request `n` of a
seed is always the same; every answer is judged as it comes, and in the end every acknowledged event
is looked for in the database; the server's log must hold no traceback and no secret. The exit code
is 1 where anything was found. Ctrl-C ends it early, with the figures up to then. Weakness: no
worker of ours runs meanwhile, because the subject is the way in; what becomes of the events is the
fault campaign's.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from ..account import PUBLIC_URL, SECRET
from ..odoo_database import OdooDatabase
from ..odoo_server import OdooServer
from .prefork import PREPARE, QUIET
from .traffic.audit import Audit
from .traffic.delivery import Addresses
from .traffic.maker import BLOCK, make
from .traffic.wire import ask


class Run:
    """`requests` of them, dealt to `senders` in blocks of consecutive numbers."""

    def __init__(self, options, addresses: Addresses, port: int):
        self._options, self._to, self._port = options, addresses, port
        self.audit = Audit(options.requests)
        self.done, self._began, self._stopped = 0, time.monotonic(), threading.Event()

    def send_all(self) -> None:
        """Send them; when told to end, stop sending. What was sent is compared all the same."""
        starts = range(0, self._options.requests, BLOCK)
        with ThreadPoolExecutor(self._options.senders) as pool:
            jobs = [pool.submit(self._block, start) for start in starts]
            try:
                for number, job in enumerate(jobs, start=1):
                    job.result()
                    if number % 10 == 0 or number == len(jobs):
                        print(self.progress(), flush=True)
            except KeyboardInterrupt:
                print('told to end: no more is sent', flush=True)
            finally:
                self._stopped.set()

    def _block(self, start: int) -> None:
        for number in range(start, min(start + BLOCK, self._options.requests)):
            if self._stopped.is_set():
                return
            made = make(self._options.seed, number, self._to)
            self.audit.note(made, ask('127.0.0.1', self._port, made))
            self.done += 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def progress(self) -> str:
        rate = self.done / max(self.seconds, 0.001)
        return (f'{self.done:,} requests in {self.seconds:,.0f} s ({rate:.0f}/s), '
                f'{self.audit.accepted:,} events acknowledged, {len(self.audit.findings)} findings')


def payloads(database: OdooDatabase, connection_id: int):
    """The payload of every event of the open connection, a few thousand at a time."""
    connection = psycopg2.connect(dbname=database.name)
    try:
        with connection.cursor('payloads') as cursor:
            cursor.itersize = 5000
            cursor.execute(
                'SELECT payload FROM sync_event WHERE connection_id = %s', [connection_id])
            yield from (row[0] for row in cursor)
    finally:
        connection.close()


def complaints(log: str) -> list[str]:
    """Lines of the server's log that must not be there. Werkzeug tells of requests that are no HTTP
    as errors.
    """
    bad = (' ERROR ', ' CRITICAL ', 'Traceback', SECRET)
    found = [line.strip()[:300] for line in log.splitlines()
             if any(word in line for word in bad) and ' werkzeug: ' not in line]
    return [f'in the log: {line}' for line in found[:20]]


def report(run: Run, stored: int, findings: list[str], path: Path, options) -> None:
    by_status: dict[str, int] = {}
    for (_kind, status), count in run.audit.statuses.items():
        by_status[str(status)] = by_status.get(str(status), 0) + count
    result = {
        'requests': run.done, 'seed': options.seed, 'seconds': round(run.seconds),
        'rate': round(run.done / run.seconds, 1), 'statuses': dict(sorted(by_status.items())),
        'kinds': {f'{kind}: {status}': count
                  for (kind, status), count in sorted(run.audit.statuses.items())},
        'acknowledged': run.audit.accepted, 'duplicates': run.audit.duplicates, 'stored': stored,
        'unanswered': run.audit.unanswered, 'findings': findings,
    }
    path.write_text(json.dumps(result, indent=1), encoding='utf-8')
    print(f"answers: {result['statuses']}")
    print(f'{stored:,} events stored, {run.audit.accepted:,} acknowledged; details in {path}')
    for finding in findings:
        print('FOUND', finding)


def main(words: list[str]) -> int:
    options = _parser().parse_args(words)
    # Being terminated is like Ctrl-C: what was sent so far is looked for, and told.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(options.results)
    database = OdooDatabase(options.template)
    try:
        opened, *paths = database.run(PREPARE, public_url=PUBLIC_URL, secret=SECRET)
        server = OdooServer(
            database, *QUIET, workers=options.workers, cron_threads=0)
        with server:
            run = Run(options, Addresses(*paths), urlsplit(server.url).port)
            run.send_all()
            log = server.log()
        (folder / 'fuzz-odoo.log').write_text(log, encoding='utf-8')
        stored = run.audit.compare(payloads(database, opened))
    finally:
        database.drop()
    findings = run.audit.findings + complaints(log)
    report(run, stored, findings, folder / 'fuzz.json', options)
    return 1 if findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='fuzz')
    parser.add_argument('--template', required=True)
    parser.add_argument('--results', required=True)
    for name in ('--requests', '--seed', '--workers', '--senders'):
        parser.add_argument(name, type=int, required=True)
    return parser


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
