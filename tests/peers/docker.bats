#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# docker with runc and with onggi-runtime, under one dockerd.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside
# shellcheck disable=SC2089,SC2090 # so is what is in variables
# shellcheck disable=SC2329 # scenarios are called by name

load ../lib/onggi
load ../lib/peers
load ../lib/peers-docker

dock() {
	docker run --runtime "$PEER" --network none "$@"
}

scenario_statuses() {
	show dock --rm box echo hello
	show dock --rm box sh -c 'echo words >&2; exit 3'
	show dock --rm box sh -c 'kill -KILL $$'
	show dock --rm box no-such-program
	show dock --rm box /no/such/program
	show dock --rm box /etc/passwd
	show dock --rm box /etc
	show dock --rm -w /etc/passwd box true
	show dock --rm -v /etc/passwd:/tmp box true
	show dock --rm -m 6m box true
	echo typed | show dock --rm -i box cat
	show on_terminal size 33 99 expect READY -- \
		docker run --runtime "$PEER" --network none --rm -it box sh -c 'until [ "$(stty size 2>/dev/null)" = "33 99" ]; do sleep 0.05; done; tty; echo READY; exit 5'
}

@test "docker run: statuses of the program, and of its failures" {
	both scenario_statuses
	assert_has "-> 126"
	assert_has typed
	assert_has READY
	assert_told "executable file not found"
	assert_told "no such file or directory"
	assert_told "permission denied"
}

has_logged() {
	docker logs "$1" 2>&1 | grep -q "$2"
}

scenario_life() {
	show dock -d --name one box sh -c 'echo begin; trap "echo end; exit 7" TERM; while :; do sleep 0.05; done'
	wait_for 20 has_logged one begin
	show docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.OOMKilled}}' one
	show docker ps --format '{{.Names}}'
	# Its sleep is there at one moment, still called sh at another, and then not at all.
	show docker top one -o pid,comm | sed 's/^ *[0-9]* *//; /^sleep$/d' | sort -u
	show docker pause one
	show docker inspect -f '{{.State.Status}}' one
	show docker exec one true
	show docker unpause one
	show docker stop one
	show docker logs one
	show docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}' one
	quietly docker start one
	show docker restart one
	show docker kill -s TERM one
	show docker wait one
	show docker rm one
	show docker ps -aq
	show docker create --name "two-$PEER" --runtime "$PEER" --network none --restart on-failure:2 box sh -c 'echo two; exit 4'
	show docker start -a "two-$PEER"
	wait_for 20 eval '[[ $(docker inspect -f "{{.RestartCount}} {{.State.Status}}" "two-$PEER") == "2 exited" ]]'
	show docker inspect -f '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}' "two-$PEER"
}

@test "docker: detached, listed, paused, logged, stopped, restarted, killed, removed" {
	both scenario_life
	assert_has "exited 7 0"
	assert_has "2 exited 4"
}

# Each runtime has its own words after these.
exec_fails() {
	show docker exec "$@" | tee -a "$TOLD" | sed 's/exec failed: .*/exec failed/'
}

scenario_exec() {
	quietly dock -d --name one -e A=1 box sleep 1000
	show docker exec one echo hello
	show docker exec one sh -c 'echo words >&2; exit 5'
	show docker exec -e B=2 -w /tmp -u guest one sh -c 'echo $A $B; pwd; id; echo $HOME; grep -E "^(Cap|Seccomp:|NoNew)" /proc/self/status'
	exec_fails one no-such-program
	exec_fails one /etc/passwd
	exec_fails one /no/such
	exec_fails -w /no/such one pwd
	show docker exec -u nobody-there one true
	echo typed | show docker exec -i one cat
	show docker exec -d one sh -c 'echo made >/made'
	wait_for 20 docker exec one test -s /made
	show docker exec one cat /made
	show on_terminal size 33 99 expect READY send 'x\n' -- \
		docker exec -it one sh -c 'until [ "$(stty size 2>/dev/null)" = "33 99" ]; do sleep 0.05; done; tty; echo READY; read x; exit 6'
	show docker exec one sh -c 'kill -9 $$'
	show docker exec one sh -c 'for i in /proc/[0-9]*; do tr "\0" " " <$i/cmdline; done; ls /proc/self/fd | wc -l'
	quietly docker kill one
	show docker exec one true
}

@test "docker exec: options, statuses, a terminal" {
	both scenario_exec
	assert_has "uid=1000(guest)"
	assert_has made
	assert_told "executable file not found"
}

