#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# Where AppArmor is active a container is confined by our profile, without being asked for it.

bats_require_minimum_version 1.5.0
load ../lib/onggi

setup() {
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] || skip "needs AppArmor in the kernel"
}

has_parser() {
	command -v apparmor_parser >/dev/null || [[ -x /usr/sbin/apparmor_parser ]]
}

@test "apparmor: the default profile is loaded by the first container, and on it" {
	has_parser || skip "needs apparmor_parser"
	run --separate-stderr onggi run --rm "$BOX" cat /proc/self/attr/current
	assert_ok
	assert_output "onggi-default (enforce)"
	# shellcheck disable=SC2154 # set by bats
	assert_equal "$stderr" "" warnings
	grep -qx "onggi-default (enforce)" /sys/kernel/security/apparmor/profiles
}

@test "apparmor: what the profile denies is denied though a capability allows it" {
	has_parser || skip "needs apparmor_parser"
	run onggi run --rm --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt systempaths=unconfined \
		"$BOX" sh -c 'mount -t tmpfs none /tmp; (echo 1 >/proc/sys/kernel/panic_on_oops); (head -c1 /proc/kcore); echo end'
	assert_ok
	assert_equal "$(grep -ciE 'denied|not permitted' <<<"$output")" 3 "refusals"
	assert_line end
	# The same without it: so it was the profile.
	run onggi run --rm --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
		"$BOX" mount -t tmpfs none /tmp
	assert_ok
}

@test "apparmor: signals and what people do go on as without it" {
	has_parser || skip "needs apparmor_parser"
	run onggi run --rm "$BOX" sh -c '(sleep 1000 & kill $!; wait $!; echo $?) 2>/dev/null; echo x >/tmp/f; mv /tmp/f /tmp/g; cat /tmp/g; chown 1 /tmp/g
		ln -s /tmp/g /tmp/h; (echo net | nc -l -p 99 & sleep 1; nc 127.0.0.1 99 </dev/null); echo hi >/dev/stdout;'
	assert_ok
	assert_output $'143\nx\nnet\nhi'
	run onggi run --rm --userns auto "$BOX" cat /proc/self/attr/current
	assert_ok
	assert_output "onggi-default (enforce)"
}

@test "apparmor: unconfined on request, and for privileged containers" {
	local option
	for option in "--security-opt apparmor=unconfined" --privileged; do
		# shellcheck disable=SC2086 # two words
		run --separate-stderr onggi run --rm $option "$BOX" cat /proc/self/attr/current
		assert_ok
		assert_output unconfined
		assert_equal "$stderr" "" warnings
	done
}

@test "apparmor: a profile that is not loaded is refused" {
	run onggi run --rm --security-opt apparmor=no-such-profile "$BOX" true
	assert_status 125
	assert_has no-such-profile
}

@test "apparmor: without apparmor_parser one warning, and the container runs" {
	if grep -qs '^onggi-default ' /sys/kernel/security/apparmor/profiles; then
		printf 'profile onggi-default {}' | apparmor_parser --remove
	fi
	# A mount namespace of our own without the parser in it.
	run --separate-stderr unshare --mount bash -c '
		for f in /usr/sbin/apparmor_parser /sbin/apparmor_parser; do
			[[ ! -e $f ]] || mount --bind /dev/null "$f"; done
		"$0" "$@"' "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" run --rm "$BOX" cat /proc/self/attr/current
	assert_ok
	assert_output unconfined
	assert_equal "$(wc -l <<<"$stderr")" 1 "lines of warnings"
	[[ $stderr == *"no AppArmor confinement"* ]] || fail "$stderr"
}
