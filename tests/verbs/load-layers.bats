#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi load: layers are unpacked at the same time; whoever is killed meanwhile leaves nothing.

# bats file_tags=long

load ../lib/onggi

setup_file() {
	store_new empty
	make_archive "$BATS_FILE_TMPDIR/a.tar"
}

# make_archive FILE: four layers, of which each changes the one below
make_archive() {
	python3 - "$1" <<-'END'
		import hashlib, io, json, random, sys, tarfile

		def entry(name, kind=tarfile.REGTYPE, mode=0o644, link=""):
		    info = tarfile.TarInfo(name)
		    info.type, info.mode, info.mtime, info.linkname = kind, mode, 1000000001, link
		    return info

		def layer(number):
		    out, rest = io.BytesIO(), random.Random(number)
		    with tarfile.open(fileobj=out, mode="w") as tar:
		        if number == 0:
		            tar.addfile(entry("d", tarfile.DIRTYPE, 0o750))
		            tar.addfile(entry("usr", tarfile.DIRTYPE, 0o755))
		            tar.addfile(entry("bin", tarfile.SYMTYPE, 0o777, "usr"))
		        else:
		            tar.addfile(entry(f"d/.wh.f{number - 1}"))
		            tar.addfile(entry(f"d/.wh.never{number}"))
		            tar.addfile(entry(f"bin/l{number}", tarfile.LNKTYPE, link=f"d/g{number - 1}"))
		        for name in f"d/f{number}", f"d/g{number}":
		            info = entry(name)
		            info.size = 3 << 20
		            tar.addfile(info, io.BytesIO(rest.randbytes(info.size)))
		    return out.getvalue()

		def add(tar, name, data):
		    info = entry(name)
		    info.size = len(data)
		    tar.addfile(info, io.BytesIO(data))

		layers = [layer(number) for number in range(4)]
		diffs = ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers]
		names = [f"{number}.tar" for number in range(4)]
		config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["sh"]},
		          "rootfs": {"type": "layers", "diff_ids": diffs}}
		with tarfile.open(sys.argv[1], "w") as tar:
		    for name, data in zip(names, layers):
		        add(tar, name, data)
		    add(tar, "config.json", json.dumps(config).encode())
		    add(tar, "manifest.json", json.dumps(
		        [{"Config": "config.json", "RepoTags": ["layers:1"], "Layers": names}]).encode())
	END
}

# Processes that hold something of the store.
holders() {
	find /proc/[0-9]*/fd -lname "$STORE/*" 2>/dev/null | cut -d/ -f3 | sort -u
}

# eventually COMMAND...: within five seconds
eventually() {
	local deadline=$((SECONDS + $(scaled 5)))
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

nobody_holds() {
	[[ -z $(holders) ]]
}

# layer_dir NUMBER: from the bottom
layer_dir() {
	local diff
	diff=$(tar -xOf "$BATS_FILE_TMPDIR/a.tar" config.json | jq -r ".rootfs.diff_ids[$1]")
	dirname "$(grep -l "$diff\|${diff#sha256:}" "$STORE"/layers/*/record)"
}

# What layer 2 (the third) must be, whenever the ones below it were there.
check_layers() {
	local fs
	fs=$(layer_dir 2)/fs
	assert_equal "$(cd "$fs" && find . | sort | tr '\n' ' ')" \
		". ./d ./d/f1 ./d/f2 ./d/g1 ./d/g2 ./usr ./usr/l2 "
	assert_equal "$(stat -c '%a %Y' "$fs/d")" "750 1000000001"
	assert_equal "$(stat -c '%F %t:%T' "$fs/d/f1")" "character special file 0:0"
	assert_equal "$(stat -c %i "$fs/usr/l2")" "$(stat -c %i "$fs/d/g1")"
	cmp "$fs/usr/l2" "$(layer_dir 1)/fs/d/g1"
	assert_equal "$(find "$STORE/staging" -mindepth 1)" ""
}

forget() {
	local id
	for id in $(onggi images -q); do
		onggi rmi -f "$id" >/dev/null
	done
}

teardown() {
	forget
}

@test "load: layers that need the ones below are what they are on their own" {
	need_command jq
	run onggi load -q -i "$BATS_FILE_TMPDIR/a.tar"
	assert_ok
	assert_line "Loaded image: layers:1"
	check_layers
	eventually nobody_holds
}

@test "load: killed with several workers at work, none is left and the next one succeeds" {
	need_command jq
	local delay
	for delay in 0.01 0.03 0.06 0.1; do
		onggi_start load -q -i "$BATS_FILE_TMPDIR/a.tar"
		sleep "$delay"
		kill -KILL "$ONGGI_PID" || true # a fast machine may be done
		wait "$ONGGI_PID" || true
		eventually nobody_holds
	done
	onggi load -q -i "$BATS_FILE_TMPDIR/a.tar"
	check_layers
}

@test "load: a damaged upper layer ends the others, and nothing stays in staging" {
	local bad=$BATS_TEST_TMPDIR/bad.tar at
	cp "$BATS_FILE_TMPDIR/a.tar" "$bad"
	at=$(($(stat -c %s "$bad") * 7 / 8))
	printf damaged | dd of="$bad" bs=1 seek="$at" conv=notrunc status=none
	run onggi load -q -i "$bad"
	assert_status 1
	assert_has "the image says sha256:"
	assert_equal "$(onggi images -q)" ""
	assert_equal "$(find "$STORE/staging" -mindepth 1)" ""
	eventually nobody_holds
}
