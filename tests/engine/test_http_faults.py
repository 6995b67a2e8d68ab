"""The HTTP client when the remote fails, lies or drips: what is repeated, and what never."""

from __future__ import annotations

import gzip
import zlib

import pytest
from http_doubles import OK, Breaker, Token, client, get, post
from tiny_server import TinyServer, answer, drip, hang_up, raw, reset, silence

from engine.errors import ContractError, TransientError, UnknownOutcome
from engine.http import HttpClient

# --- failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize('status', [500, 502, 503, 521, 524])
def test_a_failing_remote_is_tried_again_where_that_does_no_harm(status):
    breaker = Breaker()
    with TinyServer(answer(status), answer(status), OK) as server:
        http = client(server, breaker=breaker)
        assert post(http, idempotent=True).status == 200
        assert breaker.recorded == [False, False, True]
        assert len(http.sleeps) == 2
        assert all(0 <= pause <= 4 for pause in http.sleeps)


def test_the_tries_inside_a_call_are_few():
    with TinyServer(*[answer(503, Request_Id='r')] * 5) as server:
        with pytest.raises(TransientError) as failed:
            get(client(server, retries=2))
        assert len(server.requests) == 3
        assert (failed.value.status, failed.value.request_id) == (503, 'r')
        assert not isinstance(failed.value, UnknownOutcome)


@pytest.mark.parametrize('fault', [answer(500), answer(504), reset, hang_up, silence(0.4)])
def test_a_creation_whose_fate_is_unknown_is_never_repeated(fault):
    breaker = Breaker()
    with TinyServer(fault, OK) as server:
        with pytest.raises(UnknownOutcome):
            post(client(server, read_timeout=0.3, breaker=breaker))
        assert len(server.requests) == 1
        assert breaker.recorded == [False]


@pytest.mark.parametrize('fault', [reset, hang_up, silence(0.4)])
def test_a_request_that_may_go_twice_is_repeated_after_a_break(fault):
    with TinyServer(fault, OK) as server:
        assert post(client(server, read_timeout=0.3), idempotent=True).status == 200
        assert len(server.requests) == 2


def test_a_request_that_left_us_once_is_not_taken_for_one_that_never_did():
    """The server answers the first try with a 500 and is gone at the second."""

    def fails_and_closes(connection, request):
        server._listener.close()
        answer(500)(connection, request)

    server = TinyServer(fails_and_closes)
    with server, pytest.raises(TransientError) as failed:
        get(client(server))
    assert failed.value.code is None
    assert 'No answer came' in str(failed.value)


def test_a_break_that_stays_is_transient_and_says_what_happened():
    with TinyServer(reset, reset, reset) as server, pytest.raises(TransientError) as failed:
        get(client(server))
    assert not isinstance(failed.value, UnknownOutcome)
    assert 'No answer came' in str(failed.value)
    assert '127.0.0.1' not in str(failed.value)


def test_a_creation_that_never_left_us_is_tried_again():
    with TinyServer() as server:
        port = server.port
    http = HttpClient(
        base_url=f'http://127.0.0.1:{port}', allowed_hosts=(), token=Token(), allow_private=True,
        sleep=lambda seconds: None,
    )  # fmt: skip
    records = []
    http._on_call = records.append
    with pytest.raises(TransientError, match=r'was not reached.*refused') as failed:
        post(http)
    assert not isinstance(failed.value, UnknownOutcome)
    assert failed.value.code == 'NOT_REACHED'
    assert len(records) == 3
    assert {record.status for record in records} == {None}


@pytest.mark.parametrize('idempotent', [True, False])
def test_a_locked_record_is_waited_for_and_is_no_fault_of_the_remote(idempotent):
    breaker = Breaker()
    with TinyServer(answer(423), OK) as server:
        http = client(server, breaker=breaker)
        assert post(http, idempotent=idempotent).status == 200
        assert (http.sleeps[0] >= 2, breaker.recorded) == (True, [True, True])


@pytest.mark.parametrize('status', [477, 503])
def test_a_remote_that_asks_for_a_long_wait_gets_it_from_the_lane(status):
    with TinyServer(answer(status, Retry_After='3600')) as server:
        http = client(server)
        with pytest.raises(TransientError) as failed:
            get(http)
        assert (failed.value.retry_after, http.sleeps, len(server.requests)) == (3600, [], 1)


