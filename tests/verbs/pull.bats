#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a process of its own; stderr is set by bats
# Against a registry of our own. What is fetched is counted in its log.

load ../lib/onggi
load ../lib/registry
bats_require_minimum_version 1.5.0

setup_file() {
	store_new empty
	registry_start
	registry_fill <<-'END'
		a, b, c = tar(etc__a="one"), tar(etc__b="two"), tar(big=bytes(range(256)) * 9000)
		image("app", "1", [box(), a, b])
		image("app", "2", [box(), a, c], how="zstd")
		image("app", "latest", [box(), a, b])
		image("formats", "docker", [box(), a, b], docker=True)
		image("formats", "plain", [box(), a, b], how="tar")
		image("formats", "mixed", [box(), a, b], how=["zstd", "gzip", "tar"])
		arms = [image("many", None, [box(), tar(etc__arm=v)], platform="linux/arm/" + v) for v in ("v6", "v7")]
		index("many", "1", [image("many", None, [box(), a])] + arms)
		index("many", "docker", [image("many", None, [box(), b], docker=True)], docker=True)
		image("other", "1", [box(), tar(etc__arm="64")], platform="linux/arm64")
		image("wrong", "order", [box(), a, b], diff_ids=[digest(box()), digest(b), digest(a)])
		image("wrong", "number", [box(), a, b], diff_ids=[digest(box()), digest(a)])
	END
}

teardown_file() {
	registry_stop
	store_delete
}

# Each test has a store of its own.
setup() {
	STORE=$STORE_TOP/$BATS_TEST_NUMBER
	RUN_STORE=$STORE.run
}

# What must not be left after a pull, however it ended.
assert_clean() {
	run find "$STORE/staging" -mindepth 1
	assert_output ""
}


@test "pull: an image, layer by layer, and docker's words; the second time nothing is fetched" {
	run onggi pull "$REGISTRY/app:1"
	assert_ok
	assert_equal "${lines[0]}" "1: Pulling from app"
	assert_equal "$(grep -cE '^[0-9a-f]{12}: Pulling fs layer$' <<<"$output")" 3
	assert_equal "$(grep -cE '^[0-9a-f]{12}: Pull complete$' <<<"$output")" 3
	assert_matches '^Digest: sha256:[0-9a-f]{64}$'
	assert_line "Status: Downloaded newer image for $REGISTRY/app:1"
	assert_equal "${lines[-1]}" "$REGISTRY/app:1"
	assert_has_not $'\r'
	assert_clean
	run onggi run --rm --network none "$REGISTRY/app:1" cat /etc/a /etc/b
	assert_output onetwo
	local before
	before=$(registry_fetched)
	run onggi pull "$REGISTRY/app:1"
	assert_ok
	assert_equal "$(grep -cE '^[0-9a-f]{12}: Already exists$' <<<"$output")" 3
	assert_line "Status: Image is up to date for $REGISTRY/app:1"
	assert_equal "$(($(registry_fetched) - before <= 1))" 1 "only the config may be asked for"
	run onggi pull -q "$REGISTRY/app"
	assert_output "$REGISTRY/app:latest"
	run onggi pull "$REGISTRY/app"
	assert_line "Using default tag: latest"
}

@test "pull: layers that another image brought are not fetched" {
	onggi pull -q "$REGISTRY/app:1"
	local before
	before=$(registry_fetched)
	run onggi pull "$REGISTRY/app:2"
	assert_ok
	assert_equal "$(grep -c 'Already exists' <<<"$output")" 2
	assert_equal "$(grep -c 'Pull complete' <<<"$output")" 1
	assert_equal "$(($(registry_fetched) - before))" 2 "a config and a layer"
}