scenario_options() {
	mkdir -p source
	echo content >source/file
	local status='grep -E "^(Uid|Groups|Cap...|NoNewPrivs|Seccomp):" /proc/self/status'
	show dock --rm box sh -c "$status; cut -d' ' -f2,3 /proc/mounts | grep -vE '^/proc/[kt]|/unified' | sort"
	show dock --rm --user guest --group-add 44 box sh -c "$status; id; pwd; echo \$HOME"
	show dock --rm --cap-drop all --cap-add chown --security-opt no-new-privileges box sh -c "$status"
	show dock --rm --security-opt seccomp=unconfined box sh -c "$status"
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' >filter.json
	show dock --rm --security-opt seccomp=filter.json box sh -c 'mkdir /x 2>&1'
	show dock --rm --read-only --tmpfs /t:size=1m,mode=700 -v "$PWD/source:/s:ro" box sh -c 'touch /x; touch /s/x; stat -c %a /t; cat /s/file'
	show dock --rm --device /dev/null:/dev/mine:r box sh -c 'cat /dev/mine && echo x >/dev/mine'
	show dock --rm --init box sh -c 'ps -o pid,comm | sed -n 2p'
	show dock --rm --hostname given --sysctl net.ipv4.ip_unprivileged_port_start=99 box sh -c 'hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start'
	show dock --rm --ulimit nofile=77:88 --shm-size 3m box sh -c 'ulimit -n; ulimit -Hn; df -k /dev/shm | tail -n1 | tr -s " " | cut -d" " -f2'
	show dock --rm --pid host --ipc host --uts host box sh -c 'for n in pid ipc uts net; do readlink /proc/self/ns/$n; done' |
		sed "s/$(readlink /proc/self/ns/pid | tr -dc 0-9)/HOST/; /net/d"
	quietly dock -d --ipc shareable --name first box sleep 1000
	show dock --rm --pid container:first --ipc container:first box sh -c 'ps | grep -c "[s]leep 1000"'
	show docker run --runtime "$PEER" --rm --network container:first box hostname
	show docker run --runtime "$PEER" --rm --network host box sh -c 'readlink /proc/self/ns/net' |
		sed "s/$(readlink /proc/self/ns/net | tr -dc 0-9)/HOST/"
	show dock --rm --cap-add sys_admin --security-opt apparmor=unconfined box sh -c 'mkdir -p /c/x; mount -t tmpfs none /c/x && echo mounted'
	show dock --rm --cgroupns host box sh -c 'grep memory /proc/self/cgroup'
}

@test "docker run: its options" {
	both scenario_options
	assert_has HOST
	assert_has mounted
}

scenario_limits() {
	local groups="$CGROUP_READ; cg memory/memory.limit_in_bytes memory.max; cg cpu/cpu.cfs_quota_us cpu.max; cg pids/pids.max pids.max"
	quietly dock -d --name one -m 64m --cpus 0.5 --pids-limit 55 box sleep 1000
	show docker exec one sh -c "$groups"
	show docker update -m 96m --memory-swap 96m --cpus 0.25 --pids-limit 44 one
	show docker exec one sh -c "$groups"
	show docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' one | sed 's/ [0-9.]*[KM]iB//'
	show dock --name two -m 8m box sh -c 'exec tail -n1 /dev/zero'
	show docker inspect -f '{{.State.ExitCode}}' two
}

@test "docker: limits, changed while it runs, and seen by stats" {
	both scenario_limits
	assert_has 100663296
}

scenario_build() {
	mkdir -p context
	echo content >context/file
	cat >context/Dockerfile <<-'END'
		FROM box
		ENV A=b
		COPY file /copied
		RUN echo "$A" >/made && cat /copied
		USER guest
		WORKDIR /home/guest
		RUN id -un >who
		CMD ["cat", "/made", "/home/guest/who"]
	END
	dockerd_stop
	dockerd_start --default-runtime "$PEER"
	quietly docker build -q --network none -t built context
	show dock --rm built
	show dock --rm --entrypoint '' built cat /copied
	quietly docker rmi built
}

@test "docker: an image with users, directories, environment" {
	both scenario_build
	assert_has guest
}

scenario_restore() {
	quietly dock -d --name one box sh -c 'echo begin; trap "echo end; exit 7" TERM; while :; do sleep 0.05; done'
	wait_for 20 has_logged one begin
	dockerd_stop
	dockerd_start
	show docker inspect -f '{{.State.Status}} {{.RestartCount}}' one
	show docker exec one echo inside
	show docker stop one
	show docker logs one
	show docker inspect -f '{{.State.ExitCode}}' one
}

@test "docker: a container survives the daemon" {
	both scenario_restore
	assert_has "running 0"
	assert_has inside
}

scenario_health() {
	quietly dock -d --name one --health-cmd 'test -e /healthy' --health-interval 0.3s --health-retries 1 box \
		sh -c 'sleep 2; touch /healthy; exec sleep 1000'
	wait_for 20 eval '[[ $(docker inspect -f "{{.State.Health.Status}}" one) == unhealthy ]]'
	show docker inspect -f '{{.State.Health.Status}}' one
	wait_for 20 eval '[[ $(docker inspect -f "{{.State.Health.Status}}" one) == healthy ]]'
	show docker inspect -f '{{.State.Health.Status}}' one
}

@test "docker: health checks" {
	both scenario_health
	assert_has unhealthy
}

