#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# podman's other verbs, pods, and buildah, with runc and with onggi-runtime.

# shellcheck disable=SC2016 # $ in single quotes is for the shell inside
# shellcheck disable=SC2329 # scenarios are called by name

load ../lib/onggi
load ../lib/peers
load ../lib/peers-podman

scenario_exec() {
	quietly podman run -d --name one -e A=1 box sleep 1000
	show podman exec one echo hello
	show podman exec one sh -c 'echo words >&2; exit 5'
	show podman exec -e B=2 -w /tmp -u guest one sh -c 'echo $A $B; pwd; id; echo $HOME; grep -E "^(Cap|Seccomp:|NoNew)" /proc/self/status'
	show podman exec one no-such-program
	show podman exec one /etc/passwd
	show podman exec one /no/such
	show podman exec -w /no/such one pwd
	show podman exec -u nobody-there one true
	echo typed | show podman exec -i one cat
	show podman exec -d one sh -c 'echo made >/made'
	wait_for 20 podman exec one test -s /made
	show podman exec one cat /made
	show on_terminal size 33 99 expect READY send 'x\n' -- \
		podman exec -it one sh -c 'until [ "$(stty size 2>/dev/null)" = "33 99" ]; do sleep 0.05; done; tty; echo READY; read x; exit 6'
	show podman exec one sh -c 'kill -9 $$'
	show podman exec --preserve-fds 1 one sh -c 'cat <&3' 3<<<'third'
	quietly podman kill one
	show podman exec one true
}

@test "podman exec: options, statuses, a terminal" {
	both scenario_exec
	assert_has "uid=1000(guest)"
	assert_has made
	assert_told "executable file not found"
}

scenario_verbs() {
	local groups="$CGROUP_READ; cg memory/memory.limit_in_bytes memory.max; cg cpu/cpu.cfs_quota_us cpu.max"
	quietly podman run -d --name one -m 64m --cpus 0.5 --health-cmd 'test -e /healthy' --health-interval disable box sleep 1000
	show podman pause one
	show podman inspect -f '{{.State.Status}}' one
	show podman exec one true
	show podman unpause one
	show podman exec one sh -c "$groups"
	show podman update --cpus 0.25 one
	show podman exec one sh -c "$groups"
	show podman stats --no-stream --format '{{.Name}} {{.PIDs}}' one
	show podman top one comm
	show podman healthcheck run one
	show podman exec one touch /healthy
	show podman healthcheck run one
	show podman container checkpoint one
	show podman inspect -f '{{.State.Status}}' one
	show podman kill -s KILL one
	show podman wait one
}

@test "podman: pause, update, stats, top, health checks" {
	both scenario_verbs
	assert_has paused
	assert_has 25000
}

scenario_pod() {
	quietly podman pod create --name pod --share ipc,uts,net,pid --hostname together
	quietly podman run -d --pod pod --name one box sleep 1000
	show podman run --rm --pod pod box sh -c 'hostname; ps | grep -c "[s]leep 1000"'
	show podman pod inspect -f '{{.State}} {{.NumContainers}}' pod
	show podman pod pause pod | wc -l
	show podman inspect -f '{{.State.Status}}' one
	show podman pod unpause pod | wc -l
	show podman pod stop -t 0 pod | wc -l
	show podman pod inspect -f '{{.State}}' pod
	podman pod rm -f pod >/dev/null 2>&1
	cat >pod.yaml <<-'END'
		apiVersion: v1
		kind: Pod
		metadata: {name: played}
		spec:
		  restartPolicy: Never
		  containers:
		  - name: first
		    image: localhost/box:latest
		    imagePullPolicy: Never
		    command: ["/bin/sh", "-c", "echo played; exec sleep 1000"]
		    resources: {limits: {memory: 64Mi}}
		    securityContext: {runAsUser: 1000, readOnlyRootFilesystem: true}
	END
	show podman play kube --network none pod.yaml | wc -l
	show podman exec played-first /bin/sh -c '/bin/id -u; /bin/touch /x; /bin/hostname'
	show podman logs played-first
	podman play kube --down pod.yaml >/dev/null 2>&1
}

@test "podman: pods, and play kube" {
	both scenario_pod
	assert_has together
	assert_has played
}

scenario_attach() {
	story_attach podman podman run
}

@test "podman attach: a terminal, its keys and sizes; and without one" {
	both scenario_attach
	assert_has "got words"
	assert_has "size 44 55"
}