def test_an_unexpected_failure_gives_the_probe_back_to_the_breaker():
    breaker = Breaker()
    with TinyServer(answer(200)) as server:
        http = client(server, breaker=breaker, on_call=lambda record: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            get(http)
        assert breaker.recorded == [False]


# --- bodies that are not to be trusted ------------------------------------------------------------


@pytest.mark.parametrize('idempotent', [True, False])
def test_half_a_body_is_no_answer(idempotent):
    with TinyServer(*[answer(200, b'{"a": 1', length=100)] * 3) as server:
        expected = TransientError if idempotent else UnknownOutcome
        with pytest.raises(expected):
            post(client(server), idempotent=idempotent)
        assert len(server.requests) == (3 if idempotent else 1)


def test_half_a_chunked_body_is_no_answer():
    half = b'HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nff\r\nabc'
    with TinyServer(raw(half), OK) as server:
        assert get(client(server)).json() == {'ok': True}


def test_a_chunked_body_is_read_to_its_end():
    head = b'HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n'
    with TinyServer(raw(head + b'5\r\nabcde\r\n2\r\nfg\r\n0\r\n\r\n')) as server:
        assert get(client(server)).body == b'abcdefg'


def test_head_has_a_length_and_no_body():
    with TinyServer(raw(b'HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n')) as server:
        assert client(server).request('HEAD', '/x', idempotent=True).body == b''


@pytest.mark.parametrize(
    ('encoding', 'compress'), [('gzip', gzip.compress), ('x-gzip', gzip.compress),
                               ('deflate', zlib.compress)],
)  # fmt: skip
def test_a_compressed_body_is_unpacked(encoding, compress):
    with TinyServer(answer(200, compress(b'{"a": 1}'), Content_Encoding=encoding)) as server:
        assert get(client(server)).json() == {'a': 1}
        assert server.header(0, 'Accept-Encoding') == 'gzip'


BOMB = gzip.compress(b'\x00' * 50_000_000)
TOO_MUCH = {
    'plain': answer(200, b'x' * 3_000_000),
    'bomb': answer(200, BOMB, Content_Encoding='gzip'),
    'unknown encoding': answer(200, b'x', Content_Encoding='br'),
    'garbage for gzip': answer(200, b'no gzip', Content_Encoding='gzip'),
    'half a gzip': answer(200, gzip.compress(b'x' * 999)[:-9], Content_Encoding='gzip'),
}


@pytest.mark.parametrize('fault', TOO_MUCH.values(), ids=TOO_MUCH)
@pytest.mark.parametrize('idempotent', [True, False])
def test_a_success_that_cannot_be_read_is_refused_and_a_creation_read_back(fault, idempotent):
    breaker = Breaker()
    with TinyServer(fault) as server:
        http = client(server, max_response_bytes=1_000_000, breaker=breaker)
        with pytest.raises(ContractError if idempotent else UnknownOutcome) as failed:
            post(http, idempotent=idempotent)
        assert failed.value.status == 200
        assert breaker.recorded == [True]


def test_a_refusal_that_cannot_be_read_is_still_that_refusal():
    with TinyServer(answer(404, b'x' * 2000)) as server:
        response = get(client(server, max_response_bytes=1000))
        assert (response.status, response.body) == (404, b'')


def test_a_bomb_is_never_unpacked_beyond_the_limit(monkeypatch):
    from engine import transport

    sizes = []
    feed = transport._Plain.feed

    def noted(self, piece):
        sizes.append(len(piece))
        feed(self, piece)

    monkeypatch.setattr(transport._Plain, 'feed', noted)
    too_large = pytest.raises(ContractError, match='larger than 1000000 bytes')
    with TinyServer(answer(200, BOMB, Content_Encoding='gzip')) as server, too_large:
        get(client(server, max_response_bytes=1_000_000))
    assert sum(sizes) <= 1_000_001


@pytest.mark.parametrize(
    'pieces',
    [
        [b'HTTP/1.1 200 X\r\n', *[b'X-A: b\r\n'] * 40],
        [b'HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n', *[b'x'] * 40],
        [b'HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n', *[b'1\r\nx\r\n'] * 40],
    ],
    ids=['headers', 'body', 'chunks'],
)
def test_a_remote_that_drips_does_not_hold_a_worker_for_ever(pieces):
    too_late = pytest.raises(UnknownOutcome, match=r'within 0\.5')
    with TinyServer(drip(pieces, 0.1)) as server, too_late:
        post(client(server, read_timeout=5, total_timeout=0.5))
