#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=long
#
# `onggi-runtime exec` and `create` with a hostile container: what it sees of the process that enters,
# and what that process has afterwards. The rows are those of docs/security.md, "Attacks and tests".

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

teardown() {
	runtime delete --force "$ID"
}

# up [PYTHON]: a container that runs; not in a pipe, which it would keep
up() {
	local asleep='c["process"]["args"] = ["sleep", "1000"]'
	config "${1:-$asleep}"
	runtime run -d -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/words" 2>&1 </dev/null 3>&-
}

# inside ARGUMENT...: exec
inside() {
	run runtime exec "$@" </dev/null
}

@test "A1: exec of a script for /proc/self/exe gives nobody the runtime to write to" {
	need_command cc
	need_static
	local before i
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cp "$ONGGI_RUNTIME" "$BATS_TEST_TMPDIR/bin/onggi-runtime"
	before=$(sha256sum <"$BATS_TEST_TMPDIR/bin/onggi-runtime")
	cc -O2 -static -D_GNU_SOURCE -o "$BUNDLE/rootfs/bin/hunter" "$TESTS/security/hunter.c"
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/bin/go"
	chmod +x "$BUNDLE/rootfs/bin/go"
	config 'c["process"]["args"] = ["hunter"]'
	runtime run -d -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	wait_for 20 grep -q hunting "$BATS_TEST_TMPDIR/out"
	for ((i = 0; i < 20; i++)); do
		run timeout 20 "$BATS_TEST_TMPDIR/bin/onggi-runtime" --root "$STORE_TOP/state" exec "$ID" /bin/go
		[[ $status -ne 0 ]]
	done
	wait_for 10 grep -q caught "$BATS_TEST_TMPDIR/out" || fail "nothing was tried"
	sleep 2 # until the hunter has given up on the last one
	run cat "$BATS_TEST_TMPDIR/out"
	assert_has_not WRITABLE
	assert_equal "$(sha256sum <"$BATS_TEST_TMPDIR/bin/onggi-runtime")" "$before" "the program"
	rm -f "$BUNDLE/rootfs/bin/hunter"
}

@test "A1: who enters has no mapping of the runtime's file but through a read-only mount" {
	need_static
	up
	run python3 - "$ONGGI_RUNTIME" "$STORE_TOP/state" "$ID" <<-'END'
		import os, subprocess, sys
		call = [sys.argv[1], "--root", sys.argv[2], "exec", sys.argv[3], "sh", "-c", "echo in; exec sleep 100"]
		with subprocess.Popen(call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0) as entering:
		    entering.stdout.read(2)
		    folder = f"/proc/{entering.pid}"
		    paths = [f"{folder}/exe", *(f"{folder}/map_files/{name}" for name in os.listdir(f"{folder}/map_files"))]
		    own = os.stat(sys.argv[1])
		    ours = [path for path in paths if os.path.samestat(os.stat(path), own)]
		    print(len(ours) > 1, all(os.statvfs(path).f_flag & os.ST_RDONLY for path in ours))
		    entering.terminate()
	END
	assert_ok
	assert_line "True True"
}

@test "A7: no descriptor is a working directory for exec or create" {
	local n leak
	up
	exec {leak}</etc
	for n in {0..20} "$leak"; do
		inside --cwd "/proc/self/fd/$n" "$ID" ls
		[[ $status -ne 0 ]] || fail "descriptor $n"
	done
	for n in /proc/self/fd/9/../.. /proc/thread-self/fd/7; do
		inside --cwd "$n" "$ID" ls -a
		[[ $status -ne 0 ]] || assert_has_not hostname
	done
	runtime delete --force "$ID"
	for n in {3..14} "$leak"; do
		box "c['process'].update(args=['ls'], cwd='/proc/self/fd/$n')"
		[[ $status -ne 0 ]] || fail "descriptor $n of run"
	done
	exec {leak}<&-
}

@test "A7: exec leaves 0, 1, 2 and what is to be preserved" {
	up
	local list='cd /proc/self/fd; for fd in *; do [ -e $fd ] && readlink $fd; done' call
	call='exec 3</dev/zero 4</etc/passwd 9</etc; exec timeout 60 "$@" </dev/null'
	run bash -c "$call" - "$ONGGI_RUNTIME" --root "$STORE_TOP/state" exec "$ID" sh -c "$list"
	assert_has_not /etc
	assert_has_not zero
	run bash -c "$call" - "$ONGGI_RUNTIME" --root "$STORE_TOP/state" exec --preserve-fds 1 "$ID" sh -c "$list"
	assert_has zero
	assert_has_not /etc
}

