#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi-runtime where the kernel, or a filter around it, lacks a system call: a container as always, or
# one clear error before anything has happened. There is no second, weaker way of doing it: what a
# missing call would have checked is never done unchecked. tests/lib/deny.c is that kernel, and
# tests/faults/denied.py runs the other tests there.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside
load ../lib/onggi
load ../lib/bundle

can_deny() {
	[[ $(uname -m) == x86_64 ]] && command -v cc >/dev/null
}

setup_file() {
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP STORE=$STORE_TOP/state RUN_STORE=$STORE_TOP/state
	bundle_new "$STORE_TOP/bundle"
	! can_deny || cc -O2 -D_GNU_SOURCE -o "$STORE_TOP/deny" "$TESTS/lib/deny.c"
}

setup() {
	need_command cc
	can_deny || skip "the filter knows x86-64 only"
	BUNDLE=$STORE_TOP/bundle
	ID=onggi-test-denied-$BATS_TEST_NUMBER-$$
	# A pipe would be the container's, too.
	WORDS=$BATS_TEST_TMPDIR/words
}

teardown() {
	runtime delete --force "$ID"
}

# denied ERRNO CALLS VERB...: status and words
denied() {
	local errno=$1 calls=$2
	shift 2
	status=0
	timeout -k 5 "$(scaled 30)" "$STORE_TOP/deny" "$errno" "$calls" "$ONGGI_RUNTIME" --root "$STORE_TOP/state" "$@" \
		>"$WORDS" 2>&1 </dev/null 3>&- || status=$?
	output=$(<"$WORDS")
}

nothing_is_left() {
	[[ -z $(find /sys/fs/cgroup -maxdepth 2 -name "$ID*"; find "$STORE_TOP/state" -path "*$ID*") ]]
}

# refuses WHAT CAUSE: the last command ended soon, by itself, with one error
refuses() {
	[[ $status -ne 0 && $status -ne 124 && $status -lt 128 || $status -eq 255 ]] || fail "$1"
	assert_has "$2"
	[[ $(grep -vc '^hint: ' <<<"$output") -eq 1 ]] || fail "$1: more than one error"
}

# create_refuses CALL: both with a kernel that has none, and with a filter's answer
create_refuses() {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	denied ENOSYS "$1" create -b "$BUNDLE" "$ID"
	refuses "$1 ENOSYS" "$1"
	wait_for 5 nothing_is_left || fail "$1 ENOSYS left something"
	denied EPERM "$1" create -b "$BUNDLE" "$ID"
	refuses "$1 EPERM" "peration not permitted"
	wait_for 5 nothing_is_left || fail "$1 EPERM left something"
}

# works ERRNO CALLS: create, start, exec, delete
works() {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	denied "$1" "$2" create -b "$BUNDLE" "$ID"
	assert_ok
	denied "$1" "$2" start "$ID"
	assert_ok
	denied "$1" "$2" exec "$ID" sh -c 'cd /proc/self/fd; echo fds: *; grep -E "Seccomp:|NoNewPrivs" ../status; grep -c " ro," ../mountinfo'
	assert_ok
	# The shell's own and that of "*".
	assert_matches '^fds: 0 1 2( 3)?( 10)?$'
	denied "$1" "$2" delete --force "$ID"
	assert_ok
	wait_for 5 nothing_is_left || fail "$1 $2 left something"
}

@test "oci denied: without openat2 nothing is opened below a root" {
	create_refuses openat2
}

@test "oci denied: without clone3, fsopen, fsmount, move_mount or open_tree there is no container" {
	local call
	for call in fsopen fsmount fsconfig move_mount open_tree; do
		create_refuses "$call"
	done
	config 'c["process"]["args"] = ["sleep", "1000"]'
	denied ENOSYS clone3 create -b "$BUNDLE" "$ID"
	[[ $status -eq 0 ]] || refuses clone3 clone3
}

@test "oci denied: without pivot_root there is no chroot in its place" {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	denied ENOSYS pivot_root create -b "$BUNDLE" "$ID"
	refuses pivot_root "pivot root: "
	wait_for 5 nothing_is_left
}

@test "oci denied: mount_setattr missing is either done by other means or refused" {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	denied EPERM mount_setattr create -b "$BUNDLE" "$ID"
	refuses mount_setattr "peration not permitted"
	config 'sh("""for path in /proc/sys /proc/bus /proc/fs /proc/irq /sys /; do
		(: >$path/onggi-test) 2>/dev/null && echo WRITABLE $path; done
	cat /proc/keys; ls -A /sys/firmware""")'
	denied ENOSYS mount_setattr run -b "$BUNDLE" "$ID"
	assert_has_not WRITABLE
	[[ $status -eq 0 && -z $output ]] || refuses mount_setattr mount_setattr
}

@test "oci denied: descriptors are closed without close_range, too" {
	works ENOSYS close_range
	works EPERM close_range
}

@test "oci denied: calls that are only faster or optional are done without" {
	works ENOSYS memfd_create,statx,faccessat2,name_to_handle_at,fspick,pidfd_getfd,keyctl
	works EPERM memfd_create,statx,name_to_handle_at,fspick,pidfd_getfd,keyctl
}

@test "oci denied: a process that cannot be held on to is neither signalled nor taken for dead" {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	runtime create -b "$BUNDLE" "$ID" </dev/null >"$WORDS" 2>&1 3>&-
	local errno verb
	for errno in ENOSYS EPERM; do
		for verb in "start $ID" "kill $ID KILL" "exec $ID true" "state $ID" "delete --force $ID"; do
			# shellcheck disable=SC2086 # words
			denied "$errno" pidfd_open $verb
			refuses "$verb" "open process"
		done
	done
	# It is all still there.
	run runtime state "$ID"
	assert_has '"status": "created"'
	runtime delete --force "$ID"
	wait_for 5 nothing_is_left
}

@test "oci denied: exec without setns or a read-only program of its own is refused" {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	runtime run -d -b "$BUNDLE" "$ID" </dev/null >"$WORDS" 2>&1 3>&-
	denied ENOSYS setns exec "$ID" echo INSIDE
	refuses setns namespace
	denied EPERM setns exec "$ID" echo INSIDE
	refuses setns namespace
	if ldd "$ONGGI_RUNTIME" >/dev/null 2>&1; then
		return 0
	fi
	denied ENOSYS open_tree exec "$ID" echo INSIDE
	refuses open_tree open_tree
	# Either way is enough: to map it anew, or to execute it again.
	denied ENOSYS execveat exec "$ID" echo INSIDE
	assert_line INSIDE
	denied ENOSYS mremap exec "$ID" echo INSIDE
	assert_line INSIDE
	denied ENOSYS execveat,mremap exec "$ID" echo INSIDE
	refuses execveat execveat
}

# bats test_tags=long
@test "oci denied: verb tests pass or are refused, whatever call is denied: a sample, all with ONGGI_SLOW=1" {
	need_static # a sanitized program shows no more, and takes its time
	local verbs=$TESTS/verbs sample=(-s 3 --seed "${ONGGI_SEED:-$RANDOM}")
	sample+=("$verbs"/{oci-exec,run,run-mounts,run-users}.bats)
	[[ -z ${ONGGI_SLOW:-} ]] || sample=()
	run python3 "$TESTS/faults/denied.py" "$(dirname "$ONGGI")" "${sample[@]}" </dev/null 3>&-
	assert_ok
	tail -n 1 <<<"$output" >&3
}
