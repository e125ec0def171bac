#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# run -v, --mount, --tmpfs, --read-only, --shm-size: each option seen to hold from inside.

load ../lib/onggi

setup() {
	# A tree of our own with a mount inside; the outer one is shared, as hosts with systemd have it.
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir "$TREE"
	mount -t tmpfs onggi-test "$TREE"
	mount --make-shared "$TREE"
	mkdir "$TREE/sub" "$TREE/late"
	mount -t tmpfs onggi-test-sub "$TREE/sub"
	echo outer >"$TREE/file"
	echo inner >"$TREE/sub/file"
}

teardown() {
	umount -R "$TREE"
}

# in_box OPTION... -- SCRIPT
in_box() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	run onggi run --rm "${options[@]}" "$BOX" sh -c "$2"
}

@test "mounts: -v binds a directory with what is mounted below, both ways" {
	in_box -v "$TREE:/m" -- 'cat /m/file /m/sub/file; echo new >/m/new; echo new >/m/sub/new'
	assert_ok
	assert_output $'outer\ninner'
	assert_equal "$(cat "$TREE/new" "$TREE/sub/new")" $'new\nnew'
}

@test "mounts: :ro holds for the mounts below, too" {
	in_box -v "$TREE:/m:ro" -- 'cat /m/file /m/sub/file; echo x 2>/dev/null >/m/new || echo ro; echo x 2>/dev/null >/m/sub/new || echo ro'
	assert_ok
	assert_output $'outer\ninner\nro\nro'
	[[ ! -e $TREE/new && ! -e $TREE/sub/new ]]
}

@test "mounts: bind-recursive of --mount" {
	local bind=type=bind,src=$TREE,dst=/m
	in_box --mount "$bind,readonly" -- 'touch /m/sub/x'
	assert_status 1
	in_box --mount "$bind,readonly,bind-recursive=enabled" -- 'cat /m/sub/file; touch /m/x /m/sub/x'
	assert_status 1
	assert_line inner
	in_box --mount "$bind,readonly,bind-recursive=writable" -- 'touch /m/sub/written; touch /m/x'
	assert_status 1
	[[ -e $TREE/sub/written ]]
	in_box --mount "$bind,readonly,bind-recursive=readonly,bind-propagation=rprivate" -- 'touch /m/sub/x || touch /m/x'
	assert_status 1
	in_box --mount "$bind,bind-recursive=disabled" -- 'ls -A /m/sub; touch /m/new'
	assert_ok
	assert_output ""
	in_box --mount "$bind,bind-nonrecursive" -- 'ls -A /m/sub'
	assert_ok
	assert_output ""
	[[ ! -e $TREE/x && ! -e $TREE/sub/x ]]
	in_box --mount "$bind,bind-recursive=readonly" -- true
	assert_status 125
	assert_has "readonly"
}

@test "mounts: rprivate is the default: later mounts of the host stay outside" {
	appears_late ""
	assert_output ""
}

@test "mounts: rslave: later mounts of the host arrive, ours stay inside" {
	appears_late :rslave
	assert_output "arrived"
	in_box --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v "$TREE:/m:rslave" -- 'mount -t tmpfs ours /m/late && touch /m/late/ours'
	assert_ok
	[[ ! -e $TREE/late/ours ]]
}

@test "mounts: rshared: mounts of the container appear on the host" {
	in_box --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v "$TREE:/m:rshared" -- \
		'mount -t tmpfs theirs /m/late && touch /m/late/theirs && grep " /m " /proc/self/mountinfo'
	assert_ok
	assert_has shared:
	[[ -e $TREE/late/theirs ]]
	umount "$TREE/late"
	in_box --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v "$TREE:/m" -- 'mount -t tmpfs theirs /m/late'
	assert_ok
	[[ ! -e $TREE/late/theirs ]]
}

@test "mounts: propagation that the source cannot give is refused" {
	mount --make-private "$TREE"
	local word
	for word in rslave slave rshared shared; do
		in_box -v "$TREE:/m:$word" -- true
		assert_status 125
		assert_has "is not shared"
	done
	in_box -v "$TREE:/m:rprivate" -- true
	assert_ok
}

