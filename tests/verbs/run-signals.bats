#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# The foreground: exit status, signals, pipes and terminals pass through as if there were no container.

bats_require_minimum_version 1.5.0
load ../lib/onggi

@test "signals: the exit status is the payload's" {
	local code
	for code in 0 1 42 125 255; do
		run onggi run --rm "$BOX" sh -c "exit $code"
		assert_status "$code"
	done
}

@test "signals: 128 + n for a payload that a signal ended" {
	run onggi run --rm "$BOX" sh -c 'sh -c "kill -TERM \$\$"; exit $?'
	assert_status 143
	# Process 1 of a namespace ignores what it has no handler for, but not this one from outside.
	onggi_start run --rm --name victim "$BOX" sleep 1000
	wait_for 10 is_running victim
	kill -KILL "$(onggi inspect --format '{{.State.Pid}}' victim)"
	local status=0
	wait "$ONGGI_PID" || status=$?
	assert_equal "$status" 137 "exit status"
}

is_running() {
	[[ $(onggi ps -q --filter "name=$1") ]]
}

@test "signals: 125 when onggi itself fails" {
	run onggi run --rm --no-such-option "$BOX" true
	assert_status 125
	run onggi run --rm no/such/image true
	assert_status 125
}

@test "signals: 126 when the command cannot be executed" {
	run onggi run --rm "$BOX" /etc/passwd
	assert_status 126
	run onggi run --rm "$BOX" /etc
	assert_status 126
}

@test "signals: 127 when the command is not found" {
	run -127 onggi run --rm "$BOX" no-such-command
	assert_has no-such-command
	run -127 onggi run --rm "$BOX" /no/such/command
}

@test "signals: a signal to onggi reaches the payload" {
	local signal
	for signal in TERM INT HUP USR1; do
		onggi_start run --rm "$BOX" sh -c "trap 'echo got $signal; exit 7' $signal; echo ready; while :; do sleep 0.1; done"
		wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/out"
		kill "-$signal" "$ONGGI_PID"
		local status=0
		wait "$ONGGI_PID" || status=$?
		assert_equal "$status" 7 "exit status after $signal"
		grep -qx "got $signal" "$BATS_TEST_TMPDIR/out"
	done
}

@test "signals: stdin passes through with -i, whole and to the end" {
	local sum
	sum=$(head -c 3000000 /dev/zero | tr '\0' x | md5sum)
	run bash -c "head -c 3000000 /dev/zero | tr '\0' x | timeout 60 '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm -i '$BOX' md5sum"
	assert_ok
	assert_output "$sum"
}

@test "signals: without -i stdin is empty" {
	run bash -c "echo text | timeout 60 '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm '$BOX' cat"
	assert_ok
	assert_output ""
}

@test "signals: stdout and stderr stay apart" {
	onggi run --rm "$BOX" sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/o")" out stdout
	assert_equal "$(cat "$BATS_TEST_TMPDIR/e")" err stderr
}

@test "signals: much output arrives whole" {
	run bash -c "timeout 60 '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm '$BOX' sh -c 'head -c 5000000 /dev/zero' | wc -c"
	assert_ok
	assert_output 5000000
}

@test "signals: a reader that goes away ends the container" {
	run bash -c "timeout 60 '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm '$BOX' yes 2>/dev/null | head -n1"
	assert_ok
	assert_output y
}

# terminal COMMAND: of a container with -t, on a terminal of 44 rows and 99 columns
terminal() {
	run script -qec "stty rows 44 cols 99; timeout 60 '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm -it '$BOX' $1" \
		/dev/null </dev/null
	# script(1) passes the end of its own input on, which may be echoed.
	output=${output//$'\r'/}
	output=${output//^[@D]/}
}

@test "signals: -t gives a terminal of the caller's size" {
	need_command script
	terminal "sh -c 'tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all'"
	assert_ok
	assert_matches '^/dev/(pts/0|console)$'
	assert_has "44 99"
	assert_has all
}

@test "signals: -t passes the exit status, and leaves the caller's terminal as it was" {
	need_command script
	terminal "sh -c 'exit 9'"
	assert_status 9
	run script -qec "stty -a >$BATS_TEST_TMPDIR/before; '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm -it '$BOX' true; stty -a >$BATS_TEST_TMPDIR/after" /dev/null </dev/null
	assert_ok
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "signals: -t is refused where there is no terminal" {
	run onggi run --rm -it "$BOX" true </dev/null
	[[ $status -ne 0 ]]
	assert_has "TTY"
}
