#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm,long,slow
# (slow: without the caller's environment a sanitizer looks for leaks in a process that may not be traced)
#
# onggi-runtime for callers other than the machine's root: an ordinary user, and root of a user
# namespace. The user is a number without an account.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside

load ../lib/onggi
load ../lib/bundle

USER_ID=4711

setup_file() {
	[[ $EUID -eq 0 ]] || { echo "verb tests need root: ./dev test" >&2; return 1; }
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP STORE=$STORE_TOP/state RUN_STORE=$STORE_TOP/state
	chmod 755 "$STORE_TOP"
	# A build directory may be out of an ordinary user's reach.
	mkdir -m 755 "$STORE_TOP/bin"
	cp "$(realpath "$ONGGI_RUNTIME")" "$STORE_TOP/bin/onggi-runtime"
	mkdir -m 700 "$STORE_TOP/xdg"
	bundle_new "$STORE_TOP/bundle"
	printf 'test:x:%s:%s::/:/bin/sh\n' "$USER_ID" "$USER_ID" >"$STORE_TOP/passwd"
	printf 'test:700000:65536\n' >"$STORE_TOP/subids"
	chown -R "$USER_ID:$USER_ID" "$STORE_TOP/bundle" "$STORE_TOP/xdg"
}

setup() {
	BUNDLE=$STORE_TOP/bundle
	ID=onggi-test-$BATS_TEST_NUMBER-$$
	user true || skip "no ordinary user can be had"
	user unshare -U true || skip "this system forbids user namespaces to ordinary users"
}

# user COMMAND...: as somebody without rights
user() {
	setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps=-all \
		env -i "PATH=$STORE_TOP/bin:$PATH" HOME=/nonexistent "XDG_RUNTIME_DIR=$STORE_TOP/xdg" "$@"
}

runtime() {
	user timeout -k 5 "$(scaled 60)" onggi-runtime "$@"
}

# listed COMMAND...: where /etc/subuid and /etc/subgid list ids for the user
listed() {
	need_command newuidmap newgidmap
	unshare -m bash -c '
		mount --make-rprivate / && mount --bind "$STORE_TOP/passwd" /etc/passwd &&
		touch /etc/subuid /etc/subgid &&
		mount --bind "$STORE_TOP/subids" /etc/subuid && mount --bind "$STORE_TOP/subids" /etc/subgid &&
		exec "$@"' listed setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps=-all \
		env -i "PATH=$STORE_TOP/bin:$PATH" HOME=/nonexistent "XDG_RUNTIME_DIR=$STORE_TOP/xdg" \
		timeout -k 5 "$(scaled 60)" onggi-runtime "$@"
}

# As in ../lib/bundle, from `spec --rootless`; `ids()` maps more than one id.
config() {
	rm -f "$BUNDLE/config.json"
	user onggi-runtime spec --rootless --bundle "$BUNDLE"
	config_edit "$BUNDLE/config.json" '
def ids():
    for key in ("uidMappings", "gidMappings"):
        c["linux"][key].append({"containerID": 1, "hostID": 700000, "size": 65535})
def without(kind):
    c["linux"]["namespaces"] = [ns for ns in c["linux"]["namespaces"] if ns["type"] != kind]
'"${1:-}"
}

@test "rootless: a container, by an ordinary user" {
	sentinel_take
	box 'sh("id; cat /proc/self/uid_map; echo $$; exit 42")'
	assert_status 42
	assert_has "uid=0(root) gid=0(root)"
	assert_matches "^ +0 +$USER_ID +1$"
	assert_line 1
	sentinel_check
}

@test "rootless: the state is below XDG_RUNTIME_DIR, and kept from who tidies up there" {
	box 'sh("exit 0")'
	assert_ok
	[[ -d $STORE_TOP/xdg/onggi-runtime/state ]] || fail "no state directory"
	assert_equal "$(stat -c %a "$STORE_TOP/xdg/onggi-runtime")" 1700 "its mode"
}