@test "pull: by digest, and what the digest is good for" {
	run onggi pull "$REGISTRY/app:1"
	local digest
	digest=$(sed -n 's/^Digest: //p' <<<"$output")
	run onggi images --digests --format '{{.Repository}} {{.Tag}} {{.Digest}}'
	assert_output "$REGISTRY/app 1 $digest"
	run onggi inspect -f '{{index .RepoDigests 0}} {{index .RepoTags 0}}' "$REGISTRY/app:1"
	assert_output "$REGISTRY/app@$digest $REGISTRY/app:1"
	run onggi rmi "$REGISTRY/app:1"
	assert_line "Untagged: $REGISTRY/app@$digest"
	run onggi pull "$REGISTRY/app@$digest"
	assert_ok
	assert_line "Status: Downloaded newer image for $REGISTRY/app@$digest"
	run onggi pull "$REGISTRY/app@$digest"
	assert_line "Status: Image is up to date for $REGISTRY/app@$digest"
	run onggi images --format '{{.Repository}} {{.Tag}}'
	assert_output "$REGISTRY/app <none>"
	run onggi images -q "$REGISTRY/app@$digest"
	assert_matches '^[0-9a-f]{12}$'
	run onggi run --rm --pull never --network none "$REGISTRY/app@$digest" cat /etc/b
	assert_output two
	run onggi rmi "$REGISTRY/app@$digest"
	assert_ok
	run find "$STORE/layers" "$STORE/blobs" "$STORE/manifests" "$STORE/refs" -mindepth 1 -not -name sha256
	assert_output ""
	run onggi pull "$REGISTRY/app@sha256:$(printf '%064d' 7)"
	assert_status 1
}

@test "pull: formats are all the same in the end" {
	local tag expected
	onggi pull -q "$REGISTRY/app:1"
	expected=$(onggi inspect -f '{{json .RootFS.Layers}}' "$REGISTRY/app:1")
	for tag in docker plain mixed; do
		# A store of its own, so that each is unpacked.
		STORE=$STORE_TOP/formats-$tag RUN_STORE=$STORE.run
		run onggi pull "$REGISTRY/formats:$tag"
		assert_ok
		run onggi inspect -f '{{json .RootFS.Layers}}' "$REGISTRY/formats:$tag"
		assert_output "$expected"
		run onggi run --rm --network none "$REGISTRY/formats:$tag" cat /etc/a /etc/b
		assert_output onetwo
	done
}

@test "pull: an index has one image for each machine" {
	run onggi pull "$REGISTRY/many:1"
	assert_ok
	run onggi run --rm --network none "$REGISTRY/many:1" cat /etc/a
	assert_output one
	run onggi pull --platform linux/arm/v6 "$REGISTRY/many:1"
	assert_ok
	run onggi inspect -f '{{.Os}} {{.Architecture}}' "$REGISTRY/many:1"
	assert_output "linux arm"
	# Both were in the one index: two manifests are kept.
	run bash -c 'ls "$0" | wc -l' "$STORE/manifests"
	assert_output 2
	run onggi pull "$REGISTRY/many:docker"
	assert_ok
	run onggi pull --platform linux/s390x "$REGISTRY/many:1"
	assert_status 1
	assert_has linux/arm/v7
	run onggi pull "$REGISTRY/other:1"
	assert_status 1
	assert_has "it is for linux/arm64"
	assert_has "hint: --platform linux/arm64"
	run onggi pull --platform arm64 "$REGISTRY/other:1"
	assert_ok
	run onggi pull --platform a/b/c/d "$REGISTRY/many:1"
	assert_status 1
	run onggi pull --platform linux//x "$REGISTRY/many:1"
	assert_status 1
}

@test "pull: all tags" {
	run onggi pull -a "$REGISTRY/formats"
	assert_ok
	assert_equal "$(grep -c ': Pulling from formats' <<<"$output")" 3
	assert_equal "$(grep -c '^Digest: ' <<<"$output")" 3
	assert_line "Status: Downloaded newer image for $REGISTRY/formats"
	assert_equal "${lines[-1]}" "$REGISTRY/formats"
	run onggi images -q "$REGISTRY/formats"
	assert_equal "${#lines[@]}" 1
	run onggi images --format '{{.Tag}}' "$REGISTRY/formats"
	assert_equal "${#lines[@]}" 3
	run onggi pull -a "$REGISTRY/formats:plain"
	assert_status 1
	assert_has "tag can't be used with --all-tags/-a"
}

@test "pull: what cannot be" {
	run onggi pull
	assert_status 1
	run onggi pull "$REGISTRY/nosuch:1"
	assert_status 1
	assert_has "$REGISTRY/nosuch:1"
	run onggi pull "$REGISTRY/app:nosuch"
	assert_status 1
	run onggi pull Not:A:Name
	assert_status 1
	run onggi pull 127.0.0.1:1/app
	assert_status 1
	run onggi pull --disable-content-trust=false "$REGISTRY/app:1"
	assert_status 125
	assert_has "Content Trust"
	run onggi pull --disable-content-trust "$REGISTRY/wrong:order"
	assert_status 1
	run onggi pull "$REGISTRY/wrong:number"
	assert_status 1
	assert_has "the manifest has 3 layers, the config 2"
	run onggi images -q
	assert_output ""
	assert_clean
}

