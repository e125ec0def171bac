#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# Annotations that crun's users give: acted upon, or refused by name. docs/oci-runtime.md has the list.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

teardown() {
	runtime delete --force "$ID" >/dev/null 2>&1 || true
}

@test "oci annotations: what cannot be done is refused by name" {
	local name value
	while read -r name value; do
		box "sh('echo ran'); c['annotations'] = {'$name': '$value'}"
		assert_status 1
		assert_has "annotations.$name: not supported"
		assert_has_not ran
	done <<-'END'
		module.wasm.image/variant compat
		run.oci.delegate-cgroup below
		run.oci.handler krun
		run.oci.handler wasm
		run.oci.seccomp.plugins /usr/lib/plugin.so
		run.oci.systemd.force_cgroup_v1 /sys/fs/cgroup/systemd
		run.oci.systemd.subgroup container
	END
	# Empty ones ask for nothing, and a program is no WebAssembly here.
	box 'sh("echo ran"); c["annotations"] = {"run.oci.systemd.subgroup": "", "run.oci.handler": "",
    "module.wasm.image/variant": "compat-smart"}'
	assert_output ran
}

@test "oci annotations: the list in the documentation is whole" {
	local name
	# All that crun 1.8.1 has.
	for name in delegate-cgroup handler hooks.stderr hooks.stdout keep_original_groups mount_context_type \
		pidfd_receiver seccomp.plugins seccomp.receiver seccomp_bpf_data seccomp_fail_unknown_syscall \
		systemd.force_cgroup_v1 systemd.subgroup timens_offset; do
		grep -q "^| .*\`run.oci.$name\`" "$TOP/docs/oci-runtime.md" || fail "$name"
	done
}

@test "oci annotations: clocks of a time namespace" {
	[[ -e /proc/self/ns/time ]] || skip "no time namespaces"
	local new='[c["linux"]["namespaces"].append({"type": "time"}) for _ in [0] if not any(n["type"] == "time" for n in c["linux"]["namespaces"])]'
	box "$new; sh('cat /proc/self/timens_offsets')
c['annotations'] = {'run.oci.timens_offset': 'monotonic 86400 5\nboottime 604800 0\n'}"
	assert_ok
	assert_matches '^monotonic +86400 +5$'
	assert_matches '^boottime +604800 +0$'
	box "$new; sh('cat /proc/self/timens_offsets'); c['annotations'] = {'run.oci.timens_offset': '7 4711 0'}"
	assert_matches '^boottime +4711 +0$'
	box "$new; sh('cat /proc/self/timens_offsets'); c['annotations'] = {'run.oci.timens_offset': '1 4711 0'}
c['linux']['timeOffsets'] = {'monotonic': {'secs': 77}}"
	assert_matches '^monotonic +77 +0$'
	for value in "monotonic" "realtime 1 0" "monotonic 1 1000000000" "1 1 1 1" "1 1 0\n1 1 0\n1 1 0"; do
		box "$new; c['annotations'] = {'run.oci.timens_offset': '$value'}"
		assert_status 1
		assert_has annotations.run.oci.timens_offset
	done
}

@test "oci annotations: a filter that comes compiled" {
	[[ $(uname -m) == x86_64 ]] || skip "the instructions are for x86_64"
	# ld nr; jeq mkdir; ret allow; ret errno 39
	local program='import base64, struct
i = lambda c, t, f, k: struct.pack("=HBBI", c, t, f, k)
raw = base64.b64encode(i(0x20, 0, 0, 0) + i(0x15, 1, 0, 83) + i(6, 0, 0, 0x7fff0000) + i(6, 0, 0, 0x50027)).decode()
c["annotations"] = {"run.oci.seccomp_bpf_data": raw}
c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_KILL"}'
	for nnp in True False; do
		config "$program; c['process']['noNewPrivileges'] = $nnp
sh('mkdir /dev/shm/x; echo \$?; sleep 100')"
		runtime run --detach -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
		wait_for 10 grep -q "^1$" "$BATS_TEST_TMPDIR/out"
		grep -q "Directory not empty" "$BATS_TEST_TMPDIR/out"
		run runtime exec "$ID" mkdir /dev/shm/x
		assert_has "Directory not empty"
		runtime delete --force "$ID"
	done
	for value in "AAAA" "A" "!!!!" ""; do
		box "c['annotations'] = {'run.oci.seccomp_bpf_data': '$value'}"
		assert_status 1
		assert_has annotations.run.oci.seccomp_bpf_data
	done
}

@test "oci annotations: names of system calls that nobody knows" {
	local profile='sh("echo ran"); c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["mkdir", "no_such_call"], "action": "SCMP_ACT_ERRNO"}]}'
	box "$profile"
	assert_output ran
	box "$profile; c['annotations'] = {'run.oci.seccomp_fail_unknown_syscall': '1'}"
	assert_status 1
	assert_has no_such_call
	box "$profile; c['annotations'] = {'run.oci.seccomp_fail_unknown_syscall': '1'}
c['linux']['seccomp']['syscalls'][0]['names'] = ['mkdir', 'arm_fadvise64_64', 'futex_waitv']"
	assert_output ran # another machine's, and a new one
}

@test "oci annotations: somebody receives the pidfd" {
	config "sh('sleep 100'); c['annotations'] = {'run.oci.pidfd_receiver': '$BATS_TEST_TMPDIR/socket'}"
	python3 "$TESTS/lib/receive.py" "$BATS_TEST_TMPDIR/socket" pidfd >"$BATS_TEST_TMPDIR/told" 3>&- &
	local receiver=$!
	wait_for 10 test -S "$BATS_TEST_TMPDIR/socket"
	runtime create --pid-file "$BATS_TEST_TMPDIR/pid" -b "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	wait "$receiver"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/told")" "$(cat "$BATS_TEST_TMPDIR/pid")"
}
