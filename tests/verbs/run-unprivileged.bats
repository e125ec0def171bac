#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# For callers other than root: what needs no store works, the rest is refused in one sentence.

load ../lib/onggi

setup_file() {
	store_new empty
	# A build directory may be out of an ordinary user's reach.
	chmod 755 "$STORE_TOP"
	mkdir -m 755 "$STORE_TOP/bin"
	cp "$(realpath "$ONGGI")" "$(realpath "$(dirname "$ONGGI")/onggi-unpack")" "$STORE_TOP/bin"
}

# stranger OPTION...: onggi as a user without any rights
stranger() {
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		env -i "PATH=$PATH" HOME=/nonexistent "$STORE_TOP/bin/onggi" "$@"
}

bats_require_minimum_version 1.5.0

@test "unprivileged: run is refused with 125, one sentence and a hint" {
	local arguments
	for arguments in "onggi/jar" "--rootfs / true" "--isolate none --rootfs / true" "--userns keep-id onggi/jar"; do
		# shellcheck disable=SC2086 # several words
		stranger run --rm $arguments
		assert_status 125
		assert_output ""
		# shellcheck disable=SC2154 # set by bats
		assert_equal "$(wc -l <<<"$stderr")" 2 "lines of the message"
		[[ $stderr == "onggi: this needs root"*$'\n'"hint: "* ]] || fail "message: $stderr"
	done
}

@test "unprivileged: with a store of one's own it is refused, too, and nothing is made" {
	stranger --root /tmp/onggi-test-mine --run-root /tmp/onggi-test-mine.run run --rm onggi/jar
	assert_status 125
	[[ ! -e /tmp/onggi-test-mine && ! -e /tmp/onggi-test-mine.run ]]
}

@test "unprivileged: what only tells works" {
	stranger --version
	assert_ok
	assert_matches '^onggi version '
	stranger --help
	assert_ok
	assert_has explain
	stranger help run
	assert_ok
	stranger man run
	assert_ok
}

@test "unprivileged: explain shows what root would do" {
	stranger explain --rm -m 64m onggi/jar
	assert_ok
	assert_has "Become /bin/hello"
	assert_matches 'control group /onggi[-/]ID'
	stranger explain --rootfs / --userns auto true
	assert_ok
	assert_has "Take / as the root file system"
	stranger explain debian:12
	assert_status 125
	[[ $stderr == *"only root may look into the store"* ]] || fail "message: $stderr"
}

@test "unprivileged: lists are refused as well" {
	local verb
	for verb in ps images info; do
		stranger "$verb"
		[[ $status -ne 0 ]]
		[[ $stderr == "onggi: this needs root"* ]] || fail "message: $stderr"
	done
}
