#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm,long
#
# onggi-runtime run: a bundle in the foreground, as engines expect it of an OCI runtime.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

@test "oci run: exit status, output and a clean host" {
	box 'sh("echo hello; exit 42")' # the state directory is made, and stays
	sentinel_take
	run runtime run --bundle "$BUNDLE" "$ID"
	assert_status 42
	assert_output hello
	sentinel_check
}

@test "oci run: 128 + n for a payload that a signal ended" {
	box 'sh("sh -c \"kill -TERM \\$\\$\"; exit $?")'
	assert_status 143
}

@test "oci run: the current directory is the bundle, and the root may be absolute" {
	config 'sh("echo here")'
	cd "$BUNDLE"
	run runtime run "$ID"
	assert_output here
	config "sh('echo there'); c['root']['path'] = '$BUNDLE/rootfs'"
	cd /
	run runtime run -b "$BUNDLE" "$ID"
	assert_output there
}

@test "oci run: every failure is a 1, on stderr and in the log" {
	box 'c["process"]["args"] = ["no-such-program"]'
	assert_status 1
	assert_has "executable file not found in \$PATH"
	config 'c["process"]["args"] = ["no-such-program"]'
	run runtime --log "$BATS_TEST_TMPDIR/log" --log-format json run -b "$BUNDLE" "$ID"
	assert_status 1
	python3 - "$BATS_TEST_TMPDIR/log" <<-'END'
		import json, sys
		entry = json.loads(open(sys.argv[1]).read().splitlines()[-1])
		assert entry["level"] == "error", entry
		assert "no-such-program" in entry["msg"], entry
		assert entry["time"].endswith("Z"), entry
	END
	run runtime --log "$BATS_TEST_TMPDIR/text" run -b "$BUNDLE" "$ID"
	assert_status 1
	grep -q 'level=error msg=".*no-such-program' "$BATS_TEST_TMPDIR/text"
}

@test "oci run: a configuration that is not understood is refused with its place" {
	box 'c["linux"]["intelRdt"] = {"closID": "x"}'
	assert_status 1
	assert_has linux.intelRdt
	box 'c["process"]["cwd"] = "relative"'
	assert_status 1
	assert_has process.cwd
	echo '{' >"$BUNDLE/config.json"
	run runtime run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has config.json
}

@test "oci run: an id can be used once at a time" {
	config 'sh("echo up; read x < /proc/1/fd/0")'
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID" \
		<"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$!
	exec 9>"$BATS_TEST_TMPDIR/in"
	wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
	run runtime run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has "already exists"
	echo >&9
	exec 9>&-
	wait "$pid"
}

@test "oci run: ids that are no file names are refused" {
	config
	local id
	for id in . .. a/b 'a b' ''; do
		run runtime run -b "$BUNDLE" "$id"
		assert_status 1
		assert_has "invalid container ID"
	done
}

@test "oci run: what a killed runtime left is taken away by the next" {
	config 'sh("echo up; sleep 1000")'
	sentinel_take
	"$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$!
	wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
	kill -KILL "$pid"
	wait "$pid" || true
	[[ -e $STORE_TOP/state/state/$ID ]]
	config 'sh("exit 0")'
	run runtime run -b "$BUNDLE" "$ID-other"
	assert_ok
	[[ ! -e $STORE_TOP/state/state/$ID ]]
	sentinel_check
}

@test "oci run: the pid file holds the payload's pid" {
	config 'sh("sleep 60")'
	runtime run -b "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" 3>&- &
	wait_for 10 test -s "$BATS_TEST_TMPDIR/pid"
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	run grep -x "NSpid:	$pid	1" "/proc/$pid/status"
	kill -KILL "$pid"
	wait || true
	assert_ok
}

@test "oci run: a signal reaches the payload" {
	config 'sh("trap \"echo got it; exit 7\" TERM; echo up; while :; do sleep 0.1; done")'
	"$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$! status=0
	wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
	kill -TERM "$pid"
	wait "$pid" || status=$?
	assert_equal "$status" 7 "exit status"
	grep -qx "got it" "$BATS_TEST_TMPDIR/out"
}

