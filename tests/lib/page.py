#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the ```console blocks of a page and compare what they print with what the page says.

A line "$ command" is run by bash in the current directory; the lines up to the next command are
what it has to print, stderr included. An ellipsis stands for anything in a line, and alone for
any number of lines.
"""

import re
import subprocess
import sys

ANY = "\u2026"


def steps(text):
    """Yield (command, expected lines)."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        command, expected = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command is not None:
                    yield command, expected
                command, expected = line[2:], []
            else:
                expected.append(line)
        yield command, expected


def pattern(expected):
    """A regular expression for the whole output."""
    parts = []
    for line in expected:
        if line == ANY:
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            # The page has one blank where a table has many.
            words = [re.escape(part) for part in re.split(" ?" + ANY + " ?", line)]
            parts.append(r"[^\n]*?".join(words) + r"\n")
    return "".join(parts)


def main():
    """Run all steps; the exit status says whether all were as the page says."""
    with open(sys.argv[1], encoding="utf-8") as page:
        text = page.read()
    failures = count = 0
    for command, expected in steps(text):
        count += 1
        done = subprocess.run(
            ["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=120, check=False)
        output = done.stdout.decode(errors="replace")
        if output and not output.endswith("\n"):
            output += "\n"
        if not re.fullmatch(pattern(expected), output):
            failures += 1
            print(f"$ {command}\n--- the page:\n" + "\n".join(expected) + f"\n--- in fact:\n{output}")
    print(f"{count} commands, {failures} differ")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
