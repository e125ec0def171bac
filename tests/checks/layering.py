# SPDX-License-Identifier: Apache-2.0
"""A folder of src/ includes only from lower ranks (docs/layers.txt), which ARCHITECTURE.md shows."""
from tree import includes

LAYERS = "docs/layers.txt"
BOOK = "ARCHITECTURE.md"


def read_ranks(text):
    ranks = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            rank, folder = line.split()[:2]
            ranks[folder] = int(rank)
    return ranks


def check(tree):
    ranks = read_ranks(tree.files[LAYERS])
    if tree.files[LAYERS].strip() not in tree.files.get(BOOK, ""):
        yield BOOK, 1, f"does not show {LAYERS} verbatim"
    for path, text in tree.under("src/", ending=(".c", ".h")):
        folder = path.split("/")[1]
        if folder not in ranks:
            yield path, 1, f"the folder src/{folder} has no rank in {LAYERS}"
            continue
        for line, header in includes(text):
            other = header.split("/")[0]
            if "/" not in header or other not in ranks:
                yield path, line, f'write "{header}" as "floor/.../file.h" from src/'
            elif "src/" + header not in tree.files:
                yield path, line, f"src/{header} does not exist"
            elif other != folder and ranks[other] >= ranks[folder]:
                yield path, line, (f"{folder} (rank {ranks[folder]}) must not include from "
                                   f"{other} (rank {ranks[other]})")


RANKS = {LAYERS: "0 base things\n1 sys things\n1 kernel x", BOOK: "0 base things\n1 sys things\n1 kernel x",
         "src/sys/fd.h": "", "src/base/err.h": "", "src/kernel/k.h": ""}
GOOD = [RANKS | {"src/sys/a.c": '#include "base/err.h"\n#include "sys/fd.h"\n#include <stdio.h>'}]
BAD = [
    RANKS | {"src/base/a.c": '#include "sys/fd.h"'},
    RANKS | {"src/sys/a.c": '#include "kernel/k.h"'},
    RANKS | {"src/sys/a.c": '#include "fd.h"'},
    RANKS | {"src/sys/a.c": '#include "base/gone.h"'},
    RANKS | {"src/attic/a.c": ""},
    RANKS | {BOOK: "0 base other things"},
]
