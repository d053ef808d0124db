"""Writes the table of docs/graph-files.md: what Basin reads from each graph file of a folder.

    graph_files_table.py PROGRAM FOLDER
PROGRAM is `.build/release/graph-reading`, FOLDER the `xml` folder of the test data. The table goes to standard output."""

import json
import pathlib
import subprocess
import sys

COLLECTIONS = ["gxl/Letter.tar.gz/Letter/LOW", "gxl/Letter.tar.gz/Letter/MED", "gxl/Letter.tar.gz/Letter/HIGH", "gxl/AIDS.tar.gz",
               "gxl/Mutagenicity.tar.gz", "gxl/Fingerprint.tar.gz", "gxl/mao.tar.gz", "gxl/alkane.tar.gz", "gxl/CMU-GED.tar.gz",
               "graphml/topology-zoo.tar.gz"]


def names(attributes: list[str], most: int = 6) -> str:
    shown = ", ".join(f"{name.rsplit(': ', 1)[0]} ({name.rsplit(': ', 1)[1]})" for name in attributes[:most])
    return shown + (f", and {len(attributes) - most} more" if len(attributes) > most else "") or "-"


def row(program: str, folder: pathlib.Path, name: str) -> str:
    result = subprocess.run([program, str(folder / name)], capture_output=True, text=True)
    facts = json.loads(result.stdout)
    if "error" in facts:
        error = facts["error"].replace(str(folder) + "/", "").replace("|", "\\|")
        return f"| `{name}` | refused, exit status {facts['kind']}: {error} | | | | | |"
    warnings = facts["warnings"]
    said = "; ".join(w.replace(str(folder) + "/", "").replace("|", "\\|") for w in warnings[:4])
    if len(warnings) > 4:
        said += f"; and {len(warnings) - 4} more"
    classes = f", {facts['classes']} classes" if facts["classes"] else ""
    return (f"| `{name}` | {facts['graphs']}{classes} | {facts['nodes']} | {facts['edges']} | {names(facts['nodeAttributes'])} | "
            f"{names(facts['edgeAttributes'])} | {said or '-'} |")


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*")
                   if p.suffix in {".graphml", ".gexf", ".gxl", ".xml"} and "collections" not in p.parts)
    print("| file | graphs | nodes | edges | node attributes | edge attributes | warnings |")
    print("|---|---|---|---|---|---|---|")
    for name in files + COLLECTIONS:
        print(row(sys.argv[1], folder, name))


if __name__ == "__main__":
    main()
