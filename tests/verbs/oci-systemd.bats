#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# onggi-runtime --systemd-cgroup: control groups that are units of systemd.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

need_systemd() {
	[[ -d /run/systemd/system ]] || skip "needs systemd as process 1"
	need_command systemctl
	[[ $("$ONGGI_RUNTIME" features | jq .linux.cgroup.systemd) == true ]] || skip "built without libsystemd"
}

sd() {
	runtime --systemd-cgroup "$@"
}

# The unit of $ID; show NAME: one property of it
unit() {
	echo "runc-$ID.scope"
}

show() {
	systemctl show --value -p "$1" "$(unit)"
}

assert_show() {
	local value
	value=$(show "$1")
	[[ $value == "$2" ]] || fail "$1 of $(unit) is \"$value\", not \"$2\""
}

# shellcheck disable=SC2317 # wait_for calls it
is_state() {
	[[ $(show ActiveState) == "$1" ]]
}

# shellcheck disable=SC2317 # wait_for calls it
is_state() {
	[[ $(show ActiveState) == "$1" ]]
}

# Nothing of $ID: no unit, no directory.
nothing_left() {
	[[ $(systemctl show --value -p LoadState "$(unit)") == not-found ]] &&
		[[ -z $(find /sys/fs/cgroup/ -name "*$ID*" -type d) ]]
}

# control V2 V1: the container's control file of this name, here
control() {
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		cat "/sys/fs/cgroup$(show ControlGroup)/$1"
	else
		cat "/sys/fs/cgroup/$2"
	fi
}

v1_path() {
	echo "$1$(show ControlGroup)/$2"
}

limits='r = c["linux"]["resources"]; r["memory"] = {"limit": 67108864, "swap": 100000000}; r["pids"] = {"limit": 9}
r["cpu"] = {"quota": 50000, "period": 100000, "shares": 512, "cpus": "0"}'

@test "oci systemd: refused where systemd does not run, and nothing is left" {
	[[ ! -d /run/systemd/system ]] || skip "systemd runs here"
	config 'sh("true")'
	for verb in run create; do
		run runtime --systemd-cgroup "$verb" -b "$BUNDLE" "$ID"
		assert_status 1
		if [[ $("$ONGGI_RUNTIME" features | jq .linux.cgroup.systemd) == true ]]; then
			assert_has "systemd does not run on this host"
		fi
		run runtime state "$ID"
		assert_status 1
	done
	[[ -z $(find /sys/fs/cgroup/ -name "*$ID*" -type d) ]]
	[[ -z $(ls -A "$STORE_TOP/state/state" 2>/dev/null) ]]
}

@test "oci systemd: --cgroup-manager takes crun's words" {
	config 'sh("cat /proc/self/cgroup"); c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "cgroup"]'
	run runtime --cgroup-manager=disabled run -b "$BUNDLE" "$ID"
	assert_status 0
	assert_has_not "$ID"
	run runtime --cgroup-manager=cgroupfs run -b "$BUNDLE" "$ID"
	assert_status 0
	assert_has "$ID"
	run runtime --cgroup-manager=other run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has "cgroupfs, systemd or disabled"
	config 'c["linux"]["resources"]["pids"] = {"limit": 9}'
	run runtime --cgroup-manager=disabled run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has "limits need a control group"
}

@test "oci systemd: create, start, exec and delete of a scope" {
	need_systemd
	config "$limits; sh('sleep 600')"'
c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "cgroup"]'
	sd create -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	assert_show ActiveState active
	assert_show Slice system.slice
	assert_show Delegate yes
	assert_show TasksMax 9
	assert_show CPUQuotaPerSecUSec 500ms
	sd start "$ID"
	run sd exec "$ID" cat /proc/self/cgroup
	assert_status 0
	# In every tree the further process is in it, too.
	! grep -qv "/system.slice/$(unit)$" <<<"$output" || fail "outside the scope: $output"
	[[ $(control pids.max "$(v1_path pids pids.max)") == 9 ]]
	sd kill "$ID" KILL
	sd delete --force "$ID"
	wait_for 5 nothing_left
}

