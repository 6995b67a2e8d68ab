"""A HubSpot project (an app as files) for one connection, ready for ``hs project upload``.

Promise: the app asks for exactly the scopes the connector uses and subscribes to exactly the
properties the mappings read. It holds no secret; the client secret is made by HubSpot and entered
into the connection afterwards.

Sources: developers.hubspot.com, "App configuration" and "Configure a webhook subscription" of the
developer platform. Weakness: a mapping that changes later needs a new upload.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from .hubspot_objects import OBJECT_TYPES
from .hubspot_sign_in import SCOPES

PLATFORM_VERSION = '2025.2'
#: More requests at once than this bring nothing: each is answered in milliseconds.
CONCURRENCY = 10
_EVENTS = ('creation', 'deletion', 'merge', 'restore', 'associationChange')
#: HubSpot does not let anybody subscribe to these (webhooks guide).
_NOT_SUBSCRIBABLE = frozenset({'hs_lastmodifieddate', 'num_unique_conversion_events'})

_SIGN_IN = {
    'static': (
        'Press "Install" on the app\'s "Auth" tab, then copy the access token and the client '
        'secret\n   from there into the connection in Odoo.'
    ),
    'oauth': (
        'Copy the client ID and the client secret from the app\'s "Auth" tab into the connection '
        'in Odoo\n   and press "Connect". The redirect URL is {redirect_url}.'
    ),
}
_README = '''# {name}

A HubSpot app for one connection of saas_sync. It holds no secret.

1. Install HubSpot's command line: `npm install -g @hubspot/cli`
2. Sign in to the account: `hs account auth`
3. In this folder: `hs project upload`
4. In HubSpot open Development, Projects, {name}, and choose the app under "Project components".
5. {sign_in}
6. Press "Test" on the connection.

HubSpot sends its notifications to {target_url}
and signs them with the client secret. The address must be reachable from the internet over HTTPS.

After a change of the mappings download the project again and upload it, so that HubSpot notifies
you of the properties that were added. Do not delete subscriptions by hand: HubSpot refuses an
upload in which one is missing; set `"active": false` instead.
'''


def project_files(
    *,
    name: str,
    target_url: str,
    redirect_url: str,
    auth: str,
    properties: Mapping[str, Iterable[str]],
) -> dict[str, str]:
    """Path → content of the project.

    :param target_url: the connection's webhook address
    :param auth: ``'static'`` for one account, ``'oauth'`` for several
    :param properties: remote object → the properties whose changes matter
    """
    files = {
        'hsproject.json': {
            'name': name, 'srcDir': 'src', 'platformVersion': PLATFORM_VERSION,
        },
        'src/app/app-hsmeta.json': _app(name, redirect_url, auth),
        'src/app/webhooks/webhooks-hsmeta.json': _webhooks(target_url, properties),
    }
    texts = {path: json.dumps(content, indent=2) + '\n' for path, content in files.items()}
    return texts | {'README.md': _readme(name, target_url, redirect_url, auth)}


def _readme(name, target_url, redirect_url, auth):
    sign_in = _SIGN_IN[auth].format(redirect_url=redirect_url)
    return _README.format(name=name, target_url=target_url, sign_in=sign_in)


def _app(name, redirect_url, auth):
    signing = {'type': auth, 'requiredScopes': list(SCOPES)}
    if auth == 'oauth':
        signing['redirectUrls'] = [redirect_url]
    else:
        signing['requiredScopes'].remove('oauth')
    return {
        'uid': 'saas_sync_app',
        'type': 'app',
        'config': {
            'name': name,
            'description': 'Keeps Odoo and HubSpot in the same state.',
            'distribution': 'private',
            'auth': {**signing, 'optionalScopes': [], 'conditionallyRequiredScopes': []},
            'permittedUrls': {'fetch': [], 'iframe': [], 'img': []},
        },
    }


def _webhooks(target_url, properties):
    subscriptions = [
        subscription
        for remote_object, names in properties.items()
        for subscription in _object_subscriptions(remote_object, names)
    ]
    privacy = {'subscriptionType': 'contact.privacyDeletion', 'active': True}
    return {
        'uid': 'saas_sync_webhooks',
        'type': 'webhooks',
        'config': {
            'settings': {'targetUrl': target_url, 'maxConcurrentRequests': CONCURRENCY},
            'subscriptions': {
                'crmObjects': subscriptions,
                'legacyCrmObjects': [],
                'hubEvents': [privacy] if 'contacts' in properties else [],
            },
        },
    }


def _object_subscriptions(remote_object, names):
    singular = OBJECT_TYPES[remote_object].singular
    for event in _EVENTS:
        yield {'subscriptionType': f'object.{event}', 'objectType': singular, 'active': True}
    properties = (name for name in names if not name.startswith('associations.'))
    for name in sorted(set(properties) - _NOT_SUBSCRIBABLE):
        yield {
            'subscriptionType': 'object.propertyChange', 'objectType': singular,
            'propertyName': name, 'active': True,
        }
