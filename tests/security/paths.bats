#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm,long
#
# What an image can put in the way of the engine: every place that it makes, mounts or reads, as a
# link to the host, a dangling link, a FIFO, a file, a device. The outcome is a container or a clear
# error, never an effect on the host, never a wait.

# shellcheck disable=SC2016 # scripts in single quotes are for other shells
load ../lib/onggi

setup_file() {
	store_new
	export CANARY=$STORE_TOP/canary
	mkdir -p "$CANARY"/{pts,shm,mqueue,fs/cgroup,sys,deep/er}
	local name
	for name in null ptmx console core_pattern hosts hostname resolv.conf passwd group mtab; do
		echo untouched >"$CANARY/$name"
	done
}

setup() {
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	box_rootfs "$ROOTFS"
	canary >"$BATS_TEST_TMPDIR/before"
}

# Everything that could change on the host: the canaries, mounts, and settings of the kernel.
canary() {
	find "$CANARY" -printf '%P %y %m %U %G %s %i %l %T@\n' | LC_ALL=C sort
	find "$CANARY" -type f -exec cat {} +
	# Other tests may mount elsewhere at the same time.
	awk '$5 ~ "^/(dev|proc|sys|etc)(/|$)" || index($0, "'"$STORE_TOP"'")' /proc/self/mountinfo
	cat /proc/sys/kernel/{core_pattern,hostname,domainname,modprobe,panic,sysrq} 2>/dev/null || true
	stat -c '%n %a %u %t %T' /dev/null /dev/zero /dev/full /dev/random /dev/tty /dev/ptmx
}

canary_check() {
	canary | diff "$BATS_TEST_TMPDIR/before" - || fail "the host has changed: $1"
}

# The image is the rootfs as it is now.
rootfs_import() {
	tar -C "$ROOTFS" --numeric-owner -cf - . | onggi import - onggi-test/hostile >/dev/null
}

# attempt CASE ARGUMENT...: as an image (and, if slow, as a directory); ends soon, as a container or
# as an error
attempt() {
	local case=$1 kind kinds=(image) start
	shift
	rootfs_import
	[[ -z ${ONGGI_SLOW:-} ]] || kinds+=(rootfs)
	for kind in "${kinds[@]}"; do
		local words=(run --rm "$@" onggi-test/hostile)
		[[ $kind == image ]] || words=(run --rm "$@" --rootfs "$ROOTFS")
		start=$SECONDS
		status=0
		output=$(onggi "${words[@]}" /bin/sh -c 'echo started' 2>&1 </dev/null) || status=$?
		((SECONDS - start < $(scaled 20))) || fail "$case ($kind): took too long"
		case $status in
		0) [[ $output == *started* ]] || fail "$case ($kind): no output" ;;
		124 | 137) fail "$case ($kind): hangs" ;;
		*) [[ $output == *onggi:* ]] || fail "$case ($kind): no error" ;;
		esac
		canary_check "$case ($kind)"
	done
}

# place PATH KIND: put something at PATH of the rootfs
place() {
	local path=$ROOTFS$1
	rm -rf "$path"
	mkdir -p "$(dirname "$path")"
	case $2 in
	absolute) ln -s "$CANARY" "$path" ;;
	file-link) ln -s "$CANARY/null" "$path" ;;
	relative) ln -s "../../../../../../../../../../../..$CANARY" "$path" ;;
	dangling) ln -s "$CANARY/deep/er/absent" "$path" ;;
	loop) ln -s "$(basename "$path")" "$path" ;;
	magic) ln -s /proc/self/root "$path" ;;
	fifo) mkfifo "$path" ;;
	file) echo text >"$path" ;;
	directory) mkdir "$path" ;;
	esac
}

KINDS=(absolute file-link relative dangling loop magic fifo file directory)

# sweep PATH [ARGUMENT...]
sweep() {
	local path=$1 kind
	shift
	for kind in "${KINDS[@]}"; do
		place "$path" "$kind"
		attempt "$path as $kind" "$@"
		rm -rf "${ROOTFS:?}$path"
	done
}

