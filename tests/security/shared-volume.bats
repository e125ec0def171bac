#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=long
#
# Two containers with a volume in common: what the hostile one puts there while the other is made.
# The rows are those of docs/security.md, "Attacks and tests". Each test has a naive control: something
# that does the same without the defence must be caught.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside
load ../lib/onggi
load ../lib/bundle

setup() {
	need_command cc
	need_static
	BUNDLE=$STORE_TOP/bundle
	ID=onggi-test-$BATS_TEST_NUMBER-$$
	VOLUME=$BATS_TEST_TMPDIR/volume
	mkdir -p "$VOLUME"
}

teardown() {
	runtime delete --force "$ID" || true
	runtime delete --force "$ID-hostile" || true
	rm -f "$BUNDLE/rootfs/bin/"{fisher,storm}
}

# hostile PYTHON: a container that runs with the volume at /vol, its output in $BATS_TEST_TMPDIR/out
hostile() {
	config "$1
mount('/vol', '$VOLUME', 'bind', 'bind')"
	runtime run -d -b "$BUNDLE" "$ID-hostile" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
}

# fish NAME: one that sees the host's processes, and goes for programs of that name
fish() {
	cc -O2 -static -D_GNU_SOURCE -o "$BUNDLE/rootfs/bin/fisher" "$TESTS/security/fisher.c"
	printf '#!/proc/self/exe\n' >"$VOLUME/go"
	chmod +x "$VOLUME/go"
	hostile "c['process']['args'] = ['fisher', '$1']
c['linux']['namespaces'] = [n for n in c['linux']['namespaces'] if n['type'] != 'pid']
c['mounts'] = [m for m in c['mounts'] if m['destination'] != '/proc']
c['linux']['maskedPaths'] = c['linux']['readonlyPaths'] = []
mount('/proc', '/proc', 'bind', 'rbind')"
	wait_for 20 grep -q fishing "$BATS_TEST_TMPDIR/out"
}

# A program that runs as containers do, without more rights than they have, and is nobody's to write to.
naive() {
	cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/bin/$1"
	setpriv --bounding-set=-all --inh-caps=-all "$BATS_TEST_TMPDIR/bin/$1" 1
}

@test "A1: a script for /proc/self/exe in the volume gives nobody the runtime to write to" {
	local before i name=fish-$$
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cp "$ONGGI_RUNTIME" "$BATS_TEST_TMPDIR/bin/$name-runtime"
	before=$(sha256sum <"$BATS_TEST_TMPDIR/bin/$name-runtime")
	fish "$name"
	config "c['process']['args'] = ['/vol/go']
mount('/vol', '$VOLUME', 'bind', 'bind')"
	for ((i = 0; i < 30; i++)); do
		timeout 20 "$BATS_TEST_TMPDIR/bin/$name-runtime" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID" \
			>"$BATS_TEST_TMPDIR/go" 2>&1 </dev/null 3>&- && fail "it ran"
		timeout 20 "$BATS_TEST_TMPDIR/bin/$name-runtime" --root "$STORE_TOP/state" create -b "$BUNDLE" "$ID" \
			>"$BATS_TEST_TMPDIR/go" 2>&1 </dev/null 3>&-
		runtime start "$ID" || true
		runtime delete --force "$ID"
	done
	naive "$name-control" || skip "setpriv cannot leave its rights here"
	wait_for 10 grep -q "WRITABLE .*$name-control" "$BATS_TEST_TMPDIR/out" ||
		fail "the control was not caught: $(cat "$BATS_TEST_TMPDIR/out")"
	run cat "$BATS_TEST_TMPDIR/out"
	[[ $output != *WRITABLE*$name-runtime* ]] || fail "$output"
	assert_equal "$(sha256sum <"$BATS_TEST_TMPDIR/bin/$name-runtime")" "$before" "the program"
}

@test "A3: a mount inside the volume does not follow it to the host" {
	local victim=$BATS_TEST_TMPDIR/victim i ran=0
	mkdir -p "$victim" "$VOLUME/place"
	ln -s "$victim" "$VOLUME/link"
	cc -O2 -static -D_GNU_SOURCE -o "$BUNDLE/rootfs/bin/storm" "$TESTS/security/storm.c"
	hostile 'c["process"]["args"] = ["storm", "swap", "/vol", "place", "link"]'
	wait_for 20 test -L "$VOLUME/place"
	# The mistake is made, and seen, with the very same volume.
	"$BUNDLE/rootfs/bin/storm" naive "$VOLUME" place "$victim" "$(scaled 30)" || fail "the control did not escape"
	config "sh('true')
mount('/vol', '$VOLUME', 'bind', 'bind'); mount('/vol/place/made', 'tmpfs', 'tmpfs')"
	for ((i = 0; i < 60; i++)); do
		run runtime run -b "$BUNDLE" "$ID"
		[[ ! -e $victim/made ]] || fail "round $i: it has been on the host"
		((status != 0)) || ran=$((ran + 1))
	done
	((ran > 0)) || fail "it never ran: $output"
}