@test "oci systemd: a writable scope belongs to root of the user namespace" {
	need_systemd
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip "needs cgroup v2"
	config 'sh("stat -c %u /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/pids.max")
c["linux"]["namespaces"] += [{"type": "user"}]
maps = [{"containerID": 0, "hostID": 100000, "size": 65536}]
c["linux"].update({"uidMappings": maps, "gidMappings": maps})
for m in c["mounts"]:
    if m["type"].startswith("cgroup"): m["options"].remove("ro")'
	run sd run -b "$BUNDLE" "$ID"
	assert_output $'0\n0\n65534'
}

@test "oci systemd: a frozen control group of that name is refused, and stays" {
	need_systemd
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip "needs cgroup v2"
	local folder
	folder=/sys/fs/cgroup/system.slice/$(unit)
	mkdir "$folder"
	echo 1 >"$folder/cgroup.freeze"
	config 'sh("true")'
	run sd run -b "$BUNDLE" "$ID"
	rmdir "$folder"
	assert_status 1
	assert_has "unexpectedly frozen"
}

@test "oci systemd: run in the foreground, and the slice that is asked for" {
	need_systemd
	config 'sh("cat /proc/self/cgroup; exit 42"); c["linux"]["cgroupsPath"] = "onggitest-a.slice:box:'"$ID"'"
c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "cgroup"]'
	run sd run -b "$BUNDLE" "$ID"
	assert_status 42
	assert_has "/onggitest.slice/onggitest-a.slice/box-$ID.scope"
	wait_for 5 nothing_left
	systemctl stop onggitest.slice
}

