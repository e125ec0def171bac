#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# run --trace and explain: the steps of a start, as they were and as they would be.

load ../lib/onggi

@test "trace: a tree for people, on the standard error" {
	onggi run --rm --trace "$BOX" echo payload >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/o")" payload
	local step
	for step in 'engine: decide' 'parent: make cgroup' 'parent: start inner' 'inner: pivot root' 'inner: exec echo payload' 'engine: clean up'; do
		grep -qE "^ +[0-9.]+ +[0-9.]+ +$step" "$BATS_TEST_TMPDIR/e" || fail "no line for $step"
	done
}

@test "trace: JSON, one object a line" {
	onggi run --rm --trace=json --trace-file "$BATS_TEST_TMPDIR/trace" "$BOX" true
	python3 - "$BATS_TEST_TMPDIR/trace" <<-'END'
		import json, sys
		spans = [json.loads(line) for line in open(sys.argv[1])]
		assert {"engine", "parent", "inner"} <= {span["process"] for span in spans}
		assert all(span["done"] and span["start_us"] >= 0 and span["duration_us"] >= 0 for span in spans), spans
		inner = [span for span in spans if span["process"] == "inner"]
		assert inner == sorted(inner, key=lambda span: span["start_us"])
		assert inner[-1]["step"] == "exec" and inner[-1]["argument"] == "true"
	END
}

@test "trace: Perfetto's format" {
	onggi run --rm --trace=perfetto --trace-file "$BATS_TEST_TMPDIR/trace" --time-offset boottime=5 "$BOX" sh -c 'true "quotes\" and \\ and
lines"'
	python3 - "$BATS_TEST_TMPDIR/trace" <<-'END'
		import json, sys
		events = json.load(open(sys.argv[1]))["traceEvents"]
		names = {event["args"]["name"] for event in events if event["ph"] == "M"}
		assert {"parent", "outer", "inner"} <= names, names
		spans = [event for event in events if event["ph"] == "X"]
		assert len(spans) > 20 and all(span["dur"] >= 0 for span in spans)
	END
}

@test "trace: a failed start shows how far it came, and the error once" {
	run onggi run --rm --trace "$BOX" /no/such/command
	assert_status 127
	assert_has "inner: exec"
	assert_equal "$(grep -c '^onggi: ' <<<"$output")" 1 "errors"
}

@test "trace: formats and files that are none" {
	run onggi run --rm --trace=html "$BOX" true
	assert_status 125
	assert_has "tree json perfetto"
	run onggi run --rm --trace-file /no/such/folder/file "$BOX" true
	assert_status 125
	assert_has /no/such/folder/file
	run onggi run --rm --trace=none "$BOX" echo quiet
	assert_output quiet
	# A file alone means the tree.
	onggi run --rm --trace-file "$BATS_TEST_TMPDIR/trace" "$BOX" true
	grep -q "pivot root" "$BATS_TEST_TMPDIR/trace"
}

@test "explain: sentences and shell commands, in order" {
	run onggi explain -m 64m -v /etc:/host:ro --cap-drop ALL "$BOX" sleep 5
	assert_ok
	assert_has "pivot_root . ."
	assert_has "67108864"
	assert_has "/host"
	assert_matches '^parent'
	assert_matches '^inner'
	assert_has_not "%s"
}

@test "explain: JSON" {
	onggi explain --json --userns auto -it "$BOX" sleep 5 >"$BATS_TEST_TMPDIR/plan"
	python3 - "$BATS_TEST_TMPDIR/plan" <<-'END'
		import json, sys
		rows = json.load(open(sys.argv[1]))
		steps = [row["step"] for row in rows]
		wanted = {"write id maps", "let go", "await parent", "open console", "pivot root"}
		assert wanted <= set(steps), steps
		assert "move to cgroup" not in steps  # it joins by itself: moving waits for the kernel
		assert all(row["means"] and row["breaks"] for row in rows)
	END
}

@test "explain: nothing is made" {
	onggi run --rm --userns auto "$BOX" true
	sentinel_take
	onggi explain --userns auto -m 64m --name planned -v "$BATS_TEST_TMPDIR/missing:/m" --cidfile "$BATS_TEST_TMPDIR/cid" "$BOX" true >/dev/null
	sentinel_check
	[[ ! -e $BATS_TEST_TMPDIR/missing && ! -e $BATS_TEST_TMPDIR/cid ]]
	run onggi ps -aq
	assert_output ""
}

@test "explain: refuses what run refuses" {
	run onggi explain no/such/image true
	assert_status 125
	run onggi explain --isolate chroot -m 64m "$BOX" true
	assert_status 125
	run onggi explain --cap-add SUPERPOWER "$BOX" true
	assert_status 125
	run onggi explain --userns auto --pid host "$BOX" true
	assert_status 125
}

@test "explain: the commands of a bare chroot really do it" {
	run onggi explain --isolate chroot "$BOX" true
	assert_ok
	assert_has 'chroot $ROOT'
	assert_has_not unshare\ -m
	assert_has_not "control group"
}
