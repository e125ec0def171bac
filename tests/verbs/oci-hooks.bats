#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm,long
#
# Hooks: what they are told at each point of a container's life, and what becomes of those that
# fail, or never end.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

teardown() {
	runtime delete --force "$ID" >/dev/null 2>&1 || true
}

# A hook that notes its name, environment and state, and ends with the status it is given.
note_hook() {
	SAID=$BATS_TEST_TMPDIR/said
	cat >"$BATS_TEST_TMPDIR/hook" <<-END
		#!/bin/bash
		read -r -d '' state
		{ echo "point \$1"; env; echo "state \$state"; } >>"$SAID"
		exit "\${2:-0}"
	END
	chmod +x "$BATS_TEST_TMPDIR/hook"
}

# A program of the container for startContainer hooks: it writes to where the host can look.
inside_hook() {
	mkdir -p "$BUNDLE/rootfs/hooks"
	printf '#!/bin/sh\ncat >/hooks/said.%s\nexit ${2:-0}\n' "$BATS_TEST_NUMBER" >"$BUNDLE/rootfs/hooks/hook"
	chmod +x "$BUNDLE/rootfs/hooks/hook"
}

status_at() {
	python3 - "$1" "$SAID" <<-'END'
		import json, sys
		point, lines = sys.argv[1], open(sys.argv[2]).read().split("point ")
		for entry in lines:
		    if entry.startswith(point + "\n"):
		        state = json.loads(entry.split("state ", 1)[1])
		        print(state["status"], state["id"], state.get("pid", 0) > 1, state["bundle"])
	END
}

@test "oci hooks: six points, each with its state and its own environment alone" {
	note_hook
	inside_hook
	config "sh('echo up; sleep 100'); c['root']['readonly'] = False
at = lambda p: [{'path': '$BATS_TEST_TMPDIR/hook', 'args': ['hook', p], 'env': ['K=v', 'PATH=/bin:/usr/bin']}]
c['hooks'] = {p: at(p) for p in ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop']}
c['hooks']['startContainer'] = [{'path': '/hooks/hook'}]"
	runtime create -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
	for point in prestart createRuntime createContainer; do
		assert_equal "$(status_at $point)" "creating $ID True $BUNDLE" "$point"
	done
	assert_equal "$(status_at poststart)" ""
	[[ ! -e $BUNDLE/rootfs/hooks/said.$BATS_TEST_NUMBER ]]
	runtime start "$ID"
	assert_equal "$(status_at poststart)" "running $ID True $BUNDLE"
	grep -q '"status":"created"' "$BUNDLE/rootfs/hooks/said.$BATS_TEST_NUMBER"
	runtime delete --force "$ID"
	assert_equal "$(status_at poststop)" "stopped $ID False $BUNDLE"
	assert_equal "$(grep -c -e '^K=v$' "$SAID")" 5
	assert_equal "$(grep -v -e '^K=v$' -e '^point' -e '^state' -e '^PATH=/bin:/usr/bin$' -e '^_=' -e '^PWD=' -e '^SHLVL=' "$SAID")" ""
}

@test "oci hooks: one that fails before the start fails the create, and what there was is gone" {
	note_hook
	for point in prestart createRuntime createContainer; do
		config "c['hooks'] = {'$point': [{'path': '$BATS_TEST_TMPDIR/hook', 'args': ['hook', '$point', '7']}]}"
		run runtime create -b "$BUNDLE" "$ID"
		assert_status 1
		assert_has "$point"
		assert_has "exit status 7"
		run runtime state "$ID"
		assert_status 1
		assert_equal "$(find /sys/fs/cgroup -maxdepth 3 -name "*$ID*")" ""
	done
}

@test "oci hooks: one that fails at the start ends the container; after the end it is a warning" {
	note_hook
	config "sh('sleep 100'); c['hooks'] = {'poststart': [{'path': '$BATS_TEST_TMPDIR/hook', 'args': ['hook', 'x', '7']}]}"
	runtime create -b "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	run runtime start "$ID"
	assert_status 1
	assert_has poststart
	wait_for 10 bash -c "'$ONGGI_RUNTIME' --root '$STORE_TOP/state' state '$ID' | grep -q stopped"
	runtime delete "$ID"
	config "sh('true'); c['hooks'] = {'poststop': [
    {'path': '$BATS_TEST_TMPDIR/hook', 'args': ['hook', 'first', '7']},
    {'path': '$BATS_TEST_TMPDIR/hook', 'args': ['hook', 'second']}]}"
	run runtime run -b "$BUNDLE" "$ID"
	assert_ok
	assert_has "exit status 7"
	grep -q 'point second' "$SAID"
}

# endless_hook: waits for ever, with a child that can be known by its argument
endless_hook() {
	CHILD=1000$$.$BATS_TEST_NUMBER
	printf '#!/bin/bash\nsleep %s &\necho up >"%s/child"\nwait\n' "$CHILD" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/endless"
	chmod +x "$BATS_TEST_TMPDIR/endless"
}

child_is_gone() {
	! grep -qszxF "$CHILD" /proc/[0-9]*/cmdline
}

@test "oci hooks: one that takes too long is killed, with what it has started" {
	endless_hook
	for point in createRuntime createContainer; do
		config "c['hooks'] = {'$point': [{'path': '$BATS_TEST_TMPDIR/endless', 'timeout': 1}]}"
		run runtime run -b "$BUNDLE" "$ID"
		assert_status 1
		assert_has "not done after 1 s"
		wait_for 5 child_is_gone
	done
}

@test "oci hooks: SIGTERM ends a run whose hook never ends" {
	endless_hook
	for point in createRuntime createContainer; do
		rm -f "$BATS_TEST_TMPDIR/child"
		config "c['hooks'] = {'$point': [{'path': '$BATS_TEST_TMPDIR/endless'}]}"
		"$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
		local pid=$!
		wait_for 10 test -s "$BATS_TEST_TMPDIR/child"
		kill -TERM "$pid"
		run wait "$pid"
		[[ $status -ne 0 ]]
		wait_for 5 child_is_gone
		run runtime state "$ID"
		assert_status 1
		assert_equal "$(find /sys/fs/cgroup -maxdepth 3 -name "*$ID*")" ""
	done
}

@test "oci hooks: their output goes where an annotation says" {
	printf '#!/bin/sh\necho out; echo err >&2\n' >"$BATS_TEST_TMPDIR/loud"
	chmod +x "$BATS_TEST_TMPDIR/loud"
	config "sh('echo alive'); t = '$BATS_TEST_TMPDIR/'
c['hooks'] = {p: [{'path': t + 'loud'}] for p in ['createRuntime', 'poststop']}
c['annotations'] = {'run.oci.hooks.stdout': t + 'stdout', 'run.oci.hooks.stderr': t + 'stderr'}"
	run runtime run -b "$BUNDLE" "$ID"
	assert_output alive
	assert_equal "$(<"$BATS_TEST_TMPDIR/stdout")" $'out\nout'
	assert_equal "$(<"$BATS_TEST_TMPDIR/stderr")" $'err\nerr'
}
