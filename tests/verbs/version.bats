#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

setup_file() {
	store_new empty
}

@test "version: for people, for scripts" {
	run onggi version
	assert_ok
	assert_matches '^Onggi [0-9]+\.[0-9]+\.[0-9]+$'
	run onggi version -f '{{.Client.Version}} {{.Server.Os}}'
	assert_matches '^[0-9.]+ linux$'
	run onggi --version
	assert_matches '^onggi version [0-9.]+$'
}

@test "version: help, unknown verbs, Docker's other verbs" {
	run onggi --help
	assert_ok
	assert_has "Usage:  onggi [OPTIONS] VERB [ARG...]"
	run onggi help run
	assert_has "Usage:  onggi run"
	run onggi frobnicate
	assert_status 1
	assert_line "onggi: unknown command: onggi frobnicate"
	run onggi build .
	assert_status 1
	assert_line "onggi: 'build' is not yet supported"
	run onggi image push x
	assert_line "onggi: 'image push' is not yet supported"
	run onggi --frobnicate
	assert_status 125
}

@test "version: works with the standard descriptors closed" {
	run bash -c '"$ONGGI" version <&- 2>&-'
	assert_ok
	run bash -c '"$ONGGI" version >&- 2>/dev/null'
	[[ $status -le 1 ]]
}

@test "version: a full disk is an error, said once" {
	run bash -c '"$ONGGI" version 2>&1 >/dev/full'
	assert_status 1
	assert_output "onggi: write to the standard output: No space left on device"
}
