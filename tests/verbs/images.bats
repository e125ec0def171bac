#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

setup_file() {
	store_new
	onggi import -c 'LABEL kind=pot' <(box_tar) pots/clay:2 >/dev/null
}

@test "images: a row for each name" {
	run onggi images
	assert_ok
	assert_matches '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$'
	assert_matches "^$BOX +latest +[0-9a-f]{12} .* ago +[0-9.]+MB\$"
	assert_matches '^pots/clay +2 '
}

@test "images: a repository as operand, filters" {
	run onggi images -q pots/clay
	assert_matches '^[0-9a-f]{12}$'
	run onggi images --format '{{.Repository}}' -f reference='pots/*'
	assert_output pots/clay
	run onggi images --format '{{.Repository}}' -f label=kind=pot
	assert_output pots/clay
	run onggi images -q -f dangling=true
	assert_output ""
	run onggi images -f colour=red
	assert_status 1
	assert_has "invalid filter 'colour'"
}

@test "images: formats" {
	run onggi images pots/clay --format '{{.Repository}}:{{.Tag}} {{.Label "kind"}}'
	assert_output "pots/clay:2 pot"
	run onggi images --digests
	assert_matches '^REPOSITORY +TAG +DIGEST +IMAGE ID'
	run onggi images --no-trunc -q
	assert_matches '^sha256:[0-9a-f]{64}$'
	run onggi image ls --format json
	python3 -c 'import json, sys; [json.loads(line) for line in sys.argv[1].splitlines()]' "$output"
}
