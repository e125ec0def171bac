#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy (.clang-tidy) over every C file of the build; TAP, one line per file. Without the tests: it
# does not know that cmocka's assertions do not return, and reports what follows them.
#
#	tests/checks/tidy.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=$1

# one FILE: runs in parallel, so its output is one block
one() {
	local findings
	if findings=$(clang-tidy -p "$BUILD" --quiet "$1" 2>/dev/null); then
		echo "ok - $1"
	else
		printf 'not ok - %s\n# %s\n' "$1" "${findings//$'\n'/$'\n# '}"
	fi
}
export -f one
export BUILD

self_test() {
	local probe
	probe=$(mktemp --suffix=.c)
	echo 'int f(int *p) { if (!p) return *p; return 0; }' >"$probe"
	if clang-tidy --config-file=.clang-tidy --quiet "$probe" -- >/dev/null 2>&1; then
		echo "not ok - clang-tidy can fail"
	else
		echo "ok - clang-tidy can fail"
	fi
	rm -f "$probe"
}

mapfile -t paths < <(git -c safe.directory='*' ls-files 'src/*.c' ':!*_test.c' ':!*/fixture.c')
echo "1..$((${#paths[@]} + 1))"
self_test
# shellcheck disable=SC2016 # expanded by the inner bash
printf '%s\0' "${paths[@]}" | xargs -0 -P "${JOBS:-$(nproc)}" -n 1 bash -c 'one "$0"'
