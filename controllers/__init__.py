from . import access_log, api, oauth, webhook
