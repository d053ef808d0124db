#!/usr/bin/env python3
"""Times listing, filtering and reporting of a store of many runs: a few real runs, copied under other hashes, seeds and models.

    Benchmarks/many_runs.py [--program .build/release/basin] [--runs 10000] [--workloads 20]
"""
import argparse, os, shutil, sqlite3, subprocess, tempfile, time


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=f"{root}/.build/release/basin")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--workloads", type=int, default=20)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="basin-many-runs-")
    subprocess.run([options.program, "bench", "--models", "gcn", "--datasets", "communities", "--methods", "backbone,wa,swa,ema,pswa", "--seeds", "2",
                    "--epochs", "100", "--out", f"{folder}/few", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    base = sqlite3.connect(f"{folder}/few/results.sqlite")
    columns = [row[1] for row in base.execute("PRAGMA table_info(runs)")]
    rows = [dict(zip(columns, row)) for row in base.execute("SELECT * FROM runs")]
    workload = base.execute("SELECT * FROM workloads").fetchone()
    for number in range(1, options.workloads):
        base.execute("INSERT INTO workloads VALUES (?, ?, ?, ?, ?)", (f"{workload[0][:-3]}{number:03d}", workload[1], f"model{number}", *workload[3:]))
    made = 0
    for row in rows:
        curves = base.execute("SELECT series, points FROM curves WHERE run = ?", (row["hash"],)).fetchall()
        for index in range(options.runs // len(rows)):
            made += 1
            copy = dict(row, hash=f"{row['hash'][:-6]}{made:06x}", seed=100 + row["seed"] + 2 * (index // options.workloads), trajectory=None)
            copy["cell"] = copy["hash"]
            if number := index % options.workloads: copy.update(workload=f"{workload[0][:-3]}{number:03d}", model=f"model{number}")
            base.execute(f"INSERT INTO runs ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})", [copy[name] for name in columns])
            base.executemany("INSERT INTO curves VALUES (?, ?, ?)", [(copy["hash"], *curve) for curve in curves])
    base.commit()
    base.close()
    os.remove(f"{folder}/few/plan.json")
    for name, arguments in [("list all", ["bench", "runs", f"{folder}/few"]),
                            ("filter", ["bench", "runs", f"{folder}/few", "--where", "method=swa", "--where", "test>0.5", "--sort", "test"]),
                            ("report", ["report", f"{folder}/few"])]:
        begin, before = time.time(), os.times()
        subprocess.run([options.program, *arguments], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        print(f"{name}: {time.time() - begin:.2f} s, {used:.2f} s of processor time, {made + len(rows)} runs")
    shutil.rmtree(folder)


main()
