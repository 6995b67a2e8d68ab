"""What a run of Schemathesis does with each call; loaded by its variable SCHEMATHESIS_HOOKS.

SAAS_SYNC_AS says who asks: `stranger` sends what was generated, `sender` signs the bytes that go
out with the connection's secret, `manager` is signed in. Where an address was generated to be
right, it becomes that of a connection of the test. Redirects are not followed: where they lead is
Odoo's, and the description is of ours. Every answer is noted in SAAS_SYNC_AS_TALLY.

Weakness: OpenAPI cannot say what an Outbound Message is, or how large a number may be in JSON. The
sender's XML becomes genuine messages; a stranger's is none and is refused, as is the number, and
that is no finding.
"""

import itertools
import os

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.openapi.checks import RejectedPositiveData

from tests.account import PUBLIC_URL, sign
from tests.salesforce_delivery import number, outbound_message

WHO = os.environ['SAAS_SYNC_AS']
HUBSPOT, SALESFORCE, SESSION, TALLY = (
    os.environ[f'SAAS_SYNC_AS_{name}'] for name in ('HUBSPOT', 'SALESFORCE', 'SESSION', 'TALLY'))
XML = 'text/xml'

_numbers = itertools.count(1)


def sign_prepared(prepared):
    """Sign what `requests` is about to send: the bytes as they go out, and the address."""
    body = prepared.body or b''
    headers = sign(body.encode() if isinstance(body, str) else body, PUBLIC_URL + prepared.path_url)
    del headers['Content-Type']
    prepared.headers.update(headers)
    return prepared


def make_message(prepared):
    one = next(_numbers)
    row = (number('04l', one), 'Contact', number('003', one))
    prepared.prepare_body(outbound_message(number('00D', 1), row), None)
    return prepared


def sign_in(prepared):
    prepared.headers['Cookie'] = f'session_id={SESSION}'
    return prepared


def is_right(case, location):
    """Whether this part of the request was generated to fit the description."""
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode is GenerationMode.POSITIVE


@schemathesis.hook
def before_call(_context, case, kwargs):
    kwargs['allow_redirects'] = False
    if 'webhook_token' in case.path_parameters and is_right(case, ParameterLocation.PATH):
        case.path_parameters['webhook_token'] = SALESFORCE if case.media_type == XML else HUBSPOT
    if WHO == 'sender' and is_right(case, ParameterLocation.HEADER):
        is_message = case.media_type == XML and is_right(case, ParameterLocation.BODY)
        kwargs['auth'] = make_message if is_message else sign_prepared
    elif WHO == 'manager' and is_right(case, ParameterLocation.COOKIE):
        kwargs['auth'] = sign_in


@schemathesis.hook
def after_call(_context, case, response):
    with open(TALLY, 'a', encoding='utf-8') as tally:
        print(case.method, case.operation.path, response.status_code, file=tally)


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    """Good by the description, and refused for what OpenAPI cannot say."""
    if response.status_code != 400 or not isinstance(failure, RejectedPositiveData):
        return True
    return case.media_type != XML and 'is not readable JSON' not in response.text
