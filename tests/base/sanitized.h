/*
 * Is this program built with a sanitizer?
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SANITIZED_H
#define TESTS_SANITIZED_H

/* Where a sanitizer keeps memory of its own, counting and searching it means nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