@test "A8: a container sees nothing of the process that enters it" {
	need_command cc
	need_static # its program is told by its name
	local i count=60
	[[ -z ${ONGGI_SLOW:-} ]] || count=10000
	cc -O2 -static -D_GNU_SOURCE -o "$BUNDLE/rootfs/bin/spy" "$TESTS/security/spy.c"
	config 'c["process"]["args"] = ["spy"]'
	runtime run -d -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	wait_for 20 grep -q watching "$BATS_TEST_TMPDIR/out"
	for ((i = 0; i < count; i++)); do
		runtime exec "$ID" true </dev/null
		runtime exec --user 1000:1000 "$ID" true </dev/null
	done
	rm -f "$BUNDLE/rootfs/bin/spy"
	run cat "$BATS_TEST_TMPDIR/out"
	assert_has seen
	assert_has_not HOST
}

# hunted SETTINGS COUNT: exec COUNT times in a container that traces all it can
hunted() {
	local i
	cc -O2 -static -D_GNU_SOURCE -o "$BUNDLE/rootfs/bin/tracer" "$TESTS/security/tracer.c"
	config "c['process']['args'] = ['tracer']
caps = [*c['process']['capabilities']['bounding'], 'CAP_SYS_PTRACE', 'CAP_SETUID', 'CAP_SETGID']
c['process']['capabilities'] = {kind: caps for kind in ('bounding', 'effective', 'permitted')}
$1"
	runtime run -d -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	wait_for 20 grep -q tracing "$BATS_TEST_TMPDIR/out"
	for ((i = 0; i < $2; i++)); do
		runtime exec "$ID" true </dev/null >/dev/null 2>&1
		runtime exec --user 1000:1000 "$ID" true </dev/null >/dev/null 2>&1
	done
	rm -f "$BUNDLE/rootfs/bin/tracer"
	run sort -u "$BATS_TEST_TMPDIR/out"
	assert_has caught
	assert_has_not RIGHTS
	assert_has_not FOREIGN
	assert_has_not HOST
}

@test "A8: who traces the process that enters gets nothing that the payload has not" {
	need_command cc
	need_static
	hunted "" "$([[ -z ${ONGGI_SLOW:-} ]] && echo 40 || echo 5000)"
	assert_line "caught /" # our program, before it became the payload's
}

@test "A8: nor with a filter and without no_new_privs, unless that denies the way" {
	need_command cc
	need_static
	hunted "c['process']['noNewPrivileges'] = False
c['linux']['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [
	{'names': ['swapon', 'clone3'], 'action': 'SCMP_ACT_ERRNO'}]}" 20
}

@test "exec works under a filter that allows no clone, and no_new_privs off" {
	up "c['process']['args'] = ['sleep', '1000']; c['process']['noNewPrivileges'] = False
c['linux']['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [
	{'names': ['clone', 'clone3', 'fork', 'vfork'], 'action': 'SCMP_ACT_ERRNO'}]}"
	inside "$ID" grep -E 'Cap(Prm|Eff|Bnd)|NoNew|Seccomp:' /proc/self/status
	assert_ok
	assert_line "NoNewPrivs:	0"
	assert_line "Seccomp:	2"
	local mine=$output
	[[ $(grep -c "$(sed -n 's/^CapBnd://p' <<<"$mine")" <<<"$mine") -eq 3 ]] || fail "rights: $mine"
	inside --user 1000:1000 "$ID" sh -c 'grep -E "Cap(Prm|Eff)" /proc/self/status'
	[[ $(grep -c 0000000000000000 <<<"$output") -eq 2 ]] || fail "rights of user 1000: $output"
}

@test "A9: exec raises no inheritable and no ambient capability, and none that create had not" {
	up
	inside "$ID" grep -E 'Cap(Inh|Amb)' /proc/self/status
	assert_line "CapInh:	0000000000000000"
	assert_line "CapAmb:	0000000000000000"
	inside --user 1000:1000 "$ID" grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status
	[[ $(grep -c 0000000000000000 <<<"$output") -eq 4 ]] || fail "rights of user 1000"
	inside "$ID" grep CapBnd /proc/self/status
	local exec_bounding=$output
	inside "$ID" grep CapBnd /proc/1/status
	assert_output "$exec_bounding"
}

