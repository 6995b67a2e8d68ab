"""`docs/openapi.json` says what the routes do: compared with the code and with real answers.

In the process of the tests, with what Schemathesis (`test_contract.py`) cannot know: the routes of
the controllers, the deliveries of the fuzzer, connections that are paused or full. Weakness: the
schemas of answers are read by the few words of JSON Schema that they use.
"""

import json
import re
from pathlib import Path
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...controllers import api, oauth, webhook
from .traffic.delivery import Made, signed
from .traffic.maker import make
from .traffic_case import TrafficCase

DESCRIPTION = json.loads((Path(__file__).resolve().parents[2] / 'docs/openapi.json').read_text())
BOUNDED = settings(max_examples=30, deadline=None, derandomize=True, database=None,
                   suppress_health_check=list(HealthCheck))
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters='\x7f'))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))
TYPES = {'object': dict, 'array': list, 'string': str, 'integer': int}


def routes():
    """``{(path of the description, method)}`` of the controllers."""
    found = set()
    for controller in (api.ApiController, oauth.OAuthController, webhook.WebhookController):
        for value in vars(controller).values():
            routing = getattr(value, 'original_routing', None)
            for path in routing['routes'] if routing else ():
                plain = re.sub(r'<(?:[^:<>]*(?:\([^)]*\))?:)?(\w+)>', r'{\1}', path)
                found |= {(plain, method.lower()) for method in routing['methods']}
    return found


@tagged('post_install', '-at_install')
class TestDescription(TrafficCase):
    def test_it_describes_every_route_and_no_other(self):
        described = {(path, method) for path, one in DESCRIPTION['paths'].items() for method in one}
        self.assertEqual(described, routes())

    def test_the_statuses_of_the_webhook_are_those_of_its_code(self):
        [post] = DESCRIPTION['paths']['/saas_sync/webhook/{webhook_token}'].values()
        listed = set(re.findall(r'^ (\d{3}) ', webhook.__doc__, re.M))
        self.assertEqual(set(post['responses']), listed)

    def fits(self, schema, value):
        """The few words of JSON Schema that the description uses."""
        schema = DESCRIPTION['components']['schemas'][schema['$ref'].rpartition('/')[2]] \
            if '$ref' in schema else schema
        self.assertIsInstance(value, TYPES[schema['type']])
        self.assertIn(value, schema.get('enum', [value]))
        if schema['type'] == 'integer':
            self.assertGreaterEqual(value, schema.get('minimum', value))
        for name in schema.get('required', ()):
            self.assertIn(name, value)
        for name, inner in schema.get('properties', {}).items():
            if name in value:
                self.fits(inner, value[name])
        if schema.get('additionalProperties') is False:
            self.assertLessEqual(set(value), set(schema['properties']))

    def assertDescribed(self, path, method, answer):
        responses = DESCRIPTION['paths'][path][method]['responses']
        self.assertIn(str(answer.status), responses)
        response = responses[str(answer.status)]
        head = answer.head.decode('latin-1').lower()
        for name in response.get('headers', ()):
            self.assertIn(f'{name.lower()}: ', head)
        content = response.get('content')
        if content:
            found = [media for media in content if f'content-type: {media}' in head]
            self.assertEqual(len(found), 1, head)
            if found == ['application/json']:
                self.fits(content[found[0]]['schema'], json.loads(answer.body))

    @mute_logger('odoo.http', 'werkzeug', 'odoo.addons.saas_sync.models.sync_connection_webhook')
    def test_generated_deliveries_are_answered_as_described(self):
        path = '/saas_sync/webhook/{webhook_token}'
        with self.allow_requests(all_requests=True):
            for number in range(10_000, 10_120):
                made = make(2, number, self.to)
                ours = made.kind not in ('announced wrongly', 'wrong address', 'another method',
                                         'strange headers', 'health', 'callback')
                if ours:
                    with self.subTest(made.kind, number=number):
                        self.assertDescribed(path, 'post', self.call(made))

    @BOUNDED
    @given(st.lists(st.dictionaries(st.text(max_size=8), JSON, max_size=5), max_size=5),
           st.booleans())
    def test_whatever_body_the_description_allows(self, value, genuine):
        body = json.dumps(value, allow_nan=True).encode()
        headers = signed(body, self.to.open, **({} if genuine else {'secret': 'x'}))
        made = Made(1, 'described', self.to.open.encode(), body, headers=headers)
        with self.allow_requests(all_requests=True), mute_logger('odoo.addons.saas_sync'):
            self.assertDescribed(
                '/saas_sync/webhook/{webhook_token}', 'post', self.call(made))

    @BOUNDED
    @given(st.dictionaries(st.sampled_from(
        ['X-HubSpot-Signature-v3', 'X-HubSpot-Request-Timestamp', 'Content-Type', 'Accept',
         'Content-Encoding', 'Authorization', 'Accept-Language', 'Referer']), TEXT, max_size=4))
    def test_whatever_headers(self, headers):
        pairs = tuple((name.encode(), value.encode('latin-1')) for name, value in headers.items())
        made = Made(1, 'described', self.to.open.encode(), b'[]', headers=pairs)
        with self.allow_requests(all_requests=True), mute_logger('odoo.addons.saas_sync'):
            answer = self.call(made)
            self.assertIn(answer.status, (401, 415))
            self.assertDescribed('/saas_sync/webhook/{webhook_token}', 'post', answer)

    @BOUNDED
    @given(st.dictionaries(st.sampled_from(['state', 'code', 'error', 'error_description', 'x']),
                           st.text(max_size=40), max_size=4))
    def test_the_callback_of_somebody_who_is_not_signed_in(self, query):
        text = urlencode(query, errors='replace')
        made = Made(1, 'callback', f'/saas_sync/oauth/callback?{text}'.encode(), method=b'GET',
                    framing='none')
        with self.allow_requests(all_requests=True):
            answer = self.call(made)
        self.assertEqual(answer.status, 303)
        self.assertDescribed('/saas_sync/oauth/callback', 'get', answer)

    @mute_logger('odoo.http')
    def test_health_with_and_without_a_key(self):
        made = Made(1, 'health', b'/saas_sync/health', method=b'GET', framing='none')
        with self.allow_requests(all_requests=True):
            for headers in ((), ((b'Authorization', b'Bearer wrong'),)):
                answer = self.call(made.but(headers=headers))
                self.assertEqual(answer.status, 401 if headers else 200)
                self.assertDescribed('/saas_sync/health', 'get', answer)
