#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Every command killed at any moment: one further command later nothing is left, and until then the
# container is in one of the states that docs/oci-runtime.md lists.

load ../lib/onggi
load ../lib/bundle

MOMENTS=${ONGGI_KILL_MOMENTS:-40}

teardown() {
	runtime delete --force "$ID" >/dev/null 2>&1 || true
}

waits='sh("while :; do sleep 0.1; done")'

# Processes, mounts, control groups, locks, records.
left() {
	find /sys/fs/cgroup -maxdepth 2 -name "$ID*"
	find "$STORE_TOP/state/locks" "$STORE_TOP/state/state" -mindepth 1
	grep -F "$STORE_TOP" /proc/self/mountinfo
	pgrep -f -- "$STORE_TOP/state"
}

nothing_left() {
	[[ -z $(left) ]]
}

# killed MOMENT COMMAND...: the runtime, ended that many 0.5 ms after its start
killed() {
	local moment=$1 pid
	shift
	"$ONGGI_RUNTIME" --root "$STORE_TOP/state" "$@" </dev/null >/dev/null 2>&1 3>&- &
	pid=$!
	sleep "0.0$(printf '%03d' $((moment * 5)))"
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

create() {
	runtime create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
}

status_of() {
	runtime state "$ID" 2>/dev/null |
		python3 -c 'import json, sys; print(json.loads(sys.stdin.read() or "{\"status\": \"none\"}")["status"])'
}

# is_one_of WORD...
is_one_of() {
	local status word
	status=$(status_of)
	for word; do
		[[ $status != "$word" ]] || return 0
	done
	fail "after $i: status $status, not one of $*"
}

# Has the child of a killed create noticed: is it gone, or created?
nobody_runs_or_waits() {
	! pgrep -f -- "$STORE_TOP/state" >/dev/null ||
		runtime state "$ID-dead" 2>/dev/null | grep -q '"status": "created"'
}

# Deletes it, whatever it is, and looks.
delete_all() {
	runtime delete --force "$ID" || fail "after $i: delete fails"
	# A lock that nobody holds and no record names is the next creator's to remove.
	wait_for 5 nothing_left || fail "after $i left: $(left)"
}

@test "oci kills: create" {
	local i
	config "$waits"
	for ((i = 0; i < MOMENTS; i++)); do
		killed "$i" create --bundle "$BUNDLE" "$ID"
		is_one_of none stopped created creating
		delete_all
	done
}

@test "oci kills: create, and then one of another id" {
	local i
	config "$waits"
	for ((i = 0; i < MOMENTS; i++)); do
		killed "$i" create --bundle "$BUNDLE" "$ID-dead"
		# Its child notices a moment later; until then it is not dead, and nobody takes it away.
		wait_for 5 nobody_runs_or_waits
		if runtime state "$ID-dead" 2>/dev/null | grep -q '"status": "created"'; then
			runtime delete "$ID-dead"
		fi
		create
		runtime delete --force "$ID"
		wait_for 5 nothing_left || fail "after $i left: $(left)"
	done
}

@test "oci kills: start" {
	local i
	config "$waits"
	for ((i = 0; i < MOMENTS / 2; i++)); do
		create
		killed "$i" start "$ID"
		is_one_of created running
		[[ $(status_of) == running ]] || runtime start "$ID"
		[[ $(status_of) == running ]]
		delete_all
	done
}

@test "oci kills: run in the foreground" {
	local i
	config "$waits"
	for ((i = 0; i < MOMENTS; i++)); do
		killed "$i" run --bundle "$BUNDLE" "$ID"
		wait_for 5 is_gone
		delete_all
	done
}

is_gone() {
	[[ $(status_of) == none || $(status_of) == stopped ]]
}

@test "oci kills: run --detach" {
	local i
	config "$waits"
	for ((i = 0; i < MOMENTS; i++)); do
		killed "$i" run --detach --bundle "$BUNDLE" "$ID"
		is_one_of none stopped running created creating
		delete_all
	done
}

@test "oci kills: exec" {
	local i
	config "$waits"
	create
	runtime start "$ID"
	for ((i = 0; i < MOMENTS; i++)); do
		killed "$i" exec "$ID" sleep 0.05
		killed "$i" exec --detach "$ID" sleep 0.05
		is_one_of running
	done
	run runtime exec "$ID" echo fine
	assert_ok
	assert_output fine
	wait_for 5 only_it || fail "processes: $(runtime ps "$ID")"
	delete_all
}

# The shell, and its sleep.
only_it() {
	(($(runtime ps --format json "$ID" | tr -cd , | wc -c) <= 1))
}

@test "oci kills: delete" {
	local i
	config "$waits"
	for ((i = 0; i < MOMENTS; i++)); do
		create
		killed "$i" delete --force "$ID"
		is_one_of none stopped created
		delete_all
	done
}

@test "oci kills: pause and resume" {
	local i
	config "$waits"
	for ((i = 0; i < MOMENTS / 2; i++)); do
		create
		runtime start "$ID"
		killed "$((i / 2))" pause "$ID"
		is_one_of running paused
		killed "$((i / 2))" resume "$ID"
		is_one_of running paused
		delete_all
	done
}
