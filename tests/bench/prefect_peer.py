"""Owns the figures of Prefect 3, the peer of the engine's rows: its own server in a temporary folder, clients in this process.

Usage: prefect_peer.py FOLDER ; prints JSON {row: {"median": ms, "p95": ms, "n": count}} with the row names of engine.ts.
"""
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

FOLDER = sys.argv[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# The task worker below imports this file and talks to the same server.
PORT = int(os.environ.get("PREFECT_PEER_PORT") or free_port())
os.environ.update(
    PREFECT_HOME=FOLDER, PREFECT_API_URL=f"http://127.0.0.1:{PORT}/api", PREFECT_LOGGING_LEVEL="ERROR", PREFECT_LOGGING_TO_API_ENABLED="false",
    PREFECT_SERVER_ANALYTICS_ENABLED="false", PREFECT_SERVER_UI_ENABLED="false", DO_NOT_TRACK="1",
)

import numpy  # noqa: E402 (the settings above must be there first)
from prefect import flow, task  # noqa: E402
from prefect.cache_policies import INPUTS  # noqa: E402
from prefect.task_worker import serve  # noqa: E402

from figure import pss_bytes, summary  # noqa: E402


@task
def double(x):
    return x * 2


@task(cache_policy=INPUTS, persist_result=True)
def cached_double(x):
    return x * 2


@task(persist_result=True, cache_policy=None)
def scale(points, k):
    return points * k


@task
def stamp(path):
    """Leaves the time at which it ran, whole or not at all."""
    with open(path + ".part", "w") as file:
        file.write(str(time.time()))
    os.rename(path + ".part", path)


@flow
def empty():
    return 0


@flow
def measured_tasks():
    rows = {}
    points = numpy.sin(numpy.arange(190_000, dtype=float))
    rows["task run, no payload ms"] = repeat(100, 10, lambda number: double(number))
    cached_double(1)
    rows["cache hit, no payload ms"] = repeat(100, 10, lambda number: cached_double(1))
    rows["task run, 1.5 MB in and out ms"] = repeat(20, 3, lambda number: scale(points, number))
    rows["map over 542 items, all ms"] = repeat(2, 0, lambda number: double.map(range(542)).result())
    return rows


def repeat(count, warm_up, work):
    figures = []
    for number in range(count + warm_up):
        begin = time.perf_counter()
        work(number)
        figures.append((time.perf_counter() - begin) * 1000)
    return summary(figures[warm_up:])


def delayed(number):
    """Milliseconds from task.delay() until the body ran in the task worker; a future that has not started cannot be waited for."""
    path = os.path.join(FOLDER, f"stamp-{number}")
    begin = time.time()
    stamp.delay(path)
    while not os.path.exists(path):
        if time.time() - begin > 60:
            raise SystemExit("task.delay: no task worker took the task in 60 s")
        time.sleep(0.001)
    with open(path) as file:
        return (float(file.read()) - begin) * 1000


def wait_for_server(server):
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("the Prefect server ended at its start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/health", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the Prefect server did not come up in 60 s")


def main():
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(PORT)], **quiet)
    worker = None
    try:
        wait_for_server(server)
        rows = {}
        rows["empty flow ms"] = repeat(10, 2, lambda number: empty())
        worker = subprocess.Popen([sys.executable, os.path.abspath(__file__), FOLDER, "serve"], env={**os.environ, "PREFECT_PEER_PORT": str(PORT)}, **quiet)
        delayed(0)
        rows["submit until body runs ms"] = summary([delayed(number) for number in range(1, 11)])
        # Server and worker are children of this process, which is the client.
        rows["executor and idle workers, PSS MB"] = summary([pss_bytes(os.getpid()) / 1e6])
        # Last: the server goes on writing the events of a map for long, and refuses requests meanwhile (503).
        rows.update(measured_tasks())
        return rows
    finally:
        for process in (worker, server):
            if process is not None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


if __name__ == "__main__":
    if sys.argv[2:] == ["serve"]:
        serve(stamp)
    else:
        print(json.dumps(main()))
