# SPDX-License-Identifier: Apache-2.0
"""A verb is whole: its row in the table has src/cli/VERB.c, tests/verbs/VERB.bats and a man page."""
import re

from tree import blank_comments

TABLE = "src/cli/"
ROW = re.compile(r'\{\s*"([a-z][a-z-]*)",[^{}]*\bcli_\w+', re.DOTALL)


def rows(tree):
    """(path, line, verb) of each row of the verb table: { "run", ..., cli_run }"""
    for path, text in tree.under(TABLE, ending=(".c",)):
        bare = blank_comments(text, keep_strings=True)
        for match in ROW.finditer(bare):
            yield path, bare.count("\n", 0, match.start()) + 1, match[1]


def check(tree):
    verbs = list(rows(tree))
    if any(path.startswith(TABLE) and path.endswith(".c") for path in tree.files) and not verbs:
        yield TABLE, 1, 'no row of the form { "verb", ..., cli_verb } found'
    for path, line, verb in verbs:
        if f"src/cli/{verb.replace('-', '_')}.c" not in tree.files:
            yield path, line, f"{verb}: src/cli/{verb.replace('-', '_')}.c is missing"
        if f"tests/verbs/{verb}.bats" not in tree.files:
            yield path, line, f"{verb}: tests/verbs/{verb}.bats is missing"
        if not any(name.startswith(f"man/onggi-{verb}.1") for name in tree.files):
            yield path, line, f"{verb}: man/onggi-{verb}.1 is missing"


WHOLE = {"src/cli/main.c": 'struct verb v[] = {\n\t{ "run", "Run it", cli_run },\n};',
         "src/cli/run.c": "", "tests/verbs/run.bats": "", "man/onggi-run.1.md": ""}
GOOD = [WHOLE, {}]
BAD = [{name: text for name, text in WHOLE.items() if name != missing} for missing in list(WHOLE)[1:]]
BAD.append({"src/cli/main.c": "int x;"})
