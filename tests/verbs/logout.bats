#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi
load ../lib/registry_auth

setup_file() {
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP STORE=$STORE_TOP/store RUN_STORE=$STORE_TOP/run
}

setup() {
	auth_home
	mkdir -p "${AUTH%/*}" "$XDG_RUNTIME_DIR/containers"
	echo '{"auths": {"r.example": {"auth": "eDp5"}, "r.example/team": {"auth": "eDp5"}, "https://index.docker.io/v1/": {"auth": "eDp5"}},
		"credHelpers": {"h.example": "kiln"}, "future": {"a": [1, null]}}' >"$AUTH"
}

# What is left in the file.
left() {
	python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))))' "${1:-$AUTH}"
}

@test "logout: forgets one registry, and nothing else" {
	run onggi logout r.example
	assert_ok
	assert_output "Removing login credentials for r.example"
	assert_equal "$(left)" '{"auths": {"r.example/team": {"auth": "eDp5"}, "https://index.docker.io/v1/": {"auth": "eDp5"}}, "credHelpers": {"h.example": "kiln"}, "future": {"a": [1, null]}}'
	assert_equal "$(stat -c %a "$AUTH")" 600
	run onggi logout
	assert_output "Removing login credentials for docker.io"
	run onggi logout https://r.example/v2/
	assert_ok
	assert_output "Not logged in to r.example"
	run onggi logout r.example/team
	assert_output "Removing login credentials for r.example/team"
}

@test "logout: in every file in which a pull would look" {
	echo '{"auths": {"r.example": {"auth": "eDp5"}}}' >"$XDG_RUNTIME_DIR/containers/auth.json"
	run onggi logout r.example
	assert_output "Removing login credentials for r.example"
	assert_equal "$(left "$XDG_RUNTIME_DIR/containers/auth.json")" '{"auths": {}}'
	run onggi login --get-login r.example
	assert_status 1
	echo '{"auths": {"r.example": {"auth": "eDp5"}}}' >"$HOME/one.json"
	run onggi logout --authfile "$HOME/one.json" r.example
	assert_ok
	assert_equal "$(left "$HOME/one.json")" '{"auths": {}}'
}

@test "logout: a program forgets, too" {
	auth_keeper kiln
	touch "$BATS_TEST_TMPDIR/kept/h.example"
	echo '{"Username": "a", "Secret": "b"}' >"$BATS_TEST_TMPDIR/kept/h.example"
	run onggi logout h.example
	assert_output "Removing login credentials for h.example"
	assert_equal "$(ls "$BATS_TEST_TMPDIR/kept")" ""
	run onggi logout h.example
	assert_output "Not logged in to h.example"
}

@test "logout: all of them" {
	auth_keeper kiln
	run onggi logout --all
	assert_ok
	assert_line "Removing login credentials for r.example"
	assert_line "Removing login credentials for r.example/team"
	assert_line "Removing login credentials for docker.io"
	assert_equal "$(left)" '{"auths": {}, "credHelpers": {"h.example": "kiln"}, "future": {"a": [1, null]}}'
	run onggi logout --all
	assert_output "Not logged in to any registry"
	run onggi logout --all r.example
	assert_status 1
	assert_has "--all takes no registry"
}
