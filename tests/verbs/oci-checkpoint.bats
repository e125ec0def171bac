#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# onggi-runtime checkpoint and restore. What is refused is refused anywhere; the rest needs a CRIU that
# works with this kernel.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

setup() {
	BUNDLE=$STORE_TOP/bundle
	ID=onggi-test-$BATS_TEST_NUMBER-$$
	IMAGES=$BATS_TEST_TMPDIR/images
	ROOTFS=$BUNDLE/rootfs
	rm -f "$ROOTFS"/{count,told}
}

teardown() {
	local id
	for id in "$ID" "$ID-2"; do
		runtime delete --force "$id" >/dev/null 2>&1 || true
	done
}

has_worker() {
	[[ $("$ONGGI_RUNTIME" features | jq -r '.annotations["org.opencontainers.runc.checkpoint.enabled"]') == true ]]
}

need_criu() {
	need_command criu jq
	has_worker || skip "built without protobuf-c"
	criu check >/dev/null 2>&1 || skip "CRIU does not work with this kernel: see criu check"
}

# A container that counts in a variable, and tells how far it is in a file of its root.
counting='sh("i=0; while :; do i=$((i+1)); echo $i >/new && mv /new /count; sleep 0.1; done")
c["root"]["readonly"] = False'

# start [PYTHON]: detached, with the null device as input and output
start() {
	config "$counting; ${1:-}"
	runtime run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_for 10 count_is_beyond 0
}

count() {
	cat "$ROOTFS/count" 2>/dev/null || echo 0
}

# shellcheck disable=SC2317 # wait_for calls it
count_is_beyond() {
	[[ $(count) -gt $1 ]]
}

status_of() {
	runtime state "$1" 2>/dev/null | jq -r .status
}

# restore ID OPTION...: detached
restore() {
	local id=$1
	shift
	runtime restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$@" "$id" </dev/null >/dev/null 3>&-
}

# Nothing of an id: no record, control group, or mount.
nothing_left() {
	! runtime state "$1" >/dev/null 2>&1 || fail "there is a record of $1"
	[[ -z $(find /sys/fs/cgroup -name "$1" -type d 2>/dev/null) ]] || fail "there is a control group of $1"
	! grep -F "$STORE_TOP" /proc/self/mountinfo || fail "mounts are left"
	[[ ! -e $STORE_TOP/state/state/$1 ]] || fail "a directory of $1 is left"
}

@test "oci checkpoint: options are refused by name" {
	run runtime checkpoint --manage-cgroups-mode some "$ID"
	assert_status 1
	assert_has "--manage-cgroups-mode some"
	run runtime restore --empty-ns mount "$ID"
	assert_status 1
	assert_has 'namespace "mount" is not supported'
	local server
	for server in nowhere :27 host: host:x host:0 host:65536; do
		run runtime checkpoint --page-server "$server" "$ID"
		assert_status 1
		assert_has "--page-server"
	done
	run runtime checkpoint --no-such "$ID"
	assert_status 1
	run runtime checkpoint "$ID"
	assert_status 1
	assert_has "does not exist"
}

@test "oci checkpoint: only what runs; without CRIU it says so, and the container goes on" {
	config "$counting"
	runtime create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	run runtime checkpoint --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "cannot be checkpointed in created state"
	runtime start "$ID"
	wait_for 10 count_is_beyond 0
	run runtime checkpoint --image-path "$IMAGES" --status-fd 1 "$ID"
	assert_status 1
	assert_has "--lazy-pages"
	has_worker || skip "built without protobuf-c"
	run runtime --criu "$BATS_TEST_TMPDIR/none" checkpoint --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "need CRIU: $BATS_TEST_TMPDIR/none is not an executable"
	printf '#!/bin/sh\nexit 0\n' >"$BATS_TEST_TMPDIR/mute"
	chmod 755 "$BATS_TEST_TMPDIR/mute"
	run runtime --criu "$BATS_TEST_TMPDIR/mute" checkpoint --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "version of CRIU"
	assert_equal "$(status_of "$ID")" running
	wait_for 10 count_is_beyond "$(count)"
}

