# SPDX-License-Identifier: Apache-2.0
"""No bats file skips in setup_file or teardown_file, nor what these call: its tests would not be counted.

bats 1.8 prints one line for a file that skips there, and the plan still promises all of its tests.
"""
import re

FUNCTION = re.compile(r"^(\w+)\(\) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
WORD = re.compile(r"(?:^|[;&|({!]|\bthen|\bdo|\belse)[ \t]*(\w+)\b(?!=)", re.MULTILINE)
ROOTS = ("setup_file", "teardown_file")


def bare(text):
    """Without comments and the bodies of here-documents, lines keeping their numbers."""
    text = re.sub(r"(<<-?'?(\w+)'?[^\n]*\n)(.*?\n)(?=\s*\2\n)", lambda m: m[1] + "\n" * m[3].count("\n"), text,
                  flags=re.DOTALL)
    return re.sub(r"(^|\s)#[^\n]*", r"\1", text)


def functions(path, text):
    """name: (path, line, body)"""
    text = bare(text)
    return {match[1]: (path, text.count("\n", 0, match.start(2)) + 1, match[2])
            for match in FUNCTION.finditer(text)}


def check(tree):
    shared = {}
    for path, text in tree.under("tests/lib/", ending=(".bash",)):
        for name, place in functions(path, text).items():
            if name not in ROOTS:
                shared[name] = place
    for path, text in tree.under("tests/", ending=(".bats",)):
        known = shared | functions(path, text)
        todo, seen = [name for name in ROOTS if name in known], set()
        while todo:
            name = todo.pop()
            seen.add(name)
            where, line, body = known[name]
            for match in WORD.finditer(body):
                at = line + body.count("\n", 0, match.start(1))
                if match[1] == "skip" or match[1].startswith("need_"):
                    yield path, 1, f"{match[1]} ({where}:{at}) can be reached from {' and '.join(ROOTS)}"
                elif match[1] in known and match[1] not in seen and match[1] not in todo:
                    todo.append(match[1])


LIB = {"tests/lib/a.bash": "need_it() {\n\tskip x\n}\nmake() {\n\techo\n}\nask() {\n\ttrue || skip\n}\n"}
GOOD = [LIB | {"tests/verbs/a.bats": "setup_file() {\n\tmake # skip\n}\nsetup() {\n\tneed_it\n}\n"}]
BAD = [LIB | {"tests/verbs/a.bats": f"{root}() {{\n\t{body}\n}}\n"} for root in ROOTS
       for body in ("skip no", "need_it", "true && skip", "ask", "make; ask")]
