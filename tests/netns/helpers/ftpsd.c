// SPDX-License-Identifier: GPL-2.0-only
// A small FTPS server with all its clients in one process and one thread: ftpsd FOLDER PEM FIRST-PORT
// LAST-PORT; prints `ready`. Implicit TLS on 990 over IPv4 and IPv6, EPSV and RETR only. Its TLS is GnuTLS,
// or with FTPSD_OPENSSL OpenSSL. Each line of a reply is a write of its own. SITE SAY TEXT answers TEXT, with
// a line end for each ~. SITE LISTEN does as EPSV, but answers `200 PORT`. SITE STALL, only with GnuTLS: from
// here on each write on the control connection waits once, as it does when the client does not read, and then
// goes on as GnuTLS wants it, without data.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef FTPSD_OPENSSL
#include <openssl/err.h>
#include <openssl/ssl.h>
typedef SSL *tls_object;
#else
#include <gnutls/gnutls.h>
typedef gnutls_session_t tls_object;
#endif

enum { CONTROL_PORT = 990, MOST_CLIENTS = 8, RECORD = 16384, LINES = 4096 };

struct stream {
	int fd; /* -1: none */
	tls_object tls;
	bool is_ready;   /* the handshake is over */
	short waits_for; /* what poll() is to tell */
	bool stalls;
	bool is_stalled; /* the write that goes on has waited */
	bool is_written_in_part;
};

struct client {
	struct stream control, data;
	int listener;
	char in[LINES], out[3 * LINES]; /* a line end may take more room than what stands for it */
	size_t in_length, out_length, out_at;
	char *file;
	size_t file_size, file_at;
	bool quits;
};

enum { AGAIN = 0, OVER = -1 }; /* of what is done on a stream; else the number of bytes */

static const char *folder;
static int first_port, last_port;
static struct client *clients[MOST_CLIENTS];

static __attribute__((noreturn)) void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- TLS ---- */

#ifdef FTPSD_OPENSSL
static SSL_CTX *context;

static void tls_init(const char *pem)
{
	context = SSL_CTX_new(TLS_server_method());
	if (!context || SSL_CTX_use_certificate_file(context, pem, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, pem, SSL_FILETYPE_PEM) != 1)
		die("OpenSSL");
}

static void tls_new(struct stream *stream)
{
	stream->tls = SSL_new(context);
	SSL_set_fd(stream->tls, stream->fd);
	SSL_set_accept_state(stream->tls);
}

static int tls_result(struct stream *stream, int result)
{
	int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(stream->tls, result);

	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		stream->waits_for = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		return AGAIN;
	}
	return result > 0 ? result : OVER;
}

static int tls_handshake(struct stream *stream)
{
	return tls_result(stream, SSL_do_handshake(stream->tls));
}

static int tls_read(struct stream *stream, char *data, size_t size)
{
	return tls_result(stream, SSL_read(stream->tls, data, size));
}

static int tls_write(struct stream *stream, const char *data, size_t size)
{
	return tls_result(stream, SSL_write(stream->tls, data, size));
}

static void tls_close(struct stream *stream)
{
	SSL_shutdown(stream->tls);
	SSL_free(stream->tls);
}
#else
static gnutls_certificate_credentials_t credentials;

static void tls_init(const char *pem)
{
	if (gnutls_certificate_allocate_credentials(&credentials) < 0 ||
	    gnutls_certificate_set_x509_key_file(credentials, pem, pem, GNUTLS_X509_FMT_PEM) < 0)
		die("GnuTLS");
}

static ssize_t pull(gnutls_transport_ptr_t data, void *ret, size_t size)
{
	return recv(((struct stream *)data)->fd, ret, size, 0);
}

static ssize_t push(gnutls_transport_ptr_t data, const void *bytes, size_t size)
{
	struct stream *stream = data;

	if (stream->stalls && !stream->is_stalled) {
		stream->is_stalled = true;
		errno = EAGAIN;
		return -1;
	}
	return send(stream->fd, bytes, size, MSG_NOSIGNAL);
}

