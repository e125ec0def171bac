#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi
bats_require_minimum_version 1.5.0

setup_file() {
	store_new
	onggi run --name web -l a=b "$BOX" sh -c 'exit 7' || true
}

@test "inspect: an array, indented by four" {
	run onggi inspect web
	assert_ok
	assert_has $'[\n    {\n        "Id": "'
	python3 -c 'import json, sys; assert json.loads(sys.argv[1])[0]["State"]["ExitCode"] == 7' "$output"
}

@test "inspect: templates" {
	run onggi inspect -f '{{.State.ExitCode}} {{.Name}} {{index .Config.Labels "a"}}' web
	assert_output "7 /web b"
	run onggi inspect -f '{{json .State.Status}}' web
	assert_output '"exited"'
	run onggi inspect -f '{{.Nonsense}}' web
	assert_status 1
	assert_has "Nonsense"
	run onggi inspect -f '{{if .State.Health}}x{{else}}none{{end}}' web
	assert_output none
}

@test "inspect: images, and --type" {
	run onggi inspect -f '{{.Id}}' "$BOX"
	assert_matches '^sha256:[0-9a-f]{64}$'
	run onggi inspect --type container "$BOX"
	assert_status 1
	run onggi image inspect web
	assert_status 1
	run onggi inspect --type volume x
	assert_status 1
	assert_has 'unknown type: "volume"'
}

@test "inspect: what is found is shown although something is missing" {
	run onggi inspect nosuch web
	assert_status 1
	assert_has "no such object: nosuch"
	assert_has '"Name": "/web"'
	run --separate-stderr onggi inspect nosuch
	assert_status 1
	assert_output "[]"
}
