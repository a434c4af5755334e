/* What is shared with device/src/source/reel/mod.rs, which says the same in Rust. Times are in milliseconds on the film's
 * own clock; NaN is a time that is not known. */
#ifndef RASIKA_REEL_H
#define RASIKA_REEL_H

#include <stddef.h>
#include <stdint.h>

typedef struct Reel Reel;

/* How things went. */
enum { REEL_OK = 0, REEL_END = 1, REEL_MORE = 2, REEL_DAMAGED = 3, REEL_FAILED = 4 };

/* Where bytes come from. `read` and `seek` may be null: then the name is an address. */
typedef struct {
    void *from;
    int (*read)(void *from, uint8_t *into, int most);
    int64_t (*seek)(void *from, int64_t offset, int whence);
    int (*asked)(void *from); /* whether to stop */
} ReelSource;

typedef struct {
    double start_ms, length_ms, rate_hz, average_hz;
    int64_t frames;
    int32_t matrix[9]; /* zeros if there is none */
} ReelOutline;

typedef struct {
    double at_ms, lasts_ms;
    int32_t is_picture, is_sound, is_damaged;
} ReelPacket;

typedef struct {
    double at_ms, pixel_aspect;
    int32_t width, height, has_matrix;
    int32_t matrix[9];
} ReelFrame;

Reel *reel_open(const ReelSource *source, const char *name, int threads, int *error);
void reel_close(Reel *reel);
void reel_outline(const Reel *reel, ReelOutline *outline);
int reel_packet(Reel *reel, ReelPacket *packet, int *error);
int reel_send(Reel *reel, int is_end);
int reel_frame(Reel *reel, ReelFrame *frame);
int reel_pixels(Reel *reel, int width, int height, uint8_t *bgr, int *error);
void reel_words(int error, char *words, size_t bytes);
int reel_is_of_content(int error);
int reel_stopped(void);
int reel_ended(void);
int64_t reel_size_asked(void);

#endif
