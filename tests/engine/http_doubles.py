"""Token, budget and breaker that note what the HTTP client asks of them; calls in short."""

from __future__ import annotations

from tiny_server import answer

from engine.errors import TransientError
from engine.http import HttpClient

SECRET = 'pat-na1-super-secret'


class Token:
    """``fresh`` are the tokens that refreshing brings, one after the other."""

    def __init__(self, first=SECRET, fresh=()):
        self.now, self.fresh, self.refreshed = first, list(fresh), []

    def header(self):
        return f'Bearer {self.now}'

    def refresh(self, stale_header):
        self.refreshed.append(stale_header)
        if not self.fresh:
            return False
        self.now = self.fresh.pop(0)
        return True


class Budget:
    """``waits`` are the answers to the next takes; after them there is always room."""

    def __init__(self, *waits):
        self.waits, self.taken, self.learnt = list(waits), [], []

    def take(self, bucket, cost=1):
        self.taken.append(bucket)
        return self.waits.pop(0) if self.waits else 0.0

    def learn(self, bucket, **reading):
        told = {name: value for name, value in reading.items() if value is not None}
        self.learnt.append((bucket, told))


class Breaker:
    def __init__(self, is_open=False):
        self.is_open, self.recorded = is_open, []

    def before_call(self):
        if self.is_open:
            raise TransientError('open', retry_after=30, code='BREAKER_OPEN')

    def record(self, ok):
        self.recorded.append(ok)


class Sleeps(list):
    def __call__(self, seconds):
        self.append(seconds)


def client(server, **options):
    """A client of ``server`` that never really sleeps; ``client.sleeps`` are its pauses."""
    sleeps = Sleeps()
    options = {
        'token': Token(),
        'budget': Budget(),
        'breaker': Breaker(),
        'user_agent': 'test/1',
        'connect_timeout': 5,
        'read_timeout': 5,
        'allow_private': True,
        'sleep': sleeps,
    } | options
    made = HttpClient(base_url=server.url, allowed_hosts=(), **options)
    made.sleeps = sleeps
    return made


OK = answer(200, {'ok': True})


def get(http, path='/x', idempotent=True, **options):
    return http.request('GET', path, idempotent=idempotent, **options)


def post(http, idempotent=False, **options):
    return http.request('POST', '/x', json={'a': 1}, idempotent=idempotent, **options)
