# shellcheck shell=bash
# shellcheck disable=SC2030,SC2031 # TOLD is peer_run's, for all below it
# SPDX-License-Identifier: Apache-2.0
#
# Engines that run one scenario twice: once with runc, once with onggi-runtime. What a user sees must be
# the same. After ../lib/onggi:
#
#	load ../lib/peers
#	load ../lib/peers-podman
#
#	scenario_status() {
#		show podman run --rm box sh -c 'exit 3'
#	}
#	@test "podman: the status of the program" {
#		both scenario_status
#		assert_has "-> 3"
#	}
#
# In a scenario PEER is "runc" or "onggi", and the engine's command runs its containers with that. Each
# engine has directories, sockets and control groups of its own, and no network.

PEERS="runc onggi"

peers_check() {
	[[ $EUID -eq 0 ]] || { echo "these tests need root: ./dev test" >&2; return 1; }
	[[ -x $ONGGI_RUNTIME ]] || { echo "there is no $ONGGI_RUNTIME: ./dev build" >&2; return 1; }
}

peer_program() {
	if [[ $PEER == runc ]]; then
		command -v runc
	else
		echo "$ONGGI_RUNTIME"
	fi
}

# show COMMAND...: its output, then its status; what it says on stderr is kept for assert_told, since
# runtimes say things in their own words
show() {
	"$@" 2>>"$TOLD"
	echo "-> $?"
}

# quietly COMMAND...: output is of no interest as long as it succeeds
quietly() {
	local output
	output=$("$@" 2>&1) || echo "failed: $*: $output"
}

# on_terminal STEP... -- COMMAND...: see terminal.py
on_terminal() {
	timeout -k 5 "$(scaled 60)" python3 "$TESTS/lib/terminal.py" "$@"
}

# both SCENARIO: leaves what ours showed in $output, for assertions
both() {
	local PEER status=0
	for PEER in $PEERS; do
		peer_run "$1" </dev/null >"$BATS_TEST_TMPDIR/$PEER.raw" 2>&1
		sed -E 's/\b[0-9a-f]{64}\b/ID/g; s/\b[0-9a-f]{12}\b/ID/g; s/\r$//' \
			"$BATS_TEST_TMPDIR/$PEER.raw" >"$BATS_TEST_TMPDIR/$PEER"
	done
	output=$(cat "$BATS_TEST_TMPDIR/onggi")
	diff -u --label runc --label onggi "$BATS_TEST_TMPDIR/runc" "$BATS_TEST_TMPDIR/onggi" || status=1
	if ((status)); then
		for PEER in $PEERS; do
			sed "s/^/$PEER told: /" "$BATS_TEST_TMPDIR/$PEER.told"
		done
	fi
	return "$status"
}

# Without bats' traps and descriptors: what stays in the background would keep it waiting.
peer_run() (
	trap - DEBUG ERR EXIT
	set +eET
	exec 3>&- 4>&-
	export PEER
	TOLD=$BATS_TEST_TMPDIR/$PEER.told PATH=$STORE_TOP/$PEER/bin:$PATH
	: >"$TOLD"
	cd "$BATS_TEST_TMPDIR" || exit
	"$1"
	peer_clean
)

# assert_told TEXT: both said so on stderr
assert_told() {
	local PEER
	for PEER in $PEERS; do
		grep -qiF -- "$1" "$BATS_TEST_TMPDIR/$PEER.told" ||
			fail "$PEER did not say: $1; it said: $(cat "$BATS_TEST_TMPDIR/$PEER.told")"
	done
}

# wrap PEER COMMAND [ARG...]: the command as a scenario with this peer calls it
wrap() {
	local folder=$STORE_TOP/$1/bin
	mkdir -p "$folder"
	printf '#!/bin/sh\nexec timeout --foreground -k 5 %d %s "$@"\n' "$(scaled 60)" \
		"$(printf '%q ' "$(command -v "$2")" "${@:3}")" >"$folder/${2##*/}"
	chmod +x "$folder/${2##*/}"
}

# A program that shows what reaches it: what is typed, its terminal's size, signals.
# shellcheck disable=SC2016 # for that shell
ATTACHED='trap "echo interrupted; exit 9" INT; trap "echo ended; exit 8" TERM; old=
	while :; do size=$(stty size 2>/dev/null); [ "$size" = "$old" ] || echo "size $size"; old=$size
	echo tick; read -t 0.1 x && echo "got $x"; x=; done'

# attached_then COMMAND ENGINE OPTION...: COMMAND is evaluated while `words` are typed to a client that is
# attached to the container "piped"; the client's pid is in $CLIENT
attached_then() {
	local CLIENT
	: >shown
	mkfifo typed
	"${@:2:1}" attach "${@:3}" piped <typed >shown 2>>"$TOLD" &
	CLIENT=$!
	exec 5>typed
	rm typed
	wait_for 10 grep -q tick shown || echo "nothing came"
	(trap '' PIPE; echo words >&5) 2>/dev/null
	[[ $* == *--no-stdin* ]] || wait_for 10 grep -q got shown
	eval "$1" >/dev/null
	wait "$CLIENT"
	echo "-> $?"
	exec 5>&-
	grep -xv tick shown
}

# story_attach ENGINE RUN...: RUN starts a container of the engine
story_attach() {
	local engine=$1
	shift
	quietly "$@" -dit --name one box sh -c "$ATTACHED"
	show on_terminal expect tick send 'a\n' expect 'got a' keys '\x10\x11' -- "$engine" attach one | grep -E 'got|->'
	show "$engine" inspect -f '{{.State.Status}}' one
	show on_terminal size 33 99 expect 'size 33 99' size 44 55 expect 'size 44 55' keys '\x18' -- \
		"$engine" attach --detach-keys ctrl-x one | grep -E 'size (33|44)|->'
	show on_terminal expect tick send '\x15b\n' expect 'got b' send '\x03' -- "$engine" attach one | grep -E 'interr|->'
	quietly "$@" -di --name piped box sh -c "$ATTACHED"
	# shellcheck disable=SC2016 # evaluated there
	[[ $engine != podman ]] || attached_then 'kill $CLIENT' "$engine" --sig-proxy=false
	# shellcheck disable=SC2016 # evaluated there
	attached_then 'kill $CLIENT' "$engine"
	show "$engine" wait piped
	quietly "$engine" start piped
	attached_then "$engine kill -s KILL piped" "$engine" --no-stdin
}

# `cg V1-FILE V2-FILE` for a shell in a box, whose control group is the root there
# shellcheck disable=SC2016,SC2089,SC2090 # for that shell
CGROUP_READ='cg() { for f in "$@"; do [ -e /sys/fs/cgroup/$f ] && cat /sys/fs/cgroup/$f && break; done; }'
# shellcheck disable=SC2090
export CGROUP_READ
