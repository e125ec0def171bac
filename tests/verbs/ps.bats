#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

is_up() {
	[[ -n $(onggi ps -q -f name=up) ]]
}

setup_file() {
	store_new
	onggi run --name ended -l color=blue "$BOX" true
	onggi run --name failed -l color=red -l size=big "$BOX" sh -c 'exit 3' || true
}

@test "ps: ended containers only with -a" {
	run onggi ps
	assert_ok
	assert_matches '^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +NAMES$'
	assert_has_not ended
	run onggi ps -a
	assert_matches '"true".*Exited \(0\) .* ago +ended$'
	assert_matches '"sh -c exit 3|"sh -c .exit 3.'
}

@test "ps: a running one" {
	onggi_start run --name up "$BOX" sleep 30
	wait_for 5 is_up
	run onggi ps
	assert_matches ' Up .* up$'
	run onggi ps --format '{{.State}}' -f status=running
	assert_output running
	onggi rm -f up
	wait "$ONGGI_PID" || true
}

@test "ps: newest first; -n and -l" {
	run onggi ps -a --format '{{.Names}}'
	assert_output $'failed\nended'
	run onggi ps -l --format '{{.Names}}'
	assert_output failed
	run onggi ps -n 1 --format '{{.Names}}'
	assert_output failed
}

@test "ps: ids short and whole" {
	run onggi ps -aq
	assert_matches '^[0-9a-f]{12}$'
	run onggi ps -aq --no-trunc
	assert_matches '^[0-9a-f]{64}$'
}

@test "ps: filters" {
	local row
	for row in 'name=end ended' 'label=color=red failed' 'label=size failed' 'exited=3 failed' \
		"ancestor=$BOX ended"; do
		# shellcheck disable=SC2086 # the row is words
		set -- $row
		run onggi ps -a --format '{{.Names}}' -f "$1"
		assert_ok
		assert_line "$2"
	done
	run onggi ps -a -q -f label=color=red -f label=color=blue
	assert_output ""
	run onggi ps -f status=sleepy
	assert_status 1
	assert_has "invalid filter 'status=sleepy'"
	run onggi ps -f color=red
	assert_status 1
	assert_has "invalid filter 'color'"
	assert_has "hint:"
}

@test "ps: --format" {
	run onggi ps -a -f name=failed --format '{{.Label "color"}} {{.Labels}}'
	assert_output "red color=red,size=big"
	run onggi ps -a --format 'table {{.Names}}\t{{.Image}}'
	assert_matches '^NAMES +IMAGE$'
	run onggi ps -a -f name=ended --format json
	python3 -c 'import json, sys; assert json.loads(sys.argv[1])["Names"] == "ended"' "$output"
	run onggi ps -a --format '{{.Typo}}'
	assert_status 1
	assert_has Typo
	run onggi ps -a --format '{{.ID'
	assert_status 1
	assert_has "template parsing error"
}

@test "ps: labels cannot drive the terminal" {
	onggi run --name evil -l "$(printf 'x=\033[31m')" "$BOX" true
	run onggi ps -a -f name=evil --format '{{.Labels}}'
	onggi rm evil
	assert_output 'x=\x1b[31m'
}

@test "ps: --size is refused by name; operands are refused" {
	run onggi ps -s
	assert_status 125
	assert_has "--size is not yet supported by onggi ps"
	run onggi ps x
	assert_status 1
	assert_has "accepts no arguments"
}

@test "ps: container ls is the same" {
	run onggi container ls -aq
	assert_ok
	assert_matches '^[0-9a-f]{12}$'
}
