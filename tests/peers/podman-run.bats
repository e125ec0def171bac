#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# podman run and its options, with runc and with onggi-runtime.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside
# shellcheck disable=SC2329 # scenarios are called by name

load ../lib/onggi
load ../lib/peers
load ../lib/peers-podman

scenario_statuses() {
	show podman run --rm box echo hello
	show podman run --rm box sh -c 'echo words >&2; exit 3'
	show podman run --rm box sh -c 'kill -KILL $$'
	show podman run --rm box sh -c 'kill -TERM $$'
	show podman run --rm box no-such-program
	show podman run --rm box /no/such/program
	show podman run --rm box /etc/passwd
	show podman run --rm box /etc
	show podman run --rm --entrypoint '["no-such"]' box
	show podman run --rm -w /etc/passwd box true
	show podman run --no-such-option box true
}

@test "podman run: statuses of the program, and of its failures" {
	both scenario_statuses
	assert_has "hello"
	assert_told "executable file not found"
	assert_told "OCI runtime attempted to invoke a command that was not found"
	assert_told "permission denied"
}

scenario_life() {
	show podman run -d --name one box sh -c 'echo begin; trap "echo end; exit 7" TERM; while :; do sleep 0.05; done'
	until podman logs one | grep -q begin; do sleep 0.05; done
	show podman ps --format '{{.Names}} {{.Status}}' | sed 's/ [0-9].*//; s/Less than.*//'
	show podman inspect -f '{{.State.Status}} {{.State.OciVersion}} {{.State.Dead}} {{.OCIRuntime}}' one | sed 's/onggi$/runc/; s/ 1\.[0-9.-]*[a-z]* / VERSION /'
	show podman stop one
	show podman logs one
	show podman inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}' one
	show podman start one
	until (($(podman logs one | grep -c begin) == 2)); do sleep 0.05; done
	show podman restart -t 5 one
	until (($(podman logs one | grep -c begin) == 3)); do sleep 0.05; done
	show podman kill -s TERM one
	show podman wait one
	show podman rm one
	show podman ps -a --format '{{.Names}}'
	show podman create --name two box sh -c 'echo two; exit 4'
	show podman inspect -f '{{.State.Status}}' two
	show podman start -a two
	show podman rm two
	show podman run -d --name three box sleep 1000
	show podman rm three
	show podman rm -f -t 0 three
	show podman create --name four box true
	show podman init four
	show podman inspect -f '{{.State.Status}}' four
	show podman rm four
}

@test "podman: detached, listed, logged, stopped, started again, restarted, killed, removed" {
	both scenario_life
	assert_has "exited 7 0"
}

scenario_stdin() {
	echo 'typed' | show podman run --rm -i box cat
	head -c 3000000 /dev/zero | show podman run --rm -i box wc -c
	show podman run --rm box sh -c 'head -c 200000 /dev/zero | tr "\0" x; echo words >&2' | wc -c
	show podman run --rm box readlink /proc/self/fd/0 | sed 's/\[[0-9]*\]//'
	show podman run --rm box sh -c 'ls /proc/self/fd | wc -l'
	show podman run --rm --preserve-fds 2 box sh -c 'cat <&4' 3</dev/null 4<<<'fourth'
}

@test "podman run: standard streams and descriptors" {
	both scenario_stdin
	assert_has typed
	assert_has fourth
}

scenario_terminal() {
	show on_terminal size 33 99 expect READY send 'stty size; tty; exit 5\n' -- \
		podman run --rm -it box sh -c 'echo READY; PS1= sh -i 2>&1' | sed 's/^.*stty size; tty/stty size; tty/; /^$/d; /[Bb]uilt-in\|[Hh]elp/d'
	show on_terminal size 20 60 expect '20 60' size 21 61 expect '21 61' send 'x\n' -- \
		podman run --rm -it box sh -c 'until [ "$(stty size)" = "20 60" ]; do sleep 0.05; done; stty size
			until [ "$(stty size)" = "21 61" ]; do sleep 0.05; done; stty size; read x'
	show on_terminal expect ready send '\x03' -- \
		podman run --rm -it box sh -c 'trap "echo interrupted; exit 6" INT; echo ready; while :; do sleep 0.05; done'
}

@test "podman run -it: a terminal with its size, resized, and its keys" {
	both scenario_terminal
	assert_has "33 99"
	assert_has "21 61"
	assert_has interrupted
}

