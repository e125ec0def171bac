#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi save: what comes out is what went in, byte for byte.

load ../lib/onggi

# layers: an archive of one image (odd:1) whose two layers have all that a tar can have: a file twice, a
# file taken away again, a directory that becomes a file, hard links, sparse files, names beyond ustar.
layers() {
	python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import gzip, hashlib, io, json, sys, tarfile
		top = sys.argv[1]
		def layer(entries, form):
		    out = io.BytesIO()
		    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
		        for name, kind, data in entries:
		            e = tarfile.TarInfo(name)
		            e.mtime, e.mode = 1234567890, 0o640
		            e.uname, e.gname = "somebody", "others"
		            if kind == "file":
		                e.size = len(data)
		                tar.addfile(e, io.BytesIO(data))
		                continue
		            e.type = {"dir": tarfile.DIRTYPE, "link": tarfile.LNKTYPE, "sym": tarfile.SYMTYPE,
		                      "fifo": tarfile.FIFOTYPE}[kind]
		            e.mode = 0o755 if kind == "dir" else 0o640
		            e.linkname = data
		            tar.addfile(e)
		    return out.getvalue()
		one = layer([("./", "dir", ""), ("dir/", "dir", ""), ("dir/a", "file", b"first a" * 1000),
		             ("dir/b", "link", "dir/a"), ("dir/a", "file", b"second a"), ("gone", "file", b"soon" * 99),
		             (".wh.gone", "file", b""), ("tree/", "dir", ""), ("tree/deep/", "dir", ""),
		             ("tree/deep/x", "file", b"x" * 70000), ("tree/y", "file", b"y"),
		             ("tree", "file", b"a file now"), ("n" * 90 + "/" + "m" * 120, "file", b"long"),
		             ("s", "sym", "dir/a"), ("pipe", "fifo", ""), ("dir/a", "file", b"third a"),
		             ("empty", "file", b""), ("s", "file", b"no link any more"), ("s", "sym", "again"),
		             ("caf\u00e9", "file", b"name")], tarfile.PAX_FORMAT)
		two = layer([("dir/c", "link", "dir/a"), (".wh.empty", "file", b""), ("big", "file", bytes(range(256)) * 9000),
		             (".wh..wh.plnk/1.2", "file", b"aufs"), ("big", "file", b"small")], tarfile.GNU_FORMAT)
		blobs = [one, gzip.compress(two)]
		config = {"architecture": "amd64", "os": "linux", "config": {"Env": ["A=1"]}, "history": [{"created_by": "x"}],
		          "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(l).hexdigest() for l in (one, two)]}}
		files = {"c.json": json.dumps(config, indent=3).encode(), "0.tar": blobs[0], "1.tar.gz": blobs[1]}
		files["manifest.json"] = json.dumps([{"Config": "c.json", "RepoTags": ["odd:1"],
		                                      "Layers": ["0.tar", "1.tar.gz"]}]).encode()
		with tarfile.open(top + "/odd.tar", "w") as tar:
		    for name, data in files.items():
		        e = tarfile.TarInfo(name)
		        e.size = len(data)
		        tar.addfile(e, io.BytesIO(data))
		for name, data in (("one", one), ("two", two), ("config", files["c.json"])):
		    open(f"{top}/{name}", "wb").write(data)
	END
	onggi load -q -i "$BATS_TEST_TMPDIR/odd.tar" >/dev/null
}

digest_of() {
	sha256sum "$1" | cut -d' ' -f1
}

# saved ARG...: save, and take it apart in $OUT
saved() {
	OUT=$BATS_TEST_TMPDIR/out
	rm -rf "$OUT"
	mkdir "$OUT"
	onggi save -q -o "$BATS_TEST_TMPDIR/saved.tar" "$@"
	tar -C "$OUT" -xf "$BATS_TEST_TMPDIR/saved.tar"
}

@test "save: layers and config are the bytes that were loaded" {
	layers
	saved odd:1
	local name
	for name in one two config; do
		run cmp "$BATS_TEST_TMPDIR/$name" "$OUT/blobs/sha256/$(digest_of "$BATS_TEST_TMPDIR/$name")"
		assert_ok
	done
	for name in "$OUT"/blobs/sha256/*; do
		[[ $(digest_of "$name") == "${name##*/}" ]] || fail "$name"
	done
	run python3 -c 'import json, sys; m = json.load(open(sys.argv[1])); print(m[0]["RepoTags"], len(m[0]["Layers"]))' \
		"$OUT/manifest.json"
	assert_output "['odd:1'] 2"
	run cat "$OUT/oci-layout"
	assert_output '{"imageLayoutVersion":"1.0.0"}'
}

