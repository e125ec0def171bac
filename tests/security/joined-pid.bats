#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# CVE-2019-5736 in the one place where somebody is there to look: a container that joins the pid
# namespace of another, hostile one. Seen to fail with -Dweaken=SEAL: what
# is caught then is writable once the program has ended.

load ../lib/onggi

setup() {
	need_command cc
	need_static
}

@test "joined pid: our program cannot be written through /proc/PID/exe" {
	local evil=$BATS_TEST_TMPDIR/evil before pid
	mkdir -p "$evil/bin"
	cp "$(command -v busybox)" "$evil/bin/sh"
	printf '#!/proc/self/exe\n' >"$evil/bin/go"
	chmod +x "$evil/bin/go"
	# A copy, since nobody can write to a program that runs, and the hunter's monitor is one.
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$(dirname "$ONGGI")"/onggi{,-unpack} "$BATS_TEST_TMPDIR/bin"
	before=$(sha256sum "$BATS_TEST_TMPDIR/bin/onggi")

	mkdir -p "$BATS_TEST_TMPDIR/hunter"
	cc -O2 -static -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/hunter/hunter" "$TESTS/security/hunter.c"
	onggi_start run --rm --name hunter --rootfs "$BATS_TEST_TMPDIR/hunter" /hunter
	pid=$ONGGI_PID
	timeout "$(scaled 20)" sh -c "until grep -q hunting '$BATS_TEST_TMPDIR/out'; do sleep 0.1; done"
	local i
	for ((i = 0; i < 20; i++)); do
		ONGGI=$BATS_TEST_TMPDIR/bin/onggi run onggi run --rm --pid container:hunter --rootfs "$evil" /bin/go
		[[ $status -ne 0 ]]
	done
	sleep 1
	onggi rm -f hunter
	wait "$pid" || true
	run grep -c caught "$BATS_TEST_TMPDIR/out"
	[[ $output -gt 0 ]] # else nothing was tried
	run grep -c WRITABLE "$BATS_TEST_TMPDIR/out"
	[[ $output -eq 0 ]]
	[[ $(sha256sum "$BATS_TEST_TMPDIR/bin/onggi") == "$before" ]]
}
