// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "act.h"
#include "command.h"
#include "common/number.h"
#include "common/program.h"
#include "effect.h"
#include "input.h"
#include "lib/monotonic.h"
#include "listener.h"
#include "output.h"
#include "sim.h"
#include "tool.h"
#include "update.h"

#define CLIENTS_MAX 16
#define TEXT_MAX    4096	/* of a line, with its comment */
#define SCRIPT_TEXT_MAX 65536	/* the same in a script */
#define SLICE_NS    1000000	/* for so long, a script keeps the page waiting */
#define PATIENCE    10		/* seconds that the client waits for an answer */
#define PAUSE_NS    10000000	/* between two looks whether somebody reads our answers */

/* Collects a line that arrives in pieces. */
struct source {
	int fd;
	size_t length;
	bool too_long;
	bool nul;		/* a byte of the line is NUL */
	char line[TEXT_MAX];
};

struct scripted {
	int64_t at;		/* ns after the start */
	int line;
	struct sim_command command;
};

/* The first source is stdin, the others are clients. fd < 0: nobody. */
static struct source sources[1 + CLIENTS_MAX];
static int listener = -1;
static const char *script_path;
static struct scripted *script;
static size_t script_length, script_next;

#define NUL_BYTE "there is a NUL byte in the line; remove it"

/* ---- The script -------------------------------------------------------------------- */

/* "at SECONDS COMMAND" */
static int parse_scripted(char *line, size_t length, struct scripted *entry, char *why, size_t size)
{
	char *at, *when, *rest = NULL, shown[SIM_LINE_MAX];

	if (strlen(line) != length)
		return say_why(why, size, NUL_BYTE);
	line[strcspn(line, "\r\n")] = '\0';
	sim_command_uncomment(line);
	at = strtok_r(line, " \t", &rest);
	if (!at)
		return 0;
	when = strtok_r(NULL, " \t", &rest);
	if (strcmp(at, "at") != 0 || !when || !rest || !*rest)
		return say_why(why, size, "write 'at TIME COMMAND'");
	if (parse_time(when, true, &entry->at) || entry->at < 0) {
		copy_printable(shown, sizeof(shown), when);
		return say_why(why, size, "'%s' is not a time after the start; for example 2.5s",
			       shown);
	}
	return sim_command_parse(&entry->command, rest, why, size) ? -1 : 1;
}

static int add_scripted(const struct scripted *entry)
{
	struct scripted *more = realloc(script, (script_length + 1) * sizeof(*script));

	if (!more) {
		fprintf(stderr, TOOL ": out of memory\n");
		return SIM_CANNOT;
	}
	script = more;
	script[script_length++] = *entry;
	return 0;
}

static int refuse_scripted(int line, const char *why)
{
	sim_report("%s:%d: %s", script_path, line, why);
	return SIM_WRONG_USAGE;
}

/* Returns 0, or the exit status with a line on stderr. */
static int take_scripted(const struct sim_options *options, char *line, size_t length, int number)
{
	struct scripted entry = { .line = number };
	char why[2 * SIM_LINE_MAX];
	int ret = parse_scripted(line, length, &entry, why, sizeof(why));

	if (!ret)
		return 0;
	if (ret > 0 && script_length && entry.at < script[script_length - 1].at)
		ret = say_why(why, sizeof(why), "it is earlier than the line before");
	if (ret > 0)
		ret = sim_effect_on_page(options, &entry.command, why, sizeof(why));
	return ret ? refuse_scripted(number, why) : add_scripted(&entry);
}

/* Returns the line's length, 0 at the end, or SCRIPT_TEXT_MAX if there is no room for it. */
static size_t read_text(FILE *file, char text[SCRIPT_TEXT_MAX])
{
	size_t length = 0;
	int byte = 0;

	while (byte != '\n' && length < SCRIPT_TEXT_MAX && (byte = getc(file)) != EOF)
		text[length++] = (char)byte;
	if (length < SCRIPT_TEXT_MAX)
		text[length] = '\0';
	return length;
}

static int read_script(const struct sim_options *options, FILE *file)
{
	static char text[SCRIPT_TEXT_MAX];
	size_t length;
	int number = 0, ret = 0;

	while (!ret && (length = read_text(file, text))) {
		number++;
		ret = length < SCRIPT_TEXT_MAX ? take_scripted(options, text, length, number) :
						 refuse_scripted(number, "the line is too long");
	}
	if (ret || !ferror(file))
		return ret;
	fprintf(stderr, TOOL ": cannot read %s: %s\n", script_path, strerror(errno));
	return SIM_CANNOT;
}

