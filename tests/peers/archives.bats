#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Archives between engines: what onggi saves the others load, and what they save onggi loads, with the
# same image id, which is the digest of the configuration and with it of all layers' contents.

load ../lib/onggi
load ../lib/peers-docker
load ../lib/peers-podman

setup_file() {
	[[ $EUID -eq 0 ]] || { echo "these tests need root: ./dev test" >&2; return 1; }
	store_new
	onggi tag "$BOX" test/box:1
	ID=$(onggi images -q --no-trunc test/box:1)
	export ID ARCHIVE=$STORE_TOP/box.tar
	onggi save -q -o "$ARCHIVE" test/box:1
}

teardown_file() {
	rm -rf --one-file-system "${STORE_TOP:?}"
}

# brought FILE: onggi in an empty store loads it; its id is the same, and it runs
brought() {
	local again=("$ONGGI" --root "$BATS_TEST_TMPDIR/s" --run-root "$BATS_TEST_TMPDIR/r")
	"${again[@]}" load -q -i "$1"
	run "${again[@]}" images -q --no-trunc
	assert_output "$ID"
	run "${again[@]}" run --rm "$ID" echo inside
	assert_output inside
}

@test "archives: skopeo reads both forms, and writes them" {
	need_command skopeo
	local form
	for form in docker-archive oci-archive; do
		run skopeo inspect --config --raw "$form:$ARCHIVE"
		assert_ok
		[[ sha256:$(skopeo inspect --config --raw "$form:$ARCHIVE" | sha256sum | cut -d' ' -f1) == "$ID" ]] ||
			fail "$form: another configuration"
		skopeo copy -q "$form:$ARCHIVE" "$form:$BATS_TEST_TMPDIR/$form.tar:test/box:1"
		brought "$BATS_TEST_TMPDIR/$form.tar"
	done
}

@test "archives: podman" {
	need_command podman
	podman_new "$STORE_TOP/podman"
	local podman=(env "CONTAINERS_CONF=$STORE_TOP/podman/containers.conf"
		"CONTAINERS_STORAGE_CONF=$STORE_TOP/podman/storage.conf" podman) form
	run "${podman[@]}" load -q -i "$ARCHIVE"
	assert_has test/box:1
	run "${podman[@]}" image inspect -f '{{.Id}}' test/box:1
	assert_output "${ID#sha256:}"
	for form in docker-archive oci-archive; do
		"${podman[@]}" save -q --format "$form" -o "$BATS_TEST_TMPDIR/$form.tar" test/box:1
		brought "$BATS_TEST_TMPDIR/$form.tar"
	done
	"${podman[@]}" rmi -af >/dev/null
}

@test "archives: docker" {
	need_command docker dockerd
	export DOCKER_HOST=unix://$STORE_TOP/docker.sock DOCKER_CONFIG=$STORE_TOP/config
	dockerd_start
	run docker load -q -i "$ARCHIVE"
	docker save -o "$BATS_TEST_TMPDIR/back.tar" test/box:1
	docker image inspect -f '{{.Id}}' test/box:1 >"$BATS_TEST_TMPDIR/id"
	dockerd_stop
	assert_has "Loaded image: test/box:1"
	run cat "$BATS_TEST_TMPDIR/id"
	assert_output "$ID"
	brought "$BATS_TEST_TMPDIR/back.tar"
}

@test "archives: umoci unpacks it" {
	need_command umoci
	mkdir "$BATS_TEST_TMPDIR/layout"
	tar -C "$BATS_TEST_TMPDIR/layout" -xf "$ARCHIVE"
	umoci unpack --image "$BATS_TEST_TMPDIR/layout:1" "$BATS_TEST_TMPDIR/bundle"
	run "$BATS_TEST_TMPDIR/bundle/rootfs/bin/busybox" echo unpacked
	assert_output unpacked
}
