#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the checks of this folder over the repository and prints TAP.

Each check is a module with check(tree), which yields (path, line, why), and with GOOD and BAD: small
trees on which it must stay silent, or find something. A check that cannot fail is no check, so
those run first, every time.
"""
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from tree import Tree  # noqa: E402

CHECKS = ["layering", "cycles", "sizes", "banned", "contracts", "spdx", "places", "verbs", "skips", "format"]


def self_test(module):
    for number, files in enumerate(module.GOOD, 1):
        if found := list(module.check(Tree(files))):
            yield f"GOOD tree {number} is found wanting: {found}"
    for number, files in enumerate(module.BAD, 1):
        if not list(module.check(Tree(files))):
            yield f"BAD tree {number} is not noticed"


def main():
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")] or CHECKS
    tree = Tree.of_repository()
    results = []
    for name in wanted:
        module = importlib.import_module(name)
        summary = module.__doc__.split("\n", maxsplit=1)[0]
        results.append((f"{name}: can fail", list(self_test(module))))
        results.append((f"{name}: {summary}",
                        [f"{path}:{line}: {why}" for path, line, why in module.check(tree)]))
    print(f"1..{len(results)}")
    for number, (title, findings) in enumerate(results, 1):
        print(f"{'not ok' if findings else 'ok'} {number} {title}")
        for finding in findings:
            print(f"# {finding}")
    return 1 if any(findings for _, findings in results) else 0


if __name__ == "__main__":
    sys.exit(main())
