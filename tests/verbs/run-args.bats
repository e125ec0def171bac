#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
#
# run: names, environment, directory, entrypoint, files of /etc, labels, and what is refused by name.

load ../lib/onggi

@test "args: --name, and what is none" {
	run onggi run --name my.box_1-x "$BOX" true
	assert_ok
	run onggi inspect --format '{{.Name}}' my.box_1-x
	assert_output /my.box_1-x
	run onggi run --rm --name my.box_1-x "$BOX" true
	assert_status 125
	assert_has "my.box_1-x is already in use"
	onggi rm my.box_1-x >/dev/null
	run onggi run --rm --name my.box_1-x "$BOX" true
	assert_ok
	local name
	for name in a -x .x a/b ../x 'a b' '' ä; do
		run onggi run --rm --name="$name" "$BOX" true
		assert_status 125
		assert_has "name"
	done
}

@test "args: --rm or not" {
	onggi run --rm --name gone "$BOX" true
	run onggi ps -aq --filter name=gone
	assert_output ""
	onggi run --name there "$BOX" sh -c 'exit 3' || true
	run onggi inspect --format '{{.State.Status}} {{.State.ExitCode}}' there
	assert_output "exited 3"
	onggi rm there >/dev/null
}

@test "args: -e, with and without a value, and the last one wins" {
	ONGGI_TEST_A='from outside' run onggi run --rm -e ONGGI_TEST_A -e ONGGI_TEST_NONE -e B=1 -e B=2 -e 'C=a=b c' -e D= "$BOX" env
	assert_ok
	assert_line "ONGGI_TEST_A=from outside"
	assert_line B=2
	assert_line "C=a=b c"
	assert_line D=
	assert_has_not ONGGI_TEST_NONE
	assert_has_not B=1
	run onggi run --rm -e =x "$BOX" true
	assert_status 125
}

@test "args: --env-file" {
	printf '# comment\nA=1\n\nB=two words \n  C=3\nONGGI_TEST_FROM\nE="quoted"\n' >"$BATS_TEST_TMPDIR/env"
	ONGGI_TEST_FROM=outside run onggi run --rm --env-file "$BATS_TEST_TMPDIR/env" -e A=9 "$BOX" env
	assert_ok
	assert_line A=9
	assert_line "B=two words "
	assert_line C=3
	assert_line ONGGI_TEST_FROM=outside
	assert_line 'E="quoted"'
	printf 'A B=1\n' >"$BATS_TEST_TMPDIR/env"
	run onggi run --rm --env-file "$BATS_TEST_TMPDIR/env" "$BOX" true
	assert_status 125
	assert_has "$BATS_TEST_TMPDIR/env"
	run onggi run --rm --env-file /no/such/file "$BOX" true
	assert_status 125
	assert_has /no/such/file
}

@test "args: -w: made if it is missing, and refused if it cannot be" {
	run onggi run --rm -w /new/work/dir "$BOX" sh -c 'pwd; stat -c "%u %a" .'
	assert_ok
	assert_output $'/new/work/dir\n0 755'
	run onggi run --rm -w /tmp/../etc/ "$BOX" pwd
	assert_ok
	assert_output /etc
	run onggi run --rm -w relative "$BOX" true
	assert_status 125
	assert_has "relative"
	run onggi run --rm -w /etc/passwd "$BOX" true
	assert_status 125
	assert_has /etc/passwd
	run onggi run --rm --read-only -w /new "$BOX" pwd
	assert_ok
}

@test "args: --entrypoint, and the command" {
	run onggi run --rm --entrypoint echo "$BOX" a b
	assert_output "a b"
	run onggi run --rm --entrypoint '' "$BOX" echo c
	assert_output c
	run onggi run --rm --entrypoint '' "$BOX"
	assert_status 125
	assert_has "no command"
	run onggi run --rm "$BOX"
	assert_status 125
	assert_has "no command"
}

@test "args: what stands behind the image is the container's" {
	run onggi run --rm "$BOX" echo --rm -it --name x -- --help
	assert_ok
	assert_output "--rm -it --name x -- --help"
}

