#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# NOTIFY_SOCKET of the caller: a payload that tells a service manager that it is ready.

# shellcheck disable=SC2016,SC2030,SC2031 # $ is for the shell inside; tests are subshells

load ../lib/onggi
load ../lib/bundle

setup() {
	need_command cc
	BUNDLE=$STORE_TOP/bundle
	ID=onggi-test-$BATS_TEST_NUMBER-$$
	[[ -x $BUNDLE/rootfs/bin/say_ready ]] ||
		cc -O2 -static -D_GNU_SOURCE -o "$BUNDLE/rootfs/bin/say_ready" "$TESTS/lib/say_ready.c"
	TOLD=$BATS_TEST_TMPDIR/told
	manager "$BATS_TEST_TMPDIR/manager.sock"
}

teardown() {
	unset NOTIFY_SOCKET
	runtime delete --force "$ID" >/dev/null 2>&1 || true
	kill "$MANAGER" 2>/dev/null || true
}

# manager SOCKET: one that writes what it hears to $TOLD
manager() {
	[[ -z ${MANAGER:-} ]] || kill "$MANAGER"
	rm -f "$TOLD"
	python3 "$TESTS/lib/service_manager.py" "$1" "$TOLD" 3>&- &
	MANAGER=$!
	wait_for 10 test -e "$TOLD"
	export NOTIFY_SOCKET=$1
}

# begin COMMAND...: with output and input of its own
begin() {
	"$@" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
}

@test "oci notify: run in the foreground" {
	box 'sh("echo $NOTIFY_SOCKET; say_ready STATUS=warm READY=1 BARRIER=1 WATCHDOG=1 BARRIER=1 && echo said")'
	assert_ok
	assert_line /run/notify/notify.sock
	assert_line said
	wait_for 10 grep -qx 'STATUS=warm fds=0' "$TOLD"
	# The runtime stays, and is what the manager is to watch.
	wait_for 10 grep -qE '^READY=1 MAINPID=[0-9]+ fds=0$' "$TOLD"
	wait_for 10 grep -qx 'WATCHDOG=1 fds=0' "$TOLD"
	[[ ! -e $STORE_TOP/state/state/$ID ]]
}

@test "oci notify: run --detach returns when it is ready" {
	config 'sh("sleep 0.3; say_ready READY=1 BARRIER=1; sleep 100")'
	begin runtime run --detach -b "$BUNDLE" "$ID"
	assert_equal "$(sed -n 1p "$TOLD")" "READY=1 MAINPID=$(box_pid) fds=0"
	wait_for 10 grep -qx "BARRIER=1 fds=1" "$TOLD"
}

# The process id on record.
box_pid() {
	runtime state "$ID" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])'
}

@test "oci notify: start returns when it is ready, and others may look meanwhile" {
	config 'sh("while [ ! -e /go ]; do sleep 0.05; done; say_ready STATUS=x READY=1; sleep 100")'
	rm -f "$BUNDLE/rootfs/go"
	begin runtime create -b "$BUNDLE" "$ID"
	[[ ! -s $TOLD ]]
	runtime start "$ID" 3>&- &
	local pid=$!
	wait_for 10 bash -c "[[ \$('$ONGGI_RUNTIME' --root '$STORE_TOP/state' state '$ID') == *running* ]]"
	run runtime exec "$ID" sh -c 'ls /run/notify; touch /run/notify/x; env | grep NOTIFY'
	assert_has notify.sock
	assert_has "Read-only"
	assert_has_not NOTIFY_SOCKET=
	kill -0 "$pid" # it waits
	[[ ! -s $TOLD ]]
	touch "$BUNDLE/rootfs/go"
	wait "$pid"
	rm -f "$BUNDLE/rootfs/go"
	wait_for 10 grep -qx "READY=1 MAINPID=$(box_pid) fds=0" "$TOLD"
}