# What a container with our tree sees below /m/late when the host mounts something there.
appears_late() {
	onggi_start run --rm --name late -v "$TREE:/m$1" "$BOX" \
		sh -c 'echo ready; while [ ! -e /m/go ]; do sleep 0.1; done; ls /m/late'
	wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/out"
	mount -t tmpfs onggi-test-late "$TREE/late"
	touch "$TREE/late/arrived" "$TREE/go"
	wait "$ONGGI_PID"
	output=$(grep -v ready "$BATS_TEST_TMPDIR/out" || true)
	umount "$TREE/late"
}

@test "mounts: a file, read-only and writable" {
	echo before >"$BATS_TEST_TMPDIR/single"
	in_box -v "$BATS_TEST_TMPDIR/single:/etc/single:ro" -- 'cat /etc/single; echo x 2>/dev/null >/etc/single || echo ro'
	assert_ok
	assert_output $'before\nro'
	in_box -v "$BATS_TEST_TMPDIR/single:/new/folder/single" -- 'echo after >/new/folder/single'
	assert_ok
	assert_equal "$(cat "$BATS_TEST_TMPDIR/single")" after
}

@test "mounts: -v makes a missing directory, --mount says that it is missing" {
	in_box -v "$BATS_TEST_TMPDIR/made/by/us:/m" -- 'touch /m/x'
	assert_ok
	[[ -e $BATS_TEST_TMPDIR/made/by/us/x ]]
	in_box --mount "type=bind,src=$BATS_TEST_TMPDIR/missing,dst=/m" -- true
	assert_status 125
	assert_has "bind source path does not exist: $BATS_TEST_TMPDIR/missing"
	[[ ! -e $BATS_TEST_TMPDIR/missing ]]
}

@test "mounts: relative paths, and names of volumes" {
	cd "$TREE"
	in_box -v ./sub:/m -- 'cat /m/file'
	cd /
	assert_ok
	assert_output inner
	in_box -v sub:/m -- true
	assert_status 125
	assert_has "named volumes are not yet supported"
	in_box -v /m -- true
	assert_status 125
	assert_has "anonymous volumes are not yet supported"
	in_box --mount type=volume,src=sub,dst=/m -- true
	assert_status 125
	assert_has "volume are not yet supported"
}

@test "mounts: options of -v" {
	in_box -v "$TREE:/m:noexec" -- 'cp /bin/busybox /m/busybox && /m/busybox true'
	assert_status 126
	in_box -v "$TREE:/m:ro,z,noexec,nosuid" -- "grep ' /m ' /proc/self/mountinfo"
	assert_ok
	assert_matches ' ro,nosuid,noexec'
	local bad
	for bad in "$TREE:/m:bogus" "$TREE:/m:ro,rw" "$TREE:m" "$TREE:/" "$TREE:/m:ro:rw" ":/m" "$TREE:"; do
		in_box -v "$bad" -- true
		assert_status 125
		assert_has "--volume"
	done
	in_box -v "$TREE:/m" -v "$TREE/sub:/m" -- true
	assert_status 125
	assert_has "Duplicate mount point: /m"
}

@test "mounts: what --mount does not take is named" {
	local spec
	while IFS='|' read -r spec wanted; do
		in_box --mount "$spec" -- true
		assert_status 125
		assert_has "$wanted"
	done <<-END
		type=bind,dst=/m|source is required
		type=bind,src=$TREE|target is required
		type=foo,dst=/m|mount type unknown: "foo"
		type=image,src=a,dst=/m|image are not yet supported
		type=npipe,src=a,dst=/m|npipe are not yet supported
		type=cluster,src=a,dst=/m|cluster are not yet supported
		type=bind,src=$TREE,dst=/m,foo=bar|unexpected key 'foo'
		type=bind,src=$TREE,dst=/m,bind-propagation=foo|invalid value for bind-propagation: foo
		type=bind,src=$TREE,dst=/m,bind-recursive=foo|invalid value for bind-recursive: foo
		type=bind,src=$TREE,dst=/m,tmpfs-size=1m|tmpfs
		type=tmpfs,src=/x,dst=/m|source must not be specified
		type=tmpfs,dst=/m,tmpfs-mode=9|invalid value for tmpfs-mode: 9
		type=tmpfs,dst=/m,tmpfs-size=x|invalid value for tmpfs-size: x
	END
}

