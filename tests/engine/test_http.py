"""The HTTP client against a real socket: what is sent, what comes back, what must never happen."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import zlib
from datetime import datetime, timezone

import pytest
from http_doubles import SECRET, Breaker, Budget, Token, client
from tiny_server import TinyServer, answer, drip, hang_up, raw, reset, silence

from engine.errors import (
    AuthError,
    ConfigurationError,
    ContractError,
    RateLimitError,
    SyncError,
    TransientError,
    UnknownOutcome,
)
from engine.http import CallRecord, HttpClient, RateReading

OK = answer(200, {'ok': True})


def get(http, path='/x', idempotent=True, **options):
    return http.request('GET', path, idempotent=idempotent, **options)


def post(http, idempotent=False, **options):
    return http.request('POST', '/x', json={'a': 1}, idempotent=idempotent, **options)


# --- what is sent and what comes back -------------------------------------------------------------


def test_a_request_carries_token_correlation_agent_query_and_compact_json():
    with TinyServer(answer(201, {'id': '7'}, X_HubSpot_Correlation_Id='abc')) as server:
        response = client(server, correlation_id='corr-1').request(
            'POST', '/v/1', json={'name': 'Zoë', 'n': None}, params={'q': 'ä b'}, idempotent=False
        )
        assert (response.status, response.json(), response.request_id) == (201, {'id': '7'}, 'abc')
        assert response.headers['content-length'] == '11'
        assert server.requests[0].startswith(b'POST /v/1?q=%C3%A4+b HTTP/1.1\r\n')
        assert json.loads(server.body(0)) == {'name': 'Zoë', 'n': None}
        assert b' ' not in server.body(0)
        sent = {
            'Authorization': f'Bearer {SECRET}',
            'X-Correlation-Id': 'corr-1',
            'User-Agent': 'test/1',
            'Content-Type': 'application/json',
            'Accept': 'application/json',
        }
        assert {name: server.header(0, name) for name in sent} == sent


def test_a_request_without_authentication_carries_no_token_and_needs_none():
    with TinyServer(answer(401, {'error': 'invalid_client'})) as server:
        response = get(client(server, token=None), authenticated=False)
        assert response.status == 401
        assert server.header(0, 'Authorization') is None


def test_an_authenticated_request_without_a_token_is_not_sent():
    with TinyServer() as server:
        with pytest.raises(AuthError):
            get(client(server, token=None))
        assert server.requests == []


def test_a_form_is_sent_as_a_form():
    with TinyServer(OK) as server:
        client(server).request('POST', '/t', form={'a': 'b&c', 'd': 'é'}, idempotent=True)
        assert server.body(0) == b'a=b%26c&d=%C3%A9'
        assert server.header(0, 'Content-Type') == 'application/x-www-form-urlencoded'


def test_own_headers_may_be_added():
    with TinyServer(OK) as server:
        get(client(server), headers={'X-Extra': '1'})
        assert server.header(0, 'X-Extra') == '1'


@pytest.mark.parametrize('status', [200, 201, 202, 204, 207, 400, 403, 404, 409, 414])
def test_every_verdict_of_the_remote_is_handed_to_the_connector(status):
    with TinyServer(answer(status, b'' if status == 204 else {'s': status})) as server:
        breaker = Breaker()
        assert post(client(server, breaker=breaker)).status == status
        assert breaker.recorded == [True]


def test_answers_on_one_connection_do_not_mix():
    def twice(connection, _request):
        for number in (b'1', b'2'):
            connection.sendall(b'HTTP/1.1 200 X\r\nContent-Length: 1\r\n\r\n' + number)
            if number == b'1':
                connection.recv(65536)

    with TinyServer(twice) as server:
        http = client(server)
        assert [get(http).body, get(http).body] == [b'1', b'2']
        assert len(server.requests) == 1  # the second came over the same connection
        http.close()


def test_a_body_that_is_no_json_is_a_contract_error_with_the_facts():
    with TinyServer(answer(200, b'<html>', Content_Type='text/html', Request_Id='r1')) as server:
        response = get(client(server))
        with pytest.raises(ContractError, match='text/html') as refused:
            response.json()
        assert (refused.value.status, refused.value.request_id) == (200, 'r1')


@pytest.mark.parametrize('body', [b'', b'{', b'[' * 100_000, b'1' * 5000, b'\xff', b'NaN'])
def test_json_beyond_reason_is_a_contract_error(body):
    with TinyServer(answer(200, body)) as server, pytest.raises(ContractError):
        get(client(server)).json()


def test_a_request_has_one_body_and_a_path():
    with TinyServer() as server:
        with pytest.raises(ValueError, match='one body'):
            client(server).request('POST', '/x', json={}, form={}, idempotent=True)
        with pytest.raises(ValueError, match='slash'):
            get(client(server), '@attacker.example/x')
        with pytest.raises(ValueError, match='JSON'):
            client(server).request('POST', '/x', json=float('nan'), idempotent=True)
        assert server.requests == []


# --- tokens ---------------------------------------------------------------------------------------


def test_a_refused_token_is_refreshed_once_and_the_request_repeated_even_when_it_creates():
    token = Token(fresh=['fresh-token'])
    with TinyServer(answer(401, {}), OK) as server:
        assert post(client(server, token=token)).status == 200
        assert token.refreshed == [f'Bearer {SECRET}']
        assert server.header(1, 'Authorization') == 'Bearer fresh-token'
        assert server.body(0) == server.body(1)


def test_a_token_that_is_refused_after_the_refresh_needs_a_person():
    token = Token(fresh=['fresh-token', 'another'])
    with TinyServer(answer(401, {}), answer(401, {}, Request_Id='r2')) as server:
        with pytest.raises(AuthError, match='401') as refused:
            get(client(server, token=token))
        assert (refused.value.status, refused.value.request_id) == (401, 'r2')
        assert 'connect again' in refused.value.user_message
        assert len(token.refreshed) == 1


def test_where_there_is_no_other_token_the_request_is_not_repeated():
    with TinyServer(answer(401, {})) as server:
        with pytest.raises(AuthError):
            get(client(server))
        assert len(server.requests) == 1


# --- limits of the remote -------------------------------------------------------------------------


def test_every_try_asks_the_budget_of_its_bucket():
    budget = Budget()
    with TinyServer(answer(500), OK) as server:
        get(client(server, budget=budget), bucket='search')
        assert budget.taken == ['search', 'search']


def test_a_short_wait_for_the_budget_is_slept_and_asked_again():
    with TinyServer(OK) as server:
        http = client(server, budget=Budget(0.4, 0.2))
        get(http)
        assert http.sleeps == [0.4, 0.2]


def test_a_long_wait_for_the_budget_is_left_to_the_lane():
    breaker = Breaker()
    with TinyServer() as server:
        http = client(server, budget=Budget(3, 3), breaker=breaker)
        with pytest.raises(RateLimitError) as refused:
            get(http)
        assert (http.sleeps, refused.value.retry_after) == ([3], 3)
        assert server.requests == []
        assert breaker.recorded == []  # a probe would have been lost


@pytest.mark.parametrize(('headers', 'seconds'), [({'Retry_After': '7'}, 7), ({}, 10)])
def test_a_429_blocks_the_bucket_for_everybody_and_is_not_repeated(headers, seconds):
    budget, breaker = Budget(), Breaker()
    with TinyServer(answer(429, {}, **headers)) as server:
        with pytest.raises(RateLimitError) as limited:
            get(client(server, budget=budget, breaker=breaker), bucket='search')
        assert limited.value.retry_after == seconds
        assert budget.learnt == [('search', {'blocked_for': seconds})]
        assert breaker.recorded == [True]
        assert len(server.requests) == 1


def test_the_connector_reads_limits_and_429_in_its_own_way():
    def rate_headers(headers):
        return [RateReading('burst', limit=int(headers['max']), remaining=3, period=10)]

    def rate_limited(response, bucket):
        assert response.json() == {'policyName': 'DAILY'}
        error = RateLimitError('daily', code='DAILY', retry_after=3600)
        return RateReading('daily', blocked_for=3600), error

    budget = Budget()
    with TinyServer(answer(200, Max='190'), answer(429, {'policyName': 'DAILY'}, Max='190')) as (
        server
    ):
        http = client(server, budget=budget)
        http.rate_headers, http.rate_limited = rate_headers, rate_limited
        get(http)
        with pytest.raises(RateLimitError) as limited:
            get(http)
        assert limited.value.code == 'DAILY'
        reading = ('burst', {'limit': 190, 'remaining': 3, 'period': 10})
        assert budget.learnt == [reading, reading, ('daily', {'blocked_for': 3600})]


def test_without_budget_and_breaker_a_client_simply_sends():
    with TinyServer(answer(429, {}), OK) as server:
        http = client(server, budget=None, breaker=None)
        with pytest.raises(RateLimitError):
            get(http)
        assert get(http).status == 200


def test_an_open_breaker_stops_the_call_before_it_is_sent_and_is_not_retried():
    breaker = Breaker(is_open=True)
    with TinyServer() as server:
        http = client(server, breaker=breaker)
        with pytest.raises(TransientError) as stopped:
            get(http)
        assert (stopped.value.retry_after, http.sleeps) == (30, [])
        assert (server.requests, breaker.recorded) == ([], [])


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


# --- where a request may go -----------------------------------------------------------------------


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
def test_a_redirection_is_refused_and_the_token_goes_nowhere_else(status):
    with TinyServer() as other, TinyServer(answer(status, Location=f'{other.url}/y')) as server:
        with pytest.raises(ContractError, match='redirection'):
            get(client(server))
        assert other.requests == []
        assert len(server.requests) == 1


PROVIDER = {'allowed_hosts': ('api.hubapi.com', '.my.example.com'), 'token': Token()}


@pytest.mark.parametrize(
    'base_url',
    ['https://api.hubapi.com', 'https://API.hubapi.com:443/', 'https://eu.my.example.com/base'],
)
def test_the_hosts_of_the_provider_may_be_called(base_url):
    assert HttpClient(base_url=base_url, **PROVIDER).base_url == base_url.rstrip('/')


@pytest.mark.parametrize(
    'base_url',
    ['http://api.hubapi.com', 'https://api.hubapi.com.attacker.example', 'https://hubapi.com',
     'https://my.example.com', 'https://user:pw@api.hubapi.com', 'https://api.hubapi.com:8443',
     'https://api.hubapi.com?x=1', 'https://api.hubapi.com#x', 'ftp://api.hubapi.com',
     'https://',
     'https://[bad', 'https://api.hubapi.com:99999', 'https://127.0.0.1', 'file:///etc/passwd', ''],
)  # fmt: skip
def test_every_other_address_is_refused_before_anything_is_sent(base_url):
    with pytest.raises(ConfigurationError) as refused:
        HttpClient(base_url=base_url, **PROVIDER)
    assert refused.value.code == 'ADDRESS_NOT_ALLOWED'
    assert 'pw@' not in str(refused.value)


def test_one_request_may_use_another_base_only_on_an_allowed_host():
    with TinyServer(OK) as server:
        http = client(server)
        assert get(http, base_url=server.url).status == 200
        with pytest.raises(ConfigurationError):
            get(http, base_url='https://attacker.example')


def test_a_name_of_the_provider_that_resolves_to_a_private_address_is_not_called(monkeypatch):
    breaker, records = Breaker(), []
    with TinyServer() as server:
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, '', ('127.0.0.1', server.port))]
        monkeypatch.setattr(socket, 'getaddrinfo', lambda *args, **options: answers)
        http = HttpClient(
            base_url='https://api.hubapi.com', breaker=breaker, on_call=records.append, **PROVIDER
        )
        with pytest.raises(ConfigurationError, match='no public address'):
            get(http)
        assert server.requests == []
    assert breaker.recorded == [False]  # the probe comes back
    assert records[0].error == 'api.hubapi.com resolves to no public address.'


def test_a_name_that_does_not_resolve_is_transient(monkeypatch):
    def fails(*_args, **_options):
        raise socket.gaierror(-2, 'Name or service not known')

    monkeypatch.setattr(socket, 'getaddrinfo', fails)
    http = HttpClient(base_url='https://api.hubapi.com', sleep=lambda seconds: None, **PROVIDER)
    with pytest.raises(TransientError, match='was not reached'):
        get(http)


def test_neither_proxy_nor_netrc_of_the_environment_is_used(monkeypatch, tmp_path):
    (tmp_path / '.netrc').write_text('machine 127.0.0.1 login l password p', encoding='ascii')
    monkeypatch.setenv('HOME', str(tmp_path))
    with TinyServer() as proxy, TinyServer(OK) as server:
        monkeypatch.setenv('HTTP_PROXY', proxy.url)
        monkeypatch.setenv('ALL_PROXY', proxy.url)
        get(client(server), authenticated=False)
        assert proxy.requests == []
        assert server.header(0, 'Authorization') is None


def test_cookies_are_not_kept():
    with TinyServer(answer(200, Set_Cookie='a=b'), OK) as server:
        http = client(server)
        get(http)
        get(http)
        assert server.header(1, 'Cookie') is None


# --- secrets --------------------------------------------------------------------------------------


def test_a_call_is_recorded_with_its_facts():
    records = []
    with TinyServer(answer(207, {'results': []}, X_Request_Id='r9')) as server:
        http = client(server, on_call=records.append, correlation_id='corr-2')
        http.request('POST', '/v/1', json={'inputs': [1]}, idempotent=True)
    [record] = records
    assert isinstance(record, CallRecord)
    assert (record.method, record.path, record.status) == ('POST', '/v/1', 207)
    assert (record.request_id, record.correlation_id, record.error) == ('r9', 'corr-2', None)
    assert record.request_summary == '{"inputs": [1]}'
    assert record.response_summary == '{"results": []}'
    assert 0 <= record.duration < 5
    assert abs((datetime.now(timezone.utc) - record.time).total_seconds()) < 60


def test_every_try_is_recorded():
    records = []
    with TinyServer(hang_up, answer(500), OK) as server:
        get(client(server, on_call=records.append))
    assert [record.status for record in records] == [None, 500, 200]
    assert 'Disconnected' in records[0].error


FAULTS = [
    answer(401, {'message': f'the token {SECRET} is refused'}),
    answer(500, {'echo': f'Bearer {SECRET}', 'access_token': 'answer-secret'}),
    answer(200, b'x' * 9000),
    answer(302, Location=f'https://attacker.example/?t={SECRET}'),
    reset,
    answer(429, {'client_secret': 'answer-secret'}),
]


@pytest.mark.parametrize('fault', FAULTS)
def test_no_secret_reaches_a_log_a_record_a_repr_or_an_exception(fault, caplog):
    caplog.set_level(logging.DEBUG)
    records, seen = [], []
    form = {'client_secret': 'form-secret', 'code': 'form-code-1', 'grant_type': 'x'}
    with TinyServer(*[fault] * 3) as server:
        http = client(server, on_call=records.append, max_response_bytes=8000)
        try:
            seen.append(http.request('POST', f'/t/{SECRET}', form=form, idempotent=True))
        except SyncError as error:
            chain = error
            while chain is not None:
                seen += [str(chain), repr(chain), vars(chain)]
                chain = chain.__cause__ or chain.__context__
        # urllib3 notes the path at DEBUG; ours never hold a secret, but for this test.
        own = [record for record in caplog.records if record.name.startswith('engine')]
        logs = [record.getMessage() for record in own]
        seen += [http, http._transport, http._redactor, *logs, *records]
    text = repr(seen)
    assert records
    assert logs
    for secret in (SECRET, 'answer-secret', 'form-secret', 'form-code-1'):
        assert secret not in text


def test_nothing_above_debug_is_logged_and_no_body_at_all(caplog):
    caplog.set_level(logging.DEBUG)
    with TinyServer(answer(200, {'body': 'of the answer'}), answer(500), answer(500)) as server:
        http = client(server, retries=1)
        http.request('POST', '/x', json={'body': 'of the request'}, idempotent=True)
        with pytest.raises(TransientError):
            get(http)
    own = [record for record in caplog.records if record.name.startswith('engine')]
    assert own
    assert {record.levelno for record in own} == {logging.DEBUG}
    assert 'of the' not in caplog.text


def test_an_answer_shows_neither_headers_nor_body():
    with TinyServer(answer(200, {'private': 'matter'}, X_Private='matter')) as server:
        assert 'matter' not in repr(get(client(server)))


def test_a_client_names_only_its_base():
    assert repr(HttpClient(base_url='https://api.hubapi.com', **PROVIDER)) == (
        '<HttpClient https://api.hubapi.com>'
    )
