#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# image-mount.bats has the rest.

load ../lib/onggi

@test "image unmount: all of them" {
	mkdir "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
	onggi image mount "$BOX" "$BATS_TEST_TMPDIR/one"
	onggi image mount "$BOX" "$BATS_TEST_TMPDIR/two"
	onggi image mount "$BOX"
	run onggi image unmount --all
	assert_ok
	[[ ${#lines[@]} -eq 3 ]]
	run grep "$BATS_TEST_TMPDIR\|$RUN_STORE" /proc/self/mountinfo
	assert_status 1
	run onggi image unmount --all
	assert_ok
	assert_output ""
}

@test "image unmount: what somebody mounted over it stays" {
	mkdir "$BATS_TEST_TMPDIR/place"
	onggi image mount "$BOX" "$BATS_TEST_TMPDIR/place"
	mount -t tmpfs over "$BATS_TEST_TMPDIR/place"
	run onggi image unmount "$BATS_TEST_TMPDIR/place"
	assert_status 1
	assert_has "something else is mounted over it"
	run onggi rmi "$BOX"
	assert_status 1
	umount "$BATS_TEST_TMPDIR/place"
	run onggi image unmount "$BATS_TEST_TMPDIR/place"
	assert_ok
}
