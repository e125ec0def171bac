#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# Limits of run: what the control group says inside, and that they hold.

load ../lib/onggi

# is_v2: does the container see one tree, or one per controller?
is_v2() {
	[[ -e /sys/fs/cgroup/cgroup.controllers ]]
}

# values V1-FILES V2-FILES OPTION...: the content of these files below /sys/fs/cgroup inside
values() {
	local files=$1
	is_v2 && files=$2
	shift 2
	run onggi run --rm "$@" "$BOX" sh -c "cd /sys/fs/cgroup && cat $files"
}

# wanted V1 V2: expect what belongs to this host
wanted() {
	assert_ok
	if is_v2; then
		assert_output "$2"
	else
		assert_output "$1"
	fi
}

refused() {
	local message=$1
	shift
	run onggi run --rm "$@" "$BOX" true
	assert_status 125
	assert_has "$message"
}

need_controller() {
	if is_v2; then
		grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "needs the controller $1"
	else
		grep -qE "^$1	.*1$" /proc/cgroups || skip "needs the controller $1"
	fi
}

@test "limits: memory and swap" {
	need_controller memory
	values memory/memory.limit_in_bytes memory.max -m 64m
	wanted 67108864 67108864
	values memory/memory.soft_limit_in_bytes memory.low -m 64m --memory-reservation 32m
	wanted 33554432 33554432
	if ! is_v2; then
		values memory/memory.swappiness x -m 64m --memory-swappiness 10
		assert_output 10
	fi
}

@test "limits: swap is as much as memory, unless it is said" {
	local file=memory/memory.memsw.limit_in_bytes
	is_v2 || [[ -e /sys/fs/cgroup/$file ]] || skip "needs the swap controller"
	values $file memory.swap.max -m 64m
	wanted 134217728 67108864
	values $file memory.swap.max -m 64m --memory-swap 96m
	wanted 100663296 33554432
	values $file memory.swap.max -m 64m --memory-swap 64m
	wanted 67108864 0
	values $file memory.swap.max -m 64m --memory-swap -1
	wanted 9223372036854771712 max
}

@test "limits: memory settings that make no sense" {
	refused "Minimum memory limit allowed is 6MB" -m 5m
	refused "You should always set the Memory limit" --memory-swap 64m
	refused "Minimum memoryswap limit should be larger" -m 64m --memory-swap 32m
	refused "memory reservation" -m 64m --memory-reservation 128m
	refused "range is 0-100" --memory-swappiness 101
	refused "--memory" -m 64x
	refused "--memory" -m -1
}

@test "limits: who takes more memory is killed, and it is said" {
	need_controller memory
	run onggi run --name greedy -m 16m --memory-swap 16m "$BOX" sh -c 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'
	assert_status 137
	assert_has "out of memory"
	assert_has 16777216
	run onggi inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}} {{.HostConfig.Memory}}' greedy
	assert_output "true 137 16777216"
	onggi rm greedy >/dev/null
}

@test "limits: who does not, is not" {
	run onggi run --name modest -m 16m "$BOX" false
	assert_status 1
	assert_has_not "out of memory"
	run onggi inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' modest
	assert_output "false 1"
	onggi rm modest >/dev/null
}

@test "limits: --cpus, and quota, period and shares" {
	need_controller cpu
	values "cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us" cpu.max --cpus 0.2
	wanted $'20000\n100000' "20000 100000"
	values "cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us" cpu.max --cpus 1.5
	wanted $'150000\n100000' "150000 100000"
	values "cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.shares" cpu.max --cpu-quota 50000 --cpu-period 200000 -c 77
	wanted $'50000\n200000\n77' "50000 200000"
	values cpu/cpu.cfs_quota_us cpu.max --cpu-quota -1
	wanted -1 "max 100000"
}

@test "limits: CPU settings that make no sense" {
	refused "Nano CPUs and CPU Quota" --cpus 1 --cpu-quota 5000
	refused "Nano CPUs and CPU Period" --cpus 1 --cpu-period 5000
	refused "from 0.01" --cpus 0.001
	refused "--cpus" --cpus -1
	refused "--cpus" --cpus x
	refused "period" --cpu-period 10
	refused "quota" --cpu-quota 10
	refused "shares" --cpu-shares -1
	refused "cpuset cpus" --cpuset-cpus x
	refused "cpuset" --cpuset-cpus 4000
	refused "cpuset" --cpuset-mems 4000
}

@test "limits: --cpus 0.2 slows a busy loop down" {
	need_controller cpu
	local start used spent
	start=$(date +%s%N)
	# 3 s of wall clock; the time used is what the kernel has counted for the shell.
	run onggi run --rm --cpus 0.2 "$BOX" sh -c 'end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do :; done; cut -d" " -f14-17 /proc/self/stat; times'
	spent=$((($(date +%s%N) - start) / 1000000))
	assert_ok
	used=$(tail -n2 <<<"$output" | tr 'ms' '  ' | awk '{ s += $1 * 60 + $2 + $3 * 60 + $4 } END { print int(s * 1000) }')
	# A fifth, loosely: without the limit it would be nearly all.
	((used * 100 < spent * 45)) || fail "used $used ms of $spent ms"
}

