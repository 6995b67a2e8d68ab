"""Runs within `odoo shell`: load one file of functions, then run the one that is asked for.

Asked and answered in JSON over the socket that the environment names; ends with it. The names of
the shell (`env`) are ours, since it runs this text as its own.
"""

import importlib.util
import json
import os
import socket
import time
import traceback

from odoo import SUPERUSER_ID, api

registry = env.registry  # noqa: F821 (the shell's)
# The shell's own transaction would pin a snapshot for as long as we live.
env.cr.rollback()  # noqa: F821


def load(path):
    spec = importlib.util.spec_from_file_location("bench_inside", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(function, values):
    """Call it in a transaction of its own; wall and CPU seconds include the commit."""
    wall, cpu = time.perf_counter(), time.process_time()
    with registry.cursor() as cr:
        result = function(api.Environment(cr, SUPERUSER_ID, {}), **values)
    return {
        "result": result,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
    }


def answer_to(functions, line):
    name, values = json.loads(line)
    try:
        return run(getattr(functions, name), values)
    except Exception:  # noqa: BLE001 (it is told to who has asked)
        return {"error": traceback.format_exc()}


def serve():
    functions = load(os.environ["SAAS_SYNC_BENCH_MODULE"])
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(os.environ["SAAS_SYNC_BENCH_ADDRESS"])
        with caller.makefile("rwb") as stream:
            for line in stream:
                stream.write(json.dumps(answer_to(functions, line)).encode() + b"\n")
                stream.flush()


serve()
