"""Writes a GraphML file of a random graph, indented as networkx writes it.

    generate_graphml.py FILE [--nodes 200000] [--edges 1000000] [--seed 1]
The defaults give about 100 MB. Needs nothing but Python; the same arguments give the same bytes."""

import argparse
import random


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--nodes", type=int, default=200_000)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    with open(options.file, "w", encoding="utf-8") as file:
        file.write(
            "<?xml version='1.0' encoding='utf-8'?>\n"
            '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n'
            '  <key id="d0" for="edge" attr.name="weight" attr.type="double"/>\n'
            '  <graph edgedefault="undirected">\n')
        for node in range(options.nodes):
            file.write(f'    <node id="n{node}"/>\n')
        for _ in range(options.edges):
            source, target = generator.randrange(options.nodes), generator.randrange(options.nodes)
            file.write(f'    <edge source="n{source}" target="n{target}">\n'
                       f'      <data key="d0">{generator.random()!r}</data>\n    </edge>\n')
        file.write("  </graph>\n</graphml>\n")


if __name__ == "__main__":
    main()
