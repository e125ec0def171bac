#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The life of a container, verb by verb: in every order, beside Debian's runc, and with creators
# that are gone.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

teardown() {
	runtime delete --force "$ID" >/dev/null 2>&1 || true
}

# create: without a pipe of ours held by the container
create() {
	runtime create --bundle "$BUNDLE" "$@" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
}

status_of() {
	runtime state "$ID" | python3 -c 'import json, sys; print(json.load(sys.stdin)["status"])'
}

pid_of() {
	runtime state "$ID" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])'
}

has_status() {
	[[ $(status_of) == "$1" ]]
}

has_processes() {
	[[ $(runtime ps --format json "$ID" | tr -cd , | wc -c) == $(($1 - 1)) ]]
}

said() {
	grep -q "$1" "$BATS_TEST_TMPDIR/out"
}

# What is left of containers of ours: processes, mounts, control groups, locks, records.
left() {
	find /sys/fs/cgroup -maxdepth 2 -name "$ID*"
	find "$STORE_TOP/state/locks" "$STORE_TOP/state/state" -mindepth 1 2>/dev/null
	grep -F "$STORE_TOP" /proc/self/mountinfo
	pgrep -f -- "$STORE_TOP/state"
}

nothing_left() {
	[[ -z $(left) ]]
}

waits='sh("trap \"exit 3\" TERM; while :; do sleep 0.1; done")'

# same_as_runc STEP...: statuses of all commands, and states after them
same_as_runc() {
	need_command runc
	config "$waits"
	# runc knows fewer namespaces and fields.
	python3 - "$BUNDLE/config.json" <<-'END'
		import json, sys
		with open(sys.argv[1]) as text:
		    c = json.load(text)
		c["ociVersion"] = "1.0.2"
		with open(sys.argv[1], "w") as text:
		    json.dump(c, text)
	END
	python3 "$TESTS/lib/lifecycle.py" runc "$STORE_TOP/runc" "$BUNDLE" "$ID-p" "$@" \
		>"$BATS_TEST_TMPDIR/runc"
	python3 "$TESTS/lib/lifecycle.py" "$ONGGI_RUNTIME" "$STORE_TOP/state" "$BUNDLE" "$ID" "$@" \
		>"$BATS_TEST_TMPDIR/ours"
	diff -u "$BATS_TEST_TMPDIR/runc" "$BATS_TEST_TMPDIR/ours"
}

@test "oci lifecycle: the whole life is runc's" {
	same_as_runc create create start start exec,true pause pause exec,true \
		resume resume delete kill,TERM kill,KILL kill,KILL \
		start pause resume exec,true delete delete delete,--force
	wait_for 5 nothing_left || fail "left: $(left)"
}

@test "oci lifecycle: created is runc's" {
	same_as_runc create exec,true resume pause start kill,0 delete resume update,--pids-limit,90 \
		ps,-f,json events,--stats run,--detach delete start create delete,--force
	wait_for 5 nothing_left || fail "left: $(left)"
}

@test "oci lifecycle: what is not there is runc's" {
	same_as_runc start state kill,KILL delete delete,--force pause resume exec,true ps,-f,json \
		update,--pids-limit,90 events,--stats
}

@test "oci lifecycle: ends are runc's" {
	same_as_runc create kill,TERM start delete run,--detach kill,--all,KILL kill,--all,KILL state \
		delete create pause kill,KILL delete run,--detach pause kill,KILL delete \
		run,--detach pause delete,--force run,--detach delete
	wait_for 5 nothing_left || fail "left: $(left)"
}

@test "oci lifecycle: created waits, started runs, ended is stopped, deleted is gone" {
	config 'sh("echo hello; exit 4")'
	create
	has_status created
	run said hello
	assert_status 1
	runtime start "$ID"
	wait_for 5 said hello
	wait_for 5 has_status stopped
	[[ $(pid_of) == 0 ]]
	runtime delete "$ID"
	run runtime state "$ID"
	assert_status 1
	assert_has "container does not exist"
	wait_for 5 nothing_left || fail "left: $(left)"
}

@test "oci lifecycle: the creator may be gone, and its parent with it" {
	config "$waits"
	(
		setsid "$ONGGI_RUNTIME" --root "$STORE_TOP/state" create --bundle "$BUNDLE" "$ID" \
			</dev/null >/dev/null 2>&1 3>&- &
		wait
	)
	has_status created
	runtime start "$ID"
	has_status running
	runtime kill "$ID" TERM
	wait_for 5 has_status stopped
}

