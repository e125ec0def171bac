#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A start that fails or is killed at any of its steps leaves nothing. Needs a build with faults:
#
#	meson setup build-faults -Dfaults=true && ninja -C build-faults
#	ONGGI_FAULTS=build-faults/onggi bats tests/verbs/run-faults.bats

load ../lib/onggi

setup() {
	[[ -x ${ONGGI_FAULTS:-} ]] || skip "needs ONGGI_FAULTS, a build with -Dfaults=true"
}

sweep() {
	local kind=$1
	shift
	timeout "$(scaled 900)" python3 "$TESTS/lib/faults.py" "$(realpath "$ONGGI_FAULTS")" "$STORE" "$RUN_STORE" \
		"$kind" "$@"
}

@test "faults: every step of a default container can fail" {
	sweep fail --rm "$BOX" true
}

@test "faults: every process can be killed at every step of a default container" {
	sweep kill --rm "$BOX" true
}

@test "faults: every step can fail with a user namespace, a bind, a hostname and limits" {
	mkdir -p "$BATS_TEST_TMPDIR/data"
	sweep fail --rm --userns auto -v "$BATS_TEST_TMPDIR/data:/data:ro" --domainname kiln -m 64m \
		--security-opt no-new-privileges --read-only --tmpfs /scratch --oom-score-adj 100 \
		--ulimit nofile=100 --sysctl net.ipv4.ip_forward=1 "$BOX" true
}

# bats test_tags=slow
@test "faults: every process can be killed at every step with a user namespace" {
	mkdir -p "$BATS_TEST_TMPDIR/data"
	sweep kill --rm --userns auto -v "$BATS_TEST_TMPDIR/data:/data:ro" -m 64m --read-only "$BOX" true
}

@test "faults: every step can fail with time offsets, which need the outer process" {
	sweep fail --rm --time-offset boottime=1000 "$BOX" true
}

@test "faults: the monitor killed at any moment leaves nothing after the next command" {
	onggi run --rm "$BOX" true
	sentinel_take
	local i pid
	for ((i = 0; i < 60; i++)); do
		"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" run --rm "$BOX" true </dev/null 3>&- &
		pid=$!
		sleep "0.00$((i % 10))$((i * 7 % 10))"
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	run onggi ps -aq
	assert_ok
	[[ -z $output ]]
	sentinel_check
}
