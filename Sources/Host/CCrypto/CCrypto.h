// OpenSSL's digests. swift-crypto would do too, but compiles BoringSSL: minutes of every first build, for one hash.
#include <openssl/evp.h>
