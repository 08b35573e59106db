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

#endif