@test "oci checkpoint: paths that are wrong" {
	need_command criu jq
	has_worker || skip "built without protobuf-c"
	start
	run runtime checkpoint --image-path "$IMAGES" --parent-path "$BATS_TEST_TMPDIR" "$ID"
	assert_status 1
	assert_has "--parent-path"
	run runtime checkpoint --image-path "$IMAGES" --parent-path ../none "$ID"
	assert_status 1
	assert_has "--parent-path"
	touch "$BATS_TEST_TMPDIR/file"
	run runtime checkpoint --image-path "$BATS_TEST_TMPDIR/file" "$ID"
	assert_status 1
	assert_has "--image-path"
	run restore "$ID-2" --work-path "$BATS_TEST_TMPDIR/no/such"
	assert_status 1
	assert_has "--work-path"
	rm -rf "$IMAGES"
	run restore "$ID-2"
	assert_status 1
	assert_has "--image-path: open directory $IMAGES"
	mkdir "$IMAGES"
	run restore "$ID-2"
	assert_status 1
	assert_has "not a checkpoint"
	nothing_left "$ID-2"
	assert_equal "$(status_of "$ID")" running
}

@test "oci checkpoint: a kernel that CRIU does not work with: its own words, and the container goes on" {
	need_command criu jq
	has_worker || skip "built without protobuf-c"
	! criu check >/dev/null 2>&1 || skip "CRIU works here"
	start
	run runtime checkpoint --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "CRIU: Error ("
	assert_has "criu check"
	assert_equal "$(status_of "$ID")" running
	wait_for 10 count_is_beyond "$(count)"
	run restore "$ID-2"
	assert_status 1
	assert_has "CRIU: Error ("
	nothing_left "$ID-2"
}