@test "oci lifecycle: what the configuration says after create has no influence" {
	config 'sh("echo first")'
	create
	config 'sh("echo second")'
	runtime start "$ID"
	wait_for 5 has_status stopped
	said first
	run said second
	assert_status 1
	echo broken >"$BUNDLE/config.json"
	runtime delete "$ID"
}

@test "oci lifecycle: of two starts at once, one is refused" {
	local pid pids codes
	config 'sh("sleep 5")'
	for _ in 1 2 3 4 5; do
		create
		pids=() codes=
		for _ in 1 2 3; do
			"$ONGGI_RUNTIME" --root "$STORE_TOP/state" start "$ID" >/dev/null 2>&1 3>&- &
			pids+=($!)
		done
		for pid in "${pids[@]}"; do
			wait "$pid" && codes+=0 || codes+=1
		done
		[[ $(tr -d 1 <<<"$codes") == 0 ]] || fail "statuses of the starts: $codes"
		runtime delete --force "$ID"
	done
}

@test "oci lifecycle: one id, many creators: one wins" {
	local pid pids won=0
	config 'sh("sleep 5")'
	pids=()
	for _ in 1 2 3 4 5 6; do
		"$ONGGI_RUNTIME" --root "$STORE_TOP/state" create --bundle "$BUNDLE" "$ID" \
			</dev/null >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && won=$((won + 1))
	done
	[[ $won == 1 ]] || fail "$won have created it"
	has_status created
}

@test "oci lifecycle: exec in a container that was not started yet" {
	config "$waits"
	create
	run runtime exec "$ID" sh -c 'echo inside $(cat /proc/1/comm)'
	assert_ok
	assert_has inside
	has_status created
	runtime start "$ID"
	has_status running
}

@test "oci lifecycle: a program that is not there" {
	config 'c["process"]["args"] = ["/no/such"]'
	run create
	assert_status 1
	said /no/such
	run runtime state "$ID"
	assert_status 1
	wait_for 5 nothing_left || fail "left: $(left)"
}

@test "oci lifecycle: an exec that fails is told by start, and the container has stopped" {
	config 'c["process"]["args"] = ["/etc/not-elf"]'
	printf 'none' >"$BUNDLE/rootfs/etc/not-elf"
	chmod 755 "$BUNDLE/rootfs/etc/not-elf"
	create
	run runtime start "$ID"
	assert_status 1
	assert_has /etc/not-elf
	wait_for 5 has_status stopped
	runtime delete "$ID"
}

@test "oci lifecycle: a program that ends at once" {
	config 'c["process"]["args"] = ["true"]'
	for _ in {1..10}; do
		create
		runtime start "$ID"
		wait_for 5 has_status stopped
		runtime delete "$ID"
		runtime run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
		wait_for 5 has_status stopped
		runtime delete "$ID"
	done
	wait_for 5 nothing_left || fail "left: $(left)"
}

@test "oci lifecycle: the pid file is the state's pid, whole, and there when create returns" {
	config "$waits"
	create --pid-file "$BATS_TEST_TMPDIR/pid"
	[[ $(<"$BATS_TEST_TMPDIR/pid") == "$(pid_of)" ]]
	runtime delete --force "$ID"
	runtime run --detach --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID" \
		</dev/null >/dev/null 2>&1 3>&-
	[[ $(<"$BATS_TEST_TMPDIR/pid") == "$(pid_of)" ]]
}

@test "oci lifecycle: a terminal's master goes to the console socket" {
	config 'c["process"]["terminal"] = True; c["process"]["consoleSize"] = {"height": 21, "width": 77}
sh("stty size; tty; read line; echo got:$line")'
	python3 "$TESTS/lib/receive.py" "$BATS_TEST_TMPDIR/socket" terminal \
		>"$BATS_TEST_TMPDIR/terminal" 3>&- &
	local receiver=$!
	wait_for 5 test -S "$BATS_TEST_TMPDIR/socket"
	create --console-socket "$BATS_TEST_TMPDIR/socket"
	runtime start "$ID"
	wait "$receiver"
	run cat "$BATS_TEST_TMPDIR/terminal"
	assert_has "21 77"
	assert_has "/dev/pts/0"
	assert_has "got:hello"
}

