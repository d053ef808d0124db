"""Converts graph files to GraphML and GEXF with Basin, opens both with networkx, and compares with what networkx reads from the source.

    check_graph_files.py PROGRAM FILE_OR_FOLDER ...
PROGRAM is `.build/release/graph-reading`. Compared are numbers of nodes and edges, ids, and numeric edge weights. Sources that networkx cannot
read itself are only opened after conversion. Exit status 1 if any file differs. Needs networkx (see requirements.txt)."""

import json
import pathlib
import subprocess
import sys
import tempfile

import networkx


def read(path: pathlib.Path):
    return networkx.read_gexf(path) if path.suffix == ".gexf" else networkx.read_graphml(path, force_multigraph=True)


def weights(graph) -> float:
    total = 0.0
    for _, _, data in graph.edges(data=True):
        try:
            total += float(data.get("weight", 0))
        except ValueError:
            pass
    return total


def cannot_open(facts: dict, end: str) -> bool:
    """What networkx does not read: mixed directions, lists, and an edge attribute with the name of a parameter of its own."""
    if any("edges are mixed" in warning for warning in facts["warnings"]):
        return True
    if end == ".graphml":
        return False
    return any(": list of " in name for name in facts["nodeAttributes"]) or "key: string" in facts["edgeAttributes"] \
        or "key: int" in facts["edgeAttributes"]


def check(program: str, path: pathlib.Path, folder: pathlib.Path) -> list[str]:
    facts = json.loads(subprocess.run([program, str(path)], capture_output=True, text=True).stdout)
    if "error" in facts or facts["graphs"] != 1:
        return []
    wrong = []
    try:
        source = read(path)
    except Exception:  # networkx raises whatever its parser meets
        source = None
    for end in (".graphml", ".gexf"):
        target = folder / ("graph" + end)
        subprocess.run([program, str(path), "--convert", str(target)], check=True)
        if cannot_open(facts, end):
            continue
        try:
            result = read(target)
        except Exception as error:  # whatever networkx's parser meets
            wrong.append(f"{path}: networkx cannot read the {end}: {error}")
            continue
        if result.number_of_nodes() != facts["nodes"]:
            wrong.append(f"{path}: {result.number_of_nodes()} nodes in the {end}, expected {facts['nodes']}")
        if source is None or end == ".gexf":
            continue
        if set(map(str, source.nodes)) != set(map(str, result.nodes)):
            wrong.append(f"{path}: other ids in the {end}")
        if path.suffix != ".gexf" and source.number_of_edges() != result.number_of_edges():
            wrong.append(f"{path}: {result.number_of_edges()} edges in the {end}, expected {source.number_of_edges()}")
        if path.suffix != ".gexf" and abs(weights(source) - weights(result)) > 1e-9 * abs(weights(source)):
            wrong.append(f"{path}: other weights in the {end}")
    return wrong


def main() -> None:
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    paths = []
    for name in map(pathlib.Path, sys.argv[2:]):
        paths += [name] if name.is_file() else sorted(p for p in name.rglob("*") if p.suffix in {".graphml", ".gexf", ".gxl", ".xml"})
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            wrong += check(sys.argv[1], path, pathlib.Path(folder))
    print("\n".join(wrong + [f"{len(paths)} files, {len(wrong)} differences"]))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