@test "pull: run pulls what is missing, and says so on the standard error" {
	run --separate-stderr onggi run --rm --network none "$REGISTRY/app:1" cat /etc/a
	assert_status 0
	assert_output one
	[[ $stderr == "Unable to find image '$REGISTRY/app:1' locally"*"Pull complete"* ]]
	run onggi run --rm --network none "$REGISTRY/app:1" cat /etc/a
	assert_output one
	run onggi run --rm -q --network none "$REGISTRY/app:2" true
	assert_output "Unable to find image '$REGISTRY/app:2' locally
$REGISTRY/app:2"
	run onggi run --rm --pull always --network none "$REGISTRY/app:1" cat /etc/a
	assert_line "Status: Image is up to date for $REGISTRY/app:1"
	assert_line one
	run onggi run --rm --pull never --network none "$REGISTRY/app:latest" true
	assert_status 125
	assert_has "no such image"
	run onggi run --rm "$REGISTRY/nosuch:1" true
	assert_status 125
}

@test "pull: a layer that lacks a part comes again, alone" {
	onggi pull -q "$REGISTRY/app:1"
	local layer before part
	for part in fs recipe record; do
		layer=$(find "$STORE/layers" -name b -path '*/fs/etc/b')
		layer=${layer%/fs/etc/b}
		if [[ $part == record ]]; then
			echo damage >"$layer/record"
		else
			rm -r "${layer:?}/$part"
		fi
		before=$(registry_fetched)
		run onggi pull "$REGISTRY/app:1"
		assert_ok
		assert_has "$(basename "$layer") is damaged"
		assert_equal "$(grep -c 'Already exists' <<<"$output")" 2
		assert_equal "$(($(registry_fetched) - before))" 2 "a config and a layer"
		run onggi run --rm --network none "$REGISTRY/app:1" cat /etc/b
		assert_output two
		[[ -d $layer/fs ]]
	done
}

@test "pull: several at once of the same image" {
	local i pids=()
	for i in 1 2 3 4 5 6; do
		onggi pull -q "$REGISTRY/app:$((i % 2 + 1))" >"$BATS_TEST_TMPDIR/$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || { cat "$BATS_TEST_TMPDIR"/*; return 1; }
	done
	run bash -c 'ls "$0" | wc -l' "$STORE/layers"
	assert_output 4
	run onggi images -q
	assert_equal "${#lines[@]}" 2
	run onggi run --rm --network none "$REGISTRY/app:1" cat /etc/b
	assert_output two
	assert_clean
}

@test "pull: interrupted, it leaves whole layers, and the next one goes on from there" {
	local slow_pid top port
	registry_fill <<-'END'
		with open(f"{sys.argv[2]}.top", "w") as file:
		    top = tar(top=bytes(range(256)) * 9000)
		    print(digest(pack(top, "gzip")), end="", file=file)
		image("slow", "1", [box(), tar(low="x"), top])
	END
	top=$(<"$STORE_TOP/box.tar.top")
	mkfifo "$BATS_TEST_TMPDIR/hold"
	python3 "$TESTS/lib/slow_registry.py" "$REGISTRY" "$top" "$BATS_TEST_TMPDIR/port" <"$BATS_TEST_TMPDIR/hold" 3>&- &
	slow_pid=$!
	exec 8>"$BATS_TEST_TMPDIR/hold"
	until [[ -s $BATS_TEST_TMPDIR/port ]]; do sleep 0.1; done
	port=$(<"$BATS_TEST_TMPDIR/port")
	local signal
	for signal in INT TERM; do
		# In the background bash has SIGINT ignored.
		env --default-signal=INT "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" pull "127.0.0.1:$port/slow:1" \
			>"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- 8>&- &
		ONGGI_PID=$!
		local i
		for ((i = 0; i < 100; i++)); do
			[[ $(find "$STORE/layers" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l) -eq 2 ]] && break
			sleep 0.1
		done
		kill -s "$signal" "$ONGGI_PID"
		status=0
		wait "$ONGGI_PID" || status=$?
		[[ $status -eq 130 || $status -eq 143 ]] || fail "not ended by the signal: $status $(cat "$BATS_TEST_TMPDIR/out")"
		assert_clean
		run pgrep -P "$ONGGI_PID"
		assert_output ""
		run bash -c 'ls "$0" | wc -l' "$STORE/layers"
		assert_output 2
	done
	# By a person: the workers get it as well.
	run python3 "$TESTS/lib/terminal.py" size 24 80 expect ": Pulling [" send '\x03' -- \
		env --default-signal=INT "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" pull "127.0.0.1:$port/slow:1"
	assert_status 130
	assert_has_not "onggi: "
	assert_clean
	exec 8>&-
	wait "$slow_pid" || true
	local before
	before=$(registry_fetched)
	run onggi pull "$REGISTRY/slow:1"
	assert_ok
	assert_equal "$(grep -c 'Already exists' <<<"$output")" 2
	assert_equal "$(($(registry_fetched) - before))" 2 "a config and a layer"
}

