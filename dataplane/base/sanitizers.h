// Which sanitizer this is compiled with: gcc says it with a macro, clang with a feature.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define WP_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WP_ADDRESS_SANITIZER 1
#endif
#endif
#if !defined(WP_ADDRESS_SANITIZER)
#define WP_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__)
#define WP_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WP_THREAD_SANITIZER 1
#endif
#endif
#if !defined(WP_THREAD_SANITIZER)
#define WP_THREAD_SANITIZER 0
#endif
