#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs shellcheck over every shell script of the repository; TAP, one line per script.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Tracked files and new ones: by name, or by the first line.
scripts() {
	local path first
	while IFS= read -r -d '' path; do
		[[ -f $path ]] || continue
		case $path in
		*.sh | *.bash | *.bats) echo "$path" ;;
		*.c | *.h | *.py | *.md | *.txt | *.json) ;;
		*)
			IFS= read -r first <"$path" 2>/dev/null || continue
			[[ $first =~ ^'#!'.*[/\ ](ba)?sh($|\ ) ]] && echo "$path"
			;;
		esac
	done < <(git -c safe.directory='*' ls-files -z --cached --others --exclude-standard)
	return 0
}

# A check that cannot fail is no check.
self_test() {
	# shellcheck disable=SC2016 # the mistake that must be found
	if printf '#!/bin/sh\nrm $1\n' | shellcheck - >/dev/null; then
		echo "not ok 1 shellcheck can fail"
	else
		echo "ok 1 shellcheck can fail"
	fi
}

mapfile -t paths < <(scripts | sort -u)
echo "1..$((${#paths[@]} + 1))"
self_test
number=1
failed=0
for path in "${paths[@]}"; do
	((++number))
	# In bats files scripts for containers are quoted on purpose, and every test is a subshell.
	exclude=SC9999
	[[ $path != *.bats ]] || exclude=SC2016,SC2030,SC2031
	if findings=$(shellcheck -x -P SCRIPTDIR -e "$exclude" -f gcc "$path" 2>&1); then
		echo "ok $number $path"
	else
		failed=1
		echo "not ok $number $path"
		printf '%s\n' "$findings" | sed 's/^/# /'
	fi
done
exit "$failed"
