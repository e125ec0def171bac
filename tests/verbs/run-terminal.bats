#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# run -i, -t, -a, --sig-proxy: what a person at a terminal, and a script without one, come to see.

load ../lib/onggi

# terminal STEP... -- OPTION...: of run, before a terminal (tests/lib/terminal.py)
terminal() {
	local steps=()
	while [[ $1 != -- ]]; do
		steps+=("$1")
		shift
	done
	shift
	run python3 "$TESTS/lib/terminal.py" "${steps[@]}" -- \
		"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" run --rm "$@"
}

@test "terminal: -it: what is typed arrives, what is written comes back" {
	terminal expect '# ' send 'echo $((40 + 2))\n' expect 42 send 'exit 5\n' -- -it "$BOX" sh
	assert_status 5
}

@test "terminal: it has the caller's size, and follows it" {
	terminal size 44 99 expect ready size 33 77 send 'x\n' expect changed -- -it "$BOX" \
		sh -c 'stty size; trap "echo changed; stty size; exit 0" WINCH; echo ready; while :; do sleep 0.1; done'
	assert_ok
	assert_line "44 99"
	assert_line "33 77"
}

@test "terminal: it is a terminal of its own, and the controlling one" {
	terminal -- -it "$BOX" sh -c 'test -t 0 && test -t 1 && test -t 2 && tty && echo fine >/dev/tty; ls /dev/console; echo $TERM'
	assert_ok
	assert_line fine
	assert_line /dev/console
	assert_line xterm
}

@test "terminal: ctrl-c ends the program in front, not onggi" {
	terminal expect ready send '\x03' expect caught -- -it "$BOX" \
		sh -c 'trap "echo caught; exit 6" INT; echo ready; while :; do sleep 0.1; done'
	assert_status 6
	# The job itself says that it runs: before, the terminal may still belong to the shell, which ignores ctrl-c.
	terminal expect '# ' send "sh -c 'echo g\"\"o; exec sleep 100'\n" expect go send '\x03' expect '# ' send 'exit 4\n' -- -it "$BOX" sh
	assert_status 4
}

@test "terminal: ctrl-d is the end of input" {
	terminal expect ready send 'line\n' expect line send '\x04' -- -it "$BOX" sh -c 'echo ready; cat >/dev/null; echo ended'
	assert_ok
	assert_line ended
}

@test "terminal: -i without -t: no terminal inside, and ctrl-d ends the input" {
	terminal expect ready send 'text\n' send '\x04' expect ended -- -i "$BOX" sh -c 'test -t 0 || test -t 1 || echo ready; cat; echo ended'
	assert_ok
	assert_line text
}

@test "terminal: without -i nothing is read, and the container has no terminal" {
	terminal -- "$BOX" sh -c 'test -t 0 || test -t 1 || test -t 2 || echo none; cat; echo ended'
	assert_ok
	assert_output $'none\nended'
}

@test "terminal: ctrl-c without -t reaches the container as a signal" {
	terminal expect ready send '\x03' expect caught -- "$BOX" \
		sh -c 'trap "echo caught; exit 6" INT; echo ready; while :; do sleep 0.1; done'
	assert_status 6
}

@test "terminal: much output through it arrives whole" {
	terminal -- -t "$BOX" sh -c 'i=0; while [ $i -lt 5000 ]; do echo "line $i of many"; i=$((i + 1)); done'
	assert_ok
	assert_equal "$(grep -c '^line [0-9]* of many$' <<<"$output")" 5000 lines
}

@test "terminal: -t without -i takes no terminal, with a pipe" {
	run onggi run --rm -t "$BOX" sh -c 'test -t 1 && echo terminal' </dev/null
	assert_ok
	assert_has terminal
}

@test "terminal: -it with a pipe as input is refused" {
	run bash -c "echo | '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm -it '$BOX' true"
	assert_status 125
	assert_has "not a TTY"
}

@test "terminal: in a user namespace, for another user, on a read-only root" {
	terminal size 20 60 -- -it --userns auto --user 1000 --read-only "$BOX" sh -c 'stty size; echo written >/dev/tty'
	assert_ok
	assert_line "20 60"
	assert_line written
}

@test "terminal: what cannot run leaves the terminal as it was" {
	terminal -- -it "$BOX" no-such-command
	assert_status 127
	assert_has no-such-command
}

@test "attach: only what is named" {
	onggi run --rm -a stdout "$BOX" sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/o" "$BATS_TEST_TMPDIR/e")" out
	onggi run --rm -a stderr "$BOX" sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/e" "$BATS_TEST_TMPDIR/o")" err
	onggi run --rm -a STDOUT -a stderr "$BOX" sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/o" "$BATS_TEST_TMPDIR/e")" $'out\nerr'
	run bash -c "echo text | '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm -i -a stdin -a stdout '$BOX' cat"
	assert_output text
	run bash -c "echo text | '$ONGGI' --root '$STORE' --run-root '$RUN_STORE' run --rm -i -a stdout '$BOX' cat"
	assert_output ""
	run onggi run --rm -a both "$BOX" true
	assert_status 125
	assert_has "valid streams are"
}

@test "sig-proxy: false: a signal is not passed on, it ends the container" {
	onggi_start run --rm --sig-proxy=false "$BOX" \
		sh -c 'trap "echo got it" TERM USR1; echo ready; while :; do sleep 0.1; done'
	wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -USR1 "$ONGGI_PID"
	kill -TERM "$ONGGI_PID"
	local code=0
	wait "$ONGGI_PID" || code=$?
	assert_equal "$code" 137 "exit status"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" ready output
}