@test "save: the same archive each time, and through a pipe" {
	layers
	saved odd:1 "$BOX"
	run cmp "$BATS_TEST_TMPDIR/saved.tar" <(onggi save odd:1 "$BOX")
	assert_ok
	# From a store that never saw the first archive.
	onggi --root "$STORE_TOP/other" --run-root "$STORE_TOP/other-run" load -q -i "$BATS_TEST_TMPDIR/saved.tar"
	run cmp "$BATS_TEST_TMPDIR/saved.tar" \
		<(onggi --root "$STORE_TOP/other" --run-root "$STORE_TOP/other-run" save odd:1 "$BOX")
	assert_ok
	run onggi --root "$STORE_TOP/other" --run-root "$STORE_TOP/other-run" run --rm "$BOX" echo inside
	assert_output inside
}

@test "save: all tags of a name, shared layers once, an id without a name" {
	layers
	onggi tag odd:1 odd:2
	onggi tag "$BOX" odd:3
	saved odd
	run python3 -c 'import json, sys
for m in json.load(open(sys.argv[1])): print(*m["RepoTags"])' "$OUT/manifest.json"
	assert_output "odd:1 odd:2
odd:3"
	run bash -c 'ls "$0" | wc -l' "$OUT/blobs/sha256"
	assert_output 7
	saved "$(onggi images -q odd:1)"
	run cat "$OUT/manifest.json"
	assert_has '"RepoTags":null'
	run tar -tf "$BATS_TEST_TMPDIR/saved.tar"
	assert_matches '^blobs/sha256/[0-9a-f]{64}$'
}

@test "save: images that were imported and packed" {
	box_tar >"$BATS_TEST_TMPDIR/root.tar"
	onggi import "$BATS_TEST_TMPDIR/root.tar" brought:1 >/dev/null
	saved brought:1
	run cmp "$BATS_TEST_TMPDIR/root.tar" "$OUT/blobs/sha256/$(digest_of "$BATS_TEST_TMPDIR/root.tar")"
	assert_ok
}

@test "save: sparse files in all forms" {
	local tree=$BATS_TEST_TMPDIR/tree form
	mkdir "$tree"
	truncate -s 3M "$tree/holes"
	printf 'in the middle' | dd of="$tree/holes" bs=1 seek=1000000 conv=notrunc status=none
	printf 'at the end' | dd of="$tree/holes" bs=1 seek=2500000 conv=notrunc status=none
	for form in gnu "pax --sparse-version=0.0" "pax --sparse-version=0.1" "pax --sparse-version=1.0"; do
		# shellcheck disable=SC2086 # two words
		tar -S --format=$form -C "$tree" -cf "$BATS_TEST_TMPDIR/holes.tar" .
		onggi import "$BATS_TEST_TMPDIR/holes.tar" holes:1 >/dev/null
		saved holes:1
		run cmp "$BATS_TEST_TMPDIR/holes.tar" "$OUT/blobs/sha256/$(digest_of "$BATS_TEST_TMPDIR/holes.tar")"
		assert_ok
		onggi rmi holes:1 >/dev/null
	done
}

@test "save: a layer whose files have changed is refused by name, and no archive appears" {
	layers
	local changed
	changed=$(find "$STORE/layers" -name dir -path '*/fs/*' | head -n1)/a
	printf 'other a' >"$changed"
	run onggi save -q -o "$BATS_TEST_TMPDIR/bad.tar" odd:1
	assert_status 1
	assert_has "put layer $(digest_of "$BATS_TEST_TMPDIR/one" | cut -c1-12) together again: its files have changed"
	: >"$changed"
	run onggi save -q -o "$BATS_TEST_TMPDIR/bad.tar" odd:1
	assert_status 1
	assert_has "dir/a is shorter than it was unpacked"
	rm "$changed"
	ln -s /etc/passwd "$changed"
	run onggi save -q -o "$BATS_TEST_TMPDIR/bad.tar" odd:1
	assert_status 1
	assert_has "together again: the layer's file"
	run find "$BATS_TEST_TMPDIR" -name '*bad.tar*'
	assert_output ""
	onggi rmi -f "$(onggi images -q odd:1)" >/dev/null
}

@test "save: a file that is there stays until the archive is complete" {
	layers
	echo before >"$BATS_TEST_TMPDIR/there.tar"
	run onggi save -o "$BATS_TEST_TMPDIR/there.tar" odd:1 nosuch
	assert_status 1
	assert_has "no such image: nosuch"
	run cat "$BATS_TEST_TMPDIR/there.tar"
	assert_output before
	onggi save -q -o "$BATS_TEST_TMPDIR/there.tar" odd:1
	run tar -tf "$BATS_TEST_TMPDIR/there.tar"
	assert_has index.json
}

@test "save: bad destinations" {
	run onggi save -o "$BATS_TEST_TMPDIR/no/such" "$BOX"
	assert_status 1
	assert_has "no/such"
	run onggi save -o "$BATS_TEST_TMPDIR" "$BOX"
	assert_status 1
	assert_has "Is a directory"
	run onggi save
	assert_status 1
	assert_has "requires at least 1 argument"
	run onggi save -o /dev/full "$BOX"
	assert_status 1
	assert_has "No space left on device"
}
