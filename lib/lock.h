/* A lock that may be initialised statically.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_LOCK_H
#define ATTN_LIB_LOCK_H

#ifdef _WIN32
#include <windows.h>

typedef SRWLOCK attn_lock;
#define ATTN_LOCK_INIT SRWLOCK_INIT

/* 0: no memory. */
static inline int attn_lock_create(attn_lock *lock)
{
    InitializeSRWLock(lock);
    return 1;
}

static inline void attn_lock_destroy(attn_lock *lock)
{
    (void)lock;
}

static inline void attn_lock_take(attn_lock *lock)
{
    AcquireSRWLockExclusive(lock);
}

static inline void attn_lock_give(attn_lock *lock)
{
    ReleaseSRWLockExclusive(lock);
}

#else
#include <pthread.h>

typedef pthread_mutex_t attn_lock;
#define ATTN_LOCK_INIT PTHREAD_MUTEX_INITIALIZER

/* 0: no memory. */
static inline int attn_lock_create(attn_lock *lock)
{
    return !pthread_mutex_init(lock, NULL);
}

static inline void attn_lock_destroy(attn_lock *lock)
{
    pthread_mutex_destroy(lock);
}

static inline void attn_lock_take(attn_lock *lock)
{
    pthread_mutex_lock(lock);
}

static inline void attn_lock_give(attn_lock *lock)
{
    pthread_mutex_unlock(lock);
}
#endif

/* What is made by the first that asks for it, and kept; begins as ATTN_ONCE_INIT. */
typedef struct attn_once {
    attn_lock lock;
    int done, result;
} attn_once;

#define ATTN_ONCE_INIT                                                                                                 \
    {                                                                                                                  \
        ATTN_LOCK_INIT, 0, 0                                                                                           \
    }

/* What `make(made)` gave, called unless that was done before; others wait until it is. */
static inline int attn_once_make(attn_once *once, int (*make)(void *made), void *made)
{
    attn_lock_take(&once->lock);
    if (!once->done)
        once->result = make(made);
    once->done = 1;
    int result = once->result;
    attn_lock_give(&once->lock);
    return result;
}

#endif
