# SPDX-License-Identifier: Apache-2.0
"""Calls that have no place in this code."""
import re

from tree import blank_comments

EVERYWHERE = {
    "strcpy": "has no bound; use buf or memcpy with a checked length",
    "strcat": "has no bound; use buf",
    "strncpy": "does not always terminate; use buf or snprintf",
    "sprintf": "has no bound; use buf or snprintf",
    "vsprintf": "has no bound; use vsnprintf",
    "strtok": "keeps hidden state; use strsep or strv",
    "gets": "has no bound",
    "alloca": "has no bound",
    "system": "runs a shell; use sys/process.h",
    "popen": "runs a shell; use sys/process.h",
    "atoi": "accepts anything; parse strictly",
    "atol": "accepts anything; parse strictly",
    "atof": "accepts anything; parse strictly",
    "tmpnam": "races; use O_TMPFILE or mkostemp",
    "mktemp": "races; use O_TMPFILE or mkostemp",
    "signal": "differs between systems; use sigaction",
    "rand": "is predictable; use getrandom",
}
NOT_IN_CODE = {  # tests may
    "sleep": "time is no synchronisation; wait for the event",
    "usleep": "time is no synchronisation; wait for the event",
}
NOT_OUTSIDE_KERNEL = {
    "chdir": "changes hidden state of the process; work with descriptors",
}


def banned_at(path):
    calls = dict(EVERYWHERE)
    if path.startswith("src/") and not path.endswith("_test.c"):
        calls |= NOT_IN_CODE
        # The process that becomes the payload has a working directory of its own.
        if not path.startswith(("src/kernel/", "src/runtime/boot/inner_")):
            calls |= NOT_OUTSIDE_KERNEL
    return calls


def check(tree):
    for path, text in tree.c_files():
        calls = banned_at(path)
        pattern = re.compile(r"(?<![\w.>])(" + "|".join(calls) + r")\s*\(")
        for number, line in enumerate(blank_comments(text).splitlines(), 1):
            for match in pattern.finditer(line):
                yield path, number, f"{match[1]}() {calls[match[1]]}"


GOOD = [{"src/a/a.c": 'x = snprintf(b, n, "%d", signal_fd(1)); /* like atoi(3) */ y = "system(x)";',
         "src/kernel/a.c": 'chdir("/");', "src/a/a_test.c": "sleep(1);"}]
BAD = [{"src/a/a.c": call} for call in
       ("strcpy(a, b);", "x = atoi (s);", "signal(SIGTERM, f);", 'chdir("/");', "usleep(5);")]
