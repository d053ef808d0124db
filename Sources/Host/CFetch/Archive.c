// libarchive's part of CFetch.h.
#include "CFetch.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define ARCHIVE_FUNCTIONS(apply) \
  apply(archive_read_new) apply(archive_read_support_filter_all) apply(archive_read_support_format_tar) \
  apply(archive_read_support_format_zip) apply(archive_read_open_filename) apply(archive_read_next_header) \
  apply(archive_read_data) apply(archive_read_free) apply(archive_error_string) apply(archive_entry_pathname) \
  apply(archive_entry_filetype) apply(archive_entry_hardlink)

static struct {
#define DECLARE(name) __typeof__(name) *name;
  ARCHIVE_FUNCTIONS(DECLARE)
#undef DECLARE
} libarchive;

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static int is_open = 0;

static void open_library(void) {
  void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
#define FIND(name) \
  if (!(libarchive.name = (__typeof__(name) *)dlsym(library, #name))) return;
  ARCHIVE_FUNCTIONS(FIND)
#undef FIND
  is_open = 1;
}

static int is_readable(int status) { return status == ARCHIVE_OK || status == ARCHIVE_WARN; }

static int unpack_members(struct archive *archive, const char *path, const FetchUnpacking *unpacking) {
  libarchive.archive_read_support_filter_all(archive);
  libarchive.archive_read_support_format_tar(archive);
  libarchive.archive_read_support_format_zip(archive);
  if (!is_readable(libarchive.archive_read_open_filename(archive, path, 1 << 18))) return -1;
  static _Thread_local uint8_t buffer[1 << 16];
  for (;;) {
    struct archive_entry *entry = NULL;
    const int status = libarchive.archive_read_next_header(archive, &entry);
    if (status == ARCHIVE_EOF) return 0;
    if (!is_readable(status)) return -1;
    const char *name = libarchive.archive_entry_pathname(entry);
    const int is_regular =
        libarchive.archive_entry_filetype(entry) == AE_IFREG && !libarchive.archive_entry_hardlink(entry);
    const int wanted = unpacking->member(unpacking->context, name ? name : "", is_regular);
    if (wanted < 0) return 1;
    if (wanted == 0) continue;
    for (;;) {
      const la_ssize_t count = libarchive.archive_read_data(archive, buffer, sizeof buffer);
      if (count < 0) return -1;
      if (count == 0) break;
      if (unpacking->bytes(unpacking->context, buffer, (size_t)count)) return 1;
    }
    if (unpacking->end(unpacking->context)) return 1;
  }
}

int fetch_unpack(const char *path, const FetchUnpacking *unpacking, char *reason, size_t reason_size) {
  pthread_once(&opened, open_library);
  if (!is_open) return -2;
  struct archive *archive = libarchive.archive_read_new();
  if (!archive) return -1;
  const int result = unpack_members(archive, path, unpacking);
  const char *text = result == -1 ? libarchive.archive_error_string(archive) : NULL;
  snprintf(reason, reason_size, "%s", text ? text : result == -1 ? "unreadable" : "");
  libarchive.archive_read_free(archive);
  return result;
}