int sim_input_read_script(const struct sim_options *options)
{
	FILE *file;
	int ret;

	script_path = options->script;
	if (!script_path)
		return 0;
	file = fopen(script_path, "re");
	if (!file) {
		fprintf(stderr, TOOL ": cannot open %s: %s\n", script_path, strerror(errno));
		return SIM_CANNOT;
	}
	ret = read_script(options, file);
	fclose(file);
	return ret;
}

/* The script does not wait for a reader, as stdin does. */
static void print_scripted(struct sim *sim, const char *answer)
{
	if (sim_print(answer) || sim->dropped)
		return;
	sim->dropped = true;
	sim_report("the output is not read: answers to the script are dropped; the page goes on");
}

int64_t sim_input_script(struct sim *sim, int64_t started, int64_t now)
{
	char answer[SIM_ANSWER_MAX];

	while (script_next < script_length && !sim->stop) {
		const struct scripted *entry = &script[script_next];

		/* Go on after an update. */
		if (monotonic_now() - now > SLICE_NS)
			return now;
		if (started + entry->at > now)
			return started + entry->at;
		script_next++;
		if (sim_act(sim, &entry->command, answer, sizeof(answer))) {
			refuse_scripted(entry->line, answer);
			sim->refused = true;
			continue;
		}
		print_scripted(sim, answer);
	}
	return FOREVER;
}

/* ---- All sources -------------------------------------------------------------------------- */

int sim_input_open(const char *control, bool read_stdin)
{
	int i;

	sources[0].fd = read_stdin ? STDIN_FILENO : -1;
	for (i = 1; i <= CLIENTS_MAX; i++)
		sources[i].fd = -1;
	if (control)
		listener = sim_listener_open(control, CLIENTS_MAX);
	return control && listener < 0 ? SIM_CANNOT : 0;
}

void sim_input_close(void)
{
	int i;

	for (i = 1; i <= CLIENTS_MAX; i++)
		if (sources[i].fd > 0)
			close(sources[i].fd);
	sim_listener_close();
	free(script);
}

static void accept_client(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int i;

	if (fd < 0)
		return;
	for (i = 1; i <= CLIENTS_MAX; i++) {
		if (sources[i].fd < 0) {
			sources[i] = (struct source){ .fd = fd };
			return;
		}
	}
	close(fd);
}

/* ---- Lines ------------------------------------------------------------------------------ */

