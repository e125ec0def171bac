#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# containerd's ctr with runc and with onggi-runtime.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside
# shellcheck disable=SC2329 # scenarios are called by name

load ../lib/onggi
load ../lib/peers

can_run() {
	local command
	for command in runc containerd ctr podman; do
		command -v "$command" >/dev/null || return 1
	done
}

setup() {
	can_run || skip "needs runc, containerd, ctr and podman"
}

setup_file() {
	peers_check
	can_run || return 0 # setup skips
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP CONTAINERD_ADDRESS=$STORE_TOP/sock
	cat >"$STORE_TOP/config.toml" <<-END
		version = 2
		root = "$STORE_TOP/root"
		state = "$STORE_TOP/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$STORE_TOP/sock"
		[ttrpc]
		address = "$STORE_TOP/sock.ttrpc"
	END
	# runc leaves logs of CRIU's where the shim is.
	(cd "$STORE_TOP" && exec containerd --config "$STORE_TOP/config.toml") \
		>"$STORE_TOP/log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$STORE_TOP/started"
	wait_for 30 ctr version >/dev/null 2>&1
	# An archive as docker saves it: one layer, its configuration, a manifest.
	python3 - "$STORE_TOP" <(box_tar) <<-'END'
		import hashlib, io, json, sys, tarfile
		layer = open(sys.argv[2], "rb").read()
		config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["sh"],
		    "Env": ["PATH=/bin"]}, "rootfs": {"type": "layers",
		    "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
		manifest = json.dumps([{"Config": "config.json", "RepoTags": ["test/box:latest"],
		    "Layers": ["layer.tar"]}]).encode()
		with tarfile.open(sys.argv[1] + "/image.tar", "w") as out:
		    for name, data in (("layer.tar", layer), ("config.json", config), ("manifest.json", manifest)):
		        entry = tarfile.TarInfo(name)
		        entry.size = len(data)
		        out.addfile(entry, io.BytesIO(data))
	END
	ctr image import --snapshotter native "$STORE_TOP/image.tar" >/dev/null
	wrap runc ctr
	wrap onggi ctr
}

peer_clean() {
	local id
	for id in $(ctr task ls -q); do
		ctr task kill -s KILL -a "$id" >/dev/null 2>&1
		ctr task rm -f "$id" >/dev/null 2>&1
	done
	for id in $(ctr container ls -q); do
		quietly ctr container rm "$id"
	done
}

teardown_file() {
	[[ -s ${STORE_TOP:-}/started ]] || return 0
	local pid mounted
	pid=$(cat "$STORE_TOP/started")
	kill -TERM "$pid"
	wait_for 30 eval "! [[ -e /proc/$pid ]] || grep -q '^State:.Z' /proc/$pid/status"
	while read -r mounted; do
		umount -l "$mounted"
	done < <(awk -v top="$STORE_TOP/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
	rm -rf --one-file-system "$STORE_TOP"
}

ON=()

# ctr asks for no limits that root might not have.
ctr_run() {
	"${ON[@]}" ctr run --snapshotter native --runc-binary "$(peer_program)" --runc-root "$STORE_TOP/$PEER/state" \
		--cgroup "/onggi-test-ctr-$PEER" "$@"
}

IMAGE=docker.io/test/box:latest

task_states() {
	ctr task ls | grep -v three | tr -s ' ' | sed 's/ [0-9][0-9]* / PID /'
}

scenario_run() {
	show ctr_run --rm "$IMAGE" one echo hello
	show ctr_run --rm "$IMAGE" one sh -c 'exit 3'
	show ctr_run --rm "$IMAGE" one no-such-program
	show ctr container ls -q
	show ctr_run -d --memory-limit 67108864 "$IMAGE" two sh -c "trap 'exit 7' TERM; sleep 1000 & wait"
	show task_states
	show ctr task exec --exec-id e1 two sh -c 'echo inside; exit 5'
	show ctr task exec --exec-id e2 --user 1000 --cwd /tmp two sh -c 'id -u; pwd'
	show ctr task exec --exec-id e3 two no-such-program
	show on_terminal expect '# ' send 'exit 6\n' -- ctr task exec -t --exec-id e4 two sh | tail -n 1
	ON=(on_terminal --)
	quietly ctr_run -d -t --cgroup "/onggi-test-ctr-$PEER-3" "$IMAGE" three sh -c "$ATTACHED"
	show on_terminal expect tick send 'a\n' expect 'got a' size 44 55 expect 'size 44 55' send '\x03' -- ctr task attach three | grep -E 'got|44|inter|->'
	show ctr task pause two
	show task_states
	show ctr task resume two
	show ctr task metrics two | grep -c -E '^(memory|cpu|pids)'
	show ctr task ps two | wc -l
	show ctr task checkpoint two
	show task_states
	show ctr task kill -s TERM two
	wait_for 20 eval 'ctr task ls | grep -q STOPPED'
	show ctr task rm two
	show ctr container rm two
}

@test "ctr: run, exec, pause, metrics, kill" {
	both scenario_run
	assert_has hello
	assert_has inside
	assert_has PAUSED
	assert_has "got a"
}
