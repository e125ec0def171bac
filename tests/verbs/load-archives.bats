#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi load: archives of other tools, whole and damaged.

# bats file_tags=long

load ../lib/onggi

setup_file() {
	store_new empty
	make_image
}

# An image of two layers, as an OCI layout: the second deletes, replaces and links into the first.
make_image() {
	command -v umoci >/dev/null && command -v skopeo >/dev/null || return 0
	local layout=$BATS_FILE_TMPDIR/layout bundle=$BATS_FILE_TMPDIR/bundle root
	root=$bundle/rootfs
	umoci init --layout "$layout"
	umoci new --image "$layout:t"
	umoci unpack --image "$layout:t" "$bundle"
	mkdir -p "$root"/{bin,etc,gone/deep,swap/old,var/empty}
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	ln -s busybox "$root/bin/cat"
	echo one >"$root/etc/one"
	echo secret >"$root/gone/deep/file"
	echo old >"$root/swap/old/file"
	chmod 4755 "$root/etc/one"
	chown 100000:200000 "$root/etc/one"
	touch -d '2001-02-03 04:05:06.789' "$root/var/empty"
	umoci repack --refresh-bundle --image "$layout:t" "$bundle"
	rm -r "$root/gone" "$root/swap"
	mkdir "$root/swap"
	echo new >"$root/swap/new"
	ln "$root/etc/one" "$root/etc/two"
	mkfifo "$root/etc/fifo"
	umoci repack --refresh-bundle --image "$layout:t" "$bundle"
	umoci config --image "$layout:t" --config.cmd /bin/sh --config.cmd -c --config.cmd 'echo loaded'
	rm -r "$bundle"
	umoci unpack --image "$layout:t" "$bundle"
}

need_image() {
	need_command skopeo umoci
}

# copy KIND:PATH[:NAME] [OPTION...]: the image in another format
copy() {
	local target=$1
	shift
	skopeo copy --insecure-policy -q "$@" "oci:$BATS_FILE_TMPDIR/layout:t" "$target"
}

