#!/usr/bin/env python3
"""Writes communities.graphml, the data set embedded in Basin's Graph module.

A contextual stochastic block model (Deshpande, Sen, Montanari, Mossel 2018): nodes belong to communities; an edge is more
likely inside a community, and a node's words are a little more likely to be those of its community. Neither edges nor words
alone tell the community well; together they tell it rather well, and never perfectly.

Needs only the Python standard library. The output depends on nothing but the constants below:

    python3 generate_communities.py communities.graphml
"""

import random
import sys

SEED = 20220103
NODES = 1200
COMMUNITIES = 5
WORDS = 150
DEGREE = 5.0            # mean number of edges at a node
HOMOPHILY = 0.62        # share of edges that stay inside a community
TOPIC_WORDS = 30        # words that are more likely in a community; communities share none
WORDS_PER_NODE = 12     # mean number of words at a node
TOPIC_SHARE = 0.27      # share of a node's words drawn from its community's
TRAIN_PER_COMMUNITY = 20
VALIDATION = 300
TEST = 500


def uniform_index(generator, count):
    """An index below count; unlike randrange its algorithm is the same in every Python version."""
    return int(generator.random() * count)


def shuffled(generator, items):
    items = list(items)
    for last in range(len(items) - 1, 0, -1):
        other = uniform_index(generator, last + 1)
        items[last], items[other] = items[other], items[last]
    return items


def generate():
    generator = random.Random(SEED)
    community = shuffled(generator, [node % COMMUNITIES for node in range(NODES)])
    members = [[n for n in range(NODES) if community[n] == c] for c in range(COMMUNITIES)]

    words = []
    for node in range(NODES):
        chosen = set()
        count = WORDS_PER_NODE // 2 + uniform_index(generator, WORDS_PER_NODE + 1)
        for _ in range(count):
            if generator.random() < TOPIC_SHARE:
                chosen.add(community[node] * TOPIC_WORDS + uniform_index(generator, TOPIC_WORDS))
            else:
                chosen.add(uniform_index(generator, WORDS))
        words.append(sorted(chosen))

    edges = set()
    while len(edges) < int(NODES * DEGREE / 2):
        source = uniform_index(generator, NODES)
        if generator.random() < HOMOPHILY:
            own = members[community[source]]
            target = own[uniform_index(generator, len(own))]
        else:
            target = uniform_index(generator, NODES)
            if community[target] == community[source]:
                continue
        if source != target:
            edges.add((min(source, target), max(source, target)))

    split = ["none"] * NODES
    order = shuffled(generator, range(NODES))
    taken = [0] * COMMUNITIES
    rest = []
    for node in order:
        if taken[community[node]] < TRAIN_PER_COMMUNITY:
            taken[community[node]] += 1
            split[node] = "train"
        else:
            rest.append(node)
    for position, node in enumerate(rest):
        if position < VALIDATION:
            split[node] = "validation"
        elif position < VALIDATION + TEST:
            split[node] = "test"
    return community, words, sorted(edges), split


def write(path):
    community, words, edges, split = generate()
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<!-- Written by generate_communities.py; do not edit. -->",
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        '  <key id="c" for="node" attr.name="label" attr.type="int"/>',
        '  <key id="s" for="node" attr.name="split" attr.type="string"><default>none</default></key>',
        '  <key id="f" for="node" attr.name="features" attr.type="string"/>',
        '  <key id="w" for="graph" attr.name="feature_count" attr.type="int"/>',
        '  <graph id="communities" edgedefault="undirected">',
        f'    <data key="w">{WORDS}</data>',
    ]
    for node in range(NODES):
        lines.append(f'    <node id="n{node}">')
        lines.append(f'      <data key="c">{community[node]}</data>')
        if split[node] != "none":
            lines.append(f'      <data key="s">{split[node]}</data>')
        lines.append(f'      <data key="f">{" ".join(map(str, words[node]))}</data>')
        lines.append("    </node>")
    for source, target in edges:
        lines.append(f'    <edge source="n{source}" target="n{target}"/>')
    lines += ["  </graph>", "</graphml>"]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    write(sys.argv[1] if len(sys.argv) > 1 else "communities.graphml")