@test "oci lifecycle: a console socket that nobody listens at, or that is not asked for" {
	config 'c["process"]["terminal"] = True; sh("true")'
	run create --console-socket "$BATS_TEST_TMPDIR/nobody"
	assert_status 1
	run create
	assert_status 1
	config 'sh("true")'
	run create --console-socket "$BATS_TEST_TMPDIR/nobody"
	assert_status 1
	run runtime state "$ID"
	assert_status 1
}

@test "oci lifecycle: the pidfd socket is sent the process" {
	config "$waits"
	python3 "$TESTS/lib/receive.py" "$BATS_TEST_TMPDIR/socket" pidfd \
		>"$BATS_TEST_TMPDIR/pidfd" 3>&- &
	local receiver=$!
	wait_for 5 test -S "$BATS_TEST_TMPDIR/socket"
	create --pidfd-socket "$BATS_TEST_TMPDIR/socket"
	wait "$receiver"
	[[ $(<"$BATS_TEST_TMPDIR/pidfd") == "$(pid_of)" ]]
}

@test "oci lifecycle: descriptors that are to be kept, and no others" {
	config 'sh("ls /proc/self/fd; cat <&3; cat <&4")'
	echo three >"$BATS_TEST_TMPDIR/three"
	echo four >"$BATS_TEST_TMPDIR/four"
	runtime create --bundle "$BUNDLE" --preserve-fds 2 "$ID" </dev/null \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3<"$BATS_TEST_TMPDIR/three" 4<"$BATS_TEST_TMPDIR/four" 5</dev/null
	runtime start "$ID"
	wait_for 5 has_status stopped
	run cat "$BATS_TEST_TMPDIR/out"
	# ls holds the directory as 5.
	assert_output "$(printf '%s\n' 0 1 2 3 4 5 three four)"
	run create --preserve-fds 9
	assert_status 1
}

@test "oci lifecycle: sockets of an activator" {
	config 'sh("echo $LISTEN_FDS $LISTEN_PID; cat <&3")'
	echo three >"$BATS_TEST_TMPDIR/three"
	run sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" --root "$1" run --bundle "$2" "$3" 3<"$4"' \
		"$ONGGI_RUNTIME" "$STORE_TOP/state" "$BUNDLE" "$ID" "$BATS_TEST_TMPDIR/three"
	assert_ok
	assert_output "$(printf '1 1\nthree')"
	run sh -c 'LISTEN_FDS=1 LISTEN_PID=1 exec "$0" --root "$1" run --bundle "$2" "$3" 3<"$4"' \
		"$ONGGI_RUNTIME" "$STORE_TOP/state" "$BUNDLE" "$ID" "$BATS_TEST_TMPDIR/three"
	assert_has_not three
}

@test "oci lifecycle: a poststart hook that fails ends the container" {
	config "$waits
c['hooks'] = {'poststart': [{'path': '/bin/false'}]}"
	create
	run runtime start "$ID"
	assert_status 1
	wait_for 5 has_status stopped
	runtime delete "$ID"
	run runtime run --detach --bundle "$BUNDLE" "$ID"
	assert_status 1
	run runtime state "$ID"
	assert_status 1
}

@test "oci lifecycle: each hook at its verb" {
	local log=$BATS_TEST_TMPDIR/hooks
	config "$waits
c['hooks'] = {point: [{'path': '/bin/sh', 'args': ['sh', '-c', 'echo ' + point + ' >>$log']}]
    for point in ('prestart', 'createRuntime', 'poststart', 'poststop')}"
	create
	[[ $(tr '\n' ' ' <"$log") == "prestart createRuntime " ]]
	runtime start "$ID"
	[[ $(tail -n1 "$log") == poststart ]]
	runtime kill "$ID" KILL
	wait_for 5 has_status stopped
	[[ $(tail -n1 "$log") == poststart ]]
	runtime delete "$ID"
	[[ $(tail -n1 "$log") == poststop ]]
	[[ $(wc -l <"$log") == 4 ]]
}

@test "oci lifecycle: update changes limits that are in force, and leaves devices" {
	config "$waits"
	create
	runtime start "$ID"
	runtime update --pids-limit 77 "$ID"
	run sh -c 'cat "$0" 2>/dev/null || cat "$1"' /sys/fs/cgroup/{pids/,}"$ID"/pids.max
	assert_output 77
	echo '{"pids": {"limit": 78}, "cpu": {"cpus": ""}, "devices": [{"allow": false, "access": "rwm"}]}' \
		>"$BATS_TEST_TMPDIR/resources"
	runtime update --resources - "$ID" <"$BATS_TEST_TMPDIR/resources"
	run sh -c 'cat "$0" 2>/dev/null || cat "$1"' /sys/fs/cgroup/{pids/,}"$ID"/pids.max
	assert_output 78
	run runtime exec "$ID" sh -c 'echo x >/dev/null && echo fine'
	assert_output fine
	run runtime update --memory much "$ID"
	assert_status 1
	assert_has "invalid value for memory"
}

