#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi export: all that a container sees.

load ../lib/onggi
load ../lib/changes

@test "export: what the container sees, as one tree" {
	onggi export -o "$BATS_TEST_TMPDIR/flat.tar" worker
	run tar -tf "$BATS_TEST_TMPDIR/flat.tar"
	assert_matches '^data/a/b/c/deep$'
	! grep -qE '^(gone|replaced/z|data/sub/x|proc/)|\.wh\.' <<<"$output" || fail "$output"
	run tar -xOf "$BATS_TEST_TMPDIR/flat.tar" data/old
	assert_output "old
changed"
	run cmp "$BATS_TEST_TMPDIR/flat.tar" <(onggi export worker)
	assert_ok
	onggi export worker | onggi import - flat:1 >/dev/null
	run onggi run --rm flat:1 sh -c 'cat /data/new; stat -c %u:%g:%h /data/new /data/a'
	assert_output "new
0:0:2
70000:80000:3"
}

@test "export: long names, large ids, fractions of a second, attributes" {
	local name
	name=$(printf 'n%.0s' {1..200})
	onggi run --name odd "$BOX" sh -c "mkdir -p /o/$name/$name; echo x >/o/$name/$name/file; chown 3000000:4000000 /o
		touch -d '2001-02-03 04:05:06' /o/$name; ln -s /$name/$name/$name /o/link"
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.colour", b"red")' \
		"$STORE/containers/$(onggi ps -aq --no-trunc -f name=odd)/upper/o" || skip "no user attributes in ${TMPDIR:-/tmp}"
	onggi export odd >"$BATS_TEST_TMPDIR/odd.tar"
	run python3 - "$BATS_TEST_TMPDIR/odd.tar" "$name" <<-'END'
		import sys, tarfile
		name = sys.argv[2]
		with tarfile.open(sys.argv[1]) as tar:
		    o, link = tar.getmember("o"), tar.getmember("o/link")
		    print(o.uid, o.gid, o.pax_headers["SCHILY.xattr.user.colour"], link.linkname == f"/{name}/{name}/{name}")
		    print(tar.extractfile(f"o/{name}/{name}/file").read(), int(tar.getmember(f"o/{name}").mtime))
	END
	assert_output "3000000 4000000 red True
b'x\\n' 981173106"
	onggi commit odd made:odd >/dev/null
	run onggi run --rm made:odd stat -c %u:%g /o
	assert_output 3000000:4000000
	onggi rm odd >/dev/null
}

@test "export: a container on a plain directory" {
	plain_container
	onggi export plain -o "$BATS_TEST_TMPDIR/plain.tar"
	run tar -tf "$BATS_TEST_TMPDIR/plain.tar"
	assert_has bin/busybox
}
