# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A peer that renames what a runtime is about to use, as fast as it can, while any command is run
# again and again beside it. Beside the tree lies another one, the outside; the peer's symlinks lead
# there, and nothing may ever appear in it.
#
#	storm_place "$ROOTFS"             # makes $OUTSIDE and remembers how it looks
#	storm_against "$ROOTFS" A B [A B]... -- COMMAND...
#
# COMMAND may fail, and may say EXPOSED: that, or a change of the outside, is an escape. Lasts ten
# seconds, and until ONGGI_STORM_TRIES exchanges have been made (with ONGGI_SLOW=1 ten million).
#
#	storms NAME...                    # storm_NAME of each (or of $ONGGI_STORM alone), all at the same time

STORM_SECONDS=${ONGGI_STORM_SECONDS:-10}
STORM_TRIES=${ONGGI_STORM_TRIES:-${ONGGI_SLOW:+10000000}}

storm_build() {
	[[ -x $STORE_TOP/storm ]] ||
		cc -O2 -D_GNU_SOURCE -o "$STORE_TOP/storm" "$TESTS/security/storm.c"
}

# storm_place ROOTFS: the outside has what an escaping runtime would look for
storm_place() {
	storm_build
	OUTSIDE=$BATS_TEST_TMPDIR/outside
	mkdir -p "$OUTSIDE"/{pts,shm,mqueue,self,sys/kernel,fs/cgroup}
	touch "$OUTSIDE/console" "$OUTSIDE/kcore" "$OUTSIDE/file"
	storm_outside >"$BATS_TEST_TMPDIR/outside.before"
}

storm_outside() {
	find "$OUTSIDE" -printf '%P %y %m %U %G %s %i %l\n' | LC_ALL=C sort
}

# storm_swap ROOTFS A B [A B]...: begins in the background, $STORM_PID
storm_swap() {
	# A busy machine gives the peer what is left: enough, since each exchange is a microsecond.
	nice -n 10 "$STORE_TOP/storm" swap "$@" >"$BATS_TEST_TMPDIR/swaps" 3>&- &
	STORM_PID=$!
}

# How often names were exchanged, in $SWAPS
storm_end() {
	kill -TERM "$STORM_PID"
	wait "$STORM_PID" || true
	SWAPS=$(cat "$BATS_TEST_TMPDIR/swaps")
}

# Called in conditions, where a failure in the middle would go unheard.
storm_check() {
	if ! storm_outside | diff "$BATS_TEST_TMPDIR/outside.before" -; then
		fail "the outside has changed"
	elif [[ $output == *EXPOSED* ]]; then
		fail "exposed"
	fi
}

storm_against() {
	local root=$1 names=() seconds=$STORM_SECONDS end total=0
	shift
	while [[ $1 != -- ]]; do
		names+=("$1")
		shift
	done
	shift
	status=0
	output=$("$@" 2>&1 </dev/null) || status=$?
	((status == 0)) || fail "fails without a storm, too"
	storm_check || fail "without a storm"
	STARTED=0 REFUSED=0
	while :; do
		storm_swap "$root" "${names[@]}"
		end=$((SECONDS + seconds))
		while ((SECONDS < end)); do
			status=0
			output=$("$@" 2>&1 </dev/null) || status=$?
			if ((status == 0)); then ((STARTED += 1)); else ((REFUSED += 1)); fi
			if ((status == 124 || status == 137)) || ! storm_check; then
				storm_end
				fail "after $STARTED starts and $REFUSED refusals"
				return 1
			fi
		done
		storm_end
		((total += SWAPS))
		((SWAPS > 1000)) || fail "no storm: $SWAPS exchanges"
		((total < ${STORM_TRIES:-0})) || break
	done
	((STARTED + REFUSED > 1)) || fail "no storm: $STARTED starts and $REFUSED refusals"
	echo "# ${STORM_NAME:-storm}: $total exchanges, $STARTED starts, $REFUSED refusals" >&3
}

# Each storm waits most of its time for a processor, and any delay is as good as another: together
# they take as long as one. Each has a place and an id of its own.
# shellcheck disable=SC2030,SC2031 # for that, the directory is another in each subshell
storms() {
	local name names=("$@") pids=() i failed=0
	if [[ -n ${ONGGI_STORM:-} ]]; then
		[[ " $* " == *" $ONGGI_STORM "* ]] || skip "only $ONGGI_STORM is wanted"
		names=("$ONGGI_STORM")
		set -- "$ONGGI_STORM"
	fi
	for name; do
		(
			trap - ERR DEBUG
			trap '[[ -z ${STORM_PID:-} ]] || kill "$STORM_PID" 2>/dev/null || true' EXIT
			set -e
			export STORM_NAME=$name BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR/$name
			mkdir -p "$BATS_TEST_TMPDIR"
			storm_setup "$name"
			"storm_$name"
		) >"$BATS_TEST_TMPDIR/$name.out" 2>&1 </dev/null &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" || {
			echo "the storm \"${names[i]}\":"
			cat "$BATS_TEST_TMPDIR/${names[i]}.out"
			failed=1
		}
	done
	return "$failed"
}
