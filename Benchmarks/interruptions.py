#!/usr/bin/env python3
"""Kills benchmarks with SIGKILL at random instants and lets them go on: the results must be those of one that nobody disturbed.

    Benchmarks/interruptions.py [--program .build/release/basin] [--count 20] [--seed 0] [--alone]

Each trial starts a small benchmark over all three domains, kills the program and every run it has started at a random instant, once to
three times, and then lets `--resume` finish. Compared are all rows of the store (curves to the bit), but for times and what memory and
seconds were used. By default the whole session dies at once; with --alone the benchmark does, and its runs end by themselves.
"""
import argparse, os, random, shutil, signal, sqlite3, subprocess, sys, tempfile, time

PLAN = """
methods: [backbone, wa, swa, ema, pswa]
seeds: 2
jobs: 2
cases:
  - {model: gcn, dataset: communities, epochs: 40, set: {model.hidden: 8}}
  - {model: transformer, dataset: grammar, epochs: 16, batchSize: 16,
     set: {model.size: 16, model.layers: 1, dataset.trainCount: 160, dataset.testCount: 40}}
  - {model: preresnet8, dataset: shapes, epochs: 8, batchSize: 16,
     set: {model.width: 8, dataset.size: 16, dataset.train: 160, dataset.test: 40}}
"""
# Of runs: times, costs, and the summary, whose results the digest stands for.
UNCOMPARED = {"seconds", "wallSeconds", "startedAt", "endedAt", "summary", "peakMemoryBytes", "environment", "sharedBy", "trajectory", "id"}
TABLES = ["runs", "curves", "workloads", "attempts"]


def content(folder):
    base = sqlite3.connect(f"file:{folder}/results.sqlite?mode=ro", uri=True)
    assert base.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    result = {}
    for table in TABLES:
        cursor = base.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        keep = [i for i, name in enumerate(names) if name not in UNCOMPARED]
        result[table] = sorted(repr([row[i] for i in keep]) for row in cursor)
    return result


def start(program, arguments, folder):
    return subprocess.Popen([program, "bench", *arguments], cwd=folder, start_new_session=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=open(f"{folder}/errors.txt", "ab"))


def members(session):
    result = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file: fields = file.read().rsplit(")", 1)[1].split()
            except OSError: continue
            if int(fields[3]) == session and fields[0] != "Z": result.append(int(name))
    return result


def kill(process, alone):
    if alone:
        process.kill()
    else:
        # Again until none is left: a run may just be starting.
        while pids := members(process.pid):
            for pid in pids:
                try: os.kill(pid, signal.SIGKILL)
                except ProcessLookupError: pass
    process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--program", default=f"{root}/.build/release/basin")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alone", action="store_true")
    options = parser.parse_args()
    draw = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="basin-interruptions-")
    with open(f"{folder}/plan.yaml", "w") as file: file.write(PLAN)
    begin = time.time()
    whole = start(options.program, ["--config", "plan.yaml", "--out", "whole"], folder)
    if whole.wait() != 0: sys.exit(f"the undisturbed benchmark failed: {open(folder + '/errors.txt').read()[-2000:]}")
    length = time.time() - begin
    wanted = content(f"{folder}/whole")
    print(f"undisturbed: {len(wanted['runs'])} runs in {length:.1f} s")
    failures = 0
    for trial in range(options.count):
        shutil.rmtree(f"{folder}/cut", ignore_errors=True)
        arguments, kills = ["--config", "plan.yaml", "--out", "cut"], []
        for _ in range(draw.randint(1, 3)):
            process = start(options.program, arguments, folder)
            # Early instants too: the store is being made, data are being looked at.
            instant = draw.uniform(0, length) if draw.random() < 0.7 else draw.uniform(0, 0.1 * length)
            time.sleep(instant)
            ended = process.poll() is not None
            kill(process, options.alone)
            kills.append(f"{instant:.2f} s" + (" (it had ended)" if ended else ""))
            arguments = ["--resume", "--out", "cut"] if os.path.exists(f"{folder}/cut/plan.json") else \
                ["--config", "plan.yaml", "--out", "cut"] + (["--resume"] if os.path.exists(f"{folder}/cut") else [])
        status = start(options.program, arguments, folder).wait()
        found = content(f"{folder}/cut") if status == 0 else None
        same = found == wanted
        failures += not same
        print(f"trial {trial + 1}: killed after {', '.join(kills)}: {'the same' if same else f'DIFFERENT (status {status})'}", flush=True)
        if not same and found:
            for table in TABLES:
                for row in (set(wanted[table]) ^ set(found[table])): print("   ", table, row[:300])
    shutil.rmtree(folder)
    print(f"{options.count - failures} of {options.count} are the same")
    sys.exit(1 if failures else 0)


main()