@test "args: --cidfile" {
	local file=$BATS_TEST_TMPDIR/cid
	run onggi run --rm --cidfile "$file" "$BOX" hostname
	assert_ok
	assert_matches '^[0-9a-f]{12}$'
	[[ $(<"$file") =~ ^[0-9a-f]{64}$ && $(<"$file") == "$output"* ]]
	run onggi run --rm --cidfile "$file" "$BOX" true
	assert_status 125
	assert_has "container ID file found"
	rm "$file"
	run onggi run --rm --cidfile "$file" "$BOX" /no/such/command
	assert_status 127
	[[ ! -e $file ]]
	run onggi run --rm --cidfile /no/such/folder/file "$BOX" true
	assert_status 125
	assert_has /no/such/folder/file
}

@test "args: --add-host" {
	run onggi run --rm --add-host one:10.0.0.1 --add-host two=10.0.0.2 --add-host 'six:[::6]' --add-host seven=::7 "$BOX" cat /etc/hosts
	assert_ok
	assert_line $'127.0.0.1\tlocalhost'
	assert_line $'10.0.0.1\tone'
	assert_line $'10.0.0.2\ttwo'
	assert_line $'::6\tsix'
	assert_line $'::7\tseven'
	local host
	for host in one one: :10.0.0.1 one:10.0.0 one:host-gateway $'a\nb:1.1.1.1' 'a b:1.1.1.1'; do
		run onggi run --rm --add-host "$host" "$BOX" true
		assert_status 125
	done
}

@test "args: --dns, --dns-search, --dns-option" {
	run onggi run --rm --dns 9.9.9.9 --dns 2620:fe::fe --dns-search a.example --dns-search b.example \
		--dns-option ndots:2 --dns-opt rotate "$BOX" cat /etc/resolv.conf
	assert_ok
	assert_output $'nameserver 9.9.9.9\nnameserver 2620:fe::fe\nsearch a.example b.example\noptions ndots:2 rotate'
	run onggi run --rm --network host "$BOX" cat /etc/resolv.conf
	assert_output "$(cat /etc/resolv.conf)"
	run onggi run --rm --dns example.org "$BOX" true
	assert_status 125
	run onggi run --rm --dns-search 'a b' "$BOX" true
	assert_status 125
	run onggi run --rm --dns-option $'a\nnameserver 6.6.6.6' "$BOX" true
	assert_status 125
}

@test "args: labels, annotations, stop signal: inspect has them" {
	printf 'from=file\nboth=file\n' >"$BATS_TEST_TMPDIR/labels"
	run onggi run --name labelled -l plain --label key=value --label-file "$BATS_TEST_TMPDIR/labels" -l both=option \
		--annotation org.example=x --stop-signal SIGINT --stop-timeout 3 "$BOX" true
	assert_ok
	run onggi inspect --format '{{json .Config.Labels}} {{json .HostConfig.Annotations}} {{.Config.StopSignal}} {{.Config.StopTimeout}}' labelled
	assert_ok
	onggi rm labelled >/dev/null
	local part
	for part in '"plain":""' '"key":"value"' '"from":"file"' '"both":"option"' '"org.example":"x"' 'SIGINT 3'; do
		assert_has "$part"
	done
	run onggi run --rm -l =x "$BOX" true
	assert_status 125
	run onggi run --rm --annotation x "$BOX" true
	assert_status 125
	run onggi run --rm --stop-signal NONSENSE "$BOX" true
	assert_status 125
	assert_has "invalid signal: NONSENSE"
}

@test "args: inspect has what was asked for, and is JSON whatever that was" {
	run onggi run --name asked --ulimit nofile=100:200 --security-opt no-new-privileges --security-opt seccomp=unconfined \
		--device /dev/null:/dev/n:rw --dns 9.9.9.9 --dns-search a.example --add-host one:10.0.0.1 --cap-drop ALL \
		--memory 64m --cpus 0.5 -e $'Q="\\\t\x01\xff' -v /etc:/host:ro --group-add 5 -w /tmp "$BOX" true
	assert_ok
	onggi inspect asked >"$BATS_TEST_TMPDIR/json"
	onggi rm asked >/dev/null
	python3 - "$BATS_TEST_TMPDIR/json" <<-'END'
		import json, sys
		box, = json.load(open(sys.argv[1], errors="replace"))
		host, config = box["HostConfig"], box["Config"]
		assert host["Ulimits"] == [{"Name": "nofile", "Soft": 100, "Hard": 200}], host["Ulimits"]
		assert host["SecurityOpt"] == ["no-new-privileges", "seccomp=unconfined"], host["SecurityOpt"]
		assert host["Devices"][0]["CgroupPermissions"] == "rw" and host["Devices"][0]["PathInContainer"] == "/dev/n"
		assert (host["Dns"], host["DnsSearch"], host["ExtraHosts"]) == (["9.9.9.9"], ["a.example"], ["one:10.0.0.1"])
		assert (host["Memory"], host["MemorySwap"], host["CpuQuota"], host["CpuPeriod"]) == (64 << 20, 128 << 20, 50000, 100000)
		assert (host["CapDrop"], host["GroupAdd"], config["WorkingDir"]) == (["ALL"], ["5"], "/tmp")
		mount, = box["Mounts"]
		assert (mount["Type"], mount["Source"], mount["Destination"], mount["RW"]) == ("bind", "/etc", "/host", False)
		assert any(word.startswith('Q="\\\t') for word in config["Env"]), config["Env"]
	END
}

