"""Is the API version of the connection one that the organisation offers, and for how long?

Promise: what is not offered is refused at connect with what is; what ends soon is a sentence for
the administrator, long before calls begin to fail.

Source: "API End-of-Life Policy": a version lives three years at least, and there are three releases
a year. Weakness: the year in which a version ends is not told by any call, so its age is judged.
"""

from __future__ import annotations

from ..errors import ConfigurationError
from .salesforce_api import SalesforceApi
from .salesforce_wire import Version, read_list

#: So many releases behind the newest is two years and a third: there is time left to act.
OLD = 7


def version_notice(api: SalesforceApi) -> str:
    """What to know of the version that is used; empty: nothing.

    :raises ConfigurationError: the organisation does not offer it.
    """
    rows = read_list(Version, api.request('GET', '/services/data'))
    offered = {_number(row.version): row for row in rows if row and _number(row.version)}
    if api.version not in offered:
        raise _not_offered(api, sorted(offered))
    newest = max(offered)
    if newest - api.version < OLD:
        return ''
    return (
        f'API version v{api.version}.0 is {newest - api.version} releases old and will end: '
        'Salesforce keeps a version for three years. Choose a newer one on the connection.'
    )


def _number(text: str) -> int:
    head = text.partition('.')[0]
    return int(head) if head.isdecimal() and len(head) <= 3 else 0


def _not_offered(api: SalesforceApi, offered: list[int]) -> ConfigurationError:
    span = f'v{offered[0]}.0 to v{offered[-1]}.0' if offered else 'none that we can read'
    return ConfigurationError(
        f'API version v{api.version}.0 is not offered ({span})',
        user_message=f'Your organisation does not offer API version v{api.version}.0, but {span}. '
        'Choose another one on the connection (page "Account").',
        code='API_VERSION',
    )
