# SPDX-License-Identifier: Apache-2.0
"""clang-format agrees with every C file. One process for all files: it takes about two seconds."""
import os
import re
import subprocess
import tempfile

STYLE = ".clang-format"


def run_in(folder, paths):
    result = subprocess.run(["clang-format", "--dry-run", *paths], cwd=folder, text=True,
                            capture_output=True, check=False)
    seen = set()
    for match in re.finditer(r"^(\S+?):(\d+):\d+: \w+: ", result.stderr, re.MULTILINE):
        if match[1] not in seen:  # one finding per file is enough
            seen.add(match[1])
            yield match[1], int(match[2]), "not as clang-format writes it (clang-format -i)"
    if result.returncode:
        yield STYLE, 1, result.stderr.strip()


def check(tree):
    paths = [path for path, _ in tree.c_files()]
    if not paths:
        return
    if tree.top:
        yield from run_in(tree.top, paths)
        return
    with tempfile.TemporaryDirectory() as folder:
        for path, text in tree.files.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            with open(os.path.join(folder, path), "w", encoding="utf-8") as out:
                out.write(text)
        yield from run_in(folder, paths)


GOOD = [{STYLE: "BasedOnStyle: LLVM\n", "src/a.c": "int a;\n"}]
BAD = [{STYLE: "BasedOnStyle: LLVM\n", "src/a.c": "int   a ;\n"}]
