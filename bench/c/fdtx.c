/* The rate of sendmsg and recvmsg with descriptors, as ../fdtx.go measures its own:
   one process, which puts a message into one end of a socket pair, gets it from
   the other, and closes what has arrived.

   usage: fdtx DESCRIPTORS SECONDS */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 253, LENGTH = 16, BATCH = 100 };

static char control[CMSG_SPACE(MOST * sizeof(int))];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void put(int sock, const int *fds, int count)
{
	char message[LENGTH] = "a message of 16";
	struct iovec bytes = { message, LENGTH };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
	if (sendmsg(sock, &header, MSG_NOSIGNAL) != LENGTH)
		fail("sendmsg");
}

static void get(int sock, int count)
{
	char message[2 * LENGTH];
	struct iovec bytes = { message, sizeof(message) };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	if (recvmsg(sock, &header, MSG_CMSG_CLOEXEC) != LENGTH || header.msg_flags & MSG_CTRUNC)
		fail("recvmsg");
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	if (rights == NULL || rights->cmsg_len != CMSG_LEN(count * sizeof(int)))
		fail("descriptors");
	int fds[MOST];
	memcpy(fds, CMSG_DATA(rights), count * sizeof(int));
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[1]) : 0;
	double turn = argc == 3 ? atof(argv[2]) : 0;
	if (count < 1 || count > MOST) {
		fprintf(stderr, "usage: fdtx DESCRIPTORS SECONDS\n");
		return 2;
	}
	int socks[2], fds[MOST];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) < 0)
		fail("socketpair");
	for (int i = 0; i < count; i++)
		if ((fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
			fail("/dev/null");
	long done = 0;
	double begin = now(), took;
	do {
		for (int i = 0; i < BATCH; i++) {
			put(socks[0], fds, count);
			get(socks[1], count);
		}
		done += BATCH;
	} while ((took = now() - begin) < turn);
	printf("%f\n", done / took);
	return 0;
}