@test "rootless: devices, masks, read-only paths" {
	box 'sh("""echo x >/dev/null && head -c4 /dev/zero | wc -c; [ -c /dev/tty ] && echo tty
		touch /proc/sys/kernel/panic 2>&1; cat /proc/keys | wc -c; ls -A /sys/firmware | wc -l
		touch /here 2>&1; true""")'
	assert_ok
	assert_line 4
	assert_line tty
	assert_has "/proc/sys/kernel/panic: Read-only file system"
	assert_has "/here: Read-only file system"
	assert_line 0
}

@test "rootless: binds, also from where everything is locked" {
	mkdir -p "$STORE_TOP/data"
	echo secret >"$STORE_TOP/data/file"
	chown "$USER_ID" "$STORE_TOP/data"
	box 'sh("cat /data/file; echo new >/data/made; touch /ro/x 2>&1; grep \" /locked \" /proc/mounts")
mount("/data", "'"$STORE_TOP"'/data", None, "bind", "rw")
mount("/ro", "'"$STORE_TOP"'/data", None, "rbind", "ro")
mount("/locked", "/proc", None, "rbind", "rw", "suid", "dev", "exec", "strictatime")'
	assert_ok
	assert_line secret
	assert_has "/ro/x: Read-only file system"
	assert_equal "$(stat -c %u "$STORE_TOP/data/made")" "$USER_ID" "owner of a new file"
}

@test "rootless: namespaces are the container's own, and those left out are the host's" {
	box 'sh("""hostname; readlink /proc/self/ns/net; ls /proc | grep -c "^[0-9]" """)'
	assert_ok
	assert_line onggi
	assert_line "$(readlink /proc/self/ns/net)"
	box 'without("pid"); sh("readlink /proc/self/ns/pid; ls -d /proc/1")'
	assert_ok
	assert_line "$(readlink /proc/self/ns/pid)"
	assert_line /proc/1
	box 'without("ipc"); sh("echo here; readlink /proc/self/ns/ipc")'
	if mountpoint -q /dev/mqueue; then
		assert_line "$(readlink /proc/self/ns/ipc)"
	else
		assert_has "mqueue on /dev/mqueue"
		assert_has_not here
	fi
	box 'c["linux"]["namespaces"].append({"type": "network"}); sh("ip addr show lo; cat /sys/class/net/lo/operstate")'
	assert_ok
	assert_has 127.0.0.1
}

# life_of CALLER...: a container from its creation to its end, each verb by itself
life_of() {
	local pid
	# What it prints to stays open as long as the container lives.
	"$@" onggi-runtime create -b "$BUNDLE" --pid-file "$STORE_TOP/xdg/pid" "$ID" \
		</dev/null >"$STORE_TOP/out" 2>&1 3>&-
	pid=$(<"$STORE_TOP/xdg/pid")
	assert_equal "$("$@" onggi-runtime state "$ID" | jq -r .status)" created status
	run "$@" onggi-runtime start "$ID"
	assert_ok
	run "$@" onggi-runtime exec "$ID" sh -c 'id; echo $$; ls -d /proc/1; cat /proc/self/uid_map; exit 7'
	assert_status 7
	assert_has "uid=0(root)"
	assert_line /proc/1
	assert_matches "^ +0 +$USER_ID +1$"
	assert_equal "$(sed -n 's/^Uid:.\([0-9]*\).*/\1/p' "/proc/$pid/status")" "$USER_ID" "user outside"
	run "$@" onggi-runtime list -q
	assert_line "$ID"
	run "$@" onggi-runtime kill "$ID" KILL
	assert_ok
	wait_for 10 eval "[[ \$($* onggi-runtime state $ID | jq -r .status) == stopped ]]"
	run "$@" onggi-runtime delete "$ID"
	assert_ok
	run "$@" onggi-runtime list -q
	assert_output ""
}

@test "rootless: create, start, exec, kill, delete by an ordinary user" {
	need_command jq
	config 'sh("sleep 100")'
	life_of user
}

@test "rootless: create, start, exec, kill, delete by root of a user namespace" {
	need_command jq
	local holder
	config 'without("user"); c["linux"].pop("uidMappings"); c["linux"].pop("gidMappings"); sh("sleep 100")'
	# The namespaces must outlast each single command, as those of an engine do.
	user unshare -Urm sh -c 'echo $$ >"$1/holder"; exec sleep 100' holder "$STORE_TOP/xdg" 3>&- &
	holder=$!
	wait_for 10 test -s "$STORE_TOP/xdg/holder"
	below() {
		nsenter --preserve-credentials -U -m -t "$(<"$STORE_TOP/xdg/holder")" \
			env -i "PATH=$STORE_TOP/bin:$PATH" "XDG_RUNTIME_DIR=$STORE_TOP/xdg" "$@"
	}
	entered() {
		user bash -c "$(declare -f below); STORE_TOP=$STORE_TOP; below \"\$@\"" entered "$@"
	}
	life_of entered
	kill "$(<"$STORE_TOP/xdg/holder")"
	wait "$holder" || true
}

@test "rootless: exec as a listed user" {
	config 'ids(); sh("sleep 100")'
	listed run -d -b "$BUNDLE" "$ID" </dev/null >"$STORE_TOP/out" 2>&1 3>&-
	run runtime exec --user 33:34 "$ID" sh -c 'id -u; id -g'
	runtime delete -f "$ID"
	assert_ok
	assert_line 33
	assert_line 34
}

@test "rootless: a terminal" {
	need_command script
	config 'c["process"]["terminal"] = True; sh("tty; echo here >/dev/console")'
	run user script -qec "onggi-runtime run -b $BUNDLE $ID" /dev/null </dev/null
	assert_ok
	assert_has /dev/pts/0
	assert_has here
}

@test "rootless: supplementary groups cannot be had with one id" {
	box 'c["process"]["user"]["additionalGids"] = [0]; sh("id")'
	assert_status 1
	assert_has "setgroups is denied"
}

@test "rootless: an unmapped owner of a mount is named" {
	box 'mount("/dev/pts", "devpts", "devpts", "gid=5")'
	assert_status 1
	assert_has "option gid=5"
}

@test "rootless: more ids need a listing, and the hint says which" {
	need_command newuidmap newgidmap
	box 'ids()'
	assert_status 1
	assert_has "newgidmap: exit status 1"
	assert_has "usermod --add-subgids 700000-765534"
}

@test "rootless: listed ids, other users, groups" {
	config 'ids(); c["process"]["user"] = {"uid": 33, "gid": 33, "additionalGids": [5, 10]}
sh("id; cat /proc/self/gid_map")'
	run listed run -b "$BUNDLE" "$ID"
	assert_ok
	assert_has "uid=33 gid=33 groups=5,10"
	assert_matches "^ +1 +700000 +65535$"
}

@test "rootless: without a user namespace it is refused with a hint" {
	box 'without("user"); c["linux"].pop("uidMappings"); c["linux"].pop("gidMappings")'
	assert_status 1
	assert_has "needs a user namespace"
	assert_has "spec --rootless"
}

@test "rootless: root of a user namespace needs no further one" {
	config 'without("user"); c["linux"].pop("uidMappings"); c["linux"].pop("gidMappings")
sh("id; echo x >/dev/null; cat /proc/self/uid_map")'
	local options
	for options in -Urm -Ur; do
		run user unshare "$options" onggi-runtime run -b "$BUNDLE" "$ID"
		assert_ok
		assert_has "uid=0(root)"
		assert_matches "^ +0 +$USER_ID +1$"
	done
}

@test "rootless: a nested user namespace" {
	config 'sh("cat /proc/self/uid_map")
for key in ("uidMappings", "gidMappings"):
    c["linux"][key] = [{"containerID": 0, "hostID": 0, "size": 1}]'
	run user unshare -Urm onggi-runtime run -b "$BUNDLE" "$ID"
	assert_ok
	assert_matches "^ +0 +0 +1$"
}

@test "rootless: seccomp asks a listener" {
	local nnp agent socket=$STORE_TOP/agent told=$BATS_TEST_TMPDIR/told
	for nnp in True False; do
		rm -f "$socket"
		python3 "$TESTS/lib/seccomp_agent.py" "$socket" "$told" 3>&- &
		agent=$!
		wait_for 10 test -S "$socket"
		chmod 666 "$socket"
		box "c['process']['noNewPrivileges'] = $nnp
c['linux']['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'listenerPath': '$socket',
    'syscalls': [{'names': ['mkdir', 'mkdirat'], 'action': 'SCMP_ACT_NOTIFY'}]}
sh('mkdir /dev/shm/x; echo \$?')"
		assert_ok
		assert_has "Directory not empty"
		wait "$agent"
	done
}

@test "rootless: kill --all without a control group" {
	need_no_delegation
	config 'sh("sleep 100")'
	runtime create -b "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	runtime start "$ID"
	run runtime kill --all "$ID" TERM
	assert_status 1
	assert_has "no control group"
	runtime kill --all "$ID" KILL
	wait_for 10 is_stopped
	runtime kill --all "$ID" KILL
	runtime delete "$ID"
}

is_stopped() {
	[[ $(runtime state "$ID") == *'"stopped"'* ]]
}

@test "rootless: limits without a control group are an error, and so is a group out of reach" {
	need_no_delegation
	box 'c["linux"]["resources"] = {"pids": {"limit": 20}}'
	assert_status 1
	assert_has "linux.resources: cannot set pids limit"
	box 'c["linux"]["cgroupsPath"] = "/onggi-test-rootless"'
	assert_status 1
	assert_has "ermission denied"
	run runtime --rootless=false run -b "$BUNDLE" "$ID"
	assert_status 1
}

# A place in the tree that is the user's would make the limits possible.
need_no_delegation() {
	if user test -w "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)"; then
		skip "this cgroup is the user's"
	fi
}

@test "rootless: a delegated control group" {
	need_cgroup v2
	local own group
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	group=/sys/fs/cgroup/onggi-test-delegated
	mkdir "$group" "$group/caller"
	chown -R "$USER_ID" "$group"
	config 'c["linux"]["resources"] = {"pids": {"limit": 20}}
sh("cat /proc/self/cgroup /sys/fs/cgroup/pids.max")'
	echo "$BASHPID" >"$group/caller/cgroup.procs"
	run runtime run -b "$BUNDLE" "$ID"
	echo "$BASHPID" >"/sys/fs/cgroup$own/cgroup.procs"
	rmdir "$group/caller" "$group"
	assert_ok
	assert_line 0::/
	assert_line 20
}

@test "rootless: a control group delegated elsewhere, which the configuration names" {
	need_cgroup v1
	local group=/sys/fs/cgroup/pids/onggi-test-delegated-$$
	[[ -d /sys/fs/cgroup/pids ]] || skip "there is no tree of the controller pids"
	mkdir "$group"
	chown -R "$USER_ID" "$group"
	config 'c["linux"]["cgroupsPath"] = "/onggi-test-delegated-'"$$"'/own"
c["linux"]["resources"] = {"pids": {"limit": 20}}
sh("grep :pids: /proc/self/cgroup; sleep 100")'
	runtime create -b "$BUNDLE" "$ID" </dev/null >"$STORE_TOP/out" 2>&1 3>&-
	run cat "$group/own/pids.max"
	assert_output 20
	runtime start "$ID"
	run runtime exec "$ID" cat /proc/self/cgroup
	assert_has ":pids:/"
	runtime delete --force "$ID"
	[[ ! -d $group/own ]]
	rmdir "$group"
}

@test "rootless: lowering the oom score and raising limits is a warning" {
	box 'c["process"]["oomScoreAdj"] = -900; sh("echo here")'
	assert_ok
	assert_line here
	assert_has "oom score"
}

@test "rootless: an unknown mode is refused" {
	run runtime --rootless=perhaps run -b "$BUNDLE" "$ID"
	assert_status 1
	assert_has "auto, true or false"
}
