# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What every verb test stands on. In a test file:
#
#	load ../lib/onggi
#
#	@test "run: says hello" {
#		run onggi run --rm "$BOX" echo hello
#		assert_ok
#		assert_line hello
#	}
#
# Each file gets a store of its own, with one image in it ($BOX: busybox), and loses it at the end.
# A file that needs more redefines setup_file and calls store_new there.
#
#	ONGGI, ONGGI_RUNTIME   binaries under test (default: build/)
#	ONGGI_SLOW=1           the long sweeps, too
#	ONGGI_TIME_SCALE       multiplies every time limit (emulated machines)
#
# Tags: "slow" and "long" (thorough, some ten seconds) are left out of ./dev check; with ONGGI_SLOW=1 "vm" is run again in the virtual machines.

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOP=$(dirname "$TESTS")
ONGGI=$(realpath -s "${ONGGI:-$TOP/build/onggi}")
ONGGI_RUNTIME=$(realpath -s "${ONGGI_RUNTIME:-$TOP/build/onggi-runtime}")
BOX=onggi-test/box
export TESTS TOP ONGGI ONGGI_RUNTIME BOX

# shellcheck source=tests/lib/assert.bash
source "$TESTS/lib/assert.bash"
# shellcheck source=tests/lib/sentinel.bash
source "$TESTS/lib/sentinel.bash"

scaled() {
	echo $(($1 * ${ONGGI_TIME_SCALE:-1}))
}

# The binary with our store; at most a minute, then it is killed: a hanging test is a failing test.
onggi() {
	timeout -k 5 "$(scaled 60)" "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" "$@"
}

# The same in the background, without `timeout` between us: its pid is in $ONGGI_PID.
# Its output goes to $BATS_TEST_TMPDIR/out, its stdin is empty.
onggi_start() {
	"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" "$@" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
	export ONGGI_PID=$!
}

need_root() {
	[[ $EUID -eq 0 ]] || skip "needs root"
}

# The binary itself runs inside a container: the sanitized one, which needs a loader, does not.
need_static() {
	! ldd "$ONGGI" >/dev/null 2>&1 || skip "needs a static onggi"
}

need_command() {
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null || skip "needs the command $command"
	done
}

need_slow() {
	[[ -n ${ONGGI_SLOW:-} ]] || skip "slow: set ONGGI_SLOW=1"
}

# need_cgroup v1|v2: which kind of tree the host has
need_cgroup() {
	local kind=v1
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] && kind=v2
	[[ $kind == "$1" ]] || skip "needs cgroup $1, this host has $kind"
}

# A store with the default image, or `empty`. Paths are short: they end up in socket addresses.
# shellcheck disable=SC2120 # the argument is for test files
store_new() {
	# Not a reason to skip: without these nothing would be tested at all.
	[[ $EUID -eq 0 ]] || { echo "verb tests need root: ./dev test" >&2; return 1; }
	[[ -x $ONGGI ]] || { echo "there is no $ONGGI: ./dev build" >&2; return 1; }
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP STORE=$STORE_TOP/store RUN_STORE=$STORE_TOP/run
	if [[ ${1:-} != empty ]]; then
		box_tar | onggi import - "$BOX" >/dev/null
	fi
}

store_delete() {
	if [[ -z ${STORE_TOP:-} ]]; then
		return 0
	fi
	# What a failed test left running must not reach the next file.
	local id
	for id in $(onggi ps -aq 2>/dev/null || true); do
		onggi rm -f "$id" >/dev/null 2>&1 || true
	done
	rm -rf --one-file-system "$STORE_TOP"
}

setup_file() {
	# shellcheck disable=SC2119
	store_new
}

teardown_file() {
	store_delete
}

# A root file system as a tar stream: busybox with its applets, and a few files. Made once for all
# test files; a link is made per applet, so not by a process each.
box_tar() {
	local box=$BATS_RUN_TMPDIR/box
	if [[ ! -s $box.tar ]]; then
		mkdir -p "$box"/{bin,etc,tmp,home/guest,root,usr/bin,var,proc,sys,dev}
		chmod 1777 "$box/tmp"
		cp "$(command -v busybox)" "$box/bin/busybox"
		"$box/bin/busybox" --list | grep -vx busybox | python3 -c '
import os, sys
for applet in sys.stdin.read().split():
    os.symlink("busybox", os.path.join(sys.argv[1], applet))' "$box/bin"
		printf 'root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000:guest:/home/guest:/bin/sh\n' \
			>"$box/etc/passwd"
		printf 'root:x:0:\nguest:x:1000:\naudio:x:29:guest\n' >"$box/etc/group"
		chown -R 1000:1000 "$box/home/guest"
		tar -C "$box" --sort=name --numeric-owner --mtime=@0 -cf "$box.new" .
		mv "$box.new" "$box.tar"
		rm -rf "$box"
	fi
	cat "$box.tar"
}

# The same, unpacked at the given directory (for --rootfs and for bundles).
box_rootfs() {
	mkdir -p "$1"
	box_tar | tar -C "$1" --numeric-owner -xpf -
}

# A Debian root file system with a Python, made once per machine: needs the network the first time.
# Fails, and says why, where it cannot be had.
debian_tar() {
	local cache=${XDG_CACHE_HOME:-/var/cache}/onggi-tests tar folder
	tar=$cache/debian-12-python.tar
	if [[ ! -s $tar ]]; then
		mkdir -p "$cache"
		folder=$(mktemp -d "$cache/debian.XXXXXX")
		debootstrap --variant=minbase --include=python3-minimal bookworm "$folder" \
			>"$cache/log" 2>&1 || { echo "debootstrap failed: $(tail -n1 "$cache/log")" >&2; return 1; }
		tar -C "$folder" --numeric-owner --exclude='./var/cache/apt/archives/*.deb' \
			--exclude='./dev/*' -cf "$folder.tar" . && mv "$folder.tar" "$tar"
		rm -rf --one-file-system "$folder"
	fi
	cat "$tar"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	local end=$((SECONDS + $(scaled "$1")))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

# An OCI bundle with the default configuration of `onggi-runtime spec` at the given directory.
bundle_new() {
	box_rootfs "$1/rootfs"
	(cd "$1" && "$ONGGI_RUNTIME" spec)
}