@test "args: --rootfs: a directory is used as it is, and written to" {
	local root=$BATS_TEST_TMPDIR/root
	box_rootfs "$root"
	run onggi run --rm --rootfs "$root" sh -c 'echo written >/file; ls /'
	assert_ok
	assert_line bin
	assert_equal "$(cat "$root/file")" written
	cd "$BATS_TEST_TMPDIR"
	run onggi run --rm --rootfs ./root cat /file
	assert_output written
	run onggi run --rm --rootfs "$root/missing" true
	assert_status 125
	assert_has "$root/missing"
	run onggi run --rm --rootfs "$root/file" true
	assert_status 125
	assert_has "not a directory"
	run onggi run --rm --read-only --rootfs "$root" touch /x
	assert_status 1
	# Nothing of ours stays mounted in it.
	sentinel_take
	onggi run --rm --rootfs "$root" true
	sentinel_check
}

@test "args: --pull never and missing do not ask for what is there, always does" {
	run onggi run --rm --pull never "$BOX" true
	assert_ok
	run onggi run --rm --pull missing -q "$BOX" true
	assert_ok
	run onggi run --rm --pull never 127.0.0.1:1/nothing/there true
	assert_status 125
	assert_has "no such image: 127.0.0.1:1/nothing/there"
	run onggi run --rm --pull always 127.0.0.1:1/nothing/there true
	assert_status 125
	assert_has "127.0.0.1:1/nothing/there"
	assert_has_not "no such image"
	run onggi run --rm --pull sometimes "$BOX" true
	assert_status 125
}

@test "args: options of Docker's that have to wait are refused by name" {
	local option name
	for option in --cpu-count=1 --cpu-percent=1 --detach -d --detach-keys=a --expose=1 --gpus=all --health-cmd=x \
		--health-interval=1s --health-retries=1 --health-start-interval=1s --health-start-period=1s \
		--health-timeout=1s --io-maxbandwidth=1 --io-maxiops=1 --ip=1.2.3.4 --ip6=::1 --isolation=x --link=a \
		--link-local-ip=1.1.1.1 --log-driver=x --log-opt=a --mac-address=x --network-alias=a --platform=linux \
		--publish=80:80 -p=80 --publish-all -P --restart=always --runtime=x --storage-opt=x --use-api-socket \
		--volume-driver=x --volumes-from=x; do
		run onggi run "$option" "$BOX" true
		assert_status 125
		assert_has "not yet supported"
		name=${option%%=*}
		[[ $name == -? ]] || assert_has "$name "
	done
	run onggi run --no-such-option "$BOX" true
	assert_status 125
	assert_has "no-such-option"
}

@test "args: images that are none" {
	local image
	for image in no/such/image '' UPPER 'a b' sha256:0000 box@sha256:00; do
		run onggi run --rm "$image" true
		assert_status 125
		[[ $(grep -c '^onggi:' <<<"$output") -eq 1 ]]
	done
	run onggi run
	assert_status 125
}

@test "args: what is refused leaves nothing behind" {
	onggi run --rm "$BOX" true
	sentinel_take
	run onggi run --name kept -w /etc/passwd "$BOX" true
	run onggi run --name kept --entrypoint '' "$BOX"
	run onggi run --name kept --cidfile /no/such/folder/file "$BOX" true
	run onggi run --name kept "$BOX" /no/such/command
	run onggi run --name kept --hostname 'a b' "$BOX" true
	sentinel_check
	run onggi ps -aq
	assert_output ""
}
