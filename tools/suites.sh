# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The test suites, and the sum over all of them. Every suite speaks TAP or meson's JSON;
# tools/tally.py counts single tests, never "a suite".

tally_begin() {
	TALLY=$(mktemp)
	export TALLY
}

# The last line is "N passed, N failed, N skipped"; false if anything failed.
tally_end() {
	local status=0
	echo
	python3 "$TOP/tools/tally.py" sum "$TALLY" || status=1
	rm -f "$TALLY"
	return "$status"
}

# tap_suite NAME COMMAND...: run it, show what failed or was skipped, count
tap_suite() {
	local name=$1 start=$EPOCHREALTIME status=0
	shift
	say "$name"
	{ "$@" 2>&1 </dev/null || status=$?; echo "# exit ${status}"; } |
		python3 "$TOP/tools/tally.py" tap "$name" "$TALLY" "$start"
}

suite_checks() {
	tap_suite checks python3 "$TOP/tests/checks/run.py"
}

suite_shellcheck() {
	tap_suite shellcheck "$TOP/tests/checks/shellcheck.sh"
}

# suite_unit BUILD [NAME]: the programs beside the code
suite_unit() {
	local build=$1 name=${2:-unit} start=$EPOCHREALTIME
	say "$name"
	# Its own verdict is not enough: tally.py counts the tests inside the programs.
	meson test -C "$build" --suite unit --no-rebuild --num-processes "${JOBS:-$(nproc)}" \
		>/dev/null 2>&1 </dev/null || true
	python3 "$TOP/tools/tally.py" meson "$name" "$TALLY" "$start" "$build/meson-logs/testlog.json"
}

# suite_verbs BUILD [bats options]: the commands, as people use them (needs root)
suite_verbs() {
	local build=$1
	shift
	tap_suite "${VERBS_NAME:-verbs}" as_root env "ONGGI=$build/onggi" "ONGGI_SLOW=${ONGGI_SLOW:-}" \
		"ONGGI_FAULTS=${ONGGI_FAULTS:-}" "ONGGI_TIME_SCALE=${ONGGI_TIME_SCALE:-1}" \
		"ONGGI_RUNTIME=$build/onggi-runtime" bats --tap "$@" "$TOP/tests/verbs" "$TOP/tests/security"
}