@test "oci systemd: limits and devices outlive a daemon-reload" {
	need_systemd
	config "$limits"'; sh("echo ready; until [ -e /go/now ]; do sleep 0.1; done; mknod /tmp/n c 1 11; (: </tmp/n) || echo denied; (: </dev/null) && echo allowed")
mount("/tmp", "tmpfs", "tmpfs"); mount("/go", "'"$BATS_TEST_TMPDIR"'", None, "bind", "ro")
for name in ("bounding", "effective", "permitted"): c["process"]["capabilities"][name].append("CAP_MKNOD")'
	"$ONGGI_RUNTIME" --root "$STORE_TOP/state" --systemd-cgroup run -b "$BUNDLE" "$ID" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
	local pid=$!
	wait_for 20 grep -q ready "$BATS_TEST_TMPDIR/out"
	local file before after
	for _ in 1 2; do
		before=$after
		after=$(for file in memory.max:memory/memory.limit_in_bytes pids.max:pids/pids.max \
			cpu.max:cpu/cpu.cfs_quota_us cpuset.cpus:cpuset/cpuset.cpus; do
			local v1=${file#*:}
			control "${file%:*}" "$(v1_path "${v1%/*}" "${v1#*/}")"
		done)
		systemctl daemon-reload
		sleep 1
	done
	[[ $after == "$before" ]] || fail "before: $before, after: $after"
	[[ $after == *67108864* ]]
	touch "$BATS_TEST_TMPDIR/now"
	wait "$pid" || true
	run cat "$BATS_TEST_TMPDIR/out"
	assert_line denied
	assert_line allowed
	wait_for 5 nothing_left
}

@test "oci systemd: changed limits are told to systemd, too" {
	need_systemd
	"$ONGGI_RUNTIME" update --help >/dev/null 2>&1 || skip "no verb update"
	config "$limits; sh('sleep 600')"
	sd run -d -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	sd update --pids-limit 20 --cpu-quota 20000 "$ID"
	assert_show TasksMax 20
	assert_show CPUQuotaPerSecUSec 200ms
	# systemd knows 22.2 % as 23 %, and writes that.
	sd update --cpu-period 90000 "$ID"
	assert_show CPUQuotaPerSecUSec 230ms
	[[ $(control cpu.max "$(v1_path cpu cpu.cfs_quota_us)") == 20000* ]]
	systemctl daemon-reload
	[[ $(control pids.max "$(v1_path pids pids.max)") == 20 ]]
	sd delete --force "$ID"
	wait_for 5 nothing_left
}

@test "oci systemd: annotations set what is the unit's own, and nothing else" {
	need_systemd
	config "sh('sleep 600'); c['annotations'] = {'org.systemd.property.TimeoutStopSec': '7',
	    'org.systemd.property.CollectMode': \"'inactive-or-failed'\"}"
	sd run -d -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	assert_show TimeoutStopUSec 7s
	assert_show CollectMode inactive-or-failed
	sd delete --force "$ID"
	wait_for 5 nothing_left
	box "c['annotations'] = {'org.systemd.property.OnFailure': \"['reboot.target']\"}"
	run sd run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has org.systemd.property.OnFailure
	nothing_left
}

@test "oci systemd: a failed unit gives way, an active one does not" {
	need_systemd
	need_command systemd-run
	systemd-run --quiet --scope --unit "$(unit)" -p RuntimeMaxSec=1 sleep 100 || true
	wait_for 10 is_state failed
	config 'sh("echo hello")'
	run sd run -b "$BUNDLE" "$ID"
	assert_status 0
	assert_line hello
	systemd-run --quiet --scope --unit "$(unit)" sleep 600 3>&- &
	local pid=$!
	wait_for 10 is_state active
	run sd run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has "a unit of that name is active"
	is_state active || fail "somebody else's unit was stopped"
	systemctl stop "$(unit)"
	wait "$pid" || true
}

@test "oci systemd: a creator that is killed at any moment leaves nothing that delete does not take" {
	need_systemd
	config "$limits; sh('sleep 600')"
	local i pid
	for i in 1 2 3 4 5 6 7 8; do
		"$ONGGI_RUNTIME" --root "$STORE_TOP/state" --systemd-cgroup create -b "$BUNDLE" "$ID" \
			>/dev/null 2>&1 </dev/null 3>&- &
		pid=$!
		sleep "0.$((RANDOM % 10))"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		sd delete --force "$ID"
		wait_for 10 nothing_left || fail "round $i: $(systemctl status "$(unit)"; find /sys/fs/cgroup/ -name "*$ID*")"
	done
}

@test "oci systemd: systemctl shows what it shows of runc's" {
	need_systemd
	need_command runc
	local properties=Slice,Delegate,DelegateControllers,DefaultDependencies,CPUAccounting,CPUWeight,CPUShares
	properties+=,CPUQuotaPerSecUSec,CPUQuotaPeriodUSec,AllowedCPUs,AllowedMemoryNodes,IOAccounting,BlockIOAccounting
	properties+=,MemoryAccounting,MemoryLow,MemoryHigh,MemoryMax,MemorySwapMax,MemoryLimit,TasksAccounting,TasksMax
	properties+=,KillMode,CollectMode,TimeoutStopUSec,After,Requires,Wants,SendSIGKILL
	config "$limits; sh('sleep 600')"
	sd create -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	systemctl show -p "$properties" "$(unit)" >"$BATS_TEST_TMPDIR/ours"
	sd delete --force "$ID"
	wait_for 5 nothing_left
	timeout "$(scaled 60)" runc --root "$STORE_TOP/runc" --systemd-cgroup create -b "$BUNDLE" "$ID" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	systemctl show -p "$properties" "$(unit)" >"$BATS_TEST_TMPDIR/theirs"
	runc --root "$STORE_TOP/runc" --systemd-cgroup delete --force "$ID"
	run diff "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs"
	assert_output ""
}
