# SPDX-License-Identifier: Apache-2.0
"""A verb is whole: its row in verb_table has src/cli/VERB.c, tests/verbs/VERB.bats and a manual page.

The manual page is made from the row itself (`onggi man`): it is there if the row has a summary.
"""
import re

from tree import blank_comments

CLI = "src/cli/"
TABLE = re.compile(r"\bverb_table\[\]\s*=\s*\{(.*?)\}", re.DOTALL)


def rows(tree):
    """(path, line, verb) of each row of the verb table: &verb_run."""
    for path, text in tree.under(CLI, ending=(".c",)):
        bare = blank_comments(text)
        for table in TABLE.finditer(bare):
            for row in re.finditer(r"&verb_(\w+)", table[1]):
                line = bare.count("\n", 0, table.start(1) + row.start()) + 1
                yield path, line, row[1]


def check(tree):
    verbs = list(rows(tree))
    if tree.under(CLI, ending=(".c",)) and not verbs:
        yield CLI, 1, "no verb_table[] with rows &verb_NAME found"
    for path, line, verb in verbs:
        source = f"{CLI}{verb}.c"
        if source not in tree.files:
            yield path, line, f"{verb}: {source} is missing"
        elif not re.search(rf"const struct verb verb_{verb}\b.*?\.summary\s*=\s*\"", tree.files[source],
                           re.DOTALL):
            yield source, 1, f"verb_{verb} has no .summary, from which its manual page begins"
        tests = f"tests/verbs/{verb.replace('_', '-')}.bats"
        if tests not in tree.files:
            yield path, line, f"{verb}: {tests} is missing"


WHOLE = {"src/cli/verb.c": "const struct verb *const verb_table[] = {\n\t&verb_run, NULL,\n};",
         "src/cli/run.c": 'const struct verb verb_run = {\n\t.name = "run",\n\t.summary = "Run it",\n};',
         "tests/verbs/run.bats": ""}
GOOD = [WHOLE, {}]
BAD = [{name: text for name, text in WHOLE.items() if name != missing} for missing in list(WHOLE)[1:]]
BAD.append(WHOLE | {"src/cli/run.c": "const struct verb verb_run = { 0 };"})
BAD.append({"src/cli/verb.c": "int x;"})
