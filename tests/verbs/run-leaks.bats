#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=leaks
#
# Any number of containers leaves the host as it was.

load ../lib/onggi

RUNS=50
[[ -z ${ONGGI_SLOW:-} ]] || RUNS=1000

setup() {
	# The first run fills caches (the compiled seccomp filter); they stay on purpose.
	onggi run --rm "$BOX" true
	sentinel_take
}

@test "leaks: $RUNS containers, one after the other" {
	local i
	for ((i = 0; i < RUNS; i++)); do
		onggi run --rm "$BOX" true
	done
	sentinel_check
}

@test "leaks: containers side by side" {
	local i pids=()
	for ((i = 0; i < RUNS / 5; i++)); do
		onggi run --rm "$BOX" true 3>&- &
		pids+=($!)
		if ((${#pids[@]} == 5)); then
			wait "${pids[@]}"
			pids=()
		fi
	done
	sentinel_check
}

@test "leaks: every way to fail" {
	local i
	for ((i = 0; i < 5; i++)); do
		onggi run --rm "$BOX" /no/such/command && return 1
		onggi run --rm "$BOX" /etc/passwd && return 1
		onggi run --rm "$BOX" false && return 1
		onggi run --rm --user nobody-knows "$BOX" true && return 1
		onggi run --rm -v /proc/1/no:/x/y "$BOX" true && return 1
		onggi run --rm --workdir /etc/passwd "$BOX" true && return 1
		onggi run --rm --pull never no/such/image true && return 1
	done
	sentinel_check
}

@test "leaks: what the container left running dies with it" {
	onggi run --rm "$BOX" sh -c 'for i in 1 2 3; do (setsid sleep 1000 &) ; done'
	sentinel_check
}

@test "leaks: cgroups that the container made go with it" {
	onggi run --rm --privileged "$BOX" sh -c \
		'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/inner 2>/dev/null; done; true'
	sentinel_check
}

@test "leaks: the command is killed while its container runs" {
	onggi_start run --rm "$BOX" sleep 1000
	wait_for 10 container_runs
	kill -KILL "$ONGGI_PID"
	wait "$ONGGI_PID" || true
	# The next command that looks at containers cleans up.
	onggi ps -a >/dev/null
	sentinel_check 10
}

container_runs() {
	[[ -n $(onggi ps -q) ]]
}

@test "leaks: without --rm a container stays until it is removed" {
	onggi run --name kept "$BOX" true
	run onggi ps -a --filter name=kept -q
	assert_ok
	[[ -n $output ]]
	onggi rm kept
	sentinel_check
}
