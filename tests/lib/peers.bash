# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Engines that run one scenario twice: once with runc, once with onggi-runtime. What a user sees must be
# the same. After ../lib/onggi:
#
#	load ../lib/peers
#	load ../lib/peers-podman
#
#	scenario_status() {
#		show podman run --rm box sh -c 'exit 3'
#	}
#	@test "podman: the status of the program" {
#		both scenario_status
#		assert_has "-> 3"
#	}
#
# In a scenario PEER is "runc" or "onggi", and the engine's command runs its containers with that. Each
# engine has directories, sockets and control groups of its own, and no network.

PEERS="runc onggi"

# show COMMAND...: its output, then its status; what it says on stderr is kept for assert_told, since
# runtimes say things in their own words
show() {
	"$@" 2>>"$TOLD"
	echo "-> $?"
}

# quietly COMMAND...: output is of no interest as long as it succeeds
quietly() {
	local output
	output=$("$@" 2>&1) || echo "failed: $*: $output"
}

# on_terminal STEP... -- COMMAND...: see terminal.py
on_terminal() {
	timeout -k 5 "$(scaled 60)" python3 "$TESTS/lib/terminal.py" "$@"
}

# both SCENARIO: leaves what ours showed in $output, for assertions
both() {
	local PEER status=0
	for PEER in $PEERS; do
		peer_run "$1" </dev/null >"$BATS_TEST_TMPDIR/$PEER.raw" 2>&1
		sed -E 's/\b[0-9a-f]{64}\b/ID/g; s/\b[0-9a-f]{12}\b/ID/g; s/\r$//' \
			"$BATS_TEST_TMPDIR/$PEER.raw" >"$BATS_TEST_TMPDIR/$PEER"
	done
	output=$(cat "$BATS_TEST_TMPDIR/onggi")
	diff -u --label runc --label onggi "$BATS_TEST_TMPDIR/runc" "$BATS_TEST_TMPDIR/onggi" || status=1
	if ((status)); then
		for PEER in $PEERS; do
			sed "s/^/$PEER told: /" "$BATS_TEST_TMPDIR/$PEER.told"
		done
	fi
	return "$status"
}

# Without bats' traps and descriptors: what stays in the background would keep it waiting.
peer_run() (
	trap - DEBUG ERR EXIT
	set +eET
	exec 3>&- 4>&-
	export PEER
	TOLD=$BATS_TEST_TMPDIR/$PEER.told PATH=$STORE_TOP/$PEER/bin:$PATH
	: >"$TOLD"
	cd "$BATS_TEST_TMPDIR" || exit
	"$1"
	peer_clean
)

# assert_told TEXT: both said so on stderr
assert_told() {
	local PEER
	for PEER in $PEERS; do
		grep -qiF -- "$1" "$BATS_TEST_TMPDIR/$PEER.told" ||
			fail "$PEER did not say: $1; it said: $(cat "$BATS_TEST_TMPDIR/$PEER.told")"
	done
}

# wrap PEER COMMAND [ARG...]: the command as a scenario with this peer calls it
wrap() {
	local folder=$STORE_TOP/$1/bin
	mkdir -p "$folder"
	printf '#!/bin/sh\nexec timeout --foreground -k 5 %d %s "$@"\n' "$(scaled 60)" \
		"$(printf '%q ' "$(command -v "$2")" "${@:3}")" >"$folder/${2##*/}"
	chmod +x "$folder/${2##*/}"
}

# `cg V1-FILE V2-FILE` for a shell in a box, whose control group is the root there
# shellcheck disable=SC2016,SC2089,SC2090 # for that shell
CGROUP_READ='cg() { for f in "$@"; do [ -e /sys/fs/cgroup/$f ] && cat /sys/fs/cgroup/$f && break; done; }'
# shellcheck disable=SC2090
export CGROUP_READ
