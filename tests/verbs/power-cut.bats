#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=long
#
# The power fails while the store is changed. tests/faults/power.py has the rules. A sample of the moments each
# time, by a seed that is printed (ONGGI_SEED chooses it); all of them with ONGGI_SLOW=1, which takes some
# minutes.

load ../lib/onggi

setup_file() {
	export SEED=${ONGGI_SEED:-$RANDOM}
}

teardown_file() {
	:
}

# Not in setup_file: bats would not count what is skipped there.
setup() {
	[[ $EUID -eq 0 ]] || fail "verb tests need root: ./dev test"
	need_command strace mkfs.ext4 losetup busybox python3
	losetup -f >/dev/null 2>&1 || skip "needs a loop device"
}

# cut VERB SAMPLE
cut() {
	run timeout "$(scaled 1500)" python3 "$TESTS/faults/power.py" "$ONGGI" "$1" \
		"$([[ -n ${ONGGI_SLOW:-} ]] && echo 0 || echo "$2")" "$SEED"
	echo "seed $SEED"
	output=$(grep -v '^ok' <<<"$output")
	assert_ok
}

@test "power cut: without syncs it is noticed that something is lost" {
	run timeout "$(scaled 100)" python3 "$TESTS/faults/power.py" "$ONGGI" careless
	assert_ok
}

@test "power cut: while an image is loaded" {
	cut load 6
}

@test "power cut: while an image is imported" {
	cut import 4
}

@test "power cut: while a container becomes an image" {
	cut commit 4
}

@test "power cut: while an image is removed" {
	cut rmi 4
}

@test "power cut: while images are pruned" {
	cut prune 4
}
