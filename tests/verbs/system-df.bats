#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

# One layer that two images have, and one that only the second has; a container with 5000 bytes.
setup_file() {
	store_new empty
	mkdir "$STORE_TOP/tree" "$STORE_TOP/tree/bin"
	cp "$(command -v busybox)" "$STORE_TOP/tree/bin/sh"
	tar -C "$STORE_TOP/tree" -cf - . | onggi import - base:1 >/dev/null
	onggi run --name maker base:1 sh -c 'head -c 3000 /dev/zero >/more' </dev/null
	onggi commit maker grown:1 >/dev/null
	onggi rm maker
	onggi run --name writer base:1 sh -c 'head -c 5000 /dev/zero >/new; ln /new /twice' </dev/null
}

base_bytes() {
	stat -c %s "$STORE_TOP/tree/bin/sh"
}

@test "system df: a shared layer counts once, what has no container can go" {
	run onggi system df
	assert_ok
	assert_matches '^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE$'
	assert_matches '^Images +2 +1 +[0-9.]+[kM]B +3kB \(0%\)$'
	assert_matches '^Containers +1 +0 +5kB +5kB \(100%\)$'
	assert_matches '^Left over +0 +0 +0B +0B$'
	run onggi system df --format '{{.Type}}={{.TotalCount}}'
	assert_output $'Images=2\nContainers=1\nLeft over=0'
	run onggi system df --format json
	assert_ok
	python3 -c 'import json, sys; [json.loads(line) for line in sys.argv[1].splitlines()]' "$output"
}

@test "system df: each image's own and shared bytes" {
	run onggi system df -v
	assert_ok
	assert_matches '^grown +1 +[0-9a-f]{12} .* 3kB +0$'
	assert_matches '^base +1 +[0-9a-f]{12} .* 0B +1$'
	assert_matches '^[0-9a-f]{12} +base:1 +5kB .* exited +writer$'
	run onggi system df -v --format json
	python3 -c '
import json, sys
facts = json.loads(sys.argv[1])
assert [i["UniqueSize"] for i in facts["Images"] if i["Repository"] == "grown"] == ["3kB"]
assert facts["Containers"][0]["Size"] == "5kB"' "$output"
}

@test "system df: what keeps each object" {
	run onggi system df --why --format '{{.Type}} {{.Size}} {{.KeptBy}}'
	assert_ok
	assert_matches '^image .* name base:1, container writer$'
	assert_matches '^image .* name grown:1$'
	assert_matches '^layer .* image [0-9a-f]{12}, image [0-9a-f]{12}$'
	assert_matches '^layer 3kB image [0-9a-f]{12}$'
	assert_matches '^container 5kB name writer: `rm` removes it$'
	run onggi system df --why -v
	assert_status 1
	assert_has "do not go together"
}

@test "system df: what is left over, and goes" {
	echo broken >"$STORE/quarantine/thing"
	run onggi system df
	assert_matches '^Left over +1 +0 +7B +7B \(100%\)$'
	run onggi system df --why
	assert_matches '^file +quarantine/thing +7B +damaged'
	rm "$STORE/quarantine/thing"
}
