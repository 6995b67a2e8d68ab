from . import bench_event
from . import res_partner