@test "oci run: a terminal, if the caller has one" {
	need_command script
	config 'c["process"]["terminal"] = True; sh("tty; stty size")'
	# An input that does not end: script(1) would write its end into the terminal, at any moment.
	mkfifo "$BATS_TEST_TMPDIR/input"
	exec 8<>"$BATS_TEST_TMPDIR/input"
	run script -qec "stty rows 33 cols 77; '$ONGGI_RUNTIME' --root '$STORE_TOP/state' run -b '$BUNDLE' $ID" \
		/dev/null <&8 8>&-
	exec 8>&-
	assert_ok
	output=${output//$'\r'/}
	assert_matches '/dev/(pts/0|console)$'
	assert_line "33 77"
	# Without a terminal on the input there is one all the same.
	run runtime run -b "$BUNDLE" "$ID" </dev/null
	assert_ok
}

@test "oci run: without capabilities there are none; what is listed is had" {
	box 'del c["process"]["capabilities"]; sh("grep ^Cap /proc/self/status")'
	assert_ok
	[[ $(grep -c 0000000000000000 <<<"$output") -eq 5 ]] || fail "five empty sets"
	box 'c["process"]["capabilities"] = {s: ["CAP_CHOWN"] for s in ("bounding", "effective", "permitted", "inheritable", "ambient")}; c["process"]["user"] = {"uid": 5, "gid": 6}; sh("grep ^Cap /proc/self/status")'
	assert_ok
	[[ $(grep -c 0000000000000001 <<<"$output") -eq 5 ]] || fail "five sets of one"
}

@test "oci run: only the default devices can be opened, and they always can" {
	local rules
	for rules in 'del c["linux"]["resources"]' 'pass'; do
		box "$rules; c['process']['capabilities'] = {s: ['CAP_MKNOD'] for s in ('bounding', 'effective', 'permitted')}
sh('echo x > /dev/null && head -c1 /dev/zero | wc -c; mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg')
mount('/tmp', 'tmpfs', 'tmpfs')"
		assert_status 1
		assert_line 1
		assert_has "Operation not permitted"
	done
}

@test "oci run: user, groups, umask, directory, environment, limits, names" {
	box 'c["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [29, 44], "umask": 0o27}
c["process"]["cwd"] = "/missing/dir"; c["root"]["readonly"] = False
c["process"]["env"].append("CLAY=red"); c["hostname"] = "kiln"; c["domainname"] = "pots"
c["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 99}]
c["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
c["process"]["oomScoreAdj"] = 321
sh("id -u; id -G; umask; pwd; echo $CLAY; hostname; cat /proc/sys/kernel/domainname; ulimit -n; cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj")'
	assert_ok
	assert_output $'1000\n1000 29 44\n0027\n/missing/dir\nred\nkiln\npots\n77\n1\n321'
}

@test "oci run: HOME is the user's, unless the configuration says otherwise" {
	box 'c["process"]["user"] = {"uid": 1000, "gid": 1000}; sh("echo $HOME")'
	assert_output /home/guest
	box 'c["process"]["user"] = {"uid": 77, "gid": 77}; sh("echo $HOME")'
	assert_output /
	box 'c["process"]["env"].append("HOME=/kiln"); sh("echo $HOME")'
	assert_output /kiln
}

# With the values that they have: nothing would change if they were written.
@test "oci run: the host's kernel parameters are refused" {
	local burst forward
	burst=$(cat /proc/sys/kernel/printk_ratelimit_burst)
	forward=$(cat /proc/sys/net/ipv4/ip_forward)
	box "c['linux']['sysctl'] = {'kernel.printk_ratelimit_burst': '$burst'}"
	assert_status 1
	assert_has "kernel.printk_ratelimit_burst"
	box "c['linux']['sysctl'] = {'net.ipv4.ip_forward': '$forward'}
c['linux']['namespaces'] = [n for n in c['linux']['namespaces'] if n['type'] != 'network']"
	assert_status 1
	assert_has "net.ipv4.ip_forward"
	box "c['linux']['sysctl'] = {'net.ipv4.ip_forward': '$forward'}
for n in c['linux']['namespaces']:
    if n['type'] == 'network':
        n['path'] = '/proc/$$/ns/net'"
	assert_status 1
	assert_has "net.ipv4.ip_forward"
}

@test "oci run: a seccomp filter" {
	box 'c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 75}]}
c["root"]["readonly"] = False; sh("grep ^Seccomp: /proc/self/status; mkdir /tmp/x")'
	assert_status 1
	assert_has "Seccomp:	2"
	assert_has "Value too large"
}

@test "oci run: masked and read-only paths, a read-only root" {
	box 'sh("cat /proc/timer_list | wc -c; ls /proc/acpi | wc -l; touch /x; echo 1 >/proc/sys/kernel/panic")'
	assert_has "Read-only file system"
	[[ $(grep -c '^0$' <<<"$output") -eq 2 ]] || fail "two empty paths"
	box 'c["root"]["readonly"] = False; sh("touch /x && rm /x")'
	assert_ok
}

@test "oci run: tmpcopyup begins with what the image has, read-only if so wanted" {
	box 'mount("/etc", "tmpfs", "tmpfs", "tmpcopyup", "mode=755"); sh("grep -c guest /etc/passwd; touch /etc/new && ls /etc/new")'
	assert_ok
	assert_line /etc/new
	[[ ! -e $BUNDLE/rootfs/etc/new ]]
	box 'mount("/etc", "tmpfs", "tmpfs", "tmpcopyup", "ro"); sh("ls /etc/passwd; touch /etc/new")'
	assert_status 1
	assert_line /etc/passwd
	assert_has "Read-only file system"
	box 'mount("/etc", "proc", "proc", "tmpcopyup")'
	assert_status 1
	assert_has "tmpcopyup"
}

@test "oci run: what does not fit says so" {
	box 'mount("/etc", "/etc/passwd", "bind", "bind")'
	assert_status 1
	assert_has "bind /etc/passwd on /etc: a file cannot be mounted on a directory"
	box 'mount("/bin/busybox", "/etc", "bind", "bind")'
	assert_has "bind /etc on /bin/busybox: a directory cannot be mounted on a file"
	box 'c["linux"]["resources"]["memory"] = {"limit": 1024}'
	assert_status 1
	assert_has "container init was OOM-killed (memory limit too low?): 1024 bytes"
}

@test "oci run: src-nofollow and dest-nofollow mount symlinks themselves" {
	ln -sfn /no/such/place "$BUNDLE/link"
	ln -sfn /etc/passwd "$BUNDLE/rootfs/place"
	box 'mount("/place", "link", "bind", "bind", "src-nofollow", "dest-nofollow"); sh("readlink /place; cat /etc/passwd")'
	assert_ok
	assert_line /no/such/place
	assert_has root:x
	box 'mount("/place/x", "rootfs", "bind", "bind", "dest-nofollow"); sh("true")'
	assert_status 1
	ln -sfn /home "$BUNDLE/rootfs/detour"
	box 'mount("/detour/deep/er", "rootfs", "bind", "bind", "dest-nofollow"); sh("true")'
	assert_status 1
	assert_has "symbolic links"
	rm -rf "$BUNDLE/rootfs/place" "$BUNDLE/rootfs/detour" "$BUNDLE/link"
}

@test "oci run: remount changes what is mounted" {
	box 'mount("/mnt", "rootfs", "bind", "bind", "rw"); mount("/mnt", None, None, "bind", "remount", "ro", "noexec")
sh("touch /mnt/x; /mnt/bin/true; grep \" /mnt \" /proc/self/mountinfo")'
	assert_has "Read-only file system"
	assert_has "Permission denied"
	assert_matches ' /mnt ro,.*noexec'
	box 'mount("/mnt", "tmpfs", "tmpfs", "size=1m"); mount("/mnt", None, None, "remount", "size=2m", "ro")
sh("grep \" /mnt \" /proc/self/mountinfo; touch /mnt/x")'
	assert_status 1
	assert_has "size=2048k"
	assert_has "Read-only file system"
	box 'mount("/home", None, None, "bind", "remount", "ro")'
	assert_status 1
	assert_has /home
}

@test "oci run: a mount without a type, or of a type that is not there, is an error" {
	box 'mount("/mnt", "x")'
	assert_status 1
	assert_has /mnt
	box 'mount("/mnt", "x", "no-such-fs")'
	assert_status 1
	assert_has no-such-fs
}

@test "oci run: the payload's mounts do not reach a shared host, unless it is asked to share" {
	config 'mount("/mnt", "tmpfs", "tmpfs"); sh("grep -c shared: /proc/self/mountinfo")'
	run unshare --mount --propagation shared sh -c "mount --bind '$BUNDLE' '$BUNDLE' && '$ONGGI_RUNTIME' --root '$STORE_TOP/state' run -b '$BUNDLE' $ID; grep -c 'rootfs' /proc/self/mountinfo"
	assert_output $'0\n0'
	box 'c["linux"]["rootfsPropagation"] = "shared"; sh("grep \" / / \" /proc/self/mountinfo; grep \" / \" /proc/self/mountinfo")'
	assert_has "shared:"
}

@test "oci run: cgroupsPath, and the limits in it" {
	box "c['linux']['cgroupsPath'] = '/onggi-test-$$/inner'; c['linux']['resources']['pids'] = {'limit': 17}
sh('cat /proc/self/cgroup; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null')
c['linux']['namespaces'] = [n for n in c['linux']['namespaces'] if n['type'] != 'cgroup']"
	assert_has "/onggi-test-$$/inner"
	assert_line 17
	find /sys/fs/cgroup -maxdepth 2 -name "onggi-test-$$" -exec rmdir {} +
}

@test "oci run: in a joined pid namespace, too, nothing survives the first process" {
	config 'sh("echo up; sleep 1000")'
	"$ONGGI_RUNTIME" --root "$STORE_TOP/state" run -b "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" \
		"$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$!
	wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
	config "sh('sleep 1000 & sleep 1000 & echo \$\$')
for n in c['linux']['namespaces']:
    if n['type'] == 'pid':
        n['path'] = '/proc/$(cat "$BATS_TEST_TMPDIR/pid")/ns/pid'"
	run runtime run -b "$BUNDLE" "$ID-joined" </dev/null
	assert_ok
	[[ $output -gt 1 ]] || fail "not the first process there"
	[[ -z $(find /sys/fs/cgroup -maxdepth 2 -name "$ID-joined") ]] || fail "its control group is there"
	kill -TERM "$pid"
	kill -KILL "$(cat "$BATS_TEST_TMPDIR/pid")"
	wait "$pid" || true
}

@test "oci run: --debug tells the steps, and nothing of ambient capabilities that nobody grants" {
	config 'sh("true"); c["process"]["capabilities"]["ambient"] = ["CAP_KILL"]'
	run runtime --debug --log "$BATS_TEST_TMPDIR/log" run -b "$BUNDLE" "$ID"
	assert_ok
	assert_output ""
	grep -q 'level=debug msg=".*inner: pivot root"' "$BATS_TEST_TMPDIR/log"
	run grep -c 'level=warning' "$BATS_TEST_TMPDIR/log"
	assert_output 0
}

# What is linked is mapped and counts: the runtime is not to carry the engine's verbs.
@test "oci run: the program holds no verb of onggi" {
	command -v nm >/dev/null || skip "no nm"
	nm "$ONGGI_RUNTIME" >"$BATS_TEST_TMPDIR/symbols" 2>/dev/null
	[[ -s $BATS_TEST_TMPDIR/symbols ]] || skip "a stripped program"
	grep -q ' oci_verbs$' "$BATS_TEST_TMPDIR/symbols"
	run grep -E ' (verb_table|engine_run|cli_global_options)$' "$BATS_TEST_TMPDIR/symbols"
	assert_status 1
}

@test "oci run: --no-pivot runs the same" {
	config 'sh("ls /; echo in")'
	run runtime run -b "$BUNDLE" --no-pivot "$ID"
	assert_ok
	assert_line in
}

@test "oci run: by another name it does the same" {
	config 'sh("echo same")'
	ln -sf "$ONGGI_RUNTIME" "$BATS_TEST_TMPDIR/runc"
	run "$BATS_TEST_TMPDIR/runc" --root "$STORE_TOP/state" run -b "$BUNDLE" "$ID"
	assert_output same
}

# hook POINT COMMAND [TIMEOUT]: for config; each tells the state it got and what it sees
hook() {
	printf 'c.setdefault("hooks", {}).setdefault("%s", []).append({"path": "/bin/sh", "args": ["sh", "-c", """%s"""], "env": ["PATH=/usr/bin:/bin", "LOG=%s"] %s})\n' \
		"$1" "$2" "$LOG" "${3:+, \"timeout\": $3}"
}

@test "oci hooks: in order, each with the state, where it belongs" {
	LOG=$BATS_TEST_TMPDIR/log
	local point
	config "$(for point in prestart createRuntime createContainer poststart poststop; do
		hook $point "{ echo $point; cat; echo; cat /proc/sys/kernel/hostname; } >>\$LOG"
	done)
c['hostname'] = 'kiln'; c['annotations'] = {'clay': 'red'}
c['process']['user'] = {'uid': 1000, 'gid': 1000}
$(hook startContainer 'echo startContainer; cat; echo; id -u; ls -d /home/guest' | sed 's/"LOG=[^"]*"/"X=1"/')
mount('/note', '$BATS_TEST_TMPDIR', 'bind', 'bind')
sh('echo payload')"
	sed -i 's/echo startContainer; cat; echo; id -u; ls -d .home.guest/{ &; } >\/note\/start/' "$BUNDLE/config.json"
	chmod 777 "$BATS_TEST_TMPDIR"
	run runtime run -b "$BUNDLE" "$ID"
	assert_ok
	assert_output payload
	python3 - "$LOG" "$BATS_TEST_TMPDIR/start" "$ID" "$(hostname)" "$(realpath "$BUNDLE")" <<-'END'
		import json, sys
		lines = open(sys.argv[1]).read().splitlines()
		got = [lines[i:i + 3] for i in range(0, len(lines), 3)]
		start = open(sys.argv[2]).read().splitlines()
		assert start[0] == "startContainer" and start[2:] == ["1000", "/home/guest"], start
		names = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
		assert [name for name, _, _ in got] == names, got
		states = {name: json.loads(state) for name, state, _ in got} | {"startContainer": json.loads(start[1])}
		hosts = {name: host for name, _, host in got}
		for name, state in states.items():
		    assert state["id"] == sys.argv[3] and state["bundle"] == sys.argv[5], state
		    assert state["annotations"] == {"clay": "red"}, state
		    assert state["ociVersion"].startswith("1."), state
		    assert hosts.get(name, "kiln") == ("kiln" if name in ("createContainer", "startContainer") else sys.argv[4]), hosts
		assert [states[n]["status"] for n in names] == ["creating"] * 3 + ["running", "stopped"], states
		assert states["startContainer"]["status"] == "created"
		pids = {states[n]["pid"] for n in states if n != "poststop"}
		assert len(pids) == 1 and pids.pop() > 1, states
		assert "pid" not in states["poststop"]
	END
}

@test "oci hooks: one that fails stops the container, and poststop runs all the same" {
	LOG=$BATS_TEST_TMPDIR/log
	local point
	for point in prestart createRuntime createContainer startContainer poststart; do
		rm -f "$LOG"
		sentinel_take
		box "$(hook $point 'echo why not; exit 3')
$(hook $point 'touch $LOG.second')
$(hook poststop 'echo stopped >>$LOG')
sh('sleep 5; echo payload')"
		assert_status 1
		assert_has "${point}[0]"
		assert_has "exit status 3"
		assert_has "why not"
		assert_has_not payload
		[[ ! -e $LOG.second ]]
		assert_equal "$(cat "$LOG")" stopped "poststop"
		sentinel_check
	done
}

@test "oci hooks: one that takes too long is killed" {
	LOG=$BATS_TEST_TMPDIR/log
	box "$(hook createRuntime 'exec sleep 100' 1); sh('echo payload')"
	assert_status 1
	assert_has "not done after 1 s"
	box "$(hook poststop 'exec sleep 100' 1); $(hook poststop 'echo second >$LOG'); sh('echo payload')"
	assert_ok
	assert_has payload
	assert_has "not done after 1 s"
	assert_equal "$(cat "$LOG")" second
}

@test "oci hooks: one that cannot be run is an error" {
	box 'c["hooks"] = {"prestart": [{"path": "/no/such/hook"}]}; sh("echo payload")'
	assert_status 1
	assert_has /no/such/hook
	box 'c["hooks"] = {"startContainer": [{"path": "bin/relative"}]}; sh("echo payload")'
	assert_status 1
	assert_has "hooks.startContainer[0].path"
}

@test "oci hooks: what createContainer and createRuntime mount at the root's path is inside" {
	LOG=$BATS_TEST_TMPDIR/log
	box "$(hook createContainer "mount -t tmpfs -o size=12k made '$BUNDLE/rootfs/mnt' || mkdir -p '$BUNDLE/rootfs/mnt' && mount -t tmpfs -o size=12k made '$BUNDLE/rootfs/mnt'")
sh('grep -c \" /mnt .*made\" /proc/self/mountinfo')"
	assert_ok
	grep -q rootfs/mnt /proc/self/mountinfo && fail "on the host"
	return 0
}
