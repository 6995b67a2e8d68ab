"""The HTTP client: where a request may go, and that no secret is left anywhere."""

from __future__ import annotations

import logging
import socket
from datetime import datetime, timezone

import pytest
from http_doubles import OK, SECRET, Breaker, Token, client, get
from tiny_server import TinyServer, answer, hang_up, reset

from engine.errors import ConfigurationError, ContractError, SyncError, TransientError
from engine.http import CallRecord, HttpClient

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
