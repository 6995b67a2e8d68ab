from . import sync_choose_objects
from . import sync_record_status
from . import sync_replay
from . import sync_value_map
