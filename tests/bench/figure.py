"""Owns what a measured row is, as figure.ts does: median, 95th percentile and how often; and the memory of a process tree."""
import os
import statistics


def summary(values):
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 3), "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3), "n": len(ordered)}


def pss_bytes(pid):
    """Proportional set size of a process and its descendants."""
    total, seen, stack = 0, set(), [pid]
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        try:
            with open(f"/proc/{current}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
            for thread in os.listdir(f"/proc/{current}/task"):
                with open(f"/proc/{current}/task/{thread}/children") as file:
                    stack += [int(child) for child in file.read().split()]
        except OSError:
            continue
    return total
