#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi commit: an image of what a container has become.

load ../lib/onggi
load ../lib/changes

@test "commit: the same tree, owners, links and deletions" {
	run onggi commit -m "a message" -a "me <me@home>" -c 'CMD ["cat", "old"]' -c 'ENV B=2' worker made:1
	assert_ok
	assert_matches '^sha256:[0-9a-f]{64}$'
	run onggi run --rm made:1
	assert_output "old
changed"
	run onggi run --rm made:1 sh -c 'echo $A $B; pwd; ls /gone /data/sub; ls /replaced; stat -c "%u:%g %a" a keep
		[ new -ef linked ] && echo linked; readlink sym; [ -p pipe ] && echo pipe; cat a/b/c/deep'
	assert_output "1 2
/data
ls: /gone: No such file or directory
/data/sub:
only
70000:80000 755
7:8 4755
linked
new
pipe
deep"
	run onggi inspect -f '{{.Config.Labels.who}} {{.Author}}' made:1
	assert_has "me"
	run onggi history --format '{{.Comment}}|{{.CreatedBy}}' made:1
	assert_matches '^a message\|sh -c'
	run bash -c '[[ $1 == 3 ]]' _ "$(onggi history -q made:1 | wc -l)"
	assert_ok
}

@test "commit: the configuration is what it was run with" {
	onggi run --name set --hostname jar -e X=1 --entrypoint /bin/echo "$BOX" hello
	onggi commit set made:set >/dev/null
	run onggi run --rm made:set
	assert_output hello
	run onggi inspect -f '{{json .Config.Env}} {{json .Config.Entrypoint}} {{json .Config.Cmd}}' made:set
	assert_matches '^\["PATH=[^"]*","X=1"\] \["/bin/echo"\] \["hello"\]$'
	run onggi inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' set
	assert_output '["/bin/echo"] ["hello"]'
}

@test "commit: an image nobody else changed stays, the name moves, layers are shared" {
	onggi commit worker made:2 >/dev/null
	first=$(onggi images -q made:2)
	onggi commit -m again worker made:2 >/dev/null
	[[ $(onggi images -q made:2) != "$first" ]] || fail "the name did not move"
	run bash -c 'ls "$1/layers" | wc -l' _ "$STORE"
	assert_output 3
	run onggi run --rm "$BOX" ls /data
	assert_status 1
}

@test "commit: a container that changed nothing has no new layer" {
	onggi run --name still "$BOX" true
	onggi commit still made:still >/dev/null
	run onggi save -q -o "$BATS_TEST_TMPDIR/still.tar" made:still
	run bash -c 'tar -xOf "$1" manifest.json | python3 -c "import json, sys; print(len(json.load(sys.stdin)[0][\"Layers\"]))"' \
		_ "$BATS_TEST_TMPDIR/still.tar"
	assert_output 1
	run onggi history --format '{{.Size}}' made:still
	assert_matches '^0B$'
}

@test "commit: a running container is paused meanwhile, and goes on" {
	onggi_start run --name live "$BOX" sh -c 'while :; do echo more >>/count; done'
	wait_for 20 onggi diff live >/dev/null 2>&1
	wait_for 20 eval 'onggi diff live | grep -q count'
	onggi commit live made:live >/dev/null
	before=$(onggi export live | tar -xO count | wc -l)
	sleep 0.3
	after=$(onggi export live | tar -xO count | wc -l)
	onggi rm -f live
	((after > before)) || fail "it stands still: $before"
	run onggi run --rm made:live head -n 1 /count
	assert_output more
}

lines_in_count() {
	onggi export pausing | tar -xO count | wc -l
}

@test "commit: one that is killed leaves a container that the next command lets go on" {
	onggi_start run --name pausing "$BOX" sh -c 'head -c 300000000 /dev/zero >/big; while :; do echo more >>/count; sleep 0.01; done'
	wait_for 30 eval 'onggi diff pausing 2>/dev/null | grep -q count'
	local id before
	id=$(onggi ps -q --no-trunc -f name=pausing)
	"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" commit pausing killed:1 >/dev/null 2>&1 3>&- &
	wait_for 20 test -e "$RUN_STORE/paused/$id"
	sleep 0.1
	kill -KILL $!
	wait $! || true
	before=$(lines_in_count)
	sleep 0.3
	(($(lines_in_count) == before)) || skip "it was not killed while the container stood still"
	onggi ps >/dev/null
	wait_for 10 eval '(($(lines_in_count) > before))'
	[[ ! -e $RUN_STORE/paused/$id ]] || fail "the mark is left"
	run onggi images -q killed
	assert_output ""
	run bash -c 'ls "$1"/staging | wc -l' _ "$STORE"
	assert_output 0
	onggi rm -f pausing
}

@test "commit: what cannot be done" {
	run onggi commit nosuch
	assert_status 1
	assert_has "no such container: nosuch"
	run onggi commit worker Bad
	assert_status 1
	run onggi commit -c 'RUN x' worker
	assert_status 1
	assert_has "RUN is not a valid change command"
	plain_container
	run onggi commit plain
	assert_status 1
	assert_has "container plain has no image"
}

@test "commit: owners of a container with ids of its own" {
	onggi run --name mapped --userns auto "$BOX" sh -c 'echo x >/mine; chown 5:6 /mine' || skip "no --userns auto here"
	onggi commit mapped made:mapped >/dev/null
	run onggi run --rm made:mapped stat -c %u:%g /mine
	assert_output 5:6
}
