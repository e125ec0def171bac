#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A bundle's start that fails or is killed at any of its steps leaves nothing. Needs a build with
# faults, as run-faults.bats: ONGGI_FAULTS=build-faults/onggi. tests/faults/steps.py has the rules.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

# What is left of containers of ours: control groups, locks, records.
left() {
	find /sys/fs/cgroup -maxdepth 2 -name "$ID*"
	find "$STORE_TOP/state/locks" "$STORE_TOP/state/state" -type f
}

# sweep VERB fail|kill: every step of the configured container, in each process
sweep() {
	[[ -x ${ONGGI_FAULTS:-} ]] || skip "needs ONGGI_FAULTS, a build with -Dfaults=true"
	run timeout "$(scaled 300)" python3 "$TESTS/faults/steps.py" "$(dirname "$(realpath -s "$ONGGI_FAULTS")")/onggi-runtime" \
		"$STORE_TOP/state" "$BUNDLE" "$@" </dev/null 3>&-
	output=$(grep -v '^ok' <<<"$output")
	assert_ok
}

nothing_left() {
	[[ -z $(left) ]]
}

# With time offsets there is an outer process.
with_much='c["process"]["args"] = ["true"]; c["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
c["hooks"] = {point: [{"path": "/bin/true"}] for point in ("prestart", "createRuntime",
    "createContainer", "startContainer", "poststart", "poststop")}
mount("/tmp", "tmpfs", "tmpfs", "tmpcopyup")
c["linux"]["namespaces"].append({"type": "time"}); c["linux"]["timeOffsets"] = {"boottime": {"secs": 1000}}'

with_users='c["process"]["args"] = ["sleep", "1000"]; c["linux"]["namespaces"].append({"type": "user"})
c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 200000, "size": 65536}]'

@test "oci faults: every step of run can fail, with hooks, a copied-up mount and time offsets" {
	config "$with_much"
	sweep run fail
}

@test "oci faults: every process of run can be killed at every step, with hooks and time offsets" {
	config "$with_much"
	sweep run kill
}

@test "oci faults: every step of create and start can fail, with a user namespace" {
	config "$with_users"
	sweep create fail
}

@test "oci faults: every process of create and start can be killed at every step" {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	sweep create kill
}

@test "oci faults: every step of exec can fail, and the container goes on" {
	config "$with_users"
	sweep exec fail
}

@test "oci faults: every process of exec can be killed at every step, and the container goes on" {
	config 'c["process"]["args"] = ["sleep", "1000"]'
	sweep exec kill
}

@test "oci faults: the runtime killed at any moment leaves nothing after the next run" {
	config 'sh("true")'
	local i pid
	for ((i = 0; i < 40; i++)); do
		"$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID" </dev/null 3>&- &
		pid=$!
		sleep "0.00$((i % 10))$((i * 7 % 10))"
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	run runtime run -b "$BUNDLE" "$ID-next"
	assert_ok
	wait_for 5 nothing_left || fail "left: $(left)"
}

@test "oci faults: half-written records go with their writers, and not before" {
	config 'sh("true")'
	runtime run -b "$BUNDLE" "$ID"
	local state=$STORE_TOP/state name
	for name in "$ID" gone alive; do
		mkdir "$state/state/$name"
		touch "$state/state/$name/.state.json.new-0123456789ab" "$state/locks/$name"
	done
	exec 7>"$state/locks/alive"
	flock 7
	run runtime run -b "$BUNDLE" "$ID" 7>&-
	assert_ok
	run ls -A "$state/state" "$state/locks"
	assert_has alive
	assert_has_not gone
	assert_has_not "$ID"
	exec 7>&-
	run runtime run -b "$BUNDLE" "$ID"
	assert_ok
	run ls -A "$state/state" "$state/locks"
	assert_has_not alive
}
