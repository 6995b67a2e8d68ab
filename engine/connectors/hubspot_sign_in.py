"""Signing in to HubSpot: an entered token (private app, service key), or OAuth.

Sources: developers.hubspot.com, "Working with OAuth" and the changelog of the v1 sunset.

Weakness: the scopes are those of every object we know, whether it is mapped or not.
"""

from __future__ import annotations

from ..oauth import OAuthEndpoints
from ..sign_in import OAUTH, TOKEN, SignIn
from .hubspot_paths import OAUTH_TOKEN

SCOPES = (
    'oauth',
    'crm.objects.contacts.read',
    'crm.objects.contacts.write',
    'crm.objects.companies.read',
    'crm.objects.companies.write',
    'crm.objects.deals.read',
    'crm.objects.deals.write',
    'crm.objects.owners.read',
    'crm.schemas.contacts.read',
    'crm.schemas.contacts.write',
    'crm.schemas.companies.read',
    'crm.schemas.companies.write',
    'crm.schemas.deals.read',
    'crm.schemas.deals.write',
)

SIGN_IN = SignIn(
    methods=(TOKEN, OAUTH),
    endpoints=OAuthEndpoints(
        authorize_base='https://app.hubspot.com',
        authorize_path='/oauth/authorize',
        token_path=OAUTH_TOKEN,
        scopes=SCOPES,
    ),
)
