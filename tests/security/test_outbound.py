"""Where Odoo can be made to call: every address that comes from somebody else.

The client itself (rebinding, redirections, spellings of loopback, proxies of the environment) is
held by `tests/engine/test_addresses.py` and `test_http_safety.py`; that nothing goes round it by
`test_code`.
"""

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged

from ...engine.connectors.base import CONNECTORS
from ...engine.connectors.salesforce_api import _local
from ...engine.connectors.salesforce_sign_in import checked_instance
from ...engine.errors import ConfigurationError, SyncError
from ...engine.http import HttpClient
from ..account import AccountMixin

#: None of these is the provider's, whatever it looks like.
EVIL = [
    'https://evil.example', 'https://api.hubapi.com.evil.example',
    'https://api.hubapi.com@evil.example', 'https://evil.example/api.hubapi.com', 'https://evil.example#api.hubapi.com',
    'https://evil.example?api.hubapi.com', 'https://evil.example\\@api.hubapi.com',
    'https://127.0.0.1', 'https://127.1', 'https://2130706433', 'https://0x7f000001',
    'https://0177.0.0.1', 'https://[::1]', 'https://[::ffff:127.0.0.1]', 'https://[::ffff:7f00:1]',
    'https://[64:ff9b::7f00:1]', 'https://[fe80::1%25eth0]', 'https://169.254.169.254/latest',
    'https://metadata.google.internal', 'https://localhost', 'https://127.0.0.1.nip.io',
    'http://api.hubapi.com', 'ftp://api.hubapi.com', 'file:///etc/passwd', 'gopher://127.0.0.1:70/',
    'javascript:alert(1)', 'data:text/plain,x', '//evil.example', 'https://api.hubapi.com:22',
    'https://user:password@api.hubapi.com', 'https://api.hubapi.com.', 'https://ａpi.hubapi.com',
    'https://api.hubapi.com%2eevil.example', 'https://api.hubapi.com\r\nHost: evil.example',
    'https://[api.hubapi.com', 'https://', '', ' ', 'https://evil.my.salesforce.com.evil.example',
    'https://evilsalesforce.com', 'https://my.salesforce.com.evil.example',
]


@tagged('post_install', '-at_install')
class TestOutbound(AccountMixin, TransactionCase):
    def test_a_client_of_any_provider_is_not_made_for_another_address(self):
        for provider, connector in CONNECTORS.items():
            for url in EVIL:
                with self.subTest(url, provider=provider), self.assertRaises(ConfigurationError):
                    HttpClient(base_url=url, allowed_hosts=connector.allowed_hosts, token=None)

    def test_one_call_is_not_made_to_another_address_either(self):
        """The token URL and every further base go through `base_url` of a call."""
        http = HttpClient(
            base_url='https://api.hubapi.com', allowed_hosts=('api.hubapi.com',), token=None)
        for url in filter(None, EVIL):  # an empty one means the client's own
            with self.subTest(url), self.assertRaises(ConfigurationError):
                http.request('POST', '/oauth/v3/token', form={}, idempotent=False,
                             authenticated=False, base_url=url)

    def test_a_path_is_no_address(self):
        """An id or a path from an answer stays behind the host: `https://host` + `@evil.example`
        would be another host.
        """
        http = HttpClient(
            base_url='https://api.hubapi.com', allowed_hosts=('api.hubapi.com',), token=None)
        for path in ('@evil.example', '.evil.example/', ':22/', 'https://evil.example/', ''):
            with self.subTest(path), self.assertRaises(ValueError):
                http.request('GET', path, idempotent=True)
        for path in ('//evil.example/x', '/@evil.example', '/\\evil.example', '/x\r\nHost: y'):
            with self.subTest(path):
                prepared = http._prepared('GET', path, *[None] * 6)
                self.assertTrue(prepared.url.startswith('https://api.hubapi.com/'))
                self.assertNotIn('\r', prepared.url)

    def test_an_instance_url_is_believed_only_where_it_is_salesforce_s(self):
        for url in EVIL:
            with self.subTest(url), self.assertRaises(SyncError):
                checked_instance(url)

    def test_a_next_page_at_another_host_is_not_fetched_with_our_token(self):
        for url in ('https://evil.example/services/data/v66.0/query/x', '//evil.example/x',
                    '/\\evil.example', 'services/data', '@evil.example/', 'http:/x', ''):
            with self.subTest(url), self.assertRaises(SyncError):
                _local(url)

    def test_the_form_refuses_them_as_well(self):
        connection = self.create_connection()
        for url in ('javascript:alert(1)', 'file:///etc/passwd', 'http://api.hubapi.com',
                    'https://user:password@api.hubapi.com', 'https://[api.hubapi.com',
                    'https://api.hubapi.com?x=1', 'https://api.hubapi.com#x', 'gopher://x'):
            with self.subTest(url), self.assertRaises(ValidationError), self.cr.savepoint():
                connection.base_url = url
                self.env.flush_all()