# fake [WORD...]: a stand-in for CRIU with this plan, on any kernel
fake() {
	has_worker || skip "built without protobuf-c"
	[[ $(uname -m) == x86_64 ]] || skip "the stand-in makes a system call by its number"
	need_command jq
	export FAKE_CRIU=$BATS_TEST_TMPDIR/fake
	mkdir -p "$FAKE_CRIU" "$IMAGES"
	rm -f "$FAKE_CRIU"/*
	echo "$*" >"$FAKE_CRIU/plan"
	echo '["pipe:[11]","/dev/null","pipe:[12]"]' >"$IMAGES/descriptors.json"
}

by_fake() {
	runtime --criu "$TESTS/lib/criu.py" "$@"
}

asked() {
	grep -qxE -- "$1" "$FAKE_CRIU/request" || fail "CRIU was not asked \"$1\": $(cat "$FAKE_CRIU/request")"
}

@test "oci checkpoint: a CRIU that is too old, ends or fails, a kernel without a feature" {
	start
	fake old
	run by_fake checkpoint --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "is CRIU 3.15: too old"
	fake die
	run by_fake checkpoint --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "ended without a word"
	fake fail
	run by_fake checkpoint --image-path "$IMAGES" --work-path "$BATS_TEST_TMPDIR/work" "$ID"
	assert_status 1
	assert_has "CRIU: Error (criu/fake.c:1): no such luck"
	assert_has "$BATS_TEST_TMPDIR/work/dump.log has more"
	fake unable
	run by_fake checkpoint --pre-dump --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "has no mem_track"
	run by_fake checkpoint --lazy-pages --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "has no lazy_pages"
	assert_equal "$(status_of "$ID")" running
}

@test "oci checkpoint: what CRIU is asked to save" {
	start 'mount("/data", "/usr", "bind", "bind"); c["annotations"] = {"org.criu.config": "/some/file"}'
	fake
	by_fake checkpoint --image-path "$IMAGES" --tcp-established --ext-unix-sk --shell-job --file-locks \
		--auto-dedup --manage-cgroups-mode strict --page-server '[::1]:77' --empty-ns network "$ID"
	local option
	asked "verb 1"
	asked "2 [0-9]+"   # pid
	for option in 4 5 7 8 16; do
		asked "$option 1"
	done
	! grep -x "3 1" "$FAKE_CRIU/request" || fail "it is left running"
	asked "10 dump.log"
	asked "11 ::1 77"
	asked "13 $ROOTFS"
	asked "34 5"
	asked "37 mnt\\[/data\\]:/data"
	asked "37 mnt\\[/proc/timer_list\\]:/dev/null"
	asked "38 1073741824"
	asked "44 /sys/fs/cgroup/.*$ID"
	asked "51 /some/file"
	assert_equal "$(cat "$IMAGES/descriptors.json")" '["/dev/null","/dev/null","/dev/null"]'
	nothing_left "$ID"
}

@test "oci checkpoint: the caller's pipes are written down, not those that the container has both ends of" {
	local both read write
	config "$counting"
	fake
	exec {both}<> <(:)
	exec {read}</proc/self/fd/"$both"
	exec {write}>/proc/self/fd/"$both"
	exec {both}>&-
	runtime run --detach --preserve-fds 1 --bundle "$BUNDLE" "$ID" <&"$read" 3>&"$write" 2>/dev/null \
		> >(cat >/dev/null 3>&-)
	exec {read}>&- {write}>&-
	wait_for 10 count_is_beyond 0
	by_fake checkpoint --leave-running --image-path "$IMAGES" "$ID"
	asked "3 1"
	run jq -r '.[]' "$IMAGES/descriptors.json"
	assert_equal "${#lines[@]}" 2
	assert_matches '^pipe:\[[0-9]+\]$'
	assert_line /dev/null
}

@test "oci checkpoint: a restore by a stand-in: record, hooks, pid file, exit status, and failures" {
	config "$counting; mount('/data', '$BATS_TEST_TMPDIR', 'bind', 'bind')
c['hooks'] = {n: [{'path': '/bin/sh', 'args': ['sh', '-c', 'echo ' + n + ' >>$BATS_TEST_TMPDIR/told']}] for n in
	('prestart', 'createRuntime', 'poststart', 'poststop')}"
	fake
	local plan
	again() {
		by_fake restore --bundle "$BUNDLE" --image-path "$IMAGES" "$@" "$ID" </dev/null 3>&-
	}
	again --detach --pid-file "$BATS_TEST_TMPDIR/pid" >/dev/null
	assert_equal "$(status_of "$ID")" running
	assert_equal "$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/comm")" sleep
	assert_equal "$(cat "$BATS_TEST_TMPDIR/told")" prestart$'\n'createRuntime
	asked "verb 2"
	asked "10 restore.log"
	asked "13 $STORE_TOP/state/state/$ID/criu-root"
	asked "26 1"
	asked "27 pipe:\\[11\\] 0"
	asked "27 pipe:\\[12\\] 2"
	asked "25 .* /.*$ID"
	asked "37 mnt\\[/data\\]:$BATS_TEST_TMPDIR"
	asked "37 mnt\\[/dev/null\\]:/dev/null"
	run again --detach
	assert_status 1
	assert_has "already exists"
	runtime kill "$ID" KILL
	wait_for 10 eval '[[ $(status_of "$ID") == stopped ]]'
	runtime delete "$ID"
	assert_equal "$(tail -n1 "$BATS_TEST_TMPDIR/told")" poststop
	nothing_left "$ID"
	for plan in fail die; do
		fake $plan
		run again --detach
		assert_status 1
		nothing_left "$ID"
	done
	fake
	run again --detach --pid-file /no/such/pid
	assert_status 1
	assert_has "pid file"
	assert_equal "$(cat "$FAKE_CRIU/refused")" post-restore
	nothing_left "$ID"
	again >"$BATS_TEST_TMPDIR/out" &
	wait_for 10 eval '[[ $(status_of "$ID") == running ]]'
	runtime kill "$ID" TERM
	local code=0
	wait $! || code=$?
	assert_equal "$code" 143 "the exit status"
	nothing_left "$ID"
}

# bats test_tags=criu:few
@test "oci checkpoint: it ends, and goes on where it was, under another id" {
	need_criu
	start
	wait_for 20 count_is_beyond 9
	runtime checkpoint --image-path "$IMAGES" --work-path "$BATS_TEST_TMPDIR/work" "$ID"
	nothing_left "$ID"
	[[ -e $IMAGES/inventory.img && -e $BATS_TEST_TMPDIR/work/dump.log ]]
	local before
	before=$(count)
	sleep 0.5
	assert_equal "$(count)" "$before" "the count while it is on disk"
	restore "$ID-2" --work-path "$BATS_TEST_TMPDIR/work" --pid-file "$BATS_TEST_TMPDIR/pid"
	[[ -e $BATS_TEST_TMPDIR/work/restore.log ]]
	assert_equal "$(status_of "$ID-2")" running
	assert_equal "$(cat "$BATS_TEST_TMPDIR/pid")" "$(runtime state "$ID-2" | jq .pid)"
	wait_for 20 count_is_beyond "$before"
	(($(count) < before + 50)) || fail "it jumped from $before to $(count)"
	run runtime exec "$ID-2" cat /proc/uptime
	assert_ok
	run runtime ps "$ID-2"
	assert_ok
	assert_has "$(cat "$BATS_TEST_TMPDIR/pid")"
	runtime pause "$ID-2"
	assert_equal "$(status_of "$ID-2")" paused
	runtime resume "$ID-2"
	runtime delete --force "$ID-2"
	nothing_left "$ID-2"
}

@test "oci checkpoint: again and again, and from one that is paused" {
	need_criu
	start
	local round before
	for round in 1 2; do
		[[ $round == 1 ]] || runtime pause "$ID"
		runtime checkpoint --image-path "$IMAGES" "$ID"
		before=$(count)
		restore "$ID"
		[[ $(status_of "$ID") == running ]] || runtime resume "$ID"
		wait_for 20 count_is_beyond "$before"
	done
}

# bats test_tags=criu:few
@test "oci checkpoint: --leave-running and --pre-dump leave it running, --parent-path saves the rest" {
	need_criu
	start
	runtime checkpoint --leave-running --image-path "$IMAGES" "$ID"
	assert_equal "$(status_of "$ID")" running
	wait_for 20 count_is_beyond "$(count)"
	rm -rf "$IMAGES"
	runtime checkpoint --pre-dump --image-path "$BATS_TEST_TMPDIR/first" "$ID"
	assert_equal "$(status_of "$ID")" running
	wait_for 20 count_is_beyond "$(count)"
	runtime checkpoint --parent-path ../first --image-path "$IMAGES" "$ID"
	[[ -e $IMAGES/parent ]]
	local before
	before=$(count)
	restore "$ID"
	wait_for 20 count_is_beyond "$before"
}

@test "oci checkpoint: what cannot be saved is told, and the container goes on" {
	need_criu
	config "$counting"
	# A file outside of the container as standard error.
	runtime run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/outside" 3>&-
	wait_for 10 count_is_beyond 0
	run runtime checkpoint --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "CRIU: Error ("
	assert_has "$IMAGES/dump.log has more"
	assert_equal "$(status_of "$ID")" running
	wait_for 20 count_is_beyond "$(count)"
}

@test "oci checkpoint: images that are broken leave nothing behind" {
	need_criu
	start
	runtime checkpoint --image-path "$IMAGES" "$ID"
	local image
	for image in "$IMAGES"/core-1.img "$IMAGES"/mountpoints-*.img; do
		mv "$image" "$BATS_TEST_TMPDIR/aside"
		run restore "$ID-2"
		assert_status 1
		assert_has "CRIU: Error ("
		nothing_left "$ID-2"
		mv "$BATS_TEST_TMPDIR/aside" "$image"
	done
	restore "$ID-2"
	assert_equal "$(status_of "$ID-2")" running
}

# bats test_tags=criu:few
@test "oci checkpoint: in the foreground, with pipes and an exit status" {
	need_criu
	config 'sh("read a; echo one $a; read b; echo two $b; exit 7")'
	# Whatever outlives us must not have the descriptor that bats waits for: so exec, in each of them.
	"$ONGGI_RUNTIME" --root "$STORE_TOP/state" run --bundle "$BUNDLE" "$ID" \
		< <(echo mellow; exec sleep "$(scaled 20)" 3>&-) > >(exec cat >"$BATS_TEST_TMPDIR/first" 3>&-) \
		2> >(exec cat >/dev/null 3>&-) 3>&- &
	local monitor=$!
	wait_for 20 grep -q "one mellow" "$BATS_TEST_TMPDIR/first"
	runtime checkpoint --image-path "$IMAGES" "$ID"
	wait "$monitor" || true
	run bash -c 'echo yellow | "$@" 2>&1 | cat; exit ${PIPESTATUS[1]}' - "$ONGGI_RUNTIME" \
		--root "$STORE_TOP/state" restore --bundle "$BUNDLE" --image-path "$IMAGES" "$ID-2"
	assert_status 7
	assert_has "two yellow"
	nothing_left "$ID-2"
}

@test "oci checkpoint: a terminal, by the console socket" {
	need_criu
	local round
	config "$counting; c['process']['terminal'] = True"
	for round in 1 2; do
		python3 "$TESTS/lib/receive.py" "$BATS_TEST_TMPDIR/socket$round" detached >/dev/null 3>&- &
		wait_for 20 test -S "$BATS_TEST_TMPDIR/socket$round"
		if [[ $round == 1 ]]; then
			runtime run --detach --console-socket "$BATS_TEST_TMPDIR/socket1" --bundle "$BUNDLE" "$ID" 3>&-
			wait_for 20 count_is_beyond 0
			runtime checkpoint --image-path "$IMAGES" "$ID"
		else
			local before
			before=$(count)
			restore "$ID" --console-socket "$BATS_TEST_TMPDIR/socket2"
			wait_for 20 count_is_beyond "$before"
		fi
	done
	runtime delete --force "$ID"
	wait
}

@test "oci checkpoint: binds come from where the bundle says, also nested and through a symlink" {
	need_criu
	mkdir -p "$BATS_TEST_TMPDIR"/{a,b} "$ROOTFS/real"
	ln -sfn /real "$ROOTFS/link"
	echo file >"$BATS_TEST_TMPDIR/f"
	local binds='mount("/data", "TMP/a", "bind", "bind", "rw"); mount("/data/in/side", "TMP/b", "bind", "bind", "ro")
mount("/link/here", "TMP/f", "bind", "bind", "ro"); mount("/scratch", "tmpfs", "tmpfs")'
	start "${binds//TMP/$BATS_TEST_TMPDIR}"
	runtime exec "$ID" sh -c 'echo kept >/scratch/kept'
	runtime checkpoint --image-path "$IMAGES" "$ID"
	rm -rf "$BATS_TEST_TMPDIR"/a/* "$ROOTFS/real/here"
	restore "$ID"
	run runtime exec "$ID" sh -c 'touch /data/new && cat /real/here /scratch/kept && touch /data/in/side/no'
	assert_status 1
	assert_has "file"
	assert_has "kept"
	assert_has "Read-only"
	[[ -e $BATS_TEST_TMPDIR/a/new ]]
}

@test "oci checkpoint: hooks prestart, createRuntime and poststop are run, limits set, by restore" {
	need_criu
	need_cgroup v2
	local hooks='hook = lambda name: [{"path": "/bin/sh", "args": ["sh", "-c", "echo " + name + " >>TMP/told; cat >>TMP/state"]}]
c["hooks"] = {n: hook(n) for n in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}
c["linux"]["resources"]["pids"] = {"limit": 41}'
	start "${hooks//TMP/$BATS_TEST_TMPDIR}"
	runtime checkpoint --image-path "$IMAGES" "$ID"
	rm "$BATS_TEST_TMPDIR"/{told,state}
	restore "$ID-2"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/told")" "prestart"$'\n'"createRuntime"
	assert_equal "$(jq -rs '.[0].id' "$BATS_TEST_TMPDIR/state")" "$ID-2"
	assert_equal "$(cat "/sys/fs/cgroup/$ID-2/pids.max")" 41
	runtime delete --force "$ID-2"
	assert_equal "$(tail -n1 "$BATS_TEST_TMPDIR/told")" poststop
}

@test "oci checkpoint: a hook that fails undoes a restore" {
	need_criu
	start
	runtime checkpoint --image-path "$IMAGES" "$ID"
	config "$counting; c['hooks'] = {'prestart': [{'path': '/bin/false'}]}"
	run restore "$ID-2"
	assert_status 1
	assert_has "prestart"
	nothing_left "$ID-2"
}

@test "oci checkpoint: a network namespace of others is neither saved nor made" {
	need_criu
	need_command ip
	local net=onggi-test-$$
	ip netns add "$net"
	start "[n.update(path='/run/netns/$net') for n in c['linux']['namespaces'] if n['type'] == 'network']"
	runtime checkpoint --image-path "$IMAGES" "$ID"
	restore "$ID"
	local inode
	inode=$(stat -L -c %i "/proc/$(runtime state "$ID" | jq .pid)/ns/net")
	local wanted
	wanted=$(stat -c %i "/run/netns/$net")
	ip netns del "$net"
	assert_equal "$inode" "$wanted"
}

@test "oci checkpoint: TCP connections only with --tcp-established" {
	need_criu
	need_command iptables-restore
	start 'sh("ifconfig lo up; sleep 1000 | nc -l -p 77 >/got & sleep 1; (while :; do echo x; sleep 0.3; done) | nc 127.0.0.1 77 & "
		+ "i=0; while :; do i=$((i+1)); echo $i >/new && mv /new /count; sleep 0.1; done")'
	wait_for 30 test -s "$ROOTFS/got"
	run runtime checkpoint --image-path "$IMAGES" "$ID"
	assert_status 1
	assert_has "Error ("
	assert_equal "$(status_of "$ID")" running
	runtime checkpoint --tcp-established --image-path "$IMAGES" "$ID"
	nothing_left "$ID"
}

# bats test_tags=criu:few
@test "oci checkpoint: Debian's runc restores what we save, and we what it saves" {
	need_criu
	need_command runc
	start
	runtime checkpoint --image-path "$IMAGES" "$ID"
	local before
	before=$(count)
	runc --root "$STORE_TOP/runc" restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID" \
		</dev/null >/dev/null 2>&1 3>&-
	wait_for 20 count_is_beyond "$before"
	rm -rf "$IMAGES"
	runc --root "$STORE_TOP/runc" checkpoint --image-path "$IMAGES" "$ID"
	before=$(count)
	restore "$ID"
	wait_for 20 count_is_beyond "$before"
}
