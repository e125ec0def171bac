#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi import: root file system tarballs.

load ../lib/onggi

setup_file() {
	store_new empty
}

@test "import: from a pipe, plain and compressed, gives the same image" {
	need_command gzip zstd
	local filter id="" this
	box_tar >"$BATS_TEST_TMPDIR/box.tar"
	for filter in cat gzip zstd; do
		"$filter" <"$BATS_TEST_TMPDIR/box.tar" | onggi import - "import/$filter"
		this=$(onggi run --rm "import/$filter" sh -c 'cat /etc/passwd | head -n 1')
		assert_equal "$this" "root:x:0:0:root:/root:/bin/sh"
		this=$(find "$STORE/layers" -mindepth 1 -maxdepth 1 -type d | sort | paste -sd' ')
		assert_equal "$this" "${id:=$this}" # one layer, whatever the wrapping
	done
}

@test "import: from a file" {
	box_tar >"$BATS_TEST_TMPDIR/box.tar"
	run onggi import "$BATS_TEST_TMPDIR/box.tar" import/file
	assert_ok
	assert_matches '[0-9a-f]{64}'
	run onggi run --rm import/file echo hello
	assert_ok
	assert_output hello
}

@test "import: owners, modes, times, links and attributes are the tarball's" {
	need_command python3
	local from=$BATS_TEST_TMPDIR/from layer
	mkdir -p "$from"/{a/b,c}
	echo x >"$from/a/file"
	ln "$from/a/file" "$from/c/link"
	ln -s ../a/file "$from/c/symlink"
	mkfifo "$from/c/fifo"
	mknod "$from/c/null" c 1 3
	chown 12345:4000000000 "$from/a/file"
	chmod 6711 "$from/a/file"
	chmod 1777 "$from/a/b"
	python3 -c "import os,sys; os.setxattr(sys.argv[1], 'user.x', b'1')" "$from/a/file"
	touch -h -d '1999-12-31 23:59:59.123456789' "$from/c/symlink" "$from/a/b" "$from/a/file" "$from"
	tar -C "$from" --format=pax --xattrs --xattrs-include='*' -cf - . | onggi import - import/attr
	layer=$(find "$STORE/layers" -path '*/fs/c/symlink' | head -n 1)
	run python3 "$TESTS/lib/tree_diff.py" "${layer%/c/symlink}" "$from"
	assert_ok
}

@test "import: sparse files stay sparse" {
	local from=$BATS_TEST_TMPDIR/from file
	mkdir "$from"
	truncate -s 1G "$from/sparse"
	printf end >>"$from/sparse"
	tar -C "$from" -S -cf - . | onggi import - import/sparse
	file=$(find "$STORE/layers" -path '*/fs/sparse')
	assert_equal "$(stat -c %s "$file")" $(((1 << 30) + 3))
	[[ $(stat -c %b "$file") -lt 1000 ]] || fail "the holes were filled"
	assert_equal "$(tail -c 3 "$file")" end
}

@test "import: a truncated tarball is refused and leaves nothing" {
	box_tar >"$BATS_TEST_TMPDIR/box.tar"
	local size
	size=$(stat -c %s "$BATS_TEST_TMPDIR/box.tar")
	for size in 1 511 512 10000 $((size / 2)); do
		run onggi import - import/cut < <(head -c "$size" "$BATS_TEST_TMPDIR/box.tar")
		assert_status 1
	done
	assert_equal "$(find "$STORE/staging" -mindepth 1)" ""
	run onggi run --rm --pull never import/cut true
	assert_has "no such image"
}

@test "import: names that lead out are refused, and nothing outside is touched" {
	local canary=$BATS_TEST_TMPDIR/canary
	echo untouched >"$canary"
	tar -P --transform "s#^.*canary#../../../../../../../..$canary#" -cf "$BATS_TEST_TMPDIR/evil.tar" "$canary"
	run onggi import "$BATS_TEST_TMPDIR/evil.tar" import/evil
	assert_status 1
	assert_has '".." component'
	assert_equal "$(cat "$canary")" untouched
}
