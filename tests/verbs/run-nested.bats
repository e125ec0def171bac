#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# A container in a container: with privileges, onggi works inside as outside.

load ../lib/onggi

# The libraries are for onggi-unpack, which is not static.
inside() {
	run onggi run --rm --privileged -v "$(dirname "$(realpath "$ONGGI")"):/jar:ro" -v /usr/lib:/usr/lib:ro \
		-v /lib:/lib:ro -v /lib64:/lib64:ro --tmpfs /var/lib/onggi --tmpfs /run "$BOX" "$@"
}

@test "nested: a default container" {
	inside sh -c '/jar/onggi run --rm onggi/jar sh -c "echo \$\$; exit 7"'
	assert_status 7
	assert_line 1
}

@test "nested: as process 1, with limits" {
	inside /jar/onggi run --rm -m 32m onggi/jar sh -c \
		'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; exit 7'
	assert_status 7
	assert_line 33554432
}

@test "nested: several, and nothing stays" {
	sentinel_take
	inside sh -c 'for i in 1 2 3; do /jar/onggi run --rm -m 32m onggi/jar true & done; wait
		/jar/onggi run --rm onggi/jar true && /jar/onggi ps -aq && find /sys/fs/cgroup -path "*onggi[-/]*" -type d'
	assert_ok
	assert_has_not /sys/fs/cgroup
	sentinel_check
}

@test "nested: without privileges it is refused with 125" {
	need_static
	run onggi run --rm -v "$(dirname "$(realpath "$ONGGI")"):/jar:ro" --tmpfs /var/lib/onggi --tmpfs /run \
		"$BOX" /jar/onggi run --rm onggi/jar true
	assert_status 125
}

@test "nested: a store on the container's own overlay is refused with a hint" {
	run onggi run --rm --privileged -v "$(dirname "$(realpath "$ONGGI")"):/jar:ro" -v /usr/lib:/usr/lib:ro \
		-v /lib:/lib:ro -v /lib64:/lib64:ro "$BOX" /jar/onggi run --rm onggi/jar true
	assert_status 125
	# Newer kernels say it when the directory is named, older ones when the mount is made.
	assert_matches "cannot lie on an overlay file system|file system that overlayfs cannot use"
}
