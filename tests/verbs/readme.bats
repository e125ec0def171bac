#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What the pages show is what happens: every ```console block is run, and its output compared.

load ../lib/onggi

setup_file() {
	store_new empty
	# The examples call plain `onggi`.
	mkdir "$STORE_TOP/bin"
	printf '#!/bin/sh\nexec "%s" --root "%s" --run-root "%s" "$@"\n' "$ONGGI" "$STORE" "$RUN_STORE" \
		>"$STORE_TOP/bin/onggi"
	ln -s "$ONGGI_RUNTIME" "$STORE_TOP/bin/onggi-runtime"
	chmod +x "$STORE_TOP/bin/onggi"
	export PATH=$STORE_TOP/bin:$PATH
}

@test "readme: examples that differ are noticed" {
	printf '```console\n# echo one\ntwo\n```\n' >"$BATS_TEST_TMPDIR/page.md"
	run "$TESTS/lib/console.py" "$BATS_TEST_TMPDIR/page.md"
	assert_status 1
	assert_has "seen:     one"
}

@test "readme: README.md" {
	run "$TESTS/lib/console.py" "$TOP/README.md"
	assert_ok
}

# They show what is packed on Debian, on the most common machine.
@test "readme: pages in docs/" {
	need_command perl
	[[ $(uname -m) == x86_64 ]] || skip "the pages are about x86-64"
	[[ -L /bin && -e /usr/lib/x86_64-linux-gnu ]] || skip "the pages are about Debian's layout"
	local page
	for page in "$TOP"/docs/*.md; do
		grep -q '^```console' "$page" || continue
		run "$TESTS/lib/console.py" "$page"
		assert_ok
	done
}