static void tls_new(struct stream *stream)
{
	if (gnutls_init(&stream->tls, GNUTLS_SERVER | GNUTLS_NONBLOCK) < 0)
		die("GnuTLS");
	gnutls_set_default_priority(stream->tls);
	gnutls_credentials_set(stream->tls, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_ptr(stream->tls, stream);
	gnutls_transport_set_pull_function(stream->tls, pull);
	gnutls_transport_set_push_function(stream->tls, push);
}

static int tls_result(struct stream *stream, ssize_t result)
{
	if (result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED) {
		stream->waits_for = gnutls_record_get_direction(stream->tls) ? POLLOUT : POLLIN;
		return AGAIN;
	}
	return result > 0 ? result : OVER;
}

static int tls_handshake(struct stream *stream)
{
	int result = gnutls_handshake(stream->tls);

	return result == GNUTLS_E_SUCCESS ? 1 : tls_result(stream, result);
}

static int tls_read(struct stream *stream, char *data, size_t size)
{
	return tls_result(stream, gnutls_record_recv(stream->tls, data, size));
}

static int tls_write(struct stream *stream, const char *data, size_t size)
{
	bool goes_on = stream->is_written_in_part;
	int result = tls_result(stream, goes_on ? gnutls_record_send(stream->tls, NULL, 0)
						: gnutls_record_send(stream->tls, data, size));

	stream->is_written_in_part = result == AGAIN;
	if (result != AGAIN)
		stream->is_stalled = false;
	return result;
}

static void tls_close(struct stream *stream)
{
	gnutls_bye(stream->tls, GNUTLS_SHUT_WR);
	gnutls_deinit(stream->tls);
}
#endif

/* ---- streams ---- */

static void stream_open(struct stream *stream, int fd)
{
	*stream = (struct stream){.fd = fd, .waits_for = POLLIN};
	fcntl(fd, F_SETFL, O_NONBLOCK);
	tls_new(stream);
}

static void stream_close(struct stream *stream)
{
	if (stream->fd < 0)
		return;
	tls_close(stream);
	close(stream->fd);
	stream->fd = -1;
}

/* Whether the handshake is over. */
static bool stream_ready(struct stream *stream, bool *ret_over)
{
	if (!stream->is_ready) {
		int result = tls_handshake(stream);

		stream->is_ready = result > 0;
		*ret_over = result == OVER;
	}
	return stream->is_ready;
}

/* A socket that listens at the address; -1 where the port is in use. */
static int listen_at(struct sockaddr_in6 address, int port)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;

	address.sin6_port = htons(port);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)))
		die("socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, MOST_CLIENTS) == 0)
		return fd;
	close(fd);
	return -1;
}

/* ---- FTP ---- */

static __attribute__((format(printf, 2, 3))) void say(struct client *client, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	client->out_length += vsnprintf(client->out + client->out_length, LINES, format, arguments);
	va_end(arguments);
	client->out_length += sprintf(client->out + client->out_length, "\r\n");
}

static void say_lines(struct client *client, char *text)
{
	for (const char *line = strtok(text, "~"); line; line = strtok(NULL, "~"))
		say(client, "%s", line);
}

static void client_listen(struct client *client, bool is_epsv)
{
	struct sockaddr_in6 local;
	socklen_t size = sizeof(local);
	int port = first_port;

	if (getsockname(client->control.fd, (struct sockaddr *)&local, &size))
		die("getsockname");
	if (client->listener >= 0)
		close(client->listener);
	do
		client->listener = listen_at(local, port);
	while (client->listener < 0 && port++ < last_port);
	if (client->listener < 0)
		say(client, "425 No port is left");
	else if (is_epsv)
		say(client, "229 Entering extended passive mode (|||%d|)", port);
	else
		say(client, "200 %d", port);
}

static void client_retr(struct client *client, const char *name)
{
	char path[LINES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file || client->file || (client->listener < 0 && client->data.fd < 0)) {
		say(client, "550 Not now, or no such file");
	} else {
		fseek(file, 0, SEEK_END);
		client->file_size = ftell(file);
		client->file_at = 0;
		client->file = malloc(client->file_size + 1);
		rewind(file);
		if (!client->file || fread(client->file, 1, client->file_size, file) != client->file_size)
			die(path);
		say(client, "150 Here it comes");
	}
	if (file)
		fclose(file);
}

static void client_command(struct client *client, char *line)
{
	if (strncmp(line, "USER ", 5) == 0)
		say(client, "331 And the password");
	else if (strncmp(line, "PASS ", 5) == 0)
		say(client, "230 Welcome");
	else if (strncmp(line, "PBSZ ", 5) == 0 || strcmp(line, "PROT P") == 0 || strcmp(line, "TYPE I") == 0)
		say(client, "200 Done");
	else if (strcmp(line, "EPSV") == 0)
		client_listen(client, true);
	else if (strncmp(line, "RETR ", 5) == 0)
		client_retr(client, line + 5);
	else if (strcmp(line, "SITE LISTEN") == 0)
		client_listen(client, false);
	else if (strncmp(line, "SITE SAY ", 9) == 0)
		say_lines(client, line + 9);
#ifndef FTPSD_OPENSSL
	else if (strcmp(line, "SITE STALL") == 0)
		client->control.stalls = true;
#endif
	else if (strcmp(line, "QUIT") == 0)
		client->quits = true;
	else
		say(client, "502 What is that?");
	if (client->quits)
		say(client, "221 Bye");
	else if (client->control.stalls && client->out_length == 0)
		say(client, "200 Each write stalls once");
}

