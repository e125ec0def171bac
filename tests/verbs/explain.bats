#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

@test "explain: steps for people, nothing is made" {
	run onggi explain --rm "$BOX" true
	assert_ok
	assert_has "into one tree"
	assert_has "\$ mount -t overlay"
	run onggi ps -aq
	assert_output ""
}

@test "explain: JSON for machines" {
	run onggi explain --json "$BOX" true
	assert_ok
	python3 -c 'import json, sys; json.loads(sys.argv[1])' "$output"
}

@test "explain: --isolate leaves steps out" {
	run onggi explain --isolate chroot "$BOX" true
	assert_ok
	assert_has_not "pivot_root"
}

@test "explain: a wrong option" {
	run onggi explain --frobnicate "$BOX"
	assert_status 125
	assert_line "See 'onggi explain --help'."
}
