#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A deletion that takes long, and commands beside it.

load ../lib/onggi

setup_file() {
	store_new
	python3 - "$STORE_TOP/big.tar" <<'EOF'
import sys, tarfile
with tarfile.open(sys.argv[1], "w") as tar:
    for number in range(20000):
        tar.addfile(tarfile.TarInfo(f"{number % 100}/{number}"))
EOF
}

# trash: how many files the one tree in staging/ still has
trash() {
	find "$STORE/staging" -type f | wc -l
}

# Starts `rmi big` and stops it in the middle; its pid is in $DELETER. It may be too fast for us.
rmi_stopped() {
	local tries
	for tries in 1 2 3 4 5 6 7 8; do
		rmi_stopped_once && return 0
		kill -CONT "$DELETER" 2>/dev/null || true
		wait "$DELETER" || true
	done
	echo "not caught in $tries tries" >&2
	return 1
}

rmi_stopped_once() {
	onggi import "$STORE_TOP/big.tar" big >/dev/null
	"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" rmi big >/dev/null 3>&- &
	DELETER=$!
	until compgen -G "$STORE/staging/*/lock" >/dev/null; do
		kill -0 "$DELETER" || return 1
	done
	kill -STOP "$DELETER"
	[[ $(trash) -gt 100 ]]
}

@test "rmi: other commands do not wait for a big deletion, and do not join it" {
	rmi_stopped
	local before
	before=$(trash)
	run timeout 5 "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" ps
	assert_ok
	run onggi images --format '{{.Repository}}'
	assert_output "$BOX"
	box_tar | timeout 10 "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" import -m x - other >/dev/null
	run timeout 5 "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" run --rm other echo beside
	assert_output beside
	run timeout 5 "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" rmi other
	assert_ok
	run timeout 5 "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" image prune -f
	assert_ok
	[[ $(trash) -eq $before ]]
	kill -CONT "$DELETER"
	wait "$DELETER"
	[[ -z $(ls "$STORE/staging") ]]
}

@test "rmi: a big deletion that is killed is ended by the next command" {
	rmi_stopped
	kill -KILL "$DELETER"
	wait "$DELETER" || true
	run onggi ps
	assert_ok
	[[ -z $(ls "$STORE/staging") ]]
}