@test "pull: a full disk is named, and nothing of the layer stays" {
	# shellcheck disable=SC2016 # for the shell inside
	run unshare -m bash -c 'mount -t tmpfs -o size=1m none "$2" && mkdir "$2"/top
		"$0" --root "$2/top/s" --run-root "$2/top/r" pull "$1"
		echo "status $?, left: $(ls "$2/top/s/staging" "$2/top/s/layers" | grep -c "^[0-9a-f]")"' \
		"$ONGGI" "$REGISTRY/app:1" "$BATS_TEST_TMPDIR"
	assert_has "No space left on device"
	assert_line "status 1, left: 0"
}

# killed_at NUMBER: the engine at that system call; what the next commands find
killed_at() {
	STORE=$STORE_TOP/killed-$1 RUN_STORE=$STORE.run
	"$BATS_FILE_TMPDIR/inject" "$BATS_TEST_TMPDIR/report" kill 0 "$1" -- \
		"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" pull -q "$REGISTRY/app:2" >/dev/null 2>&1 3>&- || true
	# Workers see that their engine is gone.
	local pid i
	while read -r pid; do
		for ((i = 0; i < 100; i++)); do
			[[ -d /proc/$pid ]] || break
			sleep 0.05
		done
		[[ ! -d /proc/$pid ]] || fail "killed at $1: process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done < <(sed -n 's/^process //p' "$BATS_TEST_TMPDIR/report")
	run onggi ps
	assert_ok
	assert_clean
	run onggi pull -q "$REGISTRY/app:2"
	assert_output "$REGISTRY/app:2"
	run onggi run --rm --network none "$REGISTRY/app:2" cat /etc/a
	assert_output one
	run onggi system check
	assert_ok
	assert_clean
	rm -rf --one-file-system "$STORE" "$RUN_STORE"
}

kill_at() {
	[[ $(uname -m) == x86_64 ]] || skip "the injector knows x86-64 only"
	cc -O1 -o "$BATS_FILE_TMPDIR/inject" "$TESTS/faults/inject.c"
	"$BATS_FILE_TMPDIR/inject" "$BATS_TEST_TMPDIR/report" list -- \
		"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" pull -q "$REGISTRY/app:2" 3>&-
	local calls number
	calls=$(grep -c '^call 0 ' "$BATS_TEST_TMPDIR/report")
	((calls > 200)) || fail "only $calls calls"
	for ((number = calls / $1 / 2; number < calls; number += calls / $1)); do
		killed_at "$number"
	done
}

@test "pull: killed at system calls here and there, the next command finds all in order" {
	kill_at 4
}

# bats test_tags=slow
@test "pull: killed at two hundred system calls" {
	need_slow
	kill_at 200
}

@test "pull: on a terminal a line for each layer, none of them too wide" {
	local columns
	for columns in 80 40; do
		STORE=$STORE_TOP/terminal-$columns RUN_STORE=$STORE.run
		run python3 "$TESTS/lib/terminal.py" size 24 "$columns" -- \
			"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" pull "$REGISTRY/app:2"
		assert_ok
		assert_has "Pull complete"
		assert_has $'\033[3A'
		assert_has "Status: Downloaded newer image for $REGISTRY/app:2"
		python3 - "$columns" "$output" <<-'END'
			import re, sys
			columns, text = int(sys.argv[1]), sys.argv[2]
			for line in re.sub(r"\x1b\[[0-9]*[A-Z]", "", text).replace("\r", "").split("\n"):
			    if re.match(r"[0-9a-f]{12}: ", line) and len(line) >= columns:
			        sys.exit(f"{len(line)} columns: {line}")
		END
	done
}
