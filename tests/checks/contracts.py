# SPDX-License-Identifier: Apache-2.0
"""Every function that a header of src/ declares stands under a comment: its contract.

Declarations without an empty line between them share the comment above the first; a comment at the
end of the line itself will do for a short one. X_done() needs none: it frees what is in a struct X and
leaves it zeroed, everywhere. A header whose preamble says "Contract of each: ..." speaks for all of them.
"""
import re

from tree import blank_comments


def check(tree):
    for path, text in tree.under("src/", ending=(".h",)):
        lines = text.splitlines()
        if path.endswith(("_test.h", "_sample.h")):  # of tests
            continue
        bare = blank_comments(text).splitlines()
        if "Contract of each:" in text:
            continue
        for number, line in enumerate(bare, 1):
            match = re.match(r"[A-Za-z_][\w\s*]*?\b(\w+)\(", line)
            if not match or line.startswith(("#", "typedef", "return", "struct err;")):
                continue
            if "=" in line.split("(")[0] or match[1].endswith("_done"):
                continue
            if lines[number - 1].rstrip().endswith("*/"):
                continue
            above = number - 1  # to the top of the paragraph: the comment or an empty line
            while above > 0 and lines[above - 1].strip() and not lines[above - 1].rstrip().endswith("*/"):
                above -= 1
            if above == 0 or not lines[above - 1].rstrip().endswith("*/") \
                    or "SPDX" in lines[above - 1]:
                yield path, number, f"{match[1]}() has no comment above it"


GOOD = [{"src/a.h": "/* SPDX */\n\n/** Do it. */\nint a(int x,\n      int y);\nvoid b(void);\n"
                    "\nint c(void); /* none */\n#define M(x) (x)\nstruct s {\n\tint (*call)(void);\n};\n"}]
BAD = [{"src/a.h": "/** Do it. */\nint a(void);\n\nint b(void);\n"},
       {"src/a.h": "/* SPDX-License-Identifier: x */\nstatic inline int a(void)\n{\n\treturn 1;\n}\n"}]
