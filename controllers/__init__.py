from . import api, oauth, webhook
