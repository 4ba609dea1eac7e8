#!/bin/sh
# SPDX-License-Identifier: MIT
#
# torn-reads under ThreadSanitizer, which must find nothing; and with one atomic
# access of the library made a plain one, which it must find.
# $READINGS and $PLAIN: the number of readings, and the accesses to make plain (or "all").
#
# ThreadSanitizer does not support fences (gcc warns of them). It need not: the
# accesses that they order are atomic, and so no data races. It finds accesses that
# are not atomic.

top=${top_srcdir:?}
readings=${READINGS:-100000}
every='cache_load cache_store line_load page_u32 page_u64'
plain=${PLAIN:-cache_store page_u64}
[ "$plain" = all ] && plain=$every
work=tests/stress/tsan.tmp
n=0

. "$top/tests/stress/lib.sh"

ok() {
	n=$((n + 1))
	echo "ok $n - $*"
}

not_ok() {
	n=$((n + 1))
	echo "not ok $n - $*"
}

build() {
	compile "$1" "$work/torn-reads" -fsanitize=thread -Wno-tsan >"$work/log" 2>&1
}

# Turns off the randomisation of addresses if it is too much for ThreadSanitizer.
run() {
	"$@" "$work/torn-reads" --readings "$readings" >"$work/log" 2>&1
	status=$?
	if grep -q 'unexpected memory mapping' "$work/log" && [ $# = 0 ]; then
		run setarch -R
	fi
}

show() {
	sed 's/^/# /' "$work/log" | head -n 40
}

# make_plain MACRO: makes the accesses by this macro plain ones, in a copy of the tree.
make_plain() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/tests" &&
		cp -R "$top/calc" "$top/include" "$top/lib" "$work/tree" &&
		cp -R "$top/tests/stress" "$top/tests/host" "$work/tree/tests" || return
	chmod -R u+w "$work/tree"
	for header in "$top"/lib/*.h; do
		changed=$work/tree/lib/${header##*/}
		sed "/^#define $1(/{
			s/__atomic_load_n(&(field), __ATOMIC_RELAXED)/(field)/
			s/__atomic_store_n(&(field), (value), __ATOMIC_RELAXED)/((field) = (value))/
		}" "$header" >"$changed"
		cmp -s "$header" "$changed" || return 0
	done
	echo "# no macro $1 with an atomic access"
	return 1
}

rm -rf "$work"
mkdir -p "$work" || exit 1
trap 'rm -rf "$work"' EXIT

echo 'int main(void) { return 0; }' >"$work/probe.c"
# shellcheck disable=SC2086
if ! ${CC:-cc} -fsanitize=thread -o "$work/probe" "$work/probe.c" 2>"$work/log"; then
	show
	echo "1..0 # SKIP ${CC:-cc} has no ThreadSanitizer for this architecture"
	exit 0
fi

# shellcheck disable=SC2086
set -- $plain
echo "1..$(($# + 2))"

# Those that this run does not try must be there, too.
what='each access that may be made plain is in the library'
missing=
for macro in $every; do
	make_plain "$macro" || missing="$missing $macro"
done
if [ -z "$missing" ]; then ok "$what"; else not_ok "$what:$missing"; fi

what='ThreadSanitizer finds no data race'
status=1
build "$top" && run
show
case $status in
0) ok "$what" ;;
77) ok "$what # SKIP no steady counter on this machine" ;;
*) not_ok "$what" ;;
esac
for macro in "$@"; do
	what="and one where $macro() is a plain access"
	if make_plain "$macro" && build "$work/tree"; then
		run
		if grep -q 'WARNING: ThreadSanitizer: data race' "$work/log"; then
			ok "$what"
			continue
		fi
	fi
	show
	not_ok "$what"
done
