#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=long
#
# System calls that fail, one at a time, in the verbs of onggi-runtime: out of memory, of descriptors,
# of space, an error of the disk, a signal. tests/faults/sweep.py has the rules. A sample each time, by
# a seed that is printed (ONGGI_SEED chooses it); all of them with ONGGI_SLOW=1, which takes
# some minutes.

load ../lib/onggi
load ../lib/bundle

can_inject() {
	[[ $(uname -m) == x86_64 ]] && command -v cc >/dev/null
}

setup_file() {
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP STORE=$STORE_TOP/state RUN_STORE=$STORE_TOP/state
	bundle_new "$STORE_TOP/bundle"
	! can_inject || cc -O2 -D_GNU_SOURCE -o "$STORE_TOP/inject" "$TESTS/faults/inject.c"
	export SEED=${ONGGI_SEED:-$RANDOM}
}

# Not in setup_file: bats would not count what is skipped there.
setup() {
	BUNDLE=$STORE_TOP/bundle
	need_command cc python3
	can_inject || skip "the injector knows x86-64 only"
	need_static
}

# sweep VERB fail|kill SAMPLE
sweep() {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	run python3 "$TESTS/faults/sweep.py" "$STORE_TOP/inject" "$ONGGI_RUNTIME" "$STORE_TOP/state" "$BUNDLE" \
		"$1" "$2" "$([[ -n ${ONGGI_SLOW:-} ]] && echo 1000000 || echo "$3")" "$SEED"
	output=$(grep -v '^ok' <<<"$output")
	assert_ok
	rm -f "$STORE_TOP"/state.*
	! grep -F "$STORE_TOP" /proc/self/mountinfo || fail "mounts are left"
}

@test "oci inject: create with any system call failing" {
	sweep create fail 40
}

@test "oci inject: start with any system call failing" {
	sweep start fail 15
}

@test "oci inject: exec with any system call failing" {
	sweep exec fail 40
}

@test "oci inject: run --detach with any system call failing" {
	sweep run fail 15
}

@test "oci inject: delete with any system call failing" {
	sweep delete fail 20
}

@test "oci inject: kill and state with any system call failing" {
	sweep kill fail 5
	sweep state fail 5
}

@test "oci inject: create killed at any system call" {
	sweep create kill 25
}

@test "oci inject: exec killed at any system call" {
	sweep exec kill 15
}

@test "oci inject: start and delete killed at any system call" {
	sweep start kill 5
	sweep delete kill 10
}
