#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

@test "tag: one more name, in all its forms" {
	onggi tag "$BOX" localhost:5000/pots/clay
	run onggi images -q --no-trunc localhost:5000/pots/clay:latest
	assert_output "$(onggi images -q --no-trunc "$BOX")"
	onggi image tag "$(onggi images -q "$BOX")" byid:3
	run onggi run --rm byid:3 echo inside
	assert_output inside
}

@test "tag: a name moves to another image" {
	box_tar | onggi import -m other - moves:1 >/dev/null
	other=$(onggi images -q moves:1)
	onggi tag "$BOX" moves:1
	run onggi images -q moves:1
	assert_output "$(onggi images -q "$BOX")"
	run onggi images -q -f dangling=true
	assert_output "$other"
}

@test "tag: a missing image, a bad name, a digest as name" {
	run onggi tag nosuch a:b
	assert_status 1
	assert_has "no such image: nosuch"
	run onggi tag "$BOX" Bad
	assert_status 1
	assert_has "Bad"
	run onggi tag "$BOX" "a@sha256:$(printf '%064d' 1)"
	assert_status 1
	assert_has "a digest cannot be given as a name"
	run onggi tag "$BOX"
	assert_status 1
	assert_has "requires 2 arguments"
}
