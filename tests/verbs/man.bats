#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

setup_file() {
	store_new empty
}

@test "man: every page is good roff" {
	need_command groff
	local verb
	for verb in '' run commit diff explain export history images ps rm rmi save tag inspect load import pack version info completion image 'image mount' 'image prune' 'image tree' 'image unmount' container system 'system check' 'system df'; do
		# shellcheck disable=SC2086 # no verb is no operand
		onggi man $verb >"$BATS_TEST_TMPDIR/page"
		run groff -man -Tutf8 -ww -z "$BATS_TEST_TMPDIR/page"
		assert_ok
		assert_output ""
	done
}

@test "man: options are in their page" {
	need_command groff
	onggi man run >"$BATS_TEST_TMPDIR/page"
	run bash -c 'groff -man -Tascii -P-cbou "$1"' _ "$BATS_TEST_TMPDIR/page"
	assert_has "--memory-swap"
	assert_has "EXIT STATUS"
}

@test "man: no such verb" {
	run onggi man frobnicate
	assert_status 1
	assert_has "there is no verb frobnicate"
}
