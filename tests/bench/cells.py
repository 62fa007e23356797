"""Owns the figures of background cells seen from jupyter_client: `%%task`, a cached one, `%%submit`, each with and without 1.5 MB.

Usage: cells.py ; prints JSON {row: {"median": ms, "p95": ms, "n": count}}. LABFLOW_HOME names the store, a temporary folder.
"""
import json
import time

from figure import pss_bytes, summary
from kernels import idle_after, start

POINTS = "const points = Float64Array.from({ length: 190_000 }, (_, index) => Math.sin(index))"


def repeated(client, code, count, warm_up):
    """Milliseconds until idle of a cell whose `%d` is the round, after some rounds that are not counted."""
    return summary([idle_after(client, code.replace("%d", str(number)))[0] for number in range(count + warm_up)][warm_up:])


def submitted(client, count, warm_up):
    """Milliseconds until a `%%submit` cell is idle; the run itself is waited for in between."""
    figures = []
    for number in range(count + warm_up):
        elapsed, _ = idle_after(client, f"%%submit\nconst later{number} = {number} + 1")
        idle_after(client, f"later{number}")
        figures.append(elapsed)
    return summary(figures[warm_up:])


def measure():
    manager, client, _ = start("labflow")
    try:
        begin = time.perf_counter()
        idle_after(client, "%%task\nconst first = 1")
        rows = {"first %%task cell ms": summary([(time.perf_counter() - begin) * 1000])}
        idle_after(client, POINTS)
        rows["%%task cell until idle ms"] = repeated(client, "%%task\nconst sum%d = %d + 1", 50, 10)
        rows["%%task --cache cell, hit, ms"] = repeated(client, "%%task --cache\nconst kept = 40 + 2", 50, 10)
        rows["%%submit cell until idle ms"] = submitted(client, 30, 5)
        rows["%%task cell, 1.5 MB in and out, ms"] = repeated(client, "%%task\nconst scaled = points.map((x) => x * %d)", 20, 5)
        rows["%%task --cache cell, 1.5 MB in and out, hit, ms"] = repeated(client, "%%task --cache\nconst same = points.map((x) => x * 3)", 20, 5)
        rows["kernel, executor and workers, PSS MB"] = summary([pss_bytes(manager.provisioner.process.pid) / 1e6])
        return rows
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    print(json.dumps(measure()))
