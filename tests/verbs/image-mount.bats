#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

teardown() {
	onggi image unmount -af >/dev/null 2>&1 || true
}

mounts_here() {
	grep -c " $STORE_TOP" /proc/self/mountinfo || true
}

@test "image mount: at a place of ours, read-only; and nothing stays of it" {
	run onggi image mount "$BOX"
	assert_ok
	local path=$output
	[[ $path == "$RUN_STORE"/mounts/*/fs ]]
	grep -q guest "$path/etc/passwd"
	run touch "$path/new"
	[[ $status -ne 0 ]]
	run chroot "$path" /bin/sh -c 'echo inside'
	assert_output inside
	run onggi image mount "$BOX" # again: the same
	assert_output "$path"
	run onggi image mount --format '{{.Image}} {{.Path}}'
	assert_output "$BOX:latest $path"
	run onggi image unmount "$BOX"
	assert_output "$path"
	[[ $(mounts_here) -eq 0 && -z $(ls "$RUN_STORE/mounts") ]]
	run onggi image unmount "$BOX"
	assert_status 1
	assert_has "$BOX is not mounted"
}

@test "image mount: several layers at a directory with a name to escape" {
	onggi run --name maker "$BOX" sh -c 'rm /etc/group; echo more >/more'
	onggi commit maker grown >/dev/null
	onggi rm maker
	local place="$BATS_TEST_TMPDIR/a b\\c"
	mkdir "$place"
	ln -s "$place" "$BATS_TEST_TMPDIR/link"
	run onggi image mount grown "$BATS_TEST_TMPDIR/link"
	assert_output "$place"
	[[ $(cat "$place/more") == more && ! -e $place/etc/group && -e $place/etc/passwd ]]
	run onggi image mount --format '{{.Path}}'
	assert_output "$place"
	run onggi image umount "$place"
	assert_ok
	[[ -z $(ls "$place") && -z $(ls "$RUN_STORE/mounts") ]]
	onggi rmi grown
}

@test "image mount: a mounted image stays" {
	box_tar | onggi import -c 'LABEL seen=yes' - seen >/dev/null
	local path
	path=$(onggi image mount seen)
	run onggi rmi -f seen
	assert_status 1
	assert_has "is mounted at $path"
	run onggi image prune -af --filter label=seen
	assert_ok
	[[ $output != *seen* ]]
	[[ -e $path/etc/passwd ]]
	umount "$path" # behind our back: that is fine, too
	run onggi rmi seen
	assert_ok
	onggi ps
	[[ -z $(ls "$RUN_STORE/mounts") ]]
}

@test "image mount: in use, it is unmounted by force only" {
	local path
	path=$(onggi image mount "$BOX")
	exec 8<"$path/etc/passwd"
	run onggi image unmount "$BOX"
	assert_status 1
	assert_has "$path is in use"
	run onggi image unmount -f "$BOX"
	assert_ok
	[[ $(mounts_here) -eq 0 ]]
	grep -q root <&8
	exec 8<&-
}

@test "image mount: in another mount namespace, and when that is gone" {
	box_tar | onggi import -m apart - apart >/dev/null
	mkfifo "$BATS_TEST_TMPDIR/hold"
	unshare -m sh -c '"$1" --root "$2" --run-root "$3" image mount apart; read word <"$4"' _ \
		"$ONGGI" "$STORE" "$RUN_STORE" "$BATS_TEST_TMPDIR/hold" >"$BATS_TEST_TMPDIR/out" 3>&- &
	wait_for 10 test -s "$BATS_TEST_TMPDIR/out"
	[[ $(mounts_here) -eq 0 ]]
	run onggi rmi apart
	assert_status 1
	assert_has "is mounted at"
	run onggi image unmount apart
	assert_status 1
	assert_has "another mount namespace"
	echo end >"$BATS_TEST_TMPDIR/hold"
	wait
	run onggi rmi apart
	assert_ok
}

@test "image mount: killed on the way, and after a reboot" {
	local path
	# A mark without its mount, as a kill between the two leaves it; then one of another boot.
	path=$(onggi image mount "$BOX")
	umount "$path"
	run onggi image mount
	assert_ok
	[[ $output != *"$path"* && -z $(ls "$RUN_STORE/mounts") ]]
	mkdir -p "$RUN_STORE/mounts/0123456789ab/fs"
	run onggi image mount
	assert_ok
	[[ -z $(ls "$RUN_STORE/mounts") ]]
}

@test "image mount: what cannot be" {
	run onggi image mount nosuch
	assert_status 1
	assert_has "no such image: nosuch"
	run onggi image mount "$BOX" /no/such/directory
	assert_status 1
	assert_has "/no/such/directory"
	[[ -z $(ls "$RUN_STORE/mounts") ]]
	run onggi image unmount
	assert_status 1
	assert_has "either images and directories, or --all"
}
