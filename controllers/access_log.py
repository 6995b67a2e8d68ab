"""What the server's access log must not hold: webhook addresses and the code of a sign-in.

A webhook address is worth little without the signing secret, and a code little without its
verifier; a log is read by more people than either is meant for. The first characters stay, so
that two addresses can be told apart.

Weakness: a proxy in front writes a log of its own; see the installation notes.
"""

import logging
import re

#: The second as it is, or percent-encoded in the address of Odoo's login page.
_SECRETS = re.compile(
    r'(/saas_sync/webhook/\S{4})\S*|(saas_sync(?:/|%2F)oauth(?:/|%2F)callback(?:\?|%3F))\S*',
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """``text`` without the secret parts of our addresses."""
    return _SECRETS.sub(lambda match: f'{match[1] or match[2]}***', text)


class MaskAddresses(logging.Filter):
    """Changes the record and lets it pass."""

    def filter(self, record):
        record.msg = mask(str(record.msg))
        if isinstance(record.args, tuple):
            record.args = tuple(
                mask(value) if isinstance(value, str) else value for value in record.args
            )
        return True


logging.getLogger('werkzeug').addFilter(MaskAddresses())
