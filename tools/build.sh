# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Configures and builds into $BUILD, and puts the binaries directly into it. Nothing is redone
# that is up to date: ninja decides, not we.

# option_is NAME VALUE: how the build was configured
option_is() {
	grep -qF "\"name\": \"$1\", \"value\": \"$2\"" "$BUILD/meson-info/intro-buildoptions.json" 2>/dev/null
}

# configure [-Doption=value...]: only what differs is reconfigured
configure() {
	if [[ ! -f $BUILD/build.ninja ]]; then
		say "configuring ${BUILD#"$TOP/"}"
		quietly meson setup "$BUILD" "$TOP" "$@"
		return
	fi
	local option stale=()
	for option in "$@"; do
		local name=${option#-D}
		option_is "${name%%=*}" "${name#*=}" || stale+=("$option")
	done
	((${#stale[@]} == 0)) || quietly meson setup --reconfigure "$BUILD" "$TOP" "${stale[@]}"
}

# The targets live in $BUILD/src/bin, where the binaries find each other; people find them here.
link_binaries() {
	local binary
	for binary in "$BUILD"/src/bin/onggi*; do
		[[ -f $binary && -x $binary ]] || continue
		[[ -e $BUILD/${binary##*/} ]] || ln -s "src/bin/${binary##*/}" "$BUILD/${binary##*/}"
	done
}

compile() {
	local log
	log=$(ninja -C "$BUILD" -n | tail -n1)
	if [[ $log != *"no work to do"* ]]; then
		say "building ${BUILD#"$TOP/"}"
		quietly ninja -C "$BUILD" -j "${JOBS:-$(nproc)}" --quiet
	fi
	link_binaries
}
