# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Assertions on what bats' `run` left in $status and $output. Each prints what it saw.

# fail MESSAGE...: and show the last command's result
fail() {
	printf '%s\n' "$*"
	printf 'status: %s\noutput:\n%s\n' "${status-none}" "${output-none}"
	return 1
}

# shellcheck disable=SC2154 # status and output are set by bats
assert_status() {
	[[ $status -eq $1 ]] || fail "expected status $1"
}

assert_ok() {
	assert_status 0
}

# The whole output.
assert_output() {
	[[ $output == "$1" ]] || fail "expected exactly: $1"
}

# One whole line of it.
assert_line() {
	grep -qxF -- "$1" <<<"$output" || fail "expected a line: $1"
}

# A part of it.
assert_has() {
	[[ $output == *"$1"* ]] || fail "expected in the output: $1"
}

assert_has_not() {
	[[ $output != *"$1"* ]] || fail "not expected in the output: $1"
}

# A line that matches an extended regular expression.
assert_matches() {
	grep -qE -- "$1" <<<"$output" || fail "expected a match for: $1"
}

# assert_equal GOT WANTED [WHAT]
assert_equal() {
	[[ $1 == "$2" ]] || fail "${3:-value}: got '$1', expected '$2'"
}
