#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

is_up() {
	[[ -n $(onggi ps -q) ]]
}

@test "rm: by name, id and beginning of an id; several" {
	onggi run --name jar "$BOX" true
	onggi run --name lid "$BOX" true
	local id
	id=$(onggi ps -aq -f name=lid)
	run onggi rm jar "$id"
	assert_ok
	assert_output "jar"$'\n'"$id"
	run onggi ps -aq
	assert_output ""
}

@test "rm: one that is missing does not stop the others" {
	onggi run --name jar "$BOX" true
	run onggi rm nosuch jar
	assert_status 1
	assert_has "no such container: nosuch"
	assert_line jar
	run onggi rm -f nosuch
	assert_ok
	assert_has "no such container: nosuch"
}

@test "rm: a running one needs -f" {
	onggi_start run --name up "$BOX" sleep 30
	wait_for 5 is_up
	run onggi rm up
	assert_status 1
	run onggi rm -f up
	assert_ok
	wait "$ONGGI_PID" || true
	run onggi ps -aq
	assert_output ""
}

@test "rm: no operand, unknown option" {
	run onggi rm
	assert_status 1
	assert_line "onggi: 'onggi rm' requires at least 1 argument"
	run onggi rm --frobnicate x
	assert_status 125
}
