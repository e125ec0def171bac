#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# run: the command line, and what comes of it in plain cases. What a container is: run-*.bats.

load ../lib/onggi
bats_require_minimum_version 1.5.0

@test "run: the exit status is the command's" {
	run onggi run --rm "$BOX" sh -c 'exit 42'
	assert_status 42
}

@test "run: 127 for a command that is not there, 126 for one that cannot be executed" {
	run -127 onggi run --rm "$BOX" /no/such/command
	run onggi run --rm "$BOX" /etc
	assert_status 126
}

@test "run: 125 and a pointer to the help for a wrong option" {
	run onggi run --frobnicate "$BOX"
	assert_status 125
	assert_line "onggi: unknown flag: --frobnicate"
	assert_line "See 'onggi run --help'."
	run onggi run -m xx "$BOX"
	assert_status 125
	assert_line "onggi: invalid argument \"xx\" for \"-m, --memory\" flag: invalid size: 'xx'"
}

@test "run: Docker's other options are refused by name" {
	local option
	for option in -d --detach --publish=80:80 --restart=always --gpus=all --health-cmd=true --link=a; do
		run onggi run "$option" "$BOX"
		assert_status 125
		assert_has "is not yet supported by onggi run"
	done
}

@test "run: without an image" {
	run onggi run --rm
	assert_status 125
	assert_has "requires at least 1 argument"
}

@test "run: an image that is not there" {
	run onggi run --rm --pull never nosuch:1
	assert_status 125
	assert_has "nosuch:1"
}

@test "run: options behind the image are the command's" {
	run onggi run --rm "$BOX" echo --rm -it --name=x
	assert_ok
	assert_output "--rm -it --name=x"
}

@test "run: the environment: option, caller, file" {
	printf '# no\nFROM_FILE=a b\nPASSED\n' >"$BATS_TEST_TMPDIR/env"
	export PASSED=yes
	run onggi run --rm --env-file "$BATS_TEST_TMPDIR/env" -e X=1 -e=X=2 -ePASSED -e NOT_SET_ANYWHERE \
		"$BOX" env
	assert_ok
	assert_line "FROM_FILE=a b"
	assert_line "PASSED=yes"
	assert_line "X=2"
	assert_has_not "NOT_SET_ANYWHERE"
}

@test "run: a bad line of an env file is named" {
	printf 'A=1\nB C=2\n' >"$BATS_TEST_TMPDIR/env"
	run onggi run --rm --env-file "$BATS_TEST_TMPDIR/env" "$BOX" true
	assert_status 125
	assert_has "line 2: variable 'B C' contains whitespaces"
}

@test "run: user, workdir, hostname, entrypoint" {
	run onggi run --rm -u 1000:29 -w /tmp -h pot --entrypoint sh "$BOX" -c 'id -u; id -g; pwd; hostname'
	assert_ok
	assert_output $'1000\n29\n/tmp\npot'
}

@test "run: stdin comes with -i only" {
	run onggi run --rm -i "$BOX" cat <<<hello
	assert_ok
	assert_output hello
	run onggi run --rm "$BOX" cat <<<hello
	assert_ok
	assert_output ""
}

@test "run: -it wants a terminal" {
	run onggi run --rm -it "$BOX" true </dev/null
	assert_status 125
	assert_has "the input device is not a TTY"
	assert_has "hint:"
}

@test "run: a bind mount and a tmpfs" {
	mkdir "$BATS_TEST_TMPDIR/src"
	echo data >"$BATS_TEST_TMPDIR/src/file"
	run onggi run --rm -v "$BATS_TEST_TMPDIR/src:/a:ro" \
		--mount "type=bind,src=$BATS_TEST_TMPDIR/src,dst=/b" --tmpfs /t:size=1m "$BOX" \
		sh -c 'cat /a/file; touch /a/x 2>/dev/null || echo ro; touch /b/y; df -m /t | tail -n1 | grep -o "^tmpfs *1 "'
	assert_ok
	assert_line data
	assert_line ro
	assert_matches '^tmpfs +1 '
	[[ -e $BATS_TEST_TMPDIR/src/y ]]
}

@test "run: --cidfile has the id, and is not overwritten" {
	run onggi run --name cid --cidfile "$BATS_TEST_TMPDIR/cid" "$BOX" true
	assert_ok
	assert_equal "$(cat "$BATS_TEST_TMPDIR/cid")" "$(onggi ps -aq --no-trunc -f name=cid)"
	run onggi run --rm --cidfile "$BATS_TEST_TMPDIR/cid" "$BOX" true
	assert_status 125
	assert_has "container ID file found"
	onggi rm cid
}

@test "run: a name is taken once" {
	onggi run --name once "$BOX" true
	run onggi run --name once "$BOX" true
	assert_status 125
	assert_has once
	onggi rm once
}

@test "run: --help lists the options in groups" {
	run onggi run --help
	assert_ok
	assert_matches '^Usage:  onggi run \[OPTIONS\] IMAGE \[COMMAND\] \[ARG...\]$'
	assert_line "Resources:"
	assert_matches '^  -m, --memory bytes '
	assert_has_not "--publish"
}
