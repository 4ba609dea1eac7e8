// SPDX-License-Identifier: MIT
/* Feeds files to the fuzzer's target, for machines without libFuzzer. */
#include <err.h>
#include <stdio.h>

#include "fuzz.h"

int main(int argc, char *argv[])
{
	static uint8_t data[1 << 16];
	int i;

	for (i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		size_t len;

		if (!f)
			err(1, "%s", argv[i]);
		len = fread(data, 1, sizeof(data), f);
		fclose(f);
		/* Print the file's name first, in case the program dies here. */
		printf("# %s\n", argv[i]);
		fflush(stdout);
		LLVMFuzzerTestOneInput(data, len);
	}
	return 0;
}
