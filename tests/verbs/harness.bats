#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The harness itself: an oracle that cannot fail proves nothing.

load ../lib/onggi

setup_file() {
	:
}

setup() {
	export STORE=$BATS_TEST_TMPDIR/store RUN_STORE=$BATS_TEST_TMPDIR/run
	mkdir -p "$STORE"
	sentinel_take
}

@test "harness: the sentinel is content with nothing" {
	run sentinel_check
	assert_ok
}

@test "harness: the sentinel notices a file" {
	touch "$STORE/forgotten"
	run sentinel_check 0
	assert_status 1
	assert_has "$STORE/forgotten"
}

@test "harness: the sentinel notices a process in namespaces of its own" {
	need_root
	unshare --uts sleep 30 3>&- &
	local pid=$!
	run wait_for 5 eval "[[ \$(readlink /proc/$pid/exe) == *sleep ]]"
	run sentinel_check 0
	kill "$pid"
	assert_status 1
	assert_has "process $pid "
	assert_has "namespace uts:"
}

@test "harness: the sentinel notices a mount" {
	need_root
	mount -t tmpfs none "$STORE"
	run sentinel_check 0
	umount "$STORE"
	assert_status 1
	assert_has "mount "
	assert_has "$STORE tmpfs"
}

@test "harness: the sentinel notices a cgroup" {
	need_root
	local parent=/sys/fs/cgroup
	[[ -d $parent/pids ]] && parent=$parent/pids
	mkdir "$parent/onggi-harness-$$" || skip "cannot make a cgroup in $parent"
	run sentinel_check 0
	rmdir "$parent/onggi-harness-$$"
	assert_status 1
	assert_has "onggi-harness-$$"
}

@test "harness: what goes away in time is no leak" {
	touch "$STORE/passing"
	(sleep 0.5; rm "$STORE/passing") 3>&- &
	run sentinel_check
	assert_ok
}
