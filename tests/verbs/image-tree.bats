#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

# base <- one <- two; base <- other; alone
setup_file() {
	store_new empty
	mkdir -p "$STORE_TOP/tree/bin" "$STORE_TOP/alone"
	cp "$(command -v busybox)" "$STORE_TOP/tree/bin/sh"
	tar -C "$STORE_TOP/tree" -cf - . | onggi import - base >/dev/null
	tar -C "$STORE_TOP/alone" -cf - . | onggi import - alone >/dev/null
	grow base one
	grow one two
	grow base other
}

grow() {
	onggi run --name maker "$1" sh -c "echo $2 >/$2" </dev/null
	onggi commit maker "$2" >/dev/null
	onggi rm maker
}

@test "image tree: layers, and the images on them" {
	run onggi image tree
	assert_ok
	assert_matches '^[0-9a-f]{12} +[0-9.]+[kM]B  base:latest$'
	assert_matches '^(├|└)─ [0-9a-f]{12} +4B  one:latest$'
	assert_matches '^(│|) +[0-9a-f]{12} +4B  two:latest$' # no part of its own: not indented
	assert_matches '^(├|└)─ [0-9a-f]{12} +6B  other:latest$'
	assert_matches '^[0-9a-f]{12} +0B  alone:latest$'
}

@test "image tree: of one image" {
	run onggi image tree two
	assert_ok
	assert_has other:latest
	[[ $output != *alone* ]]
	run onggi image tree nosuch
	assert_status 1
	assert_has "no such image: nosuch"
}

@test "image tree: as JSON" {
	run onggi image tree base --format json
	assert_ok
	python3 -c '
import json, sys
(base,) = json.loads(sys.argv[1])["Layers"]
assert base["Images"] == ["base:latest"]
children = {child["Images"][0]: child for child in base["Children"]}
assert set(children) == {"one:latest", "other:latest"}
(two,) = children["one:latest"]["Children"]
assert two["Images"] == ["two:latest"] and two["Size"] == 4 and not two["Children"]' "$output"
}

@test "image tree: fits a narrow terminal" {
	onggi tag two a.very.long.name.of.a.registry.example:5000/with/a/long/path:and-a-tag
	run python3 "$TESTS/lib/terminal.py" size 24 40 -- \
		"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" image tree
	assert_ok
	assert_has "a.very.long"
	python3 -c '
import sys
assert max(len(line.rstrip("\r")) for line in sys.argv[1].splitlines()) == 40' "$output"
}
