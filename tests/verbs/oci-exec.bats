#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Further processes in a container: who they are, what they may, and how they end.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

teardown() {
	runtime delete --force "$ID" >/dev/null 2>&1 || true
}

# begin [PYTHON]: a container that runs
begin() {
	config "sh('while :; do sleep 0.1; done')
${1:-}"
	runtime run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
}

inside() {
	run runtime exec "$@"
}

@test "oci exec: exit statuses, signals, and a program that is not there" {
	begin
	inside "$ID" sh -c 'exit 7'
	assert_status 7
	inside "$ID" sh -c 'kill -KILL $$'
	assert_status 137
	inside "$ID" /no/such
	assert_status 255
	assert_has "exec failed"
	inside "$ID"
	assert_status 255
	assert_has "process args cannot be empty"
	inside nobody true
	assert_status 255
	assert_has "container does not exist"
}

@test "oci exec: user, groups, directory, environment" {
	begin 'c["process"]["env"] += ["A=1", "B=1"]'
	inside --user 1000:1000 --additional-gids 29 --cwd /tmp --env A=2 --env A=3 "$ID" \
		sh -c 'id -u; id -g; id -G; pwd; echo $A $B'
	assert_ok
	assert_output "$(printf '%s\n' 1000 1000 '1000 29' /tmp '3 1')"
	inside --cwd here "$ID" true
	assert_status 255
	inside --user nobody "$ID" true
	assert_status 255
}

@test "oci exec: capabilities and new privileges" {
	begin 'c["process"]["capabilities"] = {k: ["CAP_KILL"] for k in ("bounding", "effective", "permitted")}
c["process"]["noNewPrivileges"] = False'
	inside "$ID" grep -E '^Cap(Eff|Bnd)|^NoNew' /proc/self/status
	assert_output "$(printf 'CapEff:\t0000000000000020\nCapBnd:\t0000000000000020\nNoNewPrivs:\t0')"
	inside --cap CAP_NET_RAW --no-new-privs "$ID" grep -E '^Cap(Eff|Bnd)|^NoNew' /proc/self/status
	assert_output "$(printf 'CapEff:\t0000000000002020\nCapBnd:\t0000000000002020\nNoNewPrivs:\t1')"
	inside --cap CAP_NONSENSE "$ID" true
	assert_status 255
}

@test "oci exec: a process by a file, as engines ask for it" {
	begin
	cat >"$BATS_TEST_TMPDIR/process.json" <<-'END'
		{"args": ["sh", "-c", "id -u; pwd; echo $X"], "cwd": "/var", "env": ["PATH=/bin", "X=y"],
		 "user": {"uid": 1000, "gid": 1000}}
	END
	inside --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	assert_ok
	assert_output "$(printf '%s\n' 1000 /var y)"
	echo '{"args": []}' >"$BATS_TEST_TMPDIR/process.json"
	inside --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	assert_status 255
}

@test "oci exec: detached, with its pid in a file" {
	begin
	runtime exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" sleep 99 \
		</dev/null >/dev/null 2>&1 3>&-
	run cat "/proc/$(<"$BATS_TEST_TMPDIR/pid")/comm"
	assert_output sleep
	run runtime ps --format json "$ID"
	assert_has "$(<"$BATS_TEST_TMPDIR/pid")"
}

@test "oci exec: a terminal by the console socket, of its own size" {
	begin
	cat >"$BATS_TEST_TMPDIR/process.json" <<-'END'
		{"args": ["sh", "-c", "stty size; read line; echo got:$line"], "cwd": "/", "terminal": true,
		 "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, "consoleSize": {"height": 33, "width": 99}}
	END
	python3 "$TESTS/lib/receive.py" "$BATS_TEST_TMPDIR/socket" terminal \
		>"$BATS_TEST_TMPDIR/terminal" 3>&- &
	local receiver=$!
	wait_for 5 test -S "$BATS_TEST_TMPDIR/socket"
	runtime exec --detach --process "$BATS_TEST_TMPDIR/process.json" \
		--console-socket "$BATS_TEST_TMPDIR/socket" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait "$receiver"
	run cat "$BATS_TEST_TMPDIR/terminal"
	assert_has "33 99"
	assert_has "got:hello"
	inside --tty --detach "$ID" true
	assert_status 255
	assert_has "cannot allocate tty"
}

@test "oci exec: the namespaces, root and control group are the container's" {
	begin
	local ns pid
	pid=$(runtime state "$ID" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
	for ns in mnt pid net ipc uts cgroup; do
		inside "$ID" readlink "/proc/self/ns/$ns"
		assert_output "$(readlink "/proc/$pid/ns/$ns")"
	done
	inside "$ID" sh -c 'cat /proc/1/cgroup'
	assert_ok
	local first=$output
	inside "$ID" sh -c 'cat /proc/self/cgroup'
	assert_output "$first"
}

@test "oci exec: a paused container" {
	begin
	runtime pause "$ID"
	inside "$ID" true
	assert_status 255
	assert_has "cannot exec in a paused container"
	runtime resume "$ID"
	inside "$ID" echo fine
	assert_output fine
}

@test "oci exec: nothing of the caller's leaks" {
	begin
	run sh -c '"$0" --root "$1" exec "$2" ls /proc/self/fd 7</etc/passwd 8</etc/group' \
		"$ONGGI_RUNTIME" "$STORE_TOP/state" "$ID"
	assert_ok
	assert_output "$(printf '%s\n' 0 1 2 3)"
	run env SECRET=1 "$ONGGI_RUNTIME" --root "$STORE_TOP/state" exec "$ID" env
	assert_has_not SECRET
}

@test "oci exec: the container's filter is that of further processes, too" {
	begin 'c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
    {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99}]}'
	inside "$ID" mkdir /tmp/x
	assert_status 1
	inside "$ID" grep Seccomp: /proc/self/status
	assert_output "$(printf 'Seccomp:\t2')"
}

@test "oci exec: control groups below the container's" {
	begin
	inside --cgroup no/such "$ID" true
	assert_status 255
}

@test "oci exec: into a container with a user namespace" {
	begin 'c["linux"]["namespaces"].append({"type": "user"})
c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 200000, "size": 65536}]'
	inside "$ID" sh -c 'id -u; cat /proc/self/uid_map | tr -s " "'
	assert_ok
	assert_output "$(printf '0\n 0 200000 65536')"
}

@test "oci exec: into a container with the host's processes" {
	begin 'c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "pid"]'
	inside "$ID" sh -c 'readlink /proc/self/ns/pid'
	assert_output "$(readlink /proc/self/ns/pid)"
	runtime exec --detach "$ID" sleep 99 </dev/null >/dev/null 2>&1 3>&-
	runtime kill "$ID" KILL
	runtime delete --force "$ID"
	run pgrep -f 'sleep 99'
	assert_status 1
}
