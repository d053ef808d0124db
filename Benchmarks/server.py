"""The line protocol of a timed step, so that a driver can interleave two programs on a machine whose speed drifts.

A line `run N` on standard input is answered with one JSON line on standard output:
    {"name": "...", "steps": N, "milliseconds": [N numbers]}
Each number is one training step (forward, backward, optimizer). Anything but `run N` is answered with {"error": "..."};
`quit` or the end of input ends the program. All else goes to standard error."""

import json
import statistics
import sys
import time
from collections.abc import Callable


def timed(step: Callable[[], object], count: int) -> list[float]:
    out = []
    for _ in range(count):
        begin = time.perf_counter_ns()
        step()
        out.append((time.perf_counter_ns() - begin) / 1e6)
    return out


def serve(name: str, step: Callable[[], object]) -> None:
    for line in sys.stdin:
        words = line.split()
        if words == ["quit"]:
            return
        if len(words) == 2 and words[0] == "run" and words[1].isdecimal() and int(words[1]) > 0:
            answer = {"name": name, "steps": int(words[1]), "milliseconds": timed(step, int(words[1]))}
        else:
            answer = {"error": f"expected 'run N' with N > 0 or 'quit', got {line.strip()!r}"}
        print(json.dumps(answer), flush=True)


def report(name: str, step: Callable[[], object], count: int, **extra: object) -> None:
    """Runs `count` steps directly and prints one JSON document."""
    times = sorted(timed(step, count))
    p90 = times[min(count - 1, int(0.9 * count))]
    print(json.dumps({"name": name, "steps": count, "median": statistics.median(times), "p90": p90, "unit": "ms", **extra}))