scenario_users() {
	local what='id; grep -E "^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):" /proc/self/status; echo $HOME; pwd'
	show podman run --rm box sh -c "$what"
	show podman run --rm --user guest box sh -c "$what"
	show podman run --rm --user 1234:5678 box sh -c "$what"
	show podman run --rm --user guest --group-add 44 --cap-add net_bind_service box sh -c "$what"
	show podman run --rm --user nobody-there box true
	show podman run --rm --cap-drop all --cap-add chown box sh -c "$what"
	show podman run --rm --privileged box sh -c "$what"
	show podman run --rm --security-opt no-new-privileges --security-opt seccomp=unconfined box sh -c "$what"
	show podman run --rm -w /tmp/new -e A=1 -e B --umask 0077 box sh -c 'pwd; umask; echo $A; touch f; stat -c %a f'
}

@test "podman run: who the process is, and what it may" {
	both scenario_users
	assert_has "uid=1000(guest)"
	assert_has "uid=1234(1234) gid=5678(5678)"
}

scenario_seccomp() {
	cat >filter.json <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		  {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
		  {"names": ["sethostname"], "action": "SCMP_ACT_KILL_PROCESS"}]}
	END
	show podman run --rm --security-opt seccomp=filter.json box sh -c 'mkdir /x 2>&1; grep Seccomp: /proc/self/status'
	show podman run --rm --cap-add sys_admin --security-opt seccomp=filter.json box hostname x
	show podman run --rm box sh -c 'unshare -U true 2>&1; mount -t tmpfs x /tmp 2>&1'
	show podman run --rm --security-opt seccomp=no-such-file box true
}

@test "podman run: filters of system calls" {
	both scenario_seccomp
	assert_has "Function not implemented"
	assert_has "-> 159"
}

scenario_namespaces() {
	local what='for n in cgroup ipc mnt net pid user uts; do [ "$(readlink /proc/self/ns/$n)" = "$(eval echo \$host_$n)" ] && echo "$n: of the host"; done; echo done'
	local host=() n
	for n in cgroup ipc mnt net pid user uts; do
		host+=(-e "host_$n=$(readlink "/proc/self/ns/$n")")
	done
	show podman run --rm "${host[@]}" box sh -c "$what"
	show podman run --rm "${host[@]}" --pid=host box sh -c "$what"
	show podman run --rm "${host[@]}" --ipc=host --uts=host --cgroupns=host box sh -c "$what"
	show podman run --rm "${host[@]}" --net=host box sh -c "$what"
	quietly podman run -d --name first --hostname other box sleep 1000
	show podman run --rm --pid container:first box sh -c 'ps | grep -c "[s]leep 1000"'
	show podman run --rm --pid container:first --net container:first --ipc container:first --uts container:first box hostname
	quietly podman rm -ft 0 first
	show podman run --rm --pid container:first box true
	show podman run --rm --hostname given box hostname
	show podman run --rm --privileged --net none --sysctl kernel.msgmax=4000 --sysctl net.ipv4.ip_unprivileged_port_start=99 box \
		sh -c 'cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start'
}

@test "podman run: namespaces of its own, the host's, and of another container" {
	both scenario_namespaces
	assert_has "pid: of the host"
	assert_has "given"
}

scenario_userns() {
	local what='cat /proc/self/uid_map /proc/self/gid_map; id -u; stat -c "%u:%g" / /etc/passwd; touch /new && stat -c %u /new; cat /proc/self/setgroups'
	show podman run --rm --uidmap 0:100000:5000 --gidmap 0:200000:5000 box sh -c "$what"
	show podman run --rm --uidmap 0:100000:5000 --user guest box sh -c "id; $what" 2>&1
	show podman run --rm --uidmap 0:100000:65536 -it --tmpfs /t --read-only -v "$PWD:/mnt:ro" box sh -c 'stat -c "%u %n" /t /mnt /dev/console; touch /t/x; touch /x'
	quietly podman run -d --name first --uidmap 0:100000:5000 box sleep 1000
	show podman exec first id -u
	show podman exec -u guest first cat /proc/self/uid_map
	show podman run --rm --userns container:first box cat /proc/self/uid_map
}

@test "podman run: user namespaces" {
	both scenario_userns
	assert_has "100000"
}

