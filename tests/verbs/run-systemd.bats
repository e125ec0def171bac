#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# Beside a systemd that owns the root of the cgroup tree: what it rewrites there must not take our
# limits away.

load ../lib/onggi

setup() {
	[[ -d /run/systemd/system ]] || skip "needs systemd as process 1"
	need_command systemctl systemd-run
}

is_ready() {
	grep -qx ready "$BATS_TEST_TMPDIR/out"
}

@test "systemd: limits and the device filter outlive a daemon-reload and units that come and go" {
	mkdir "$BATS_TEST_TMPDIR/go"
	onggi_start run --rm --cap-add MKNOD -m 64m --pids-limit 9 --cpus 0.5 --cpuset-cpus 0 \
		-v "$BATS_TEST_TMPDIR/go:/go" "$BOX" sh -c '
		echo ready; until [ -e /go/now ]; do sleep 0.1; done
		cd /sys/fs/cgroup
		if [ -e cgroup.procs ]; then cat memory.max pids.max cpu.max cpuset.cpus
		else cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us cpuset/cpuset.cpus; fi
		mknod /tmp/n c 1 11; (: </tmp/n) || echo denied'
	wait_for 20 is_ready
	systemctl daemon-reload
	systemd-run --quiet --wait -p CPUWeight=50 -p AllowedCPUs=0 -p IOWeight=50 -p MemoryMax=100M true
	systemctl daemon-reload
	# Now no unit asks for the processor and cpuset controllers any more.
	systemd-run --quiet --wait -p DevicePolicy=closed true
	touch "$BATS_TEST_TMPDIR/go/now"
	wait "$ONGGI_PID" || true
	run cat "$BATS_TEST_TMPDIR/out"
	assert_line 67108864
	assert_line 9
	assert_matches '^50000( 100000)?$'
	assert_line 0
	assert_line denied
}

@test "systemd: limits outlive a reload where no unit asks for their controllers" {
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip "needs cgroup v2"
	# A job with delegation holds all controllers: not while we look.
	local unit file
	unit=$(grep -oE '[^/]+\.service' /proc/self/cgroup | tail -n1 || true)
	file=/run/systemd/system/$unit
	if [[ -n $unit ]] && grep -q ^Delegate= "$file" 2>/dev/null; then
		sed -i.onggi-test /^Delegate=/d "$file"
		mv "$file.onggi-test" "$BATS_TEST_TMPDIR/unit"
	fi
	rm -f /run/onggi-test-go
	onggi_start run --rm -m 64m --pids-limit 9 --cpus 0.5 --cpuset-cpus 0 -v /run:/hostrun "$BOX" sh -c '
		echo ready; until [ -e /hostrun/onggi-test-go ]; do sleep 0.1; done
		cd /sys/fs/cgroup; cat memory.max pids.max cpu.max cpuset.cpus'
	wait_for 20 is_ready
	systemctl daemon-reload
	sleep 2
	systemctl daemon-reload
	sleep 2
	touch /run/onggi-test-go
	wait "$ONGGI_PID" || true
	rm -f /run/onggi-test-go
	[[ ! -e $BATS_TEST_TMPDIR/unit ]] || { mv "$BATS_TEST_TMPDIR/unit" "$file"; systemctl daemon-reload; }
	run cat "$BATS_TEST_TMPDIR/out"
	assert_output $'ready\n67108864\n9\n50000 100000\n0'
}

@test "systemd: as a service of its own" {
	run systemd-run --quiet --wait --pipe -p TasksMax=100 -p Delegate=yes "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" \
		run --rm -m 64m "$BOX" sh -c 'readlink /proc/self; exit 7'
	assert_status 7
	assert_matches '^[12]$'
}

@test "systemd: below a slice" {
	run onggi run --rm --cgroup-parent /system.slice -m 64m "$BOX" sh -c 'exit 7'
	assert_status 7
	run find /sys/fs/cgroup/ -path '*/system.slice/*' -regextype egrep -regex '.*/[0-9a-f]{64}' -type d
	assert_output ""
}
