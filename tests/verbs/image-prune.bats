#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

# small NAME: a tarball of one file that says so
small() {
	mkdir -p "$BATS_TEST_TMPDIR/$1"
	echo "$1" >"$BATS_TEST_TMPDIR/$1/file"
	tar -C "$BATS_TEST_TMPDIR/$1" -cf - file
}

setup() {
	onggi image prune -f >/dev/null
}

@test "image prune: images without a name go, and are named" {
	small nameless | onggi import - >/dev/null
	small named | onggi import - keep:1 >/dev/null
	run onggi image prune -f
	assert_ok
	assert_line "Deleted Images:"
	[[ $(grep -c '^deleted: sha256:' <<<"$output") -eq 2 ]] # the image and its layer
	assert_line "Total reclaimed space: 9B"
	run onggi images --format '{{.Repository}}'
	assert_output $'keep\n'"$BOX"
	run onggi image prune --force
	assert_output "Total reclaimed space: 0B"
	onggi rmi keep:1
}

@test "image prune: asks, and takes only y for an answer" {
	small asked | onggi import - >/dev/null
	run onggi image prune <<<"n"
	assert_status 1
	assert_has "WARNING! This will remove all dangling images."
	assert_has "Are you sure you want to continue? [y/N]"
	assert_has "image prune has been cancelled"
	run onggi image prune </dev/null
	assert_status 1
	run onggi image prune <<<"yes, all of them"
	assert_status 1
	run onggi image prune <<<" Y "
	assert_ok
	assert_matches '^deleted: sha256:[0-9a-f]{64}$'
}

@test "image prune: with --all what no container uses" {
	small used | onggi import -c 'CMD ["x"]' - used:1 >/dev/null
	small used | onggi import -c 'CMD ["x"]' - used:2 >/dev/null
	small free | onggi import - free:1 >/dev/null
	onggi run --name holder "$BOX" true
	run onggi image prune -af
	assert_ok
	assert_line "untagged: docker.io/library/used:1"
	assert_line "untagged: docker.io/library/used:2"
	assert_line "untagged: docker.io/library/free:1"
	run onggi images --format '{{.Repository}}'
	assert_output "$BOX"
	onggi rm holder
}

@test "image prune: filters" {
	small red | onggi import -c 'LABEL colour=red' - red:1 >/dev/null
	small blue | onggi import -c 'LABEL colour=blue' - blue:1 >/dev/null
	run onggi image prune -af --filter until=1h
	assert_output "Total reclaimed space: 0B"
	run onggi image prune -af --filter label=colour=green
	assert_output "Total reclaimed space: 0B"
	run onggi image prune -af --filter label=colour --filter label!=colour=red
	assert_line "untagged: docker.io/library/blue:1"
	run onggi images -q red
	assert_matches '^[0-9a-f]{12}$'
	run onggi image prune -af --filter label=colour --filter until="$(date -u +%Y-%m-%dT%H:%M:%SZ -d '+1 hour')"
	assert_line "untagged: docker.io/library/red:1"
	run onggi image prune -f --filter until=yesterday
	assert_status 1
	assert_has "invalid time 'yesterday'"
	run onggi image prune -f --filter size=1
	assert_status 1
	assert_has "invalid filter 'size'"
}

@test "image prune: layers that another image has stay" {
	small base | onggi import - base:1 >/dev/null
	onggi run --name changer --entrypoint /bin/sh "$BOX" -c 'echo more >/more'
	onggi commit changer >/dev/null # no name; on the layers of $BOX
	onggi rm changer
	run onggi image prune -f
	assert_ok
	[[ $(grep -c '^deleted: sha256:' <<<"$output") -eq 2 ]]
	run onggi run --rm "$BOX" echo still
	assert_output still
	onggi rmi base:1
}
