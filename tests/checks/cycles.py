# SPDX-License-Identifier: Apache-2.0
"""No two headers include each other in a circle, and no two rooms of a floor need each other in one.

A room is a folder below a floor's folder, with everything in it: src/kernel/cgroup.
"""
from tree import includes


def room_of(path):
    parts = path.split("/")
    return "/".join(parts[:3]) if len(parts) > 3 else None


def first_circle(graph):
    """One circle of the graph {node: {other: place}} as a list of nodes, or None."""
    state = {}

    def walk(node, trail):
        state[node] = "open"
        for other in graph.get(node, {}):
            if state.get(other) == "open":
                return trail[trail.index(other):] + [other]
            if other not in state and (circle := walk(other, trail + [other])):
                return circle
        state[node] = "done"
        return None

    for node in graph:
        if node not in state and (circle := walk(node, [node])):
            return circle
    return None


def check(tree):
    headers, rooms = {}, {}
    for path, text in tree.under("src/", ending=(".c", ".h")):
        for line, header in includes(text):
            target = "src/" + header
            if path.endswith(".h"):
                headers.setdefault(path, {})[target] = (path, line)
            room, other = room_of(path), room_of(target)
            if room and other and room != other and not path.endswith("_test.c"):
                rooms.setdefault(room, {})[other] = (path, line)
    for what, graph in (("headers", headers), ("rooms", rooms)):
        if circle := first_circle(graph):
            path, line = graph[circle[0]][circle[1]]
            yield path, line, f"{what} include each other in a circle: {' -> '.join(circle)}"


GOOD = [{"src/a/x.h": '#include "b/y.h"', "src/b/y.h": '#include "b/z.h"', "src/b/z.h": ""},
        {"src/k/a/x.c": '#include "k/a/v1/y.h"', "src/k/a/v1/y.c": '#include "k/a/z.h"'}]
BAD = [
    {"src/a/x.h": '#include "a/y.h"', "src/a/y.h": '#include "a/x.h"'},
    {"src/k/a/x.c": '#include "k/b/y.h"', "src/k/b/y.h": "", "src/k/b/y.c": '#include "k/a/z.h"',
     "src/k/a/z.h": ""},
]
