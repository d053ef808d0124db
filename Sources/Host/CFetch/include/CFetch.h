// What fetching needs of two C libraries: HTTP by libcurl, archives by libarchive. Neither is linked: each is opened at first
// use, because libcurl alone brings some thirty libraries that every other command would wait for (docs/decisions.md).
#ifndef BASIN_CFETCH_H
#define BASIN_CFETCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a transfer ended.
typedef enum {
  /// The server sent all it had announced.
  FETCH_DONE,
  /// The connection broke in between.
  FETCH_CUT,
  /// Nothing came for `stall_seconds`.
  FETCH_STALLED,
  /// No connection: name, route, port, proxy.
  FETCH_UNREACHABLE,
  /// The server's certificate is not accepted.
  FETCH_UNTRUSTED,
  /// `head` or `body` did not want more.
  FETCH_STOPPED,
  /// `is_cancelled` said so.
  FETCH_CANCELLED,
  /// Anything else; `reason` tells.
  FETCH_FAILED,
  /// libcurl is not on this system.
  FETCH_NO_LIBRARY,
} FetchEnding;

typedef struct {
  /// http or https; all else is refused.
  const char *url;
  /// Asks for the bytes from here on; 0: for all.
  int64_t first_byte;
  /// With `first_byte`: only if the file is still this one (an ETag or a date). NULL: in any case.
  const char *if_range;
  /// Seconds without a byte after which to give up, connecting included.
  double stall_seconds;
  const char *user_agent;
  void *context;
  /// A line of the reply's head, its line end included. Not 0: stop.
  int (*head)(void *context, const char *line, size_t length);
  /// Bytes of the body as they are sent: nothing is decoded. Not 0: stop.
  int (*body)(void *context, const uint8_t *bytes, size_t count);
  /// Asked about ten times a second. Not 0: stop.
  int (*is_cancelled)(void *context);
} FetchRequest;

/// One GET request. Redirects are not followed. `reason` gets a sentence on what went wrong.
FetchEnding fetch_get(const FetchRequest *request, char *reason, size_t reason_size);

typedef struct {
  void *context;
  /// Whether the member is wanted (1) or not (0); -1: stop.
  int (*member)(void *context, const char *name, int is_regular_file);
  /// Bytes of a wanted member, in order. Not 0: stop.
  int (*bytes)(void *context, const uint8_t *bytes, size_t count);
  /// The member is whole. Not 0: stop.
  int (*end)(void *context);
} FetchUnpacking;

/// Reads a zip or tar file (compressed or not) from its beginning to its end. 0: done, 1: a callback did not want more, -1: not
/// readable, and `reason` says why; -2: libarchive is not on this system.
int fetch_unpack(const char *path, const FetchUnpacking *unpacking, char *reason, size_t reason_size);

#ifdef __cplusplus
}
#endif
#endif
