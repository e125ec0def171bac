# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The host sentinel: what is on the host before a test must be all that is there after it.
#
#	sentinel_take
#	... any number of containers ...
#	sentinel_check
#
# Things that go away by themselves get some seconds: the kernel frees namespaces and
# cgroups asynchronously, and other people's processes come and go.

sentinel_take() {
	sentinel_list >"$BATS_TEST_TMPDIR/sentinel"
}

# Processes, mounts, cgroups, namespaces, network links and files of the store, one a line.
sentinel_list() {
	python3 "$TESTS/lib/sentinel.py" "$(dirname "$ONGGI")" "${STORE:-}" "${RUN_STORE:-}"
}

# Fails if something new stays for the whole grace time (5 s, or the argument).
sentinel_check() {
	local end=$((SECONDS + $(scaled "${1:-5}"))) before=$BATS_TEST_TMPDIR/sentinel
	local left=$before.left
	sentinel_list | LC_ALL=C comm -13 "$before" - >"$left"
	while [[ -s $left ]]; do
		if ((SECONDS >= end)); then
			echo "left behind on the host:"
			sed 's/^/  /' "$left"
			return 1
		fi
		sleep 0.2
		# Only what was new at every look is ours.
		sentinel_list | LC_ALL=C comm -12 "$left" - >"$left.next"
		mv "$left.next" "$left"
	done
}
