#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

@test "info: counts and places" {
	run onggi info
	assert_ok
	assert_matches '^Images: +1$'
	assert_matches "^Root: +$STORE\$"
	run onggi info -f '{{.Images}} {{.DockerRootDir}}'
	assert_output "1 $STORE"
	run onggi system info --format json
	python3 -c 'import json, sys; assert json.loads(sys.argv[1])["NCPU"] > 0' "$output"
}
