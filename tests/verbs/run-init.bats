#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# run --init: a process 1 that does what a process 1 must.

load ../lib/onggi

@test "init: it is process 1, the payload is its child" {
	run onggi run --rm --init "$BOX" sh -c 'cat /proc/1/comm; echo $PPID'
	assert_ok
	assert_output $'onggi-init\n1'
}

@test "init: the exit status is the payload's" {
	local code
	for code in 0 1 42 255; do
		run onggi run --rm --init "$BOX" sh -c "exit $code"
		assert_status "$code"
	done
	run onggi run --rm --init "$BOX" sh -c 'kill -KILL $$'
	assert_status 137
	run onggi run --rm --init "$BOX" sh -c 'kill -TERM $$'
	assert_status 143
}

@test "init: 126 and 127 as without it" {
	run onggi run --rm --init "$BOX" no-such-command
	assert_status 127
	assert_has no-such-command
	run onggi run --rm --init "$BOX" /etc/passwd
	assert_status 126
	assert_has /etc/passwd
}

@test "init: orphans are reaped" {
	run onggi run --rm --init "$BOX" sh -c '(sleep 0.2 &) ; (sleep 0.2 &); sleep 1; grep -l "State:.Z" /proc/[0-9]*/status; true'
	assert_ok
	assert_output ""
	# Without it they stay, or this test sees nothing.
	run onggi run --rm "$BOX" awk 'BEGIN { system("(sleep 0.2 &)"); system("sleep 1"); while (("cat /proc/[0-9]*/status" | getline line) > 0) if (line ~ /State:.Z/) n++; print n + 0 }'
	assert_ok
	[[ $output -ge 1 ]]
}

@test "init: signals reach the payload" {
	local signal
	for signal in TERM INT HUP USR1; do
		onggi_start run --rm --init "$BOX" sh -c "trap 'echo got $signal; exit 7' $signal; echo ready; while :; do sleep 0.1; done"
		wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/out"
		kill "-$signal" "$ONGGI_PID"
		local code=0
		wait "$ONGGI_PID" || code=$?
		assert_equal "$code" 7 "exit status after $signal"
	done
}

@test "init: a payload without handlers dies of a signal, as process 1 it would not" {
	onggi_start run --rm --init "$BOX" sh -c 'echo ready; exec sleep 100'
	wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -TERM "$ONGGI_PID"
	local code=0
	wait "$ONGGI_PID" || code=$?
	assert_equal "$code" 143 "exit status"
}

@test "init: works for another user, in a user namespace, on a read-only root" {
	run onggi run --rm --init --user 1000 --userns auto --read-only --cap-drop ALL --security-opt no-new-privileges \
		"$BOX" sh -c 'cat /proc/1/comm; id -u'
	assert_ok
	assert_output $'onggi-init\n1000'
}

@test "init: what the payload leaves running ends with it" {
	sentinel_take
	onggi run --rm --init "$BOX" sh -c '(setsid sleep 1000 &); true'
	sentinel_check
}

@test "init: the command of the container is the payload's" {
	onggi run --name with-init --init "$BOX" echo x >/dev/null
	run onggi inspect --format '{{.Path}} {{json .Args}} {{.HostConfig.Init}}' with-init
	assert_output 'echo ["x"] true'
	onggi rm with-init >/dev/null
}

@test "init: options of the payload are the payload's" {
	run onggi run --rm --init "$BOX" echo -- --init -v
	assert_ok
	assert_output "-- --init -v"
}