# What a container of the image sees is what umoci unpacked.
check_image() {
	local image=$1 names
	run onggi run --rm "$image"
	assert_ok
	assert_output loaded
	run onggi run --rm --network none "$image" /bin/cat /swap/new /etc/one /etc/two
	assert_ok
	assert_output $'new\none\none'
	# The layers themselves, put together by overlayfs alone.
	names=$(find "$STORE/layers" -mindepth 2 -maxdepth 2 -name record -printf '%T@ %h/fs\n' | sort -rn | cut -d' ' -f2 | paste -sd:)
	if [[ $names == *:* ]]; then
		unshare -m bash -euc "mount -t overlay none -o ro,lowerdir=$names /mnt &&
			python3 $TESTS/lib/tree_diff.py /mnt $BATS_FILE_TMPDIR/bundle/rootfs"
	fi
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

@test "load: a docker-archive" {
	need_image
	copy "docker-archive:$BATS_TEST_TMPDIR/a.tar:load/docker:1"
	run onggi load -i "$BATS_TEST_TMPDIR/a.tar"
	assert_ok
	assert_line "Loaded image: load/docker:1"
	check_image load/docker:1
}

@test "load: a docker-archive through a pipe, compressed by gzip and by zstd" {
	need_image
	need_command gzip zstd
	copy "docker-archive:$BATS_TEST_TMPDIR/a.tar:load/pipe:1"
	local filter
	for filter in cat gzip zstd; do
		"$filter" <"$BATS_TEST_TMPDIR/a.tar" | onggi load
		check_image load/pipe:1
		forget
	done
}

@test "load: an OCI archive" {
	need_image
	copy "oci-archive:$BATS_TEST_TMPDIR/a.tar:load/oci:1"
	run onggi load -i "$BATS_TEST_TMPDIR/a.tar"
	assert_ok
	assert_line "Loaded image: load/oci:1"
	check_image load/oci:1
}

@test "load: an OCI layout with zstd layers" {
	need_image
	copy "oci:$BATS_TEST_TMPDIR/layout:load/zstd:1" --dest-compress --dest-compress-format zstd
	run onggi load -i "$BATS_TEST_TMPDIR/layout"
	assert_ok
	assert_line "Loaded image: load/zstd:1"
	check_image load/zstd:1
}

@test "load: layers that are there are not read again" {
	need_image
	copy "docker-archive:$BATS_TEST_TMPDIR/a.tar:load/again:1"
	onggi load -i "$BATS_TEST_TMPDIR/a.tar"
	local before
	before=$(find "$STORE/layers" -mindepth 1 -maxdepth 1 | sort)
	onggi load -i "$BATS_TEST_TMPDIR/a.tar"
	assert_equal "$(find "$STORE/layers" -mindepth 1 -maxdepth 1 | sort)" "$before"
}

@test "load: a damaged layer is refused by its digest, and leaves nothing" {
	need_image
	copy "oci:$BATS_TEST_TMPDIR/layout:load/bad:1"
	local blob
	blob=$(find "$BATS_TEST_TMPDIR/layout/blobs/sha256" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
	printf '\377' | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
	run onggi load -i "$BATS_TEST_TMPDIR/layout"
	assert_status 1
	assert_has layer
	assert_equal "$(onggi images -q)" ""
	assert_equal "$(find "$STORE/staging" -mindepth 1)" ""
}

@test "load: a manifest that is not what its digest says is refused" {
	need_image
	copy "oci:$BATS_TEST_TMPDIR/layout:load/bad:1"
	local blob
	blob=$(jq -r '.manifests[0].digest | sub("sha256:"; "")' "$BATS_TEST_TMPDIR/layout/index.json")
	sed -i 's/"schemaVersion":2/"schemaVersion":3/' "$BATS_TEST_TMPDIR/layout/blobs/sha256/$blob"
	run onggi load -i "$BATS_TEST_TMPDIR/layout"
	assert_status 1
	assert_has digest
}

@test "load: a truncated archive is refused" {
	need_image
	copy "docker-archive:$BATS_TEST_TMPDIR/a.tar:load/cut:1"
	head -c 100000 "$BATS_TEST_TMPDIR/a.tar" >"$BATS_TEST_TMPDIR/cut.tar"
	run onggi load -i "$BATS_TEST_TMPDIR/cut.tar"
	assert_status 1
	assert_has truncated
	assert_equal "$(find "$STORE/staging" -mindepth 1)" ""
}

@test "load: what is no image archive says so" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	run onggi load -i "$BATS_TEST_TMPDIR/empty"
	assert_status 1
	assert_has "not an image archive"
	tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/plain.tar" empty
	run onggi load -i "$BATS_TEST_TMPDIR/plain.tar"
	assert_status 1
	assert_has "not an image archive"
	echo hello >"$BATS_TEST_TMPDIR/text"
	run onggi load -i "$BATS_TEST_TMPDIR/text"
	assert_status 1
	run onggi load -i "$BATS_TEST_TMPDIR/absent"
	assert_status 1
	assert_has "No such file"
}

@test "load: an archive may tag, but not claim a digest" {
	need_image
	copy "docker-archive:$BATS_TEST_TMPDIR/a.tar:load/name:1"
	mkdir "$BATS_TEST_TMPDIR/x"
	tar -C "$BATS_TEST_TMPDIR/x" -xf "$BATS_TEST_TMPDIR/a.tar"
	local zeros=0000000000000000000000000000000000000000000000000000000000000000
	sed -i "s#load/name:1#load/name@sha256:$zeros#" "$BATS_TEST_TMPDIR/x/manifest.json"
	tar -C "$BATS_TEST_TMPDIR/x" -cf "$BATS_TEST_TMPDIR/b.tar" .
	run onggi load -i "$BATS_TEST_TMPDIR/b.tar"
	assert_status 1
	assert_has digest
}

@test "load: twice at the same moment" {
	need_image
	copy "docker-archive:$BATS_TEST_TMPDIR/a.tar:load/race:1"
	onggi load -q -i "$BATS_TEST_TMPDIR/a.tar" &
	local first=$!
	onggi load -q -i "$BATS_TEST_TMPDIR/a.tar"
	wait "$first"
	check_image load/race:1
}

@test "load: killed in the middle, the next one succeeds" {
	need_image
	copy "docker-archive:$BATS_TEST_TMPDIR/a.tar:load/kill:1"
	local pid
	(
		head -c 50000 "$BATS_TEST_TMPDIR/a.tar"
		sleep 5
	) | "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" load -q 3>&- &
	pid=$!
	sleep 0.3
	kill -KILL "$pid"
	wait "$pid" || true
	onggi load -i "$BATS_TEST_TMPDIR/a.tar"
	check_image load/kill:1
}
