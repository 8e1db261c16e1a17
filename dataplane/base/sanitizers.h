// Which sanitizer this is compiled with: gcc says it with a macro, clang with a feature.
#pragma once

#if defined(__has_feature)
#define WP_HAS_FEATURE(feature) __has_feature(feature)
#else
#define WP_HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || WP_HAS_FEATURE(address_sanitizer)
#define WP_ADDRESS_SANITIZER 1
#else
#define WP_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || WP_HAS_FEATURE(thread_sanitizer)
#define WP_THREAD_SANITIZER 1
#else
#define WP_THREAD_SANITIZER 0
#endif
