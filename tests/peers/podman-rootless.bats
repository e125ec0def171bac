#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Podman for an ordinary user, with systemd's control groups and onggi-runtime. It makes an account,
# and so runs on a throw-away machine only: tests/vm/run v2-systemd BUILD. Everything is slow
# there, so this is one story; and one of the runtime alone.

load ../lib/onggi

USER_NAME=onggi-test
USER_ID=6123

may_run() {
	[[ -n ${ONGGI_THROWAWAY:-} && -d /run/systemd/system && -e /sys/fs/cgroup/cgroup.controllers ]]
}

setup_file() {
	may_run || return 0
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP HOME_DIR=/home/$USER_NAME
	# As it is installed: the runtime finds its worker beside it.
	mkdir -p "$STORE_TOP/bin" "$STORE_TOP/libexec/onggi" "$HOME_DIR"
	cp "$(realpath "$ONGGI_RUNTIME")" "$STORE_TOP/bin/onggi-runtime"
	cp "$(realpath "$(dirname "$(realpath "$ONGGI_RUNTIME")")/onggi-systemd")" "$STORE_TOP/libexec/onggi/"
	box_rootfs "$STORE_TOP/rootfs"
	tar -C "$STORE_TOP/rootfs" --numeric-owner -cf "$STORE_TOP/box.tar" .
	chmod -R a+rX "$STORE_TOP"
	echo "$USER_NAME:x:$USER_ID:$USER_ID::$HOME_DIR:/bin/bash" >>/etc/passwd
	echo "$USER_NAME:x:$USER_ID:" >>/etc/group
	echo "$USER_NAME:!:19000:0:99999:7:::" >>/etc/shadow
	echo "$USER_NAME:800000:65536" | tee -a /etc/subuid >>/etc/subgid
	chown "$USER_ID:$USER_ID" "$HOME_DIR"
	loginctl enable-linger "$USER_NAME"
	wait_for 20 test -S "/run/user/$USER_ID/bus"
}

teardown_file() {
	if [[ -n ${STORE_TOP:-} ]]; then
		rm -rf --one-file-system "$STORE_TOP"
	fi
}

setup() {
	may_run || skip "makes an account, needs systemd and cgroup v2: tests/vm/run v2-systemd BUILD"
	need_command podman newuidmap loginctl systemd-run
}

# session COMMAND...: in the user's own systemd, as from a login
session() {
	setpriv --reuid "$USER_ID" --regid "$USER_ID" --init-groups env -i HOME="$HOME_DIR" USER="$USER_NAME" \
		"PATH=$PATH" "XDG_RUNTIME_DIR=/run/user/$USER_ID" \
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$USER_ID/bus" \
		systemd-run --user --quiet --wait --pipe -p Delegate=yes -p WorkingDirectory="$HOME_DIR" \
		-E "PATH=$PATH" "$@" </dev/null
}

podman() {
	timeout -k 5 "$(scaled 20)" podman --cgroup-manager systemd --runtime "$STORE_TOP/bin/onggi-runtime" "$@"
}

story() {
	podman import -q "$STORE_TOP/box.tar" box >/dev/null
	podman run --rm --network none -m 64m --pids-limit 50 box sh -c 'echo limits: $(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max) $(cat /proc/self/cgroup)'
	podman run -d --network none --name one box sleep 1000 >/dev/null
	echo "exec: $(podman exec one sh -c 'id -u; ps | grep -c "[s]leep 1000"' | tr '\n' ' ')"
	echo "exec as: $(podman exec -u 33 one id -u)"
	podman exec one sh -c 'exit 7' || echo "status: $?"
	podman pause one >/dev/null
	echo "paused: $(podman inspect -f '{{.State.Status}}' one)"
	podman unpause one >/dev/null
	echo "stats: $(podman stats --no-stream --format '{{.PIDs}}' one)"
	echo "top: $(podman top one comm | tail -n1)"
	podman update --memory 100m one >/dev/null
	echo "updated: $(podman exec one cat /sys/fs/cgroup/memory.max)"
	podman stop -t 0 one >/dev/null 2>&1
	echo "stopped: $(podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' one)"
	podman start one >/dev/null
	echo "started: $(podman inspect -f '{{.State.Status}}' one)"
	podman rm -f -t 0 one >/dev/null
	echo "left: $(find /sys/fs/cgroup -name 'libpod-*.scope' | wc -l)"
	echo "keep-id: $(podman run --rm --network none --userns keep-id box id -u)"
	echo "host's: $(podman run --rm --network host --pid host --ipc host box ls /sys/class/net | head -n1)"
	podman run --rm --network none --privileged -v /tmp:/x:ro box touch /x/y || echo "status: $?"
	podman run --rm --network none box no-such-program || echo "status: $?"
}

@test "podman, rootless, with the user's systemd: a container's life" {
	declare -p STORE_TOP >"$STORE_TOP/story"
	declare -f scaled podman story >>"$STORE_TOP/story"
	echo "ONGGI_TIME_SCALE=${ONGGI_TIME_SCALE:-1}; story" >>"$STORE_TOP/story"
	chmod a+r "$STORE_TOP/story"
	run session bash "$STORE_TOP/story"
	assert_line "limits: 67108864 50 0::/"
	assert_line "exec: 0 1 "
	assert_line "exec as: 33"
	assert_line "status: 7"
	assert_line "paused: paused"
	assert_line "stats: 1"
	assert_line "top: sleep"
	assert_line "updated: 104857600"
	assert_line "stopped: exited 137"
	assert_line "started: running"
	assert_line "left: 0"
	assert_line "keep-id: $USER_ID"
	assert_line "host's: lo"
	assert_has "/x/y: Read-only file system"
	assert_line "status: 1"
	assert_has "executable file not found"
	assert_line "status: 127"
}

# elsewhere COMMAND...: in a login of its own, from where the user may move no process into the first
elsewhere() {
	systemd-run --quiet --wait --pipe -p User="$USER_NAME" -p PAMName=login -p WorkingDirectory="$HOME_DIR" \
		-E XDG_SESSION_TYPE=unspecified -E "PATH=$PATH" "$@" </dev/null
}

@test "rootless, with the user's systemd: an exec from another session is in the container's unit" {
	local bundle=$HOME_DIR/bundle
	local runtime=("$STORE_TOP/bin/onggi-runtime" --systemd-cgroup --root "$HOME_DIR/state")
	mkdir -p "$bundle"
	cp -a "$STORE_TOP/rootfs" "$bundle/rootfs"
	chown -R "$USER_ID:$USER_ID" "$bundle"
	session "${runtime[@]}" spec --rootless --bundle "$bundle"
	jq '.process.terminal = false | .process.args = ["sleep", "1000"]' "$bundle/config.json" >"$bundle/new"
	cat "$bundle/new" >"$bundle/config.json"
	session "${runtime[@]}" run -d -b "$bundle" one >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
		fail "$(cat "$BATS_TEST_TMPDIR/out")"
	run elsewhere "${runtime[@]}" exec one cat /proc/self/cgroup
	session "${runtime[@]}" delete --force one
	assert_output "0::/"
}