scenario_more() {
	mkdir -p source/inner
	mount --bind source source && mount --make-rshared source
	show podman run --rm --systemd always box sh -c 'grep -oE " /(run|run/lock|tmp|sys/fs/cgroup/systemd) (tmpfs|cgroup) rw" /proc/mounts | sort; env | grep container=; stat -c %a /run'
	show podman run --rm --preserve-fds 1 box sh -c 'cat <&3; ls /proc/self/fd | wc -l' 3<<<third
	show podman run --rm --mount type=bind,src="$PWD/source",dst=/m,bind-propagation=rshared --mount type=devpts,dst=/pts \
		--sysctl kernel.msgmax=4000 --add-host a.b:10.1.2.3 --group-add 44 --umask 0077 --tz UTC --hostname given box \
		sh -c 'grep -oE " /(m|pts) r[wo].* -" /proc/self/mountinfo | sed "s/:[0-9]*/:N/g" | sort; cat /proc/sys/kernel/msgmax; hostname; grep a.b /etc/hosts; id -G; umask'
	quietly podman run -d --name one --sdnotify ignore -v "$PWD/source:/s:rslave" --cap-drop all box sleep 1000
	mount -t tmpfs inner source/inner
	touch source/inner/appeared
	show podman exec one ls /s/inner
	umount source/inner
	umount -l source
	show podman exec --privileged one grep -E '^(CapEff|CapBnd|Seccomp:)' /proc/self/status
	show podman exec --env A=b --tty=false one sh -c 'echo $A; grep ^CapEff /proc/self/status'
	show podman exec -d one sleep 500
	show podman top one args | sort
	show podman cp one:/etc/passwd - | tar -t
	show podman run --rm --sdnotify container box sh -c 'echo ${NOTIFY_SOCKET:-none}'
}

@test "podman: more of its options" {
	both scenario_more
	assert_has third
	assert_has appeared
}

scenario_behind() {
	local runtime id status='{{.State.Status}} {{.State.ExitCode}}'
	runtime=$(peer_program)
	quietly podman run -d --name one box sleep 1000
	id=$(podman inspect -f '{{.Id}}' one)
	quietly "$runtime" kill "$id" KILL
	show podman wait one
	show podman inspect -f "$status" one
	quietly podman start one
	quietly "$runtime" delete -f "$id"
	show podman wait one
	show podman inspect -f "$status" one
	quietly podman start one
	quietly "$runtime" pause "$id"
	show podman exec one true
	quietly "$runtime" resume "$id"
	kill -KILL "$(podman inspect -f '{{.State.ConmonPid}}' one)"
	show podman exec one echo inside
	show podman inspect -f '{{.State.Status}}' one
	show podman stop -t 0 one
	show podman inspect -f "$status" one
	quietly podman rm -f -t 0 one
	show podman run --name two --restart on-failure:2 box sh -c 'echo two; exit 4'
}

@test "podman: containers that end behind its back, and without conmon" {
	both scenario_behind
	assert_has inside
}

scenario_buildah() {
	BUILDAH_RUNTIME=$(peer_program)
	export BUILDAH_RUNTIME BUILDAH_ISOLATION=oci
	local limits=(--ulimit nofile=1024:1024 --ulimit nproc=1000:1000) container
	mkdir -p context
	echo content >context/file
	cat >context/Dockerfile <<-'END'
		FROM localhost/box
		ENV A=b
		COPY file /copied
		RUN --mount=type=bind,source=file,target=/bound --mount=type=tmpfs,target=/t echo "$A" >/made && cat /copied /bound && touch /t/x
		USER guest
		WORKDIR /home/guest
		RUN id -un >who && exit 0
		CMD ["cat", "/made", "/home/guest/who"]
	END
	quietly buildah bud "${limits[@]}" --network none -t built context
	show podman run --rm built
	show buildah bud "${limits[@]}" --network none - <<<$'FROM localhost/box\nRUN exit 3' >/dev/null
	container=$(buildah from "${limits[@]}" --network none localhost/box)
	show buildah run "$container" -- echo hello
	show buildah run "$container" -- sh -c 'exit 4'
	show buildah run "$container" -- no-such-program
	show buildah run --user guest --workingdir /tmp "$container" -- sh -c 'id -u; pwd'
	show buildah run --cap-drop all --cap-add chown,kill "$container" -- grep -E '^(Cap(Eff|Bnd)|Seccomp:)' /proc/self/status
	show buildah run --hostname given --env A=b --mount "type=bind,src=$PWD/context,dst=/c,ro" -v "$PWD/context:/d" \
		--mount type=tmpfs,dst=/t,tmpfs-size=1m "$container" -- sh -c 'hostname; echo $A; cat /c/file; touch /c/x 2>&1; touch /d/x; grep -c "^tmpfs /t " /proc/mounts'
	show on_terminal size 33 99 expect READY send 'x\n' -- \
		buildah run -t "$container" -- sh -c 'until [ "$(stty size 2>/dev/null)" = "33 99" ]; do sleep 0.05; done; tty; echo READY; read x; exit 6'
	quietly buildah rm "$container"
	quietly podman rmi -f built
	container=$(buildah from "${limits[@]}" --network none scratch)
	quietly buildah copy "$container" "$(command -v busybox)" /busybox
	show buildah run "$container" -- /busybox echo from scratch
	quietly buildah rm "$container"
}

@test "buildah: builds, and runs" {
	both scenario_buildah
	assert_has guest
	assert_has "from scratch"
}
