/* Runs a program on pseudoterminals, one after the other, the way forkpty(3)
 * is used everywhere: read its output to the end, wait for it, close the
 * terminal. Prints how many it has run in a second.
 *
 * usage: forkpty SECONDS PROGRAM */

#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void run(char *program) {
	int master, status;
	char buf[4096];
	ssize_t n;
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	pid_t pid = forkpty(&master, NULL, NULL, &size);

	if (pid < 0) {
		perror("forkpty");
		exit(1);
	}
	if (pid == 0) {
		execlp(program, program, (char *)NULL);
		_exit(127);
	}
	while ((n = read(master, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR))
		;
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "%s: status %d\n", program, status);
		exit(1);
	}
	close(master);
}

int main(int argc, char **argv) {
	double begin = now(), length;
	long runs = 0;

	if (argc != 3)
		return 2;
	length = atof(argv[1]);
	while (now() - begin < length) {
		run(argv[2]);
		runs++;
	}
	printf("%f\n", runs / (now() - begin));
	return 0;
}
