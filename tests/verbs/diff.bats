#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi diff: what a container has changed.

load ../lib/onggi
load ../lib/changes

@test "diff: added, changed, deleted, and a directory in another's place" {
	run onggi diff worker
	assert_ok
	assert_output 'C /data
A /data/a
A /data/a/b
A /data/a/b/c
A /data/a/b/c/deep
A /data/linked
A /data/new
A /data/od\x09d
C /data/old
A /data/pipe
C /data/sub
D /data/sub/x
A /data/sym
D /gone
C /replaced
A /replaced/only
D /replaced/z'
	run onggi container diff --format '{{.Type}}:{{.Path}}' worker
	assert_matches '^D:/gone$'
	run onggi diff nosuch
	assert_status 1
	assert_has "no such container: nosuch"
}

@test "diff: a container on a plain directory" {
	plain_container
	run onggi diff plain
	assert_status 1
	assert_has "container plain has no image"
}