@test "paths: /dev can be anything" {
	sweep /dev
}

@test "paths: what lies below /dev can be anything" {
	local path
	for path in /dev/pts /dev/null /dev/console; do
		sweep "$path" -t
		rm -rf "${ROOTFS:?}/dev"
	done
	sweep /dev/shm
}

@test "paths: /proc can be anything" {
	sweep /proc
}

@test "paths: /sys and the view of the control group can be anything" {
	sweep /sys
	rm -rf "${ROOTFS:?}/sys"
	sweep /sys/fs/cgroup
}

@test "paths: /etc can be anything" {
	sweep /etc
}

@test "paths: generated files of /etc can be anything" {
	sweep /etc/hosts
	sweep /etc/resolv.conf
}

@test "paths: the account files can be anything" {
	sweep /etc/passwd
	sweep /etc/group --user 0:0
}

@test "paths: a device instead of an account file is not opened" {
	rm -f "$ROOTFS/etc/passwd"
	mknod "$ROOTFS/etc/passwd" c 1 5
	run timeout "$(scaled 60)" strace -f -e trace=openat2,openat,open -o "$BATS_TEST_TMPDIR/trace" \
		"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" run --rm --rootfs "$ROOTFS" true
	assert_ok
	grep 'etc/passwd' "$BATS_TEST_TMPDIR/trace" >/dev/null || fail "not looked at"
	! grep 'etc/passwd' "$BATS_TEST_TMPDIR/trace" | grep -v O_PATH || fail "opened for real"
}

@test "paths: the working directory can be anything" {
	# weaken=RESOLVE: directories appear in the canary
	sweep /work -w /work/made/here
	sweep /work -w /work
}

@test "paths: the targets of -v, --tmpfs and --init can be anything" {
	local volume=$BATS_TEST_TMPDIR/volume
	mkdir -p "$volume"
	sweep /mnt -v "$volume:/mnt/made/here"
	sweep /mnt --tmpfs /mnt/made
	sweep /run --init
	sweep /sbin --init
}

@test "paths: programs and interpreters can be anything" {
	local kind
	for kind in "${KINDS[@]}"; do
		place /program "$kind"
		status=0
		output=$(onggi run --rm --rootfs "$ROOTFS" /program 2>&1 </dev/null) || status=$?
		[[ $status -eq 126 || $status -eq 127 ]] || fail "$kind"
		canary_check "$kind"
	done
}

@test "paths: mounts of the caller over /proc and /sys do not reach the host's" {
	local volume=$BATS_TEST_TMPDIR/volume target
	mkdir -p "$volume"
	echo fake >"$volume/core_pattern"
	for target in /proc /proc/ //proc /proc/sys /proc/1 /proc/self/attr /proc/sys/kernel /sys \
		/sys/fs/cgroup /sys/firmware /proc/../proc/sys /dev /dev/pts /etc; do
		attempt "-v on $target" -v "$volume:$target"
	done
}

@test "paths: kernel settings stay read-only when the image moves /proc" {
	# Links that lead a mount of /proc elsewhere, below a volume or onto another mount.
	local volume=$BATS_TEST_TMPDIR/volume link
	mkdir -p "$volume/proc"
	for link in volume/proc tmp/proc sys dev/shm dev etc; do
		rm -rf "${ROOTFS:?}/proc"
		ln -s "$link" "$ROOTFS/proc"
		mkdir -p "$ROOTFS/$link"
		rootfs_import
		status=0
		output=$(onggi run --rm -v "$volume:/volume" onggi-test/hostile sh -c '
			for top in /proc /volume/proc /tmp/proc /sys /dev/shm /dev /etc; do
				[ -e $top/sys/kernel/ostype ] || continue
				value=$(cat $top/sys/kernel/panic)
				(echo $value >$top/sys/kernel/panic) 2>/dev/null && echo WRITABLE $top
			done; true' 2>&1 </dev/null) || status=$?
		assert_has_not WRITABLE
		canary_check "$link"
	done
}
