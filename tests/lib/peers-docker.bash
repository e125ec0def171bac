# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# dockerd for tests/lib/peers.bash: one daemon with both runtimes, and an image "box" of busybox. Everything it
# has is below $STORE_TOP, and its containers' control groups below onggi-test-docker.

# dockerd_start [OPTION...]
# shellcheck disable=SC2120 # the options are for test files
dockerd_start() {
	dockerd --host "unix://$STORE_TOP/docker.sock" --bridge none --iptables=false --ip6tables=false \
		--pidfile "$STORE_TOP/docker.pid" --exec-root "$STORE_TOP/exec" --data-root "$STORE_TOP/data" \
		--add-runtime "onggi=$ONGGI_RUNTIME" --cgroup-parent /onggi-test-docker --live-restore "$@" \
		>>"$STORE_TOP/docker.log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$STORE_TOP/docker.started"
	wait_for 60 docker version >/dev/null 2>&1 ||
		{ tail -n 5 "$STORE_TOP/docker.log"; return 1; }
}

dockerd_stop() {
	local pid
	pid=$(cat "$STORE_TOP/docker.started")
	kill -TERM "$pid"
	wait_for 60 eval "! [[ -e /proc/$pid ]] || grep -q '^State:.Z' /proc/$pid/status"
}

setup_file() {
	peers_check
	need_command runc dockerd docker
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP DOCKER_HOST=unix://$STORE_TOP/docker.sock DOCKER_BUILDKIT=0
	export DOCKER_CONFIG=$STORE_TOP/config
	# shellcheck disable=SC2119
	dockerd_start
	box_tar >"$STORE_TOP/box.tar"
	docker import "$STORE_TOP/box.tar" box >/dev/null
	wrap runc docker
	wrap onggi docker
}

peer_clean() {
	local left
	left=$(docker ps -aq)
	# shellcheck disable=SC2086 # one argument per container
	[[ -z $left ]] || quietly docker rm -f $left
}

teardown_file() {
	[[ -s ${STORE_TOP:-}/docker.started ]] || return 0
	dockerd_stop
	local mounted
	while read -r mounted; do
		umount -l "$mounted"
	done < <(awk -v top="$STORE_TOP/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
	find /sys/fs/cgroup -depth -type d -path '*/onggi-test-docker*' -exec rmdir {} + 2>/dev/null || true
	rm -rf --one-file-system "$STORE_TOP"
}
