// SPDX-License-Identifier: MIT
/* The meaning of the library's errors, in words. */
#include <string.h>

#include "internal.h"

VMCLOCK_PUBLIC
const char *vmclock_strerror(int error)
{
	/* -INT_MIN does not fit in an int; INT_MIN is no error of the library. */
	const int number = error < 0 && error > INT_MIN ? -error : error;

	switch (number) {
	case 0:
		return "no error";
	case ENOENT:
		return "there is no such device, or no vmclockd";
	case ENODEV:
		return "there is no device, or it is gone";
	case EACCES:
		return "no permission to read the device";
	case EBADMSG:
		return "not a VMClock page";
	case EPROTONOSUPPORT:
		return "the page has a version that this library does not know";
	case ENODATA:
		return "the page does not carry this";
	case EAGAIN:
		return "the time cannot be relied upon now";
	case EBUSY:
		return "the page is in the middle of an update";
	case ESTALE:
		return "the clock was disrupted";
	case ERANGE:
		return "the counter is older than the time is known";
	case EOPNOTSUPP:
		return "the page's counter cannot be used on this CPU";
	case ETIMEDOUT:
		return "timed out, or the host does not finish an update";
	default:
		return strerror(number);
	}
}
