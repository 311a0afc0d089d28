/* SPDX-License-Identifier: Apache-2.0 */
#include "record/capture_sync.h"

#include "base/io.h"
#include "sources/capture_file.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Syncing costs more than a capture does: 40 small files. */
#define GAP_S 1
#define PATH_BYTES 80

struct lg_capture_syncer {
    int folder_fd;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    char newest[PATH_BYTES]; /* "": on the disk */
    bool stop;
};

static void sync_newest(struct lg_capture_syncer *s)
{
    char path[PATH_BYTES];
    bool last = s->stop;
    memcpy(path, s->newest, PATH_BYTES);
    s->newest[0] = '\0';
    pthread_mutex_unlock(&s->mutex);
    lg_capture_sync(s->folder_fd, path, last);
    (void)lg_fsync_dir(s->folder_fd, NULL);
    pthread_mutex_lock(&s->mutex);
}

static void pause_for(struct lg_capture_syncer *s)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += GAP_S;
    while (!s->stop &&
           pthread_cond_timedwait(&s->wake, &s->mutex, &until) == 0) {
    }
}

static void *sync_all(void *context)
{
    struct lg_capture_syncer *s = context;
    pthread_mutex_lock(&s->mutex);
    for (;;) {
        while (s->newest[0] == '\0' && !s->stop) {
            pthread_cond_wait(&s->wake, &s->mutex);
        }
        if (s->newest[0] == '\0') {
            break;
        }
        sync_newest(s);
        pause_for(s);
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

struct lg_capture_syncer *lg_capture_syncer_create(int folder_fd)
{
    struct lg_capture_syncer *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->folder_fd = folder_fd;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->wake, NULL);
    if (pthread_create(&s->thread, NULL, sync_all, s) != 0) {
        free(s);
        return NULL;
    }
    return s;
}

void lg_capture_syncer_destroy(struct lg_capture_syncer *s)
{
    if (s == NULL) {
        return;
    }
    pthread_mutex_lock(&s->mutex);
    s->stop = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

void lg_capture_syncer_add(struct lg_capture_syncer *s, const char *path)
{
    if (s == NULL) {
        return;
    }
    pthread_mutex_lock(&s->mutex);
    snprintf(s->newest, PATH_BYTES, "%s", path);
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
}
