# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# How ./dev and .ci/run speak.

say() {
	printf '==> %s\n' "$*" >&2
}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# quietly COMMAND...: its output is shown only if it fails, and then this is the end
quietly() {
	local log
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		rm -f "$log"
		die "failed: $*"
	fi
	rm -f "$log"
}