@test "oci lifecycle: memory and swap are raised and lowered" {
	local limits=/sys/fs/cgroup/memory/$ID
	config "$waits
c['linux']['resources']['memory'] = {'limit': 64 << 20, 'swap': 64 << 20}"
	create
	[[ -e $limits/memory.memsw.limit_in_bytes ]] || skip "needs cgroup v1 with accounting of swap"
	runtime update --memory 128m --memory-swap 256m "$ID"
	[[ $(<"$limits/memory.limit_in_bytes") == $((128 << 20)) ]]
	[[ $(<"$limits/memory.memsw.limit_in_bytes") == $((256 << 20)) ]]
	runtime update --memory 32m --memory-swap 48m "$ID"
	[[ $(<"$limits/memory.limit_in_bytes") == $((32 << 20)) ]]
	[[ $(<"$limits/memory.memsw.limit_in_bytes") == $((48 << 20)) ]]
	runtime update --memory -1 "$ID"
	(($(<"$limits/memory.limit_in_bytes") > 1 << 50))
}

@test "oci lifecycle: ps has the container's processes and no others" {
	config 'sh("sleep 77 & sleep 78 & wait")'
	create
	runtime start "$ID"
	wait_for 5 has_processes 3
	run runtime ps "$ID" -o pid,args
	assert_ok
	assert_has "sleep 77"
	assert_has "sleep 78"
	[[ ${#lines[@]} == 4 ]] || fail "$output"
	run runtime ps "$ID" -o args
	assert_status 1
	assert_has "couldn't find PID field in ps output"
}

@test "oci lifecycle: events are statistics with runc's names, and end with the container" {
	config "$waits"
	create
	runtime start "$ID"
	run runtime events --stats "$ID"
	assert_ok
	python3 -c 'import json, sys
e = json.loads(sys.argv[1])
assert e["type"] == "stats" and e["id"] == sys.argv[2]
d = e["data"]
assert set(d) >= {"cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"}, d
assert d["cpu"]["usage"]["total"] > 0 and d["pids"]["current"] >= 1 and d["memory"]["usage"]["usage"] > 0' \
		"$output" "$ID"
	(sleep 0.6; runtime kill "$ID" KILL) 3>&- &
	run runtime events --interval 200ms "$ID"
	assert_ok
	((${#lines[@]} >= 2)) || fail "${#lines[@]} events"
	run runtime events "$ID"
	assert_status 1
	assert_has "is not running"
}

@test "oci lifecycle: memory that runs out is an event" {
	config "$waits
c['linux']['resources']['memory'] = {'limit': 24 << 20}"
	create
	runtime start "$ID"
	runtime events --interval 10s "$ID" >"$BATS_TEST_TMPDIR/events" 3>&- &
	local events=$!
	sleep 0.3
	run runtime exec "$ID" tail /dev/zero
	assert_status 137
	wait_for 5 grep -q '"type":"oom"' "$BATS_TEST_TMPDIR/events"
	runtime kill "$ID" KILL
	wait "$events"
}

@test "oci lifecycle: kill and delete by regular expression" {
	config "$waits"
	create
	local first=$ID
	ID=$first-other create
	run runtime delete --regex --force "^$first-o"
	assert_ok
	run runtime list -q
	assert_output "$first"
	run runtime delete --regex '['
	assert_status 1
}

@test "oci lifecycle: the words of a wrong command are runc's" {
	run runtime nonsense
	assert_status 3
	assert_has "No help topic for 'nonsense'"
	run runtime start
	assert_status 1
	assert_has "requires exactly 1 argument(s)"
	run runtime kill
	assert_has "requires a minimum of 1 argument(s)"
	run runtime --log "$BATS_TEST_TMPDIR/log" --log-format json state nobody
	assert_status 1
	python3 -c 'import json, sys
e = json.loads(open(sys.argv[1]).read())
assert set(e) == {"level", "msg", "time"} and e["level"] == "error", e
assert "container does not exist" in e["msg"]' "$BATS_TEST_TMPDIR/log"
}
