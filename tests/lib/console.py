#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the examples of a Markdown page and compares their output.

console.py PAGE [--update]

Every block ```console is a session: lines after "# " or "$ " are commands (continued by a backslash),
what follows is their output. All blocks of a page run in one directory, in order. Compared with
tolerance: ids, times, sizes, big numbers and runs of blanks count as equal; "…" stands for any text, alone on a line for any lines.
With --update the output that was seen is written into the page.
"""
import os
import re
import subprocess
import sys
import tempfile

TOLERANT = [
    (r"\bLinux \d\S*", "KERNEL"),
    (r"^ +\d+\. ", "ROW "),  # of a plan: how many come before depends on the host and the build
    (r"\b[0-9a-f]{64}\b", "ID64"),
    (r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b", "ID12"),
    (r"\b[a-z]+_[a-z]+\b", "NAME"),
    (r"\b(?:\d+|an?|About an?|Less than a) (?:second|minute|hour|day|week|month)s?(?: ago)?", "TIME"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*", "DATE"),
    (r"\b\d+(?:\.\d+)? ?(?:ns|us|ms|s|[kKMG]?i?B)\b", "QUANTITY"),
    (r"\b\d+\.\d+\b", "NUMBER"),
    (r"\b\d{7,}\b", "NUMBER"),
    (r"\b\d+ (files|processes)\b", r"COUNT \1"),
    (r"[ \t]+", " "),
]


def tolerant(line):
    for pattern, name in TOLERANT:
        line = re.sub(pattern, name, line)
    return line.strip()


def sessions(text):
    """(line number, command, expected lines, (first, last) index of these lines) in order."""
    lines, index, is_inside = text.split("\n"), 0, False
    while index < len(lines):
        line = lines[index]
        if line.startswith("```"):
            is_inside = line.strip() == "```console"
        elif is_inside and line[:2] in ("# ", "$ "):
            number, command = index + 1, line[2:]
            while command.endswith("\\"):
                index += 1
                command = command[:-1] + lines[index].lstrip("> ")
            first = index + 1
            while lines[index + 1][:2] not in ("# ", "$ ") and not lines[index + 1].startswith("```"):
                index += 1
            yield number, command, lines[first:index + 1], (first, index + 1)
        index += 1


def matches(expected, seen):
    pattern = "".join(r"(?:.*\n)*" if line == "…" else
                      re.escape(tolerant(line)).replace("…", ".*") + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(tolerant(line) + "\n" for line in seen)) is not None


def run(command, folder):
    result = subprocess.run(["bash", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    seen = result.stdout.decode(errors="replace").replace("\r", "").rstrip("\n")
    return seen.split("\n") if seen else []


def main():
    page, is_update = sys.argv[1], sys.argv[2:] == ["--update"]
    with open(page, encoding="utf-8") as text:
        content = text.read()
    lines, shift, count, failed = content.split("\n"), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="onggi-console.") as folder:
        for number, command, expected, (first, last) in sessions(content):
            seen, count = run(command, folder), count + 1
            if matches(expected, seen):
                continue
            failed += 1
            name = os.path.basename(page)
            print(f"{name}:{number}: {command}", *("  expected: " + line for line in expected),
                  *("  seen:     " + line for line in seen), sep="\n")
            if is_update:
                lines[first + shift:last + shift] = seen
                shift += len(seen) - (last - first)
    if is_update:
        with open(page, "w", encoding="utf-8") as out:
            out.write("\n".join(lines))
    print(f"{count} examples, {failed} differ")
    return 1 if failed and not is_update or not count else 0


if __name__ == "__main__":
    sys.exit(main())
