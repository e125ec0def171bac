#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

@test "rmi: a name and, with the last one, the image" {
	box_tar | onggi import -m one - gone:1 >/dev/null
	run onggi rmi gone:1
	assert_ok
	assert_matches '^Untagged: .*gone:1$'
	assert_matches '^Deleted: sha256:[0-9a-f]{64}$'
	run onggi images -q gone
	assert_output ""
}

@test "rmi: one that is missing does not stop the others" {
	box_tar | onggi import -m two - gone:2 >/dev/null
	run onggi rmi nosuch gone:2
	assert_status 1
	assert_has "no such image: nosuch"
	assert_matches '^Untagged: .*gone:2$'
	run onggi rmi -f nosuch
	assert_ok
}

@test "rmi: an image in use stays" {
	onggi run --name user "$BOX" true
	run onggi rmi "$BOX"
	assert_status 1
	onggi rm user
	run onggi images -q "$BOX"
	assert_matches '^[0-9a-f]{12}$'
}

@test "rmi: no operand" {
	run onggi rmi
	assert_status 1
	assert_has "requires at least 1 argument"
}
