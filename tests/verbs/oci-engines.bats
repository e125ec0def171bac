#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi-runtime: what engines rely on, without an engine. With them: tests/peers.

load ../lib/onggi
load ../lib/bundle

# create_told STATUS TEXT PYTHON: what create logs as its error
create_told() {
	local log=$BATS_TEST_TMPDIR/log.json
	rm -f "$log"
	config "$3"
	run runtime --log "$log" --log-format json create -b "$BUNDLE" "$ID" </dev/null
	assert_status "$1"
	output=$(jq -rs 'map(select(.level == "error")) | last.msg' "$log")
	assert_has "$2"
}

@test "oci engines: create tells of a missing program in the words that engines look for" {
	create_told 1 "executable file not found in \$PATH" 'c["process"]["args"] = ["no-such"]'
	create_told 1 "no such file or directory" 'c["process"]["args"] = ["/no/such"]'
	create_told 1 "permission denied" 'c["process"]["args"] = ["/etc/passwd"]'
	create_told 1 "permission denied" 'c["process"]["args"] = ["/etc"]'
	create_told 1 "not a directory" 'mount("/tmp", "/etc/passwd", None, "bind"); c["process"]["args"] = ["true"]'
}

# This machine may have all capabilities: one is taken from the runtime.
@test "oci engines: a warning of the boot goes to the log, and never to a descriptor of the container" {
	need_command setpriv
	local log=$BATS_TEST_TMPDIR/log.json
	config 'sh("sleep 1000")
for s in ("bounding", "effective", "permitted"): c["process"]["capabilities"][s] = ["CAP_KILL", "CAP_AUDIT_CONTROL"]'
	setpriv --bounding-set -audit_control --inh-caps -audit_control \
		"$ONGGI_RUNTIME" --root "$STORE_TOP/state" --log "$log" --log-format json \
		create -b "$BUNDLE" "$ID" </dev/null 3>&- >"$BATS_TEST_TMPDIR/out" 2>&1
	run runtime state "$ID"
	assert_has '"status": "created"'
	grep -q '"level":"warning".*AUDIT_CONTROL' "$log"
	runtime start "$ID"
	run runtime state "$ID"
	assert_has '"status": "running"'
	runtime delete -f "$ID"
	[[ ! -s $BATS_TEST_TMPDIR/out ]]
}
