#!/bin/sh
# SPDX-License-Identifier: MIT
#
# library-only.sh TOP: the library configured alone, shared and static. Nothing
# else is built; a plugin that has the static library in it exports none of its
# names. Where no counter is known, configure stops with one line.

set -eu
top=$(cd "$1" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/vmclock-library.XXXXXX")
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/other" "$dir/build"

fail() {
	echo "$*"
	exit 1
}

# A fake compiler for another machine. The C library's headers take it for one of 32 bits, and
# their part for 32 bits need not be installed.
cd "$dir/other"
mkdir gnu
touch gnu/stubs-32.h
if "$top/configure" CPPFLAGS="-U__x86_64__ -U__aarch64__ -I$PWD" >said 2>&1; then
	fail 'configure knows a counter for any machine'
fi
cat said
[ "$(grep -c 'error:' said)" = 1 ] || fail 'not one error'
grep '^configure: error: no counter is known' said || fail 'another error'

cd "$dir/build"
# It needs no other library: none is found.
PKG_CONFIG_LIBDIR="$dir/other" "$top/configure" --disable-driver --disable-tools --with-pic \
	--enable-werror --prefix=/usr
make
built=$(find . -type f -perm -u+x ! -name '*.so.*' ! -name config.status ! -name libtool)
[ -z "$built" ] || fail "built besides the library: $built"
make install DESTDIR="$dir/dest"
dest=$dir/dest/usr
installed=$(cd "$dest" && find bin sbin share/man/man[158] share/bash-completion lib/systemd \
	lib/tmpfiles.d ! -type d 2>/dev/null) || true
[ -z "$installed" ] || fail "installed besides the library: $installed"

cat >plugin.c <<'EOF'
#include <vmclock.h>
const char *plugin_start(void);
const char *plugin_start(void) { return vmclock_version(); }
EOF
cc -shared -fPIC -o plugin.so -I"$dest/include" plugin.c \
	-Wl,--whole-archive "$dest/lib/libvmclock.a" -Wl,--no-whole-archive
exported=$(nm -D --defined-only plugin.so | sed 's/.* //')
[ "$exported" = plugin_start ] || fail "the plugin exports $exported"
nm plugin.so | grep -q ' t vmclock_now$' || fail 'the library is not in the plugin'

cat >program.c <<'EOF'
#include <stdio.h>
const char *plugin_start(void);
int main(void) { return puts(plugin_start()) < 0; }
EOF
cc -o program -I"$dest/include" program.c plugin.c "$dest/lib/libvmclock.a"
[ "$(./program)" = "$(sed -n 's/^Version: //p' "$dest/lib/pkgconfig/libvmclock.pc")" ] ||
	fail 'a program with the static library says another version'

# The shared library still exports everything.
nm -D --defined-only "$dest/lib/libvmclock.so" | sed -n 's/.* T \([^@]*\).*/\1/p' >exported
sed -n 's/^		\(vmclock_.*\);/\1/p' "$top/lib/libvmclock.map" | diff - exported ||
	fail 'the shared library exports something else'
