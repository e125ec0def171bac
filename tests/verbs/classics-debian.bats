#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=slow
#
# A real distribution: a Debian made here, carried in the archives that other tools make, and its
# programs at work in a default container.

load ../lib/onggi

setup_file() {
	store_new empty
	if debian_tar >"$STORE_TOP/debian.tar"; then
		onggi import "$STORE_TOP/debian.tar" debian:12 >/dev/null
	fi
}

setup() {
	[[ -s $STORE_TOP/debian.tar ]] || skip "there is no Debian: needs debootstrap, and the network"
}

# oci_layout DIRECTORY: Debian as an OCI layout made by umoci, with the tag "twelve"
oci_layout() {
	local bundle=$BATS_TEST_TMPDIR/bundle
	umoci init --layout "$1"
	umoci new --image "$1:twelve"
	umoci unpack --image "$1:twelve" "$bundle"
	tar -C "$bundle/rootfs" --numeric-owner -xpf "$STORE_TOP/debian.tar"
	umoci repack --image "$1:twelve" "$bundle"
	umoci config --image "$1:twelve" --config.cmd /bin/bash --config.env PATH=/usr/bin:/bin
	rm -rf "$bundle"
}

says_debian() {
	# shellcheck disable=SC2016
	run onggi run --rm "$1" bash -c '. /etc/os-release && echo "$ID $VERSION_ID"'
	assert_ok
	assert_output "debian 12"
}

@test "debian: bash" {
	says_debian debian:12
}

@test "debian: apt and dpkg" {
	run onggi run --rm debian:12 bash -c 'dpkg -l bash | tail -n1 && apt-get check && apt-cache policy apt'
	assert_ok
	assert_matches '^ii  bash '
	assert_has 'Installed: '
}

@test "debian: dpkg installs a package" {
	run onggi run --rm debian:12 bash -ec '
		mkdir -p /tmp/p/DEBIAN /tmp/p/usr/share/hello
		echo hello >/tmp/p/usr/share/hello/text
		printf "Package: hello-onggi\nVersion: 1\nArchitecture: all\nMaintainer: x <x@y>\nDescription: x\n" \
			>/tmp/p/DEBIAN/control
		dpkg-deb --build /tmp/p /tmp/hello.deb
		apt-get install -y /tmp/hello.deb
		cat /usr/share/hello/text'
	assert_ok
	assert_line hello
}

@test "debian: apt drops its rights to _apt" {
	run onggi run --rm debian:12 bash -ec 'setpriv --reuid=_apt --regid=nogroup --clear-groups id -un'
	assert_ok
	assert_output _apt
}

@test "debian: python" {
	run onggi run --rm debian:12 python3 -c '
import os, subprocess, sys, threading
t = threading.Thread(target=lambda: print("thread"))
t.start(); t.join()
print(subprocess.check_output(["echo", "child"]).decode(), end="")
pid = os.fork()
if pid == 0: os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
'
	assert_ok
	assert_output $'thread\nchild\n3'
}

@test "debian: perl" {
	# shellcheck disable=SC2016
	run onggi run --rm debian:12 perl -e 'print join(",", map { $_ * 2 } 1..3), "\n"; print `echo child`; exit 4'
	assert_status 4
	assert_output $'2,4,6\nchild'
}

@test "debian: users, groups and su" {
	run onggi run --rm debian:12 bash -ec 'useradd -m guest && su guest -c "id -un; cd; pwd"'
	assert_ok
	assert_output $'guest\n/home/guest'
}

@test "debian: an OCI layout and its archive, made by umoci" {
	need_command umoci
	local layout=$BATS_TEST_TMPDIR/layout
	oci_layout "$layout"
	run onggi load -i "$layout"
	assert_ok
	tar -C "$layout" -cf "$BATS_TEST_TMPDIR/layout.tar" .
	run onggi load -i "$BATS_TEST_TMPDIR/layout.tar"
	assert_ok
	local image=${output##*Loaded image: }
	says_debian "$image"
}

@test "debian: a docker-archive and an oci-archive, made by skopeo" {
	need_command umoci skopeo
	local layout=$BATS_TEST_TMPDIR/layout dir=$BATS_TEST_TMPDIR
	oci_layout "$layout"
	skopeo --insecure-policy copy -q "oci:$layout:twelve" "docker-archive:$dir/docker.tar:local/debian:docker"
	skopeo --insecure-policy copy -q "oci:$layout:twelve" "oci-archive:$dir/oci.tar:local/debian:oci"
	run onggi load -i "$dir/docker.tar"
	assert_ok
	assert_has 'local/debian:docker'
	says_debian local/debian:docker
	run onggi load -i "$dir/oci.tar"
	assert_ok
	says_debian local/debian:oci
	gzip -1 "$dir/docker.tar"
	run onggi load <"$dir/docker.tar.gz"
	assert_ok
}

@test "debian: an archive made by buildah" {
	need_command buildah
	local dir=$BATS_TEST_TMPDIR container
	export STORAGE_DRIVER=vfs
	local flags=(--root "$dir/storage" --runroot "$dir/run")
	container=$(buildah "${flags[@]}" from scratch)
	buildah "${flags[@]}" add -q "$container" "$STORE_TOP/debian.tar" /
	buildah "${flags[@]}" config --cmd /bin/bash "$container"
	buildah "${flags[@]}" commit -q "$container" "docker-archive:$dir/buildah.tar:local/debian:buildah"
	buildah "${flags[@]}" rm -a >/dev/null
	run onggi load -i "$dir/buildah.tar"
	assert_ok
	says_debian local/debian:buildah
}
