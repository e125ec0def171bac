# SPDX-License-Identifier: Apache-2.0
"""The files that the checks look at, and what they share in reading C."""
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Tree:
    """Paths relative to the top of the repository, and their text."""

    def __init__(self, files, top=None):
        self.files = files
        self.top = top

    @classmethod
    def of_repository(cls):
        # What git tracks and what it would take: not what is built or ignored.
        command = ["git", "-c", "safe.directory=*", "-C", TOP, "ls-files", "-z", "--cached",
                   "--others", "--exclude-standard"]
        listing = subprocess.run(command, check=True, capture_output=True).stdout.decode()
        files = {}
        for path in sorted(filter(None, listing.split("\0"))):
            try:
                with open(os.path.join(TOP, path), encoding="utf-8") as text:
                    files[path] = text.read()
            except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
                continue  # binary, or deleted and not yet committed
        return cls(files, TOP)

    def under(self, *prefixes, ending=("",)):
        return [(path, text) for path, text in self.files.items()
                if path.startswith(prefixes) and path.endswith(tuple(ending))]

    def c_files(self):
        return self.under("src/", "bench/", "tests/", ending=(".c", ".h"))


def blank_comments(text, keep_strings=False):
    """The same text with comments (and string contents) blanked, so that lines keep their numbers."""
    def blank(match):
        found = match[0]
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        return found if keep_strings else found[0] + " " * (len(found) - 2) + found[-1]
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.DOTALL)


def includes(text):
    """(line number, "floor/room/file.h") for each quoted include."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s+"([^"]+)"', line):
            found.append((number, match[1]))
    return found


def functions(text):
    """(name, first line, number of lines) of each function; clang-format fixes the shape."""
    lines = blank_comments(text).splitlines()
    found, start = [], None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head, above = "", start - 1
            while above > 0 and lines[above - 1].strip() and not lines[above - 1].startswith(("}", "#")):
                head = lines[above - 1] + " " + head
                above -= 1
            name = re.search(r"([A-Za-z_]\w*)\s*\(", head)
            found.append((name[1] if name else "?", above + 1, number - above))
            start = None
    return found