scenario_attach() {
	story_attach docker docker run --runtime "$PEER" --network none
}

@test "docker attach: a terminal, its keys and sizes; and without one" {
	both scenario_attach
	assert_has "got words"
	assert_has "size 44 55"
}

scenario_more() {
	mkdir -p source/inner
	mount --bind source source && mount --make-rshared source
	local status='grep -E "^(Cap(Eff|Bnd)|NoNewPrivs|Seccomp):" /proc/self/status'
	show dock --rm --read-only --tmpfs /t:size=1m,mode=700,noexec,uid=1000 --add-host a.b:10.1.2.3 --ulimit nproc=1000:1000 \
		--mount type=tmpfs,dst=/u,tmpfs-size=65536,tmpfs-mode=1700 --sysctl kernel.shm_rmid_forced=1 --oom-score-adj 100 \
		--cpuset-cpus 0 --domainname example --group-add audio --label a=b --env-file /dev/null box sh -c "$CGROUP_READ"'
		grep -E " /(t|u) " /proc/mounts; stat -c "%a %u" /t /u; grep a.b /etc/hosts; ulimit -u; id -G
		cat /proc/sys/kernel/shm_rmid_forced /proc/sys/kernel/domainname /proc/self/oom_score_adj; cg cpuset/cpuset.cpus cpuset.cpus'
	local kind
	for kind in private rprivate slave rslave shared rshared; do
		echo "-v $PWD/source:/$kind:$kind"
	done >kinds
	# shellcheck disable=SC2046 # words
	show dock --rm $(cat kinds) --mount "type=bind,src=$PWD/source,dst=/ro,readonly,bind-propagation=rslave" box \
		sh -c 'grep -oE " /(r?(private|slave|shared)|ro) r[wo].* -" /proc/self/mountinfo | sed "s/:[0-9]*/:N/g" | sort'
	quietly dock -d --name one -v "$PWD/source:/s:rslave" --ipc shareable --cap-drop all box sleep 1000
	mount -t tmpfs inner source/inner
	touch source/inner/appeared
	show docker exec one ls /s/inner
	umount source/inner
	show docker exec --env-file /dev/null -e A=b one sh -c "$status; echo \$A"
	show dock --rm --pid container:one --uts host --ipc container:one --cgroupns private box sh -c 'ps -o args | grep -c "^sleep 1000"; cut -d: -f3 /proc/self/cgroup | sort -u'
	show docker top one -o pid,args | grep -o 'sleep.*'
	quietly docker rm -f one
	umount -l source
	show dock --rm --pid container:one box true
}

@test "docker: more of its options" {
	both scenario_more
	assert_has example
	assert_has appeared
}

# What is left of a container on the machine, apart from its directory of docker's.
remains() {
	local id=$1
	[[ -e /proc/$2 ]] && ! grep -q '^State:.Z' "/proc/$2/status" && echo "its process"
	find /sys/fs/cgroup -type d -path "*/onggi-test-docker/$id*" 2>/dev/null
	find "$STORE_TOP/exec" -path "*$id*"
	grep -o "$STORE_TOP/[^ ]*${id}[^ ]*" /proc/self/mountinfo
}

# killed_behind COMMAND: evaluated for the container "behind" (id in $id, pid in $pid) without docker's knowledge
killed_behind() {
	local id pid
	quietly docker start behind
	id=$(docker inspect -f '{{.Id}}' behind)
	pid=$(docker inspect -f '{{.State.Pid}}' behind)
	eval "$1" || echo "failed: $1"
	wait_for 20 eval '[[ $(docker inspect -f "{{.State.Status}}" behind) == exited ]]'
	show docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' behind
	wait_for 10 eval '[[ -z $(remains "$id" "$pid") ]]' || remains "$id" "$pid"
}

runtime() {
	"$(peer_program)" --root "$STORE_TOP/exec/runtime-runc/moby" "$@"
}

scenario_behind() {
	quietly docker create --runtime "$PEER" --network none --name behind box sleep 1000
	killed_behind 'kill -KILL "$pid"'
	killed_behind 'runtime kill "$id" KILL'
	killed_behind 'runtime delete -f "$id"'
	killed_behind 'kill -KILL "$(awk "/^PPid/ { print \$2 }" /proc/$pid/status)"'
	quietly docker start behind
	quietly runtime pause "$(docker inspect -f '{{.Id}}' behind)"
	show docker stop -t 1 behind
	show docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' behind
	quietly docker rm behind
	show dock -d --name always --restart always box sh -c 'exec sleep 1000'
	kill -KILL "$(docker inspect -f '{{.State.Pid}}' always)"
	wait_for 20 eval '[[ $(docker inspect -f "{{.RestartCount}} {{.State.Status}}" always) == "1 running" ]]'
	show docker exec always echo again
}

@test "docker: containers that end behind its back" {
	both scenario_behind
	assert_has "exited 137 false"
	assert_has again
}