@test "oci notify: an end, a deletion or a signal ends the wait" {
	config 'sh("exit 3")'
	begin runtime run --detach -b "$BUNDLE" "$ID"
	runtime delete "$ID"
	config 'sh("say_ready STATUS=lastwords; exit 3")'
	begin runtime create -b "$BUNDLE" "$ID"
	runtime start "$ID"
	wait_for 10 grep -qx 'STATUS=lastwords fds=0' "$TOLD"
	runtime delete "$ID"
	config 'sh("sleep 100")'
	begin runtime create -b "$BUNDLE" "$ID"
	runtime start "$ID" 3>&- &
	local pid=$!
	wait_for 10 bash -c "[[ \$('$ONGGI_RUNTIME' --root '$STORE_TOP/state' state '$ID') == *running* ]]"
	runtime delete --force "$ID"
	wait "$pid"
	begin runtime run --detach -b "$BUNDLE" "$ID" &
	pid=$!
	wait_for 10 bash -c "[[ \$('$ONGGI_RUNTIME' --root '$STORE_TOP/state' state '$ID') == *running* ]]"
	kill -TERM "$pid"
	wait "$pid" || true
	[[ $(runtime state "$ID") == *running* ]]
}

@test "oci notify: what a payload may not say" {
	config 'sh("""say_ready "MAINPID=1" "FDSTORE=1" "$(printf "READY=1\nMAINPID=1\nNOTIFYACCESS=all")" """)'
	run runtime run -b "$BUNDLE" "$ID"
	assert_ok
	wait_for 10 grep -q READY=1 "$TOLD"
	assert_equal "$(wc -l <"$TOLD")" 1
	[[ $(cat "$TOLD") != *MAINPID=1\ * ]]
	[[ $(cat "$TOLD") != *NOTIFYACCESS* ]]
}

@test "oci notify: abstract names, long paths, nobody, another user" {
	local long
	manager "@onggi-test-$$"
	box 'sh("say_ready READY=1")'
	assert_ok
	wait_for 10 grep -q READY=1 "$TOLD"
	long=$BATS_TEST_TMPDIR/$(printf 'x%.0s' {1..100})
	mkdir -p "$long"
	(cd "$long" && exec python3 "$TESTS/lib/service_manager.py" s "$TOLD.long") 3>&- &
	local pid=$!
	wait_for 10 test -S "$long/s"
	NOTIFY_SOCKET=$long/s
	box 'sh("say_ready READY=1; echo $?"); c["process"]["user"] = {"uid": 4711, "gid": 4711}'
	kill "$pid"
	assert_line 0
	wait_for 10 grep -q READY=1 "$TOLD.long"
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/nobody
	box 'sh("echo alive")'
	assert_ok
	assert_line alive
	assert_has "NOTIFY_SOCKET: connect to"
	NOTIFY_SOCKET=
	box 'sh("echo ${NOTIFY_SOCKET:-none}; ls /run")'
	assert_line none
}

@test "oci notify: a started container that was made without" {
	local socket=$NOTIFY_SOCKET
	config 'sh("sleep 100")'
	NOTIFY_SOCKET=
	begin runtime create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$socket
	runtime start "$ID" # nobody is waited for
	[[ $(runtime state "$ID") == *running* ]]
}

# ready_beside RUNTIME...: what a manager hears of create and start, without numbers
ready_beside() {
	: >"$TOLD"
	config 'sh("sleep 0.2; say_ready READY=1; sleep 100"); c["ociVersion"] = "1.0.2"
c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] not in ("time", "cgroup")]'
	begin "$@" create -b "$BUNDLE" "$ID"
	begin "$@" start "$ID"
	"$@" delete --force "$ID"
	tr ' ' '\n' <"$TOLD" | grep -E '^(READY|MAINPID|BARRIER)' | sed 's/[0-9]*$//' | sort
}

@test "oci notify: the same as with runc" {
	need_command runc
	local ours
	ours=$(ready_beside runtime)
	manager "$BATS_TEST_TMPDIR/manager2.sock"
	# Debian's runc of 2023 has no barrier yet.
	assert_equal "$(grep -v BARRIER <<<"$ours")" "$(ready_beside runc --root "$STORE_TOP/runc" | grep -v BARRIER)"
	[[ -n $ours ]]
}
