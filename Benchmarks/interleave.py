"""Compares two programs that speak the protocol of server.py, turn by turn in one run, because this machine's speed drifts.

    interleave.py --a COMMAND --b COMMAND [--pairs 20] [--steps 20] [--json FILE]
Each pair times `run STEPS` on both (A first in even pairs, B first in odd ones) and takes the ratio of the medians, B / A:
over 1 means that A is faster. Reported: the median ratio over pairs with a bootstrap 95 % interval. Judge by its lower end.
Needs nothing but Python."""

import argparse
import json
import random
import shlex
import statistics
import subprocess
import sys
import time


class Program:
    def __init__(self, command: str) -> None:
        self.command = command
        self.name = command
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, steps: int) -> list[float]:
        # A pause lets the other side's threads stop spinning for work.
        time.sleep(0.05)
        try:
            self.process.stdin.write(f"run {steps}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise SystemExit(f"interleave: ended before its turn: {self.command}") from None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"interleave: ended without an answer: {self.command}")
        try:
            answer = json.loads(line)
            times = [float(t) for t in answer["milliseconds"]]
        except (ValueError, KeyError, TypeError):
            raise SystemExit(f"interleave: not an answer of the protocol: {line.strip()[:200]!r} from {self.command}") from None
        if len(times) != steps or min(times) <= 0:
            raise SystemExit(f"interleave: expected {steps} times over 0, got {len(times)} from {self.command}")
        self.name = answer.get("name", self.name)
        return times

    def stop(self) -> None:
        if self.process.poll() is None:
            try:
                self.process.communicate("quit\n", timeout=10)
            except (subprocess.TimeoutExpired, BrokenPipeError):
                self.process.kill()
                self.process.wait()


def bootstrap(ratios: list[float], resamples: int = 10_000) -> tuple[float, float]:
    """Percentile interval of the median, seeded."""
    generator = random.Random(0)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(resamples))
    return medians[int(0.025 * resamples)], medians[int(0.975 * resamples) - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--a", required=True, metavar="COMMAND")
    parser.add_argument("--b", required=True, metavar="COMMAND")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=1, help="pairs that are run and not counted")
    parser.add_argument("--json", metavar="FILE", help="write the result there too; - for standard output, text on standard error")
    options = parser.parse_args()
    if options.pairs < 1 or options.steps < 1 or options.warmup < 0:
        parser.error("--pairs and --steps are at least 1, --warmup at least 0")
    programs = []
    try:
        for command in (options.a, options.b):
            programs.append(Program(command))
        a, b = programs
        ratios, medians = [], ([], [])
        for pair in range(-options.warmup, options.pairs):
            times = {}
            for program in ((a, b) if pair % 2 == 0 else (b, a)):
                times[program] = statistics.median(program.run(options.steps))
            if pair >= 0:
                medians[0].append(times[a])
                medians[1].append(times[b])
                ratios.append(times[b] / times[a])
    except FileNotFoundError as error:
        raise SystemExit(f"interleave: no such program: {error.filename}") from None
    finally:
        for program in programs:
            program.stop()
    low, high = bootstrap(ratios)
    result = {
        "a": {"name": a.name, "command": a.command, "milliseconds": statistics.median(medians[0])},
        "b": {"name": b.name, "command": b.command, "milliseconds": statistics.median(medians[1])},
        "pairs": options.pairs, "steps": options.steps, "ratio": statistics.median(ratios), "interval": [low, high],
        "ratios": ratios,
    }
    text = (f"A {a.name}: {result['a']['milliseconds']:.3f} ms a step\nB {b.name}: {result['b']['milliseconds']:.3f} ms a step\n"
            f"B / A: {result['ratio']:.3f} (95 % interval {low:.3f} to {high:.3f}, {options.pairs} pairs of {options.steps} steps)")
    if options.json == "-":
        print(json.dumps(result))
        print(text, file=sys.stderr)
        return
    print(text)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
