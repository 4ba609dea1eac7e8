// SPDX-License-Identifier: MIT
/*
 * In C++: which of two events certainly came first. Shows a handle that closes itself, errors as
 * exceptions, and times of <chrono> in TAI.
 *
 * Usage: order      (Enter is the second event)
 */
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>

#include <vmclock.h>

namespace {

/* TAI since 1970: a separate clock type, so that nobody compares it with UTC by mistake. */
struct tai {
	using duration = std::chrono::nanoseconds;
	using rep = duration::rep;
	using period = duration::period;
	using time_point = std::chrono::time_point<tai>;
	static constexpr bool is_steady = false;

	static time_point from(const timespec &ts)
	{
		return time_point(std::chrono::seconds(ts.tv_sec) +
				  std::chrono::nanoseconds(ts.tv_nsec));
	}
};

/* The clock was disrupted (-ESTALE): a separate type, because the caller can recover from it. */
struct disrupted : std::system_error {
	disrupted() : std::system_error(ESTALE, std::generic_category(), "the clock was disrupted")
	{
	}
};

void check(int ret, const char *what)
{
	if (ret == -ESTALE)
		throw disrupted();
	if (ret)
		throw std::system_error(-ret, std::generic_category(), what);
}

struct reading {
	tai::time_point earliest, latest;
	std::uint64_t marker;
};

class page {
public:
	page() : handle_(open(), vmclock_close)
	{
	}

	reading now() const
	{
		vmclock_time now;

		check(vmclock_now(handle_.get(), VMCLOCK_SCALE_TAI, &now), "no time");
		if (!(now.flags & VMCLOCK_FLAG_BOUNDED))
			check(-ENODATA, "no bounds");
		return { tai::from(now.earliest), tai::from(now.latest), now.marker };
	}

private:
	static vmclock *open()
	{
		vmclock *handle;

		check(vmclock_open(&handle, nullptr),
		      "cannot open the VMClock device; vmclock-check tells more");
		return handle;
	}

	std::unique_ptr<vmclock, decltype(&vmclock_close)> handle_;
};

/* Certain only if the intervals do not touch, and both readings have the same marker. */
const char *order(const reading &first, const reading &second)
{
	if (first.marker != second.marker)
		throw disrupted();
	if (first.latest < second.earliest)
		return "the first one came first, for certain";
	if (second.latest < first.earliest)
		return "the second one came first, for certain";
	return "nobody knows which came first";
}

} // namespace

int main()
{
	try {
		page clock;
		reading first = clock.now();
		std::string line;

		std::cout << "event within " << (first.latest - first.earliest).count() << " ns\n"
			  << std::flush;
		std::getline(std::cin, line);
		std::cout << order(first, clock.now()) << '\n';
	} catch (const disrupted &) {
		std::cout << "the clock was disrupted: their times cannot be compared\n";
		return 1;
	} catch (const std::system_error &error) {
		std::cerr << "order: " << error.what() << '\n';
		return 1;
	}
}
