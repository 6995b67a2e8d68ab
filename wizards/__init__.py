from . import base_partner_merge
from . import sync_choose_objects, sync_record_status, sync_replay, sync_value_map
