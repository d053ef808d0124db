// libcurl's part of CFetch.h.
#define CURL_DISABLE_TYPECHECK
#include "CFetch.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The functions used, and how each is called here.
#define CURL_FUNCTIONS(apply) \
  apply(curl_global_init) apply(curl_easy_init) apply(curl_easy_setopt) apply(curl_easy_cleanup) \
  apply(curl_easy_strerror) apply(curl_slist_append) apply(curl_slist_free_all) apply(curl_multi_init) \
  apply(curl_multi_add_handle) apply(curl_multi_remove_handle) apply(curl_multi_perform) apply(curl_multi_poll) \
  apply(curl_multi_info_read) apply(curl_multi_cleanup)

static struct {
#define DECLARE(name) __typeof__(name) *name;
  CURL_FUNCTIONS(DECLARE)
#undef DECLARE
} curl;

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static int is_open = 0;

static void open_library(void) {
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  // Debian's other flavour.
  if (!library) library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
#define FIND(name) \
  if (!(curl.name = (__typeof__(name) *)dlsym(library, #name))) return;
  CURL_FUNCTIONS(FIND)
#undef FIND
  is_open = curl.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

typedef struct {
  const FetchRequest *request;
  double last_byte;
} Transfer;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static size_t take_head(char *line, size_t size, size_t count, void *context) {
  Transfer *transfer = context;
  transfer->last_byte = now();
  return transfer->request->head(transfer->request->context, line, size * count) ? 0 : size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
  Transfer *transfer = context;
  transfer->last_byte = now();
  const int stop = transfer->request->body(transfer->request->context, (const uint8_t *)bytes, size * count);
  // Any other number than that of the bytes stops; 0 would not where there are none.
  return stop ? size * count + 1 : size * count;
}

static FetchEnding ending(CURLcode code) {
  switch (code) {
    case CURLE_OK: return FETCH_DONE;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return FETCH_CUT;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR: return FETCH_UNREACHABLE;
    case CURLE_PEER_FAILED_VERIFICATION: return FETCH_UNTRUSTED;
    case CURLE_WRITE_ERROR: return FETCH_STOPPED;
    default: return FETCH_FAILED;
  }
}

// Each option is a condition of safety: one that an old libcurl does not know ends the transfer.
static int set_options(CURL *easy, Transfer *transfer, struct curl_slist *fields, char *message) {
  const FetchRequest *request = transfer->request;
#define SET(option, value) \
  if (curl.curl_easy_setopt(easy, option, value) != CURLE_OK) { \
    snprintf(message, CURL_ERROR_SIZE, "libcurl refuses the option %s", #option); \
    return 0; \
  }
  SET(CURLOPT_ERRORBUFFER, message)
  SET(CURLOPT_URL, request->url)
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, "http,https")
#else
  SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS))
#endif
  SET(CURLOPT_FOLLOWLOCATION, 0L)
  SET(CURLOPT_SSL_VERIFYPEER, 1L)
  SET(CURLOPT_SSL_VERIFYHOST, 2L)
  SET(CURLOPT_NOSIGNAL, 1L)
  SET(CURLOPT_NOPROGRESS, 1L)
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L)
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(request->stall_seconds * 1000) + 1)
  SET(CURLOPT_USERAGENT, request->user_agent)
  SET(CURLOPT_HTTPHEADER, fields)
  SET(CURLOPT_HEADERFUNCTION, take_head)
  SET(CURLOPT_HEADERDATA, transfer)
  SET(CURLOPT_WRITEFUNCTION, take_body)
  SET(CURLOPT_WRITEDATA, transfer)
  // The command curl takes other certificates from these; the library does not by itself.
  const char *certificates = getenv("CURL_CA_BUNDLE");
  if (!certificates || !*certificates) certificates = getenv("SSL_CERT_FILE");
  if (certificates && *certificates) SET(CURLOPT_CAINFO, certificates)
#undef SET
  return 1;
}

static FetchEnding perform(CURLM *multi, Transfer *transfer, char *message) {
  transfer->last_byte = now();
  for (;;) {
    int running = 0, waiting = 0;
    CURLMcode code = curl.curl_multi_perform(multi, &running);
    if (code != CURLM_OK) return FETCH_FAILED;
    for (CURLMsg *done; (done = curl.curl_multi_info_read(multi, &waiting));) {
      if (done->msg != CURLMSG_DONE) continue;
      if (!message[0]) snprintf(message, CURL_ERROR_SIZE, "%s", curl.curl_easy_strerror(done->data.result));
      return ending(done->data.result);
    }
    if (transfer->request->is_cancelled(transfer->request->context)) return FETCH_CANCELLED;
    const double left = transfer->request->stall_seconds - (now() - transfer->last_byte);
    if (left <= 0) return FETCH_STALLED;
    curl.curl_multi_poll(multi, NULL, 0, left < 0.1 ? (int)(left * 1000) + 1 : 100, NULL);
  }
}

FetchEnding fetch_get(const FetchRequest *request, char *reason, size_t reason_size) {
  pthread_once(&opened, open_library);
  if (!is_open) return FETCH_NO_LIBRARY;
  Transfer transfer = {.request = request, .last_byte = now()};
  char message[CURL_ERROR_SIZE] = "";
  FetchEnding result = FETCH_FAILED;
  CURL *easy = curl.curl_easy_init();
  CURLM *multi = curl.curl_multi_init();
  // What is stored is what was published: no encoding by the way.
  struct curl_slist *fields = curl.curl_slist_append(NULL, "Accept-Encoding: identity");
  char text[1024];
  if (fields && request->first_byte > 0) {
    snprintf(text, sizeof text, "Range: bytes=%lld-", (long long)request->first_byte);
    struct curl_slist *more = curl.curl_slist_append(fields, text);
    if (more) fields = more;
    if (request->if_range) {
      snprintf(text, sizeof text, "If-Range: %s", request->if_range);
      more = curl.curl_slist_append(fields, text);
      if (more) fields = more;
    }
  }
  if (easy && multi && fields && set_options(easy, &transfer, fields, message) &&
      curl.curl_multi_add_handle(multi, easy) == CURLM_OK) {
    result = perform(multi, &transfer, message);
    curl.curl_multi_remove_handle(multi, easy);
  }
  if (easy) curl.curl_easy_cleanup(easy);
  if (multi) curl.curl_multi_cleanup(multi);
  curl.curl_slist_free_all(fields);
  snprintf(reason, reason_size, "%s", message);
  return result;
}