scenario_mounts() {
	mkdir -p source/inner
	echo content >source/file
	show podman run --rm --read-only box sh -c 'touch /x; touch /tmp/x /run/x /dev/shm/x && echo may'
	show podman run --rm --read-only --read-only-tmpfs=false box sh -c 'touch /tmp/x'
	show podman run --rm --tmpfs /t:size=1m,mode=700,noexec box sh -c 'grep " /t " /proc/mounts; stat -c %a /t'
	show podman run --rm -v "$PWD/source:/s:ro" box sh -c 'cat /s/file; touch /s/x'
	show podman run --rm -v "$PWD/source:/s:rw,noexec,nosuid,nodev" box sh -c 'touch /s/x; grep " /s " /proc/mounts | cut -d" " -f4 | tr , "\n" | grep ^no'
	show podman run --rm -v "$PWD/source:/s:rshared" box sh -c 'grep " /s " /proc/self/mountinfo | grep -o shared:'
	show podman run --rm -v "$PWD/source:/s:rslave" box sh -c 'grep " /s " /proc/self/mountinfo | grep -o "master:"'
	show podman run --rm -v "$PWD/source:/s:O" box sh -c 'echo changed >/s/file; cat /s/file'
	cat source/file
	show podman run --rm -v "$PWD/source/file:/etc/made/here" box cat /etc/made/here
	show podman run --rm -v volume:/v box sh -c 'echo kept >/v/f'
	show podman run --rm -v volume:/v box cat /v/f
	quietly podman volume rm volume
	show podman run --rm --mount type=bind,src="$PWD/source",dst=/m,ro=true,bind-propagation=private box ls /m
	show podman run --rm --mount type=tmpfs,dst=/m,tmpfs-size=4k box sh -c 'head -c 8000 /dev/zero >/m/f; stat -c %s /m/f'
	show podman run --rm -v "$PWD/nowhere:/m" box true
	show podman run --rm --shm-size 3m box sh -c 'df -k /dev/shm | tail -n1 | tr -s " " | cut -d" " -f2'
	show podman run --rm box sh -c 'cut -d" " -f2,3 /proc/mounts | grep -vE "^(/|/etc/.*|/run/.*|/dev/shm|/sys/fs/cgroup.*) " | sed "/^.proc.[kt]/s/ .*//" | sort'
	show podman run --rm --device /dev/null:/dev/mine:rw box sh -c 'echo x >/dev/mine; stat -c "%t:%T %a" /dev/mine; ls /dev | grep -v core'
	show podman run --rm --device /dev/null:/dev/mine:r box sh -c 'echo x >/dev/mine'
	show podman run --rm --privileged box sh -c 'ls /dev | grep -vE "^(loop|vcs|tty|dm|core)" | head -n 30'
	show podman run --rm --security-opt mask=/proc/uptime --security-opt unmask=/proc/kcore box sh -c 'cat /proc/uptime; stat -c %s /proc/kcore | head -c 4; cat /proc/timer_list; ls /proc/scsi /sys/firmware'
}

@test "podman run: mounts, volumes, devices, masks" {
	both scenario_mounts
	assert_has kept
	assert_has changed
}

scenario_limits() {
	show podman run --rm --ulimit nofile=77:88 --ulimit nproc=1000:1000 --ulimit core=0 box sh -c 'ulimit -n; ulimit -Hn; ulimit -c'
	show podman run --rm --oom-score-adj 500 box cat /proc/self/oom_score_adj
	show podman run --rm -m 64m box sh -c "$CGROUP_READ; cg memory/memory.limit_in_bytes memory.max"
	show podman run --rm -m 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --pids-limit 55 box \
		sh -c "$CGROUP_READ; cg memory/memory.soft_limit_in_bytes memory.low; cg cpu/cpu.cfs_quota_us cpu.max; cg cpu/cpu.shares cpu.weight; cg pids/pids.max pids.max"
	show podman run --rm --cpuset-cpus 0 box sh -c "$CGROUP_READ; cg cpuset/cpuset.cpus cpuset.cpus"
	show podman run --rm -m 1k box true
	show podman run --name smaller -m 8m box sh -c 'exec tail -n1 /dev/zero'
	show podman inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' smaller
	show podman run --rm --pids-limit 5 box sh -c 'for i in 1 2 3 4 5 6 7; do sleep 1 & done; wait; echo no' | tail -n1
	show podman run --rm --init --init-path "$(command -v tini-static || command -v catatonit)" box sh -c 'ps -o pid,comm | head -n 2'
	show podman run --rm --timeout 1 box sleep 100
}

@test "podman run: limits" {
	both scenario_limits
	assert_has 67108864
}
