#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a text file as a C array: embed.py NAME HEADER INPUT OUTPUT.

JSON loses its blanks and its "comment" members: what is digested at every start is short.
"""
import json
import sys


def without_comments(value):
    if isinstance(value, dict):
        return {k: without_comments(v) for k, v in value.items() if k != "comment"}
    if isinstance(value, list):
        return [without_comments(v) for v in value]
    return value


def main():
    name, header, source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as f:
        text = f.read()
    if source.endswith(".json"):
        text = json.dumps(without_comments(json.loads(text)), separators=(",", ":")) + "\n"
    data = text.encode() + b"\0"
    rows = (data[i : i + 16] for i in range(0, len(data), 16))
    body = "\n".join("\t" + " ".join(f"{b}," for b in row) for row in rows)
    with open(target, "w", encoding="utf-8") as f:
        f.write(f'#include "{header}"\n\nconst char {name}[] = {{\n{body}\n}};\n')


main()