@test "mounts: a tmpfs with size and mode, by both options" {
	in_box --tmpfs /run:size=1m,mode=700 -- 'stat -c %a /run; head -c 2000000 /dev/zero 2>/dev/null >/run/x || stat -c %s /run/x'
	assert_ok
	assert_output $'700\n1048576'
	in_box --mount type=tmpfs,dst=/run,tmpfs-size=1m,tmpfs-mode=0750 -- 'stat -c %a /run; head -c 2000000 /dev/zero 2>/dev/null >/run/x || stat -c %s /run/x'
	assert_ok
	assert_output $'750\n1048576'
	in_box --tmpfs /run -- "stat -c %a /run; grep ' /run ' /proc/self/mountinfo | cut -d' ' -f6"
	assert_ok
	assert_output $'1777\nrw,nosuid,nodev,noexec,relatime'
	in_box --tmpfs /run:exec -- 'cp /bin/busybox /run/ && /run/busybox echo ran'
	assert_ok
	assert_output ran
	in_box --mount type=tmpfs,dst=/run,readonly -- 'touch /run/x'
	assert_status 1
}

@test "mounts: a tmpfs that cannot be is an error that says why" {
	in_box --tmpfs /run:nonsense -- true
	assert_status 125
	assert_has "tmpfs on /run"
	assert_has nonsense
	in_box --tmpfs run -- true
	assert_status 125
	assert_has "absolute"
	in_box --tmpfs / -- true
	assert_status 125
}

@test "mounts: --read-only: nothing of the image can be written, mounts can" {
	in_box --read-only --tmpfs /tmp -v "$TREE:/m" -- \
		'for f in /x /etc/x /bin/x; do touch $f 2>/dev/null && echo "wrote $f"; done; touch /tmp/x /m/x /dev/shm/x && echo fine'
	assert_ok
	assert_output fine
}

@test "mounts: --shm-size" {
	in_box -- 'df -k /dev/shm | tail -n1 | awk "{ print \$2 }"'
	assert_output 65536
	in_box --shm-size 1m -- 'df -k /dev/shm | tail -n1 | awk "{ print \$2 }"; head -c 2000000 /dev/zero 2>/dev/null >/dev/shm/x || echo full'
	assert_output $'1024\nfull'
	local size
	for size in -1 x ''; do
		in_box --shm-size "$size" -- true
		assert_status 125
	done
}

@test "mounts: a target inside the image is not followed out of it" {
	local root=$BATS_TEST_TMPDIR/root
	box_rootfs "$root"
	ln -s /../../../../../../.. "$root/out"
	ln -s /var "$root/abs"
	ln -s "$BATS_TEST_TMPDIR" "$root/dangling"
	run onggi run --rm --rootfs "$root" -v "$TREE/sub:/out/onggi-in" -v "$TREE/sub:/abs/onggi-in" \
		sh -c 'cat /onggi-in/file /var/onggi-in/file'
	assert_ok
	assert_output $'inner\ninner'
	[[ ! -e /onggi-in && ! -e /var/onggi-in ]]
	run onggi run --rm --rootfs "$root" -v "$TREE/sub:/dangling/onggi-in" true
	[[ ! -e $BATS_TEST_TMPDIR/onggi-in ]]
}

@test "mounts: outer ones first, whatever the order; two names of one place are one" {
	in_box -v "$TREE/sub:/a/b/c" --tmpfs /a/b -v "$TREE:/a" -- 'cat /a/file /a/b/c/file; ls /a/b'
	assert_ok
	assert_output $'outer\ninner\nc'
	in_box -v "$TREE:/a/b/" -v "$TREE:/a/./x//../b" -- true
	assert_status 125
	assert_has "Duplicate mount point: /a/b"
	in_box -v "$TREE:/.." -- true
	assert_status 125
}

@test "mounts: files of /etc and --init stay on top of mounts of the user's" {
	in_box --hostname jar --init --tmpfs /etc -v "$TREE:/dev/x" -- 'cat /etc/hostname; ls /etc; cat /dev/x/file'
	assert_ok
	assert_output $'jar\nhostname\nhosts\nresolv.conf\nouter'
	# Unless it is just these that are meant.
	in_box -v "$TREE/file:/etc/hostname" -v "$TREE/file:/etc//hosts" -- 'cat /etc/hostname /etc/hosts'
	assert_ok
	assert_output $'outer\nouter'
}

@test "mounts: a failing one leaves nothing behind" {
	onggi run --rm "$BOX" true
	sentinel_take
	in_box -v "$TREE:/m" --tmpfs /a/b/c:bogus -- true
	assert_status 125
	in_box -v "$TREE/file:/etc" -- true
	assert_status 125
	sentinel_check
}
