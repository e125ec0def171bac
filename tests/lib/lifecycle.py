#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes a container through commands in any order, and tells what each did.

lifecycle.py RUNTIME ROOT BUNDLE ID STEP...

A step is a verb with its arguments, words joined by commas: "kill,KILL", "delete,--force". For each
one a line is printed: the step, its exit status, and the status of the container afterwards.
"await" waits until the container has stopped.
"""
import json
import os
import subprocess
import sys
import time

LIMIT_S = 30 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))


class Container:
    def __init__(self, runtime, root, bundle, name):
        self.runtime, self.bundle, self.name = [runtime, "--root", root], bundle, name

    def call(self, *words):
        with open(os.devnull, "r+b") as null:
            return subprocess.run(self.runtime + list(words), stdin=null, stdout=subprocess.PIPE,
                                  stderr=null, timeout=LIMIT_S, check=False)

    def status(self):
        """Its status, after the moment in which a killed process dies."""
        shown = self.call("state", self.name)
        return json.loads(shown.stdout)["status"] if shown.returncode == 0 else "none"

    def await_end(self):
        end = time.monotonic() + LIMIT_S
        while self.status() not in ("stopped", "none") and time.monotonic() < end:
            time.sleep(0.02)
        return 0

    def step(self, words):
        verb, *rest = words
        if verb == "await":
            return self.await_end()
        if verb in ("create", "run"):
            # Output to the null device: a pipe would be the container's, too.
            with open(os.devnull, "r+b") as null:
                return subprocess.run(
                    self.runtime + [verb, "--bundle", self.bundle] + rest + [self.name],
                    stdin=null, stdout=null, stderr=null, timeout=LIMIT_S,
                    check=False).returncode
        if verb in ("kill", "exec"):
            options = [word for word in rest if word.startswith("-")]
            operands = [word for word in rest if not word.startswith("-")]
            return self.call(verb, *options, self.name, *operands).returncode
        return self.call(verb, *rest, self.name).returncode


def main():
    runtime, root, bundle, name = sys.argv[1:5]
    container = Container(runtime, root, bundle, name)
    for step in sys.argv[5:]:
        code = container.step(step.split(","))
        if step.startswith("kill,") and ",KILL" in step and code == 0:
            container.await_end()
        elif step.startswith("kill,") and code == 0:
            time.sleep(0.3)
        print(step, code, container.status())
    container.call("delete", "--force", name)


if __name__ == "__main__":
    main()
