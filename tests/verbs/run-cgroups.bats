#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# Limits, as the kernel counts them and as the container sees them, on whatever cgroup tree is there.

load ../lib/onggi

# in_cgroup FILE_OF_V2 CONTROLLER/FILE_OF_V1 [OPTION...]: what the file says inside
in_cgroup() {
	local v2=$1 v1=$2
	shift 2
	run onggi run --rm "$@" "$BOX" sh -c \
		"cd /sys/fs/cgroup; if [ -e cgroup.controllers ]; then cat $v2; else cat $v1; fi"
	assert_ok
}

@test "limits: memory, inside and as a number" {
	in_cgroup memory.max memory/memory.limit_in_bytes -m 32m
	assert_line 33554432
}

@test "limits: too much memory is the end, and is said" {
	# The awk grows until it is killed; with its shell, or the shell would end with 137 by itself.
	run onggi run --rm -m 16m "$BOX" awk 'BEGIN { s = "x"; while (1) s = s s }'
	assert_status 137
	assert_has "out of memory"
}

@test "limits: too much memory of a child is said, too" {
	run onggi run --rm -m 16m "$BOX" sh -c "awk 'BEGIN { s = \"x\"; while (1) s = s s }'; echo \$?; exit 3"
	assert_status 3
	assert_has 137
	assert_has "out of memory"
}

@test "limits: the number of processes" {
	in_cgroup pids.max pids/pids.max --pids-limit 7
	assert_line 7
	run onggi run --rm --pids-limit 7 "$BOX" sh -c \
		'for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; echo unlimited'
	[[ $status -ne 0 ]]
	assert_has_not unlimited
	assert_has fork
}

@test "limits: processor time" {
	in_cgroup cpu.max cpu/cpu.cfs_quota_us --cpus 0.5
	assert_matches '^50000( 100000)?$'
	in_cgroup cpu.weight cpu/cpu.shares --cpu-shares 512
	assert_matches '^(20|512)$'
}

@test "limits: processor time is really limited" {
	local key count
	run onggi run --rm --cpus 0.1 "$BOX" sh -c 'cd /sys/fs/cgroup; f=cpu.stat; [ -e $f ] || f=cpu/cpu.stat
		timeout 2 sh -c "while :; do :; done"; grep nr_throttled $f'
	read -r key count <<<"$(tail -n1 <<<"$output")"
	assert_equal "$key" nr_throttled
	((count >= 5)) || fail "throttled $count times"
}

@test "limits: devices by number: only the usual ones, and those that were asked for" {
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

@test "limits: a device of the host that was asked for" {
	run onggi run --rm --device /dev/full:/dev/brimming:r "$BOX" sh -c \
		'head -c1 /dev/brimming | wc -c; : >/dev/brimming'
	assert_has 1
	# 1:7 is among the usual ones anyway: write access comes from there.
	assert_ok
}

@test "limits: the container's own cgroup is the root of all it sees" {
	run onggi run --rm "$BOX" sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u; cat /sys/fs/cgroup/cgroup.procs \
		/sys/fs/cgroup/pids/cgroup.procs 2>/dev/null | head -n1'
	assert_ok
	assert_output $'/\n1'
	run onggi run --rm --cgroupns host "$BOX" cut -d: -f3 /proc/self/cgroup
	assert_ok
	assert_matches '^/onggi-[0-9a-f]{64}$'
}

@test "limits: the view cannot be written, and with privileges can be" {
	run onggi run --rm "$BOX" sh -c 'cd /sys/fs/cgroup; [ -e cgroup.procs ] || cd pids; mkdir inner'
	[[ $status -ne 0 ]]
	assert_has "Read-only"
	run onggi run --rm --privileged "$BOX" sh -c 'cd /sys/fs/cgroup; [ -e cgroup.procs ] || cd pids
		mkdir inner && echo 0 >inner/cgroup.procs && cat inner/cgroup.procs | head -n1'
	assert_ok
	assert_line 1
}

@test "limits: below a parent of its own, which stays clean" {
	run onggi run --rm --cgroup-parent /onggi-test-parent -m 64m "$BOX" sh -c 'echo $$'
	assert_ok
	assert_line 1
	local left
	left=$(find /sys/fs/cgroup -path '*onggi-test-parent/*' -type d)
	find /sys/fs/cgroup -depth -name onggi-test-parent -type d -exec rmdir {} +
	assert_equal "$left" ""
}

@test "limits: a value that is none is refused, and nothing stays" {
	sentinel_take
	run onggi run --rm -m 1k "$BOX" true
	assert_status 125
	run onggi run --rm --cpuset-cpus 4095 "$BOX" true
	assert_status 125
	assert_has cpuset
	sentinel_check
}