@test "A10, A16: exec cannot write to control groups, nor mount them" {
	up
	inside "$ID" sh -c 'find /sys/fs/cgroup -type f -maxdepth 3 | while read -r file; do
			(: >>"$file") 2>/dev/null && echo WRITABLE $file
		done
		mkdir /tmp/c; mount -t cgroup -o memory none /tmp/c && echo MOUNTED
		mount -t cgroup2 none /tmp/c && echo MOUNTED
		find / -name release_agent 2>/dev/null | while read -r file; do (: >>"$file") && echo WRITABLE; done; true'
	assert_has_not WRITABLE
	assert_has_not MOUNTED
}

@test "A14: exec has the groups that it is given, and none of the caller's" {
	up
	run python3 - "$ONGGI_RUNTIME" "$STORE_TOP/state" "$ID" <<-'END'
		import os, subprocess, sys
		os.setgroups([4, 27, 999])
		for more in ([], ["--user", "5:6", "--additional-gids", "7"]):
		    subprocess.run([sys.argv[1], "--root", sys.argv[2], "exec", *more, sys.argv[3], "id", "-G"],
		                   stdin=subprocess.DEVNULL, timeout=60, check=True)
	END
	assert_ok
	assert_line 0
	assert_line "6 7"
}

@test "A17: a kernel parameter is one of the container's, and one value" {
	local before name
	before=$(cat /proc/sys/kernel/core_pattern /proc/sys/kernel/panic)
	for name in kernel.core_pattern kernel.panic kernel/core_pattern net.ipv4/../../kernel/panic \
		'kernel.shm_rmid_forced=1+kernel.panic' '../kernel/panic' vm.overcommit_memory fs.mqueue/../../kernel.panic; do
		box "sh('true'); c['linux']['sysctl'] = {'$name': '7'}"
		[[ $status -ne 0 ]] || fail "$name is accepted"
		assert_equal "$(cat /proc/sys/kernel/core_pattern /proc/sys/kernel/panic)" "$before" "$name"
	done
	box 'sh("true"); c["linux"]["sysctl"] = {"kernel.shm_rmid_forced": "1\nkernel.panic=7"}'
	[[ $status -ne 0 ]]
	box 'sh("true"); c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "network"]
c["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}'
	[[ $status -ne 0 ]]
	assert_equal "$(cat /proc/sys/kernel/core_pattern /proc/sys/kernel/panic)" "$before" "the host's"
}

@test "A18: strings of the configuration are words, never lines or commands" {
	config 'sh("env; hostname")
c["annotations"] = {"a\nb": "c\nd", "org.systemd.property.ExecStart": "[\"/bin/sh\"]", "run.oci.hooks": "x"}
c["process"]["env"].append("HOME=/root\nroot::0:0::/:/bin/sh")
c["hostname"] = "box"'
	local passwd
	passwd=$(sha256sum <"$BUNDLE/rootfs/etc/passwd")
	run runtime run -b "$BUNDLE" "$ID"
	assert_ok
	assert_equal "$(sha256sum <"$BUNDLE/rootfs/etc/passwd")" "$passwd" "the passwd file"
	up 'c["process"]["args"] = ["sleep", "1000"]; c["annotations"] = {"a\nb\"}": "c\nd\\"}'
	run runtime state "$ID"
	python3 -c 'import json, sys; assert json.loads(sys.argv[1])["annotations"] == {"a\nb\"}": "c\nd\\"}' "$output"
	inside --env $'HOME=/\nuid=0' --user 1000 "$ID" id -u
	assert_output 1000
}

@test "A21: exec has a session keyring without the caller's keys" {
	need_command keyctl
	up
	run keyctl session - sh -c 'keyctl add user onggi-test-key secret @s >/dev/null
		timeout 60 "$@" exec "$0" cat /proc/keys' "$ID" "$ONGGI_RUNTIME" --root "$STORE_TOP/state"
	assert_has_not onggi-test-key
}

@test "A23: devices are denied whatever nodes there are, for exec, too" {
	need_cgroup v1
	up 'c["process"]["args"] = ["sleep", "1000"]; [s.append("CAP_MKNOD") for s in c["process"]["capabilities"].values()]
c["root"]["readonly"] = False'
	inside --cap CAP_MKNOD "$ID" sh -c 'cd /tmp; for node in "b 7 0" "b 259 0" "b 8 0" "c 1 1" "c 10 229" "c 1 2"; do
			rm -f node; mknod node $node 2>/dev/null && cat node >/dev/null 2>error && echo OPENED $node
			[ ! -s error ] || ! grep -v "not permitted" error
		done; true'
	assert_has_not OPENED
}
