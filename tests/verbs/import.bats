#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

@test "import: prints the id; the name leads to it" {
	box_tar >"$BATS_TEST_TMPDIR/root.tar"
	run onggi import "$BATS_TEST_TMPDIR/root.tar" from/file:1
	assert_ok
	assert_matches '^sha256:[0-9a-f]{64}$'
	run onggi inspect -f '{{.Id}}' from/file:1
	assert_ok
}

@test "import: changes go into the configuration" {
	box_tar >"$BATS_TEST_TMPDIR/root.tar"
	onggi import -c 'CMD ["echo", "hello"]' -c 'ENV A="1 2"' -c 'WORKDIR /tmp' -c 'USER 1000' \
		-c 'LABEL x=y' -m message "$BATS_TEST_TMPDIR/root.tar" changed
	run onggi run --rm changed
	assert_output hello
	# shellcheck disable=SC2016 # for the shell inside
	run onggi run --rm changed sh -c 'echo "$A"; pwd; id -u'
	assert_output $'1 2\n/tmp\n1000'
	run onggi inspect -f '{{index .Config.Labels "x"}}' changed
	assert_output y
}

@test "import: wrong changes, missing files, addresses" {
	run onggi import -c 'RUN ls' /dev/null x
	assert_status 1
	assert_has "RUN is not a valid change command"
	run onggi import -c 'ENV X' /dev/null x
	assert_status 1
	assert_has "--change: ENV: KEY=VALUE is expected"
	run onggi import /nonexistent/x.tar x
	assert_status 1
	assert_has "open /nonexistent/x.tar"
	run onggi import http://localhost/x.tar x
	assert_status 1
	assert_has "importing from a URL is not yet supported"
}