static void answer_client(int fd, const char *text)
{
	ssize_t length = (ssize_t)strlen(text);

	/* Never wait for a client: one that does not read loses the connection. */
	if (send(fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length)
		shutdown(fd, SHUT_RDWR);
}

/* Returns 0, or -1; @text receives what the command prints, or why it was refused. */
static int obey(struct sim *sim, const struct source *source, char *text, size_t size)
{
	struct sim_command command;

	if (source->too_long)
		return say_why(text, size, "the line is too long for a command");
	if (source->nul)
		return say_why(text, size, NUL_BYTE);
	if (sim_command_parse(&command, source->line, text, size))
		return -1;
	return sim_act(sim, &command, text, size);
}

static void obey_client(struct sim *sim, const struct source *source)
{
	char text[SIM_ANSWER_MAX], answer[sizeof(text) + sizeof("error: \n")];

	if (obey(sim, source, text, sizeof(text)))
		snprintf(answer, sizeof(answer), "error: %s\n", text);
	else
		snprintf(answer, sizeof(answer), "%sok\n", text);
	answer_client(source->fd, answer);
}

static void obey_stdin(struct sim *sim, const struct source *source)
{
	char text[SIM_ANSWER_MAX];

	if (obey(sim, source, text, sizeof(text))) {
		sim_report("%s", text);
		return;
	}
	sim_print(text);
}

static void run_line(struct sim *sim, struct source *source)
{
	source->line[source->length] = '\0';
	source->line[strcspn(source->line, "\r")] = '\0';
	sim_command_uncomment(source->line);
	if (source != &sources[0])
		obey_client(sim, source);
	else if (source->too_long || source->nul || source->line[strspn(source->line, " \t")])
		obey_stdin(sim, source);
}

static void take_byte(struct sim *sim, struct source *source, char byte)
{
	if (byte == '\n') {
		run_line(sim, source);
		source->length = 0;
		source->too_long = false;
		source->nul = false;
	} else if (source->length + 1 < sizeof(source->line)) {
		source->line[source->length++] = byte;
		source->nul = source->nul || !byte;
	} else {
		source->too_long = true;
	}
}

static void read_source(struct sim *sim, struct source *source)
{
	char bytes[SIM_LINE_MAX];
	ssize_t n = read(source->fd, bytes, sizeof(bytes)), i;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	for (i = 0; i < n && !sim->stop; i++)
		take_byte(sim, source, bytes[i]);
	if (n > 0)
		return;

	/*
	 * End of file, or EIO: stdin is a terminal, and we run in its background.
	 * The last line may lack its newline.
	 */
	if (!n && source->length)
		take_byte(sim, source, '\n');
	if (source != &sources[0])
		close(source->fd);
	source->fd = -1;
}

void sim_input_wait(struct sim *sim, int64_t deadline, const sigset_t *mask)
{
	struct pollfd fds[2 + CLIENTS_MAX];
	struct timespec ts, *timeout = NULL;
	sigset_t blocked;
	int i, ready;

	for (i = 0; i <= CLIENTS_MAX; i++)
		fds[i] = (struct pollfd){ .fd = sources[i].fd, .events = POLLIN };
	/* Rather let commands wait than drop their answers. */
	if (sources[0].fd >= 0 && !sim_output_has_room()) {
		fds[0].fd = -1;
		if (deadline > monotonic_now() + PAUSE_NS)
			deadline = monotonic_now() + PAUSE_NS;
	}
	fds[i] = (struct pollfd){ .fd = listener, .events = POLLIN };

	if (deadline != FOREVER) {
		int64_t left = deadline - monotonic_now();

		if (left < 0)
			left = 0;
		ts.tv_sec = left / NS_PER_SEC;
		ts.tv_nsec = left % NS_PER_SEC;
		timeout = &ts;
	}
	ready = ppoll(fds, 2 + CLIENTS_MAX, timeout, mask);
	/* Where there is always something to read, ppoll(2) lets no signal through. */
	sigprocmask(SIG_SETMASK, mask, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (ready <= 0)
		return;
	for (i = 0; i <= CLIENTS_MAX && !sim->stop; i++)
		if (fds[i].revents)
			read_source(sim, &sources[i]);
	if (fds[1 + CLIENTS_MAX].revents)
		accept_client();
}

/* ---- The client ------------------------------------------------------------------------- */

static int send_words(int fd, int count, char **words)
{
	char line[2 * SIM_LINE_MAX] = "";
	size_t at = 0;
	int i;

	for (i = 0; i < count && at < sizeof(line); i++)
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%s", i ? " " : "", words[i]);
	if (at >= sizeof(line) - 1 || strchr(line, '\n')) {
		fprintf(stderr, TOOL ": give one command after the socket\n");
		return -1;
	}
	line[at++] = '\n';
	return send(fd, line, at, MSG_NOSIGNAL) == (ssize_t)at ? 0 : -1;
}

static int no_answer(void)
{
	fprintf(stderr, TOOL ": the simulator does not answer within %d s: is it stopped?\n", PATIENCE);
	return SIM_CANNOT;
}

/* Lines before "ok" go to stdout, an error goes to stderr. */
static int print_answer(FILE *answer)
{
	char line[SIM_ANSWER_MAX];

	while (fgets(line, sizeof(line), answer)) {
		if (!strcmp(line, "ok\n"))
			return 0;
		if (!strncmp(line, "error: ", 7)) {
			fprintf(stderr, TOOL ": %s", line + 7);
			return SIM_WRONG_USAGE;
		}
		fputs(line, stdout);
	}
	if (ferror(answer))
		return no_answer();
	fprintf(stderr, TOOL ": the simulator went away without an answer\n");
	return SIM_CANNOT;
}

int sim_input_tell(const char *control, int count, char **words)
{
	int fd = sim_listener_connect(control, PATIENCE), ret;
	FILE *answer;

	if (fd < 0)
		return SIM_CANNOT;
	answer = fdopen(fd, "r");
	if (!answer) {
		close(fd);
		return SIM_CANNOT;
	}
	ret = send_words(fd, count, words) ? SIM_WRONG_USAGE : print_answer(answer);
	fclose(answer);
	return ret;
}
