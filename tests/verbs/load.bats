#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

# docker_archive NAME: a docker-archive of one layer on stdout
docker_archive() {
	local dir=$BATS_TEST_TMPDIR/archive
	mkdir -p "$dir"
	box_tar >"$dir/layer.tar"
	local diff
	diff=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
	printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$diff" >"$dir/config.json"
	printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$1" >"$dir/manifest.json"
	tar -C "$dir" -cf - manifest.json config.json layer.tar
}

@test "load: a docker-archive from the standard input" {
	run bash -c "$(declare -f docker_archive box_tar onggi scaled); docker_archive loaded:1 | onggi load -q"
	assert_ok
	assert_matches '^Loaded image: .*loaded:1$'
	run onggi run --rm loaded:1 echo hello
	assert_output hello
}

@test "load: from a file" {
	docker_archive loaded:2 >"$BATS_TEST_TMPDIR/a.tar"
	run onggi load -i "$BATS_TEST_TMPDIR/a.tar"
	assert_ok
	assert_matches '^Loaded image: .*loaded:2$'
}

@test "load: what is no archive" {
	echo rubbish >"$BATS_TEST_TMPDIR/a.tar"
	run onggi load -i "$BATS_TEST_TMPDIR/a.tar"
	assert_status 1
	assert_matches '^onggi: '
	run onggi load -i /nonexistent/a.tar
	assert_status 1
	assert_has "open /nonexistent/a.tar: No such file or directory"
}
