# SPDX-License-Identifier: Apache-2.0
"""The licence of every source file is named in its first three lines."""
SOURCES = (".c", ".h", ".py", ".sh", ".bash", ".bats")
LINE = "SPDX-License-Identifier: Apache-2.0"


def check(tree):
    for path, text in tree.files.items():
        if path.endswith(SOURCES) or text.startswith("#!"):
            if LINE not in "\n".join(text.splitlines()[:3]):
                yield path, 1, f'no "{LINE}" in the first three lines'


GOOD = [{"a.c": "/* SPDX-License-Identifier: Apache-2.0 */\n", "a.md": "no"}]
BAD = [{"a.c": "int x;\n"}, {"tool": "#!/bin/sh\n"}]
