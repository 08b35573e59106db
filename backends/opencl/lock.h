/* A lock that may be initialised statically.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_LOCK_H
#define ATTN_OPENCL_LOCK_H

#ifdef _WIN32
#include <windows.h>

typedef SRWLOCK attn_opencl_lock;
#define ATTN_OPENCL_LOCK_INIT SRWLOCK_INIT

/* 0: no memory. */
static inline int attn_opencl_lock_create(attn_opencl_lock *lock)
{
    InitializeSRWLock(lock);
    return 1;
}

static inline void attn_opencl_lock_destroy(attn_opencl_lock *lock)
{
    (void)lock;
}

static inline void attn_opencl_lock_take(attn_opencl_lock *lock)
{
    AcquireSRWLockExclusive(lock);
}

static inline void attn_opencl_lock_give(attn_opencl_lock *lock)
{
    ReleaseSRWLockExclusive(lock);
}

#else
#include <pthread.h>

typedef pthread_mutex_t attn_opencl_lock;
#define ATTN_OPENCL_LOCK_INIT PTHREAD_MUTEX_INITIALIZER

/* 0: no memory. */
static inline int attn_opencl_lock_create(attn_opencl_lock *lock)
{
    return !pthread_mutex_init(lock, NULL);
}

static inline void attn_opencl_lock_destroy(attn_opencl_lock *lock)
{
    pthread_mutex_destroy(lock);
}

static inline void attn_opencl_lock_take(attn_opencl_lock *lock)
{
    pthread_mutex_lock(lock);
}

static inline void attn_opencl_lock_give(attn_opencl_lock *lock)
{
    pthread_mutex_unlock(lock);
}
#endif

#endif
