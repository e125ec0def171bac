#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# Control groups, as the container sees them, and that the kernel keeps to them, on whatever tree is there.

load ../lib/onggi

@test "cgroups: too much memory of a child is said, too" {
	run onggi run --rm -m 16m "$BOX" sh -c "awk 'BEGIN { s = \"x\"; while (1) s = s s }'; echo \$?; exit 3"
	assert_status 3
	assert_has 137
	assert_has "out of memory"
}

@test "cgroups: processor time is really limited" {
	local key count
	run onggi run --rm --cpus 0.1 "$BOX" sh -c 'cd /sys/fs/cgroup; f=cpu.stat; [ -e $f ] || f=cpu/cpu.stat
		timeout 2 sh -c "while :; do :; done"; grep nr_throttled $f'
	read -r key count <<<"$(tail -n1 <<<"$output")"
	assert_equal "$key" nr_throttled
	((count >= 5)) || fail "throttled $count times"
}

@test "cgroups: devices by number: only the usual ones, and those that were asked for" {
	local script='for n in 1:3 1:7 1:11 10:229; do
		mknod /tmp/n c ${n%:*} ${n#*:} && { (: </tmp/n) 2>/tmp/why && echo yes || sed "s/.*: //" /tmp/why; }
		rm -f /tmp/n; done'
	# /dev/kmsg (1:11) is there everywhere; a driver that is not (10:229) must not make the difference.
	run onggi run --rm --cap-add MKNOD "$BOX" sh -c "$script"
	assert_ok
	assert_output $'yes\nyes\nOperation not permitted\nOperation not permitted'
	run onggi run --rm --cap-add MKNOD --cap-add SYSLOG --device-cgroup-rule 'c 1:11 r' "$BOX" sh -c "$script"
	assert_ok
	assert_output $'yes\nyes\nyes\nOperation not permitted'
	run onggi run --rm --cap-add MKNOD --cap-add SYSLOG --device-cgroup-rule 'c 1:11 r' "$BOX" sh -c \
		'mknod /tmp/n c 1 11 && : >/tmp/n'
	[[ $status -ne 0 ]]
	assert_has "not permitted"
}

@test "cgroups: the container's own cgroup is the root of all it sees" {
	run onggi run --rm "$BOX" sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u; cat /sys/fs/cgroup/cgroup.procs \
		/sys/fs/cgroup/pids/cgroup.procs 2>/dev/null | head -n1'
	assert_ok
	assert_output $'/\n1'
	run onggi run --rm --cgroupns host "$BOX" cut -d: -f3 /proc/self/cgroup
	assert_ok
	assert_matches '^/onggi[-/][0-9a-f]{64}$'
}

@test "cgroups: the view cannot be written, and with privileges can be" {
	run onggi run --rm "$BOX" sh -c 'cd /sys/fs/cgroup; [ -e cgroup.procs ] || cd pids; mkdir inner'
	[[ $status -ne 0 ]]
	assert_has "Read-only"
	run onggi run --rm --privileged "$BOX" sh -c 'cd /sys/fs/cgroup; [ -e cgroup.procs ] || cd pids
		mkdir inner && echo 0 >inner/cgroup.procs && cat inner/cgroup.procs | head -n1'
	assert_ok
	assert_line 1
}

@test "cgroups: a writable view is the user's to divide, without the limits" {
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip "needs cgroup v2"
	# shellcheck disable=SC2016 # for the shell inside
	local look='cd /sys/fs/cgroup; mkdir inner && echo 0 >inner/cgroup.procs && rmdir inner 2>/dev/null
		stat -c %u . cgroup.procs pids.max | tr "\n" " "; echo max >pids.max' user
	for user in "" "--userns auto"; do
		# shellcheck disable=SC2086 # two words
		run onggi run --rm --security-opt writable-cgroups --user 1000 $user "$BOX" sh -c "$look"
		assert_has "1000 1000 "
		assert_has_not "1000 1000 1000"
		assert_has "can't create pids.max"
	done
}
