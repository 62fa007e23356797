"""Owns the figures of kernels seen from jupyter_client: one client measures Labflow and ipykernel in turn, in the same run.

Usage: kernels.py KERNEL… ; prints JSON {kernel: {row: {"median": ms, "p95": ms, "n": count}}}.
"""
import json
import queue
import subprocess
import sys
import time

from jupyter_client.manager import KernelManager

from figure import pss_bytes, summary

LIMIT_S = 60
CELL_30 = {
    "labflow": """interface Event%d { id: number; momentum: number[]; label?: string }
class Detector%d {
  private readonly events: Event%d[] = []
  constructor(readonly name: string, private scale = 1) {}
  add(id: number, ...momentum: number[]): this {
    this.events.push({ id, momentum: momentum.map((value) => value * this.scale) })
    return this
  }
  norms(): number[] {
    return this.events.map(({ momentum }) => Math.hypot(...momentum))
  }
  get size(): number { return this.events.length }
}
const detector%d = new Detector%d('ion', 2)
for (let i = 0; i < 20; i++) {
  detector%d.add(i, i, i + 1, i + 2)
}
function mean%d(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return values.length === 0 ? NaN : sum / values.length
}
type Summary%d = { size: number; mean: number }
const summary%d: Summary%d = {
  size: detector%d.size,
  mean: mean%d(detector%d.norms()),
}
const { size: size%d, mean: middle%d } = summary%d
size%d + middle%d
""",
    "python3": """class Event%d:
    def __init__(self, id, momentum, label=None):
        self.id, self.momentum, self.label = id, momentum, label
class Detector%d:
    def __init__(self, name, scale=1):
        self.name, self.scale, self.events = name, scale, []
    def add(self, id, *momentum):
        self.events.append(Event%d(id, [value * self.scale for value in momentum]))
        return self
    def norms(self):
        return [sum(v * v for v in event.momentum) ** 0.5 for event in self.events]
    @property
    def size(self):
        return len(self.events)
detector%d = Detector%d('ion', 2)
for i in range(20):
    detector%d.add(i, i, i + 1, i + 2)
def mean%d(values):
    total = 0
    for value in values:
        total += value
    return float('nan') if len(values) == 0 else total / len(values)
summary%d = {
    'size': detector%d.size,
    'mean': mean%d(detector%d.norms()),
}
size%d = summary%d['size']
middle%d = summary%d['mean']
size%d + middle%d
""",
}
PRINT = {"labflow": "for (let i = 0; i < 10000; i++) console.log('line ' + i)", "python3": "for i in range(10000): print('line', i)"}
SPIN = {
    "labflow": {"sync": "while (true) {}", "after await": "await null; while (true) {}", "pending await": "await new Promise(() => {})"},
    "python3": {"sync": "while True: pass", "pending await": "import asyncio; await asyncio.sleep(1000)"},
}


def idle_after(client, code, until_ms=LIMIT_S * 1000):
    """Milliseconds from the request until the idle of this request, and the number of text lines seen."""
    start = time.perf_counter()
    request = client.execute(code)
    lines = 0
    while True:
        message = client.get_iopub_msg(timeout=LIMIT_S)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "stream":
            lines += message["content"]["text"].count("\n")
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            break
    elapsed = (time.perf_counter() - start) * 1000
    while client.get_shell_msg(timeout=LIMIT_S)["parent_header"].get("msg_id") != request:
        pass
    return elapsed, lines


def start(name):
    manager = KernelManager(kernel_name=name)
    begin = time.perf_counter()
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels(hb=False)
    while True:
        client.kernel_info()
        try:
            client.get_shell_msg(timeout=0.02)
            break
        except queue.Empty:
            continue
    elapsed = (time.perf_counter() - begin) * 1000
    # Answers to the requests repeated meanwhile, and the first iopub messages, are waited for before anything is measured.
    client.wait_for_ready(timeout=LIMIT_S)
    return manager, client, elapsed


def interrupt_latency(manager, client, code):
    """Milliseconds from the interrupt to the cell's idle; None when the kernel does not stop in 10 s."""
    request = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=LIMIT_S)
        if message["parent_header"].get("msg_id") == request and message["msg_type"] == "execute_input":
            break
    time.sleep(0.3)  # the cell must be in its loop; nothing tells from outside
    begin = time.perf_counter()
    manager.interrupt_kernel()
    while True:
        try:
            message = client.get_iopub_msg(timeout=10)
        except queue.Empty:
            return None
        if message["parent_header"].get("msg_id") == request and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            break
    elapsed = (time.perf_counter() - begin) * 1000
    while client.get_shell_msg(timeout=LIMIT_S)["parent_header"].get("msg_id") != request:
        pass
    return elapsed


def measure(name):
    rows = {}
    starts = []
    for round_number in range(5):
        manager, client, elapsed = start(name)
        starts.append(elapsed)
        if round_number < 4:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    rows["start until kernel_info ms"] = summary(starts)
    rows["first cell ms"] = summary([idle_after(client, "1+1")[0]])
    rows["1+1 until idle ms"] = summary([idle_after(client, "1+1")[0] for _ in range(200)])
    cell = CELL_30[name]
    typed = [idle_after(client, cell.replace("%d", str(number)))[0] for number in range(100)]
    rows["30-line cell until idle ms"] = summary(typed)
    prints = [idle_after(client, PRINT[name]) for _ in range(5)]
    rows["10,000 printed lines ms"] = summary([elapsed for elapsed, _ in prints])
    rows["10,000 printed lines, lines seen"] = {"median": min(lines for _, lines in prints), "p95": max(lines for _, lines in prints), "n": len(prints)}
    rows["1+1 until idle after 300 cells ms"] = summary([idle_after(client, "1+1")[0] for _ in range(100)])
    rows["memory PSS MB"] = summary([pss_bytes(manager.provisioner.process.pid) / 1e6])
    for kind, code in SPIN[name].items():
        latencies = [interrupt_latency(manager, client, code) for _ in range(5 if kind != "pending await" or name != "python3" else 1)]
        kept = [value for value in latencies if value is not None]
        rows[f"interrupt {kind} ms"] = summary(kept) if len(kept) == len(latencies) else {"median": None, "p95": None, "n": len(latencies)}
        if None in latencies:
            manager.restart_kernel(now=True)
            client.wait_for_ready(timeout=LIMIT_S)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return rows


if __name__ == "__main__":
    print(json.dumps({name: measure(name) for name in sys.argv[1:]}))
