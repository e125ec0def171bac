# SPDX-License-Identifier: Apache-2.0
"""Functions of at most 70 lines, files of at most 800; exceptions need a reason in exceptions.txt."""
from tree import functions

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
EXCEPTIONS = "tests/checks/exceptions.txt"


def read_exceptions(text):
    """{"path" or "path:function": (limit, line)}; a row without a reason does not count."""
    rows = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            words = line.split(maxsplit=2)
            if len(words) == 3 and words[1].isdigit():
                rows[words[0]] = (int(words[1]), number)
    return rows


def check(tree):
    allowed = read_exceptions(tree.files.get(EXCEPTIONS, ""))
    used = set()

    def limit_of(key, limit, size):
        if size > limit and key in allowed:
            used.add(key)
            return allowed[key][0]
        return limit

    for path, text in tree.c_files():
        size = text.count("\n")
        if size > (limit := limit_of(path, FILE_LINES_MAX, size)):
            yield path, 1, f"{size} lines; a file has at most {limit}"
        for name, line, length in functions(text):
            if length > (limit := limit_of(f"{path}:{name}", FUNCTION_LINES_MAX, length)):
                yield path, line, f"{name}() has {length} lines; a function has at most {limit}"
    for key in allowed.keys() - used:
        yield EXCEPTIONS, allowed[key][1], f"{key} does not need this exception any more"


def _function(lines):
    return "int f(void)\n{\n" + "\tg();\n" * (lines - 3) + "}\n"


GOOD = [
    {"src/a.c": _function(70)},
    {"src/a.c": _function(75), EXCEPTIONS: "src/a.c:f 75 a table of constants"},
    {"src/a.c": "\n" * 800},
]
BAD = [
    {"src/a.c": _function(71)},
    {"src/a.c": _function(75), EXCEPTIONS: "src/a.c:f 75"},
    {"src/a.c": _function(76), EXCEPTIONS: "src/a.c:f 75 a table of constants"},
    {"src/a.c": _function(60), EXCEPTIONS: "src/a.c:f 75 a table of constants"},
    {"src/a.c": "\n" * 801},
]
