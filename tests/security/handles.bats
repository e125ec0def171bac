#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# Handles on the host that a container could be left with: descriptors, the working directory, the
# standard streams, our own program, mounts that come back out.
# Every test was seen to fail with the weakening it names: meson setup -Dweaken=NAME.

# shellcheck disable=SC2016 # scripts in single quotes are for other shells
load ../lib/onggi

setup_file() {
	store_new
	# A program that needs nothing, so that it runs wherever a path can reach it.
	export CANARY_DIR=$STORE_TOP/canary
	mkdir -p "$CANARY_DIR"
	cp "$(command -v busybox)" "$CANARY_DIR/busybox"
	echo untouched >"$CANARY_DIR/file"
}

# attempt ARGUMENT...: as bats' run, which warns of each 127
attempt() {
	status=0
	output=$(onggi "$@" 2>&1) || status=$?
}

rootfs_new() {
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	box_rootfs "$ROOTFS"
}

@test "program: a descriptor of the engine is no way to a program of the host" {
	# weaken=A7: most numbers lead to a directory of the host
	local n up=../../../../../../../../../../../..
	for n in {0..40} 77; do
		attempt run --rm "$BOX" "/proc/self/fd/$n/$up$CANARY_DIR/busybox" echo ESCAPED
		assert_has_not ESCAPED
		[[ $status -eq 126 || $status -eq 127 ]] || fail "descriptor $n"
	done
}

@test "program: a descriptor that our caller leaked is no way to the host either" {
	# weaken=A7
	exec {leak}<"$CANARY_DIR"
	attempt run --rm "$BOX" "/proc/self/fd/$leak/busybox" echo ESCAPED
	exec {leak}<&-
	assert_has_not ESCAPED
	[[ $status -ne 0 ]]
}

@test "program: an interpreter through a descriptor does not help" {
	# weaken=A7
	rootfs_new
	local n up=../../../../../../../../../../../..
	for n in 3 4 5 6 7 9 12 16 20 24; do
		printf '#!/proc/self/fd/%s/%s%s/busybox echo ESCAPED\n' $n $up "$CANARY_DIR" \
			>"$ROOTFS/script"
		chmod +x "$ROOTFS/script"
		attempt run --rm --rootfs "$ROOTFS" /script
		assert_has_not ESCAPED
		[[ $status -ne 0 ]]
	done
}

@test "directory: no descriptor, and no other process, is a way out" {
	# weaken=A7,CWD,RESOLVE: three barriers
	local dir n
	exec {leak}<"$CANARY_DIR"
	for n in {0..30} "$leak"; do
		attempt run --rm -w "/proc/self/fd/$n" "$BOX" ls
		[[ $status -ne 0 ]] || fail "descriptor $n is a directory"
		assert_has_not busybox
	done
	exec {leak}<&-
	for dir in /proc/1/cwd /proc/1/root /proc/thread-self/fd/5 /proc/self/task/1/cwd; do
		attempt run --rm -w "$dir" "$BOX" ls -a
		assert_has_not busybox
	done
}

@test "descriptors: of 200 that the caller leaked none arrives" {
	# weaken=A7,CLOEXEC
	run python3 - "$ONGGI" "$STORE" "$RUN_STORE" "$BOX" <<-'END'
		import os, subprocess, sys
		engine, store, run_store, box = sys.argv[1:]
		for fd in range(3, 201):
		    os.dup2(os.open("/", os.O_RDONLY), fd, inheritable=True)
		command = [engine, "--root", store, "--run-root", run_store, "run", "--rm", box, "sh", "-c",
		           "cd /proc/self/fd && echo *"]
		print(subprocess.run(command, close_fds=False, stdout=subprocess.PIPE, timeout=60).stdout.decode())
	END
	assert_ok
	# the shell has one for the directory that it lists
	[[ $(wc -w <<<"$output") -le 4 ]] || fail "more than 0, 1, 2"
}

@test "engine: a script for /proc/self/exe does not run the engine inside" {
	# weaken=A1: "onggi version ..." runs as the container's process 1
	need_static
	rootfs_new
	local verb before
	before=$(sha256sum "$ONGGI")
	for verb in version help explain pack info run; do
		printf '#!/proc/self/exe %s\n' $verb >"$ROOTFS/script"
		chmod +x "$ROOTFS/script"
		attempt run --rm --rootfs "$ROOTFS" /script
		[[ $status -eq 125 ]] || fail "$verb"
		assert_has "is refused"
	done
	attempt run --rm --rootfs "$ROOTFS" /proc/self/exe version
	[[ $status -ne 0 ]]
	assert_equal "$(sha256sum "$ONGGI")" "$before" "the program"
}

@test "engine: its init cannot be opened for writing from inside" {
	local init before
	init=$(dirname "$(realpath "$ONGGI")")/onggi-init
	[[ -e $init ]] || init=$(dirname "$ONGGI")/src/bin/onggi-init
	before=$(sha256sum "$init")
	run onggi run --rm --init "$BOX" sh -c '
		for f in /proc/1/exe /proc/*/exe; do
			(: >>$f) 2>&1 && echo WRITTEN $f
		done; readlink /proc/1/exe; true'
	assert_ok
	assert_has onggi-init
	grep -q "WRITTEN /proc/1/" <<<"$output" && fail "init is writable"
	assert_equal "$(sha256sum "$init")" "$before" "the init"
}

@test "streams: /dev/null is the container's own, not the host's" {
	# weaken=NULL: the mode of the host's node changes
	mknod -m 666 "$BATS_TEST_TMPDIR/null" c 1 3
	run unshare -m bash -c '
		mount --make-rprivate / && mount --bind "$1/null" /dev/null || exit 9
		shift
		timeout 60 "$@" </dev/null' - "$BATS_TEST_TMPDIR" "$ONGGI" --root "$STORE" \
		--run-root "$RUN_STORE" run --rm "$BOX" sh -c 'chmod 600 /proc/self/fd/0 && stat -c %a /dev/null'
	assert_ok
	assert_output 600
	assert_equal "$(stat -c %a "$BATS_TEST_TMPDIR/null")" 666 "mode of the host's"
}

@test "mounts: a root directory on a shared mount does not show the container's mounts" {
	# weaken=PROPAGATION: thirty mounts appear below it
	rootfs_new
	run timeout 60 unshare -m bash -c '
		mount --make-rprivate / && mount --bind "$1" "$1" && mount --make-shared "$1" || exit 9
		rootfs=$1
		shift
		"$@" run --rm --rootfs "$rootfs" sh -c "touch /started; sleep 2" &
		for i in $(seq 100); do
			[ -e "$rootfs/started" ] && break
			sleep 0.05
		done
		[ -e "$rootfs/started" ] || exit 8
		grep -c "$rootfs/" /proc/self/mountinfo
		wait' - "$ROOTFS" "$ONGGI" --root "$STORE" --run-root "$RUN_STORE"
	assert_matches '^0$'
}