/* Writes the line that is next. */
static int client_flush(struct client *client)
{
	const char *line = client->out + client->out_at;
	const char *end = memchr(line, '\n', client->out_length - client->out_at);
	int result = tls_write(&client->control, line, end + 1 - line);

	if (result > 0)
		client->out_at += result;
	if (client->out_at == client->out_length)
		client->out_at = client->out_length = 0;
	return result;
}

/* Does what can be done on the control connection; whether it goes on. */
static bool client_talk(struct client *client)
{
	int result = 1;

	while (result > 0) {
		char *end = memchr(client->in, '\n', client->in_length);

		if (client->out_length) {
			result = client_flush(client);
		} else if (client->quits) {
			return false;
		} else if (end) {
			size_t length = end + 1 - client->in;

			*end = '\0';
			client->in[strcspn(client->in, "\r")] = '\0';
			client_command(client, client->in);
			client->in_length -= length;
			memmove(client->in, end + 1, client->in_length);
		} else {
			result = tls_read(&client->control, client->in + client->in_length,
					  sizeof(client->in) - client->in_length);
			if (result > 0)
				client->in_length += result;
		}
	}
	return result != OVER;
}

/* Does what can be done on the data connection. */
static void client_send(struct client *client)
{
	bool is_over = false;
	int result = 1;

	if (!stream_ready(&client->data, &is_over))
		result = is_over ? OVER : AGAIN;
	while (result > 0 && client->file && client->file_at < client->file_size) {
		size_t left = client->file_size - client->file_at;

		result = tls_write(&client->data, client->file + client->file_at,
				   left < RECORD ? left : RECORD);
		if (result > 0)
			client->file_at += result;
	}
	if (result == AGAIN || (result > 0 && !client->file))
		return;
	stream_close(&client->data);
	free(client->file);
	client->file = NULL;
	if (result > 0)
		say(client, "226 That was all");
	else
		say(client, "426 The data connection broke");
}

static bool client_go_on(struct client *client)
{
	bool is_over = false;

	if (client->listener >= 0 && client->data.fd < 0) {
		int fd = accept4(client->listener, NULL, NULL, SOCK_NONBLOCK);

		if (fd >= 0) {
			stream_open(&client->data, fd);
			close(client->listener);
			client->listener = -1;
		}
	}
	if (stream_ready(&client->control, &is_over) && !client_talk(client))
		return false;
	/* What is to be said of the last transfer goes first: the client asks for nothing before it has
	 * heard. */
	if (client->data.fd >= 0 && !client->out_length) {
		client_send(client);
		if (client->out_length && !client_talk(client))
			return false;
	}
	return !is_over;
}

static void client_open(int fd)
{
	int i = 0;

	while (i < MOST_CLIENTS && clients[i])
		i++;
	if (i == MOST_CLIENTS) {
		close(fd);
		return;
	}
	clients[i] = calloc(1, sizeof(struct client));
	if (!clients[i])
		die("calloc");
	clients[i]->listener = clients[i]->data.fd = -1;
	stream_open(&clients[i]->control, fd);
	say(clients[i], "220 ready");
}

static void client_close(struct client **client)
{
	stream_close(&(*client)->data);
	stream_close(&(*client)->control);
	if ((*client)->listener >= 0)
		close((*client)->listener);
	free((*client)->file);
	free(*client);
	*client = NULL;
}

static void loop(int listener)
{
	for (;;) {
		struct pollfd polls[1 + 3 * MOST_CLIENTS] = {{.fd = listener, .events = POLLIN}};
		int n = 1;

		for (int i = 0; i < MOST_CLIENTS; i++) {
			const struct client *client = clients[i];

			if (!client)
				continue;
			polls[n++] = (struct pollfd){.fd = client->control.fd,
						     .events = client->control.waits_for};
			/* A negative descriptor is passed over. */
			polls[n++] = (struct pollfd){.fd = client->listener, .events = POLLIN};
			/* It waits for the client's handshake, or for room; else for RETR. */
			if (!client->data.is_ready || client->file)
				polls[n++] = (struct pollfd){.fd = client->data.fd,
							     .events = client->data.waits_for};
		}
		if (poll(polls, n, -1) < 0)
			die("poll");
		if (polls[0].revents) {
			int fd = accept(listener, NULL, NULL);

			if (fd >= 0)
				client_open(fd);
		}
		for (int i = 0; i < MOST_CLIENTS; i++)
			if (clients[i] && !client_go_on(clients[i]))
				client_close(&clients[i]);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
	int listener;

	if (argc != 5) {
		fprintf(stderr, "usage: ftpsd FOLDER PEM FIRST-PORT LAST-PORT\n");
		return 2;
	}
	folder = argv[1];
	first_port = atoi(argv[3]);
	last_port = atoi(argv[4]);
	signal(SIGPIPE, SIG_IGN);
	tls_init(argv[2]);
	listener = listen_at(any, CONTROL_PORT);
	if (listener < 0)
		die("port 990");
	printf("ready\n");
	fflush(stdout);
	loop(listener);
}
