#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Images that other engines made and pushed: what a container sees is what umoci unpacks of the same image.

load ../lib/onggi
load ../lib/registry
load ../lib/peers-docker
load ../lib/peers-podman

setup_file() {
	[[ $EUID -eq 0 ]] || { echo "these tests need root: ./dev test" >&2; return 1; }
	store_new empty
	registry_start
	box_rootfs "$STORE_TOP/change"
	rm -r "$STORE_TOP/change"/{home,usr}
	echo new >"$STORE_TOP/change/etc/new"
	chmod 4711 "$STORE_TOP/change/etc/new"
	chown 70000:80000 "$STORE_TOP/change/etc/new"
	export PODMAN_ENV="env CONTAINERS_CONF=$STORE_TOP/podman/containers.conf CONTAINERS_STORAGE_CONF=$STORE_TOP/podman/storage.conf"
	podman_new "$STORE_TOP/podman"
}

teardown_file() {
	[[ ! -s $STORE_TOP/docker.started ]] || dockerd_stop
	registry_stop
	local mounted
	while read -r mounted; do
		umount -l "$mounted"
	done < <(awk -v top="$STORE_TOP/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
	store_delete
}

# An OCI layout of two layers, made by umoci; the second deletes and replaces.
layout() {
	local bundle=$BATS_TEST_TMPDIR/made root
	root=$bundle/rootfs
	LAYOUT=$BATS_TEST_TMPDIR/layout
	umoci init --layout "$LAYOUT"
	umoci new --image "$LAYOUT:1"
	umoci unpack --image "$LAYOUT:1" "$bundle"
	box_rootfs "$root"
	mkdir -p "$root"/gone/deep "$root"/swap/old
	touch "$root/gone/deep/file" "$root/swap/old/file"
	umoci repack --refresh-bundle --image "$LAYOUT:1" "$bundle"
	rm -r "$root/gone" "$root/swap"
	mkdir "$root/swap"
	echo new >"$root/swap/new"
	ln "$root/swap/new" "$root/swap/linked"
	chown -h 100000:200000 "$root/swap/new"
	touch -d '2001-02-03 04:05:06.789' "$root/swap"
	umoci repack --refresh-bundle --image "$LAYOUT:1" "$bundle"
}

# check NAME: pulled, its tree is the one that umoci unpacks of the registry's image
check() {
	local name=$REGISTRY/$1 bundle=$BATS_TEST_TMPDIR/bundle lower=() layer chain diff
	run onggi pull "$name"
	assert_ok
	skopeo copy -q --insecure-policy --src-tls-verify=false "docker://$name" "oci:$BATS_TEST_TMPDIR/copy:1"
	umoci unpack --image "$BATS_TEST_TMPDIR/copy:1" "$bundle"
	# The layers, put together by overlayfs alone: the topmost first.
	chain=
	while read -r diff; do
		diff=${diff#sha256:}
		chain=${chain:+$(printf 'sha256:%s sha256:%s' "$chain" "$diff" | sha256sum | cut -d' ' -f1)}
		chain=${chain:-$diff}
		layer=$(printf '%s\n' "$STORE"/layers/"${chain::12}"/fs)
		lower=("$layer" "${lower[@]}")
	done < <(onggi inspect -f '{{json .RootFS.Layers}}' "$name" | jq -r '.[]')
	mkdir -p "$BATS_TEST_TMPDIR/empty"
	lower+=("$BATS_TEST_TMPDIR/empty")
	unshare -m bash -euc "mount -t overlay none -o ro,lowerdir=$(IFS=:; echo "${lower[*]}") /mnt &&
		python3 $TESTS/lib/tree_diff.py /mnt $bundle/rootfs"
	run onggi run --rm --network none "$name" /bin/sh -c 'echo runs'
	assert_output runs
}

@test "pull: what skopeo pushed: OCI, schema 2, zstd" {
	need_command skopeo umoci
	layout
	skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$LAYOUT:1" "docker://$REGISTRY/skopeo:oci"
	skopeo copy -q --insecure-policy --dest-tls-verify=false -f v2s2 "oci:$LAYOUT:1" "docker://$REGISTRY/skopeo:docker"
	skopeo copy -q --insecure-policy --dest-tls-verify=false --dest-compress --dest-compress-format zstd \
		"oci:$LAYOUT:1" "docker://$REGISTRY/skopeo:zstd"
	check skopeo:oci
	run onggi pull "$REGISTRY/skopeo:docker"
	assert_ok
	assert_equal "$(grep -c 'Already exists' <<<"$output")" 2
	run onggi pull "$REGISTRY/skopeo:zstd"
	assert_ok
	export STORE=$STORE_TOP/zstd RUN_STORE=$STORE_TOP/zstd.run
	rm -rf "$BATS_TEST_TMPDIR/bundle"
	check skopeo:zstd
}

@test "pull: what buildah pushed" {
	need_command buildah skopeo umoci
	local buildah container
	read -ra buildah <<<"$PODMAN_ENV buildah"
	box_tar >"$STORE_TOP/box.tar"
	container=$("${buildah[@]}" from scratch)
	"${buildah[@]}" add -q "$container" "$STORE_TOP/box.tar" /
	"${buildah[@]}" commit -q "$container" local/one >/dev/null
	container=$("${buildah[@]}" from local/one)
	"${buildah[@]}" copy -q "$container" "$STORE_TOP/change" /
	"${buildah[@]}" commit -q "$container" local/two >/dev/null
	"${buildah[@]}" push -q --tls-verify=false local/two "docker://$REGISTRY/buildah:2"
	check buildah:2
	"${buildah[@]}" rm -a >/dev/null
	"${buildah[@]}" rmi -a >/dev/null
}

@test "pull: what docker pushed" {
	need_command dockerd docker skopeo umoci
	export DOCKER_HOST=unix://$STORE_TOP/docker.sock DOCKER_CONFIG=$STORE_TOP/config
	dockerd_start --insecure-registry "$REGISTRY"
	box_tar | docker import - box >/dev/null
	local container
	container=$(docker create box /bin/sh)
	docker cp -q "$STORE_TOP/change/." "$container:/" 2>/dev/null || docker cp "$STORE_TOP/change/." "$container:/"
	docker commit "$container" "$REGISTRY/docker:1" >/dev/null
	docker push -q "$REGISTRY/docker:1" >/dev/null
	docker rm "$container" >/dev/null
	check docker:1
}