@test "limits: --cpuset-cpus and --cpuset-mems" {
	need_controller cpuset
	run onggi run --rm --cpuset-cpus 0 --cpuset-mems 0 "$BOX" grep -E '^(Cpus|Mems)_allowed_list' /proc/self/status
	assert_ok
	assert_output $'Cpus_allowed_list:\t0\nMems_allowed_list:\t0'
}

@test "limits: --pids-limit holds a fork loop" {
	need_controller pids
	values pids/pids.max pids.max --pids-limit 20
	wanted 20 20
	values pids/pids.max pids.max
	wanted 4096 4096
	values pids/pids.max pids.max --pids-limit -1
	wanted max max
	run onggi run --rm --pids-limit 20 "$BOX" sh -c 'i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done'
	assert_status 2
	assert_has "fork"
	refused "--pids-limit" --pids-limit x
}

@test "limits: block I/O" {
	refused "Range of blkio weight" --blkio-weight 3
	refused "Range of blkio weight" --blkio-weight 1001
	local option
	for option in --device-read-bps --device-write-bps --device-read-iops --device-write-iops --blkio-weight-device; do
		refused "is not a block device" "$option" /dev/null:100
		refused /dev/no-such-disk "$option" /dev/no-such-disk:100
		refused "bad format" "$option" /dev/null
	done
	if is_v2; then
		need_controller io
	else
		need_controller blkio
	fi
	local disk
	disk=$(lsblk -dnpo NAME,TYPE 2>/dev/null | awk '$2 == "disk" && $1 !~ /zram/ { print $1; exit }')
	[[ -b $disk ]] || skip "needs a disk"
	local number
	number=$((0x$(stat -c %t "$disk"))):$((0x$(stat -c %T "$disk")))
	local options=(--device-read-bps "$disk:1mb" --device-write-bps "$disk:2mb"
		--device-read-iops "$disk:10" --device-write-iops "$disk:20")
	values "blkio/blkio.throttle.read_bps_device blkio/blkio.throttle.write_bps_device \
		blkio/blkio.throttle.read_iops_device blkio/blkio.throttle.write_iops_device" io.max "${options[@]}"
	wanted "$number 1048576
$number 2097152
$number 10
$number 20" "$number rbps=1048576 wbps=2097152 riops=10 wiops=20"
}

@test "limits: --ulimit" {
	run onggi run --rm --ulimit nofile=100:200 --ulimit core=0 --ulimit nproc=50 --ulimit stack=-1 "$BOX" \
		sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -u; ulimit -s'
	assert_ok
	assert_output $'100\n200\n0\n50\nunlimited'
	run onggi run --rm --ulimit nofile=20 "$BOX" sh -c 'exec 30</etc/passwd'
	[[ $status -ne 0 ]]
	refused "soft limit must be less" --ulimit nofile=200:100
	refused "invalid ulimit type: foo" --ulimit foo=1
	refused "--ulimit" --ulimit nofile=x
	refused "--ulimit" --ulimit nofile
}

@test "limits: --oom-score-adj, up for everybody" {
	run onggi run --rm --oom-score-adj 500 "$BOX" cat /proc/self/oom_score_adj
	assert_ok
	assert_output 500
	refused "[-1000, 1000]" --oom-score-adj 1001
	refused "[-1000, 1000]" --oom-score-adj x
}

@test "limits: --oom-score-adj, down with the right to, else one warning" {
	run onggi run --rm --oom-score-adj -500 "$BOX" cat /proc/self/oom_score_adj
	assert_ok
	if capable_of 24; then
		assert_output -500
	else
		assert_equal "$(grep -c warning <<<"$output")" 1 "warnings"
		assert_line 0
	fi
}

# capable_of NUMBER: is this capability ours?
capable_of() {
	(((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> $1) & 1))
}

@test "limits: --cgroup-parent" {
	local id parent=onggi-test-parent-$$
	onggi_start run --rm --name child --cgroup-parent "/$parent" "$BOX" sleep 100
	wait_for 10 child_runs
	id=$(onggi inspect --format '{{.Id}}' child)
	grep -q "/$parent/$id\$" "/proc/$(onggi inspect --format '{{.State.Pid}}' child)/cgroup"
	onggi rm -f child >/dev/null
	wait "$ONGGI_PID" || true
	find /sys/fs/cgroup -depth -type d -path "*/$parent/*" -o -depth -type d -name "$parent" | while read -r dir; do
		[[ $dir != */$parent/* ]] || fail "left behind: $dir"
		rmdir "$dir"
	done
	refused "cgroup path" --cgroup-parent ../outside
	refused "cgroup path" --cgroup-parent /a/../../b
	run onggi run --rm --cgroup-parent '' "$BOX" true
	assert_ok
}

child_runs() {
	[[ -n $(onggi ps -q --filter name=child) ]]
}

@test "limits: a limit that cannot be set leaves nothing behind" {
	onggi run --rm "$BOX" true
	sentinel_take
	refused cpuset --cpuset-cpus 4000
	refused cpuset --cpuset-mems 4000
	refused "" --device-read-bps /dev/null:1m
	sentinel_check
}
