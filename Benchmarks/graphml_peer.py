"""Reads a GraphML file with igraph or networkx, to be timed.

    graphml_peer.py FILE --library igraph|networkx [--serve]
Without --serve it reads once and prints one JSON line: seconds, size before reading and largest resident size of the process."""

import argparse
import json
import resource
import time

import server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--library", choices=["igraph", "networkx"], required=True)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    if options.library == "igraph":
        import igraph

        name, read = f"igraph {igraph.__version__}", lambda: igraph.Graph.Read_GraphML(options.file)
    else:
        import networkx

        name, read = f"networkx {networkx.__version__}", lambda: networkx.read_graphml(options.file)
    if options.serve:
        server.serve(name, read)
        return
    baseline = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    begin = time.perf_counter()
    graph = read()
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"name": name, "seconds": seconds, "baselineBytes": baseline, "peakBytes": peak}))
    del graph


if __name__ == "__main__":
    main()
