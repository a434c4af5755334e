/* FFmpeg as device/src/source/reel/mod.rs sees it: open, next packet, next frame, pixels.
 *
 * FFmpeg's structures differ from release to release. The compiler that reads the installed headers knows them; what is
 * shared with Rust are the plain structures of reel.h, written down once on each side.
 */
#include "reel.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <string.h>

#define BUFFER_BYTES 32768
/* What a film may open by itself: playlists and the like name other files and addresses, and FFmpeg follows them. */
#define OPENS_BY_FILE "none"
#define OPENS_BY_ADDRESS "http,https,httpproxy,tls,tcp,crypto,data"

struct Reel {
    AVFormatContext *format;
    AVIOContext *bytes;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    struct SwsContext *scaler;
    AVStream *stream;
};

static double ms(int64_t ticks, AVRational unit) {
    return ticks == AV_NOPTS_VALUE ? NAN : ticks * av_q2d(unit) * 1000.0;
}

static int class_of(int error) {
    switch (error) {
    case AVERROR_EOF: return REEL_END;
    case AVERROR(EAGAIN): return REEL_MORE;
    case AVERROR_INVALIDDATA: return REEL_DAMAGED;
    default: return REEL_FAILED;
    }
}

/* The matrix of the whole film. Where it is kept has moved. */
static const int32_t *matrix_of_stream(const AVStream *stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    const AVPacketSideData *data = av_packet_side_data_get(
        stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)data->data : NULL;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return size >= 9 * sizeof(int32_t) ? (const int32_t *)data : NULL;
#endif
}

static int open_decoder(Reel *reel, int threads) {
    const AVCodec *codec = NULL;
    int index = av_find_best_stream(reel->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (index < 0 || !codec)
        return index < 0 ? index : AVERROR_DECODER_NOT_FOUND;
    reel->stream = reel->format->streams[index];
    reel->decoder = avcodec_alloc_context3(codec);
    reel->packet = av_packet_alloc();
    reel->frame = av_frame_alloc();
    if (!reel->decoder || !reel->packet || !reel->frame)
        return AVERROR(ENOMEM);
    int done = avcodec_parameters_to_context(reel->decoder, reel->stream->codecpar);
    if (done < 0)
        return done;
    reel->decoder->pkt_timebase = reel->stream->time_base;
    reel->decoder->thread_count = threads;
    return avcodec_open2(reel->decoder, codec, NULL);
}

static int open_input(Reel *reel, const ReelSource *source, const char *name) {
    reel->format = avformat_alloc_context();
    if (!reel->format)
        return AVERROR(ENOMEM);
    reel->format->interrupt_callback = (AVIOInterruptCB){source->asked, source->from};
    reel->format->protocol_whitelist = av_strdup(source->read ? OPENS_BY_FILE : OPENS_BY_ADDRESS);
    if (!reel->format->protocol_whitelist)
        return AVERROR(ENOMEM);
    if (!source->read)
        avformat_network_init();
    if (source->read) {
        uint8_t *buffer = av_malloc(BUFFER_BYTES);
        if (!buffer)
            return AVERROR(ENOMEM);
        reel->bytes = avio_alloc_context(buffer, BUFFER_BYTES, 0, source->from, source->read, NULL, source->seek);
        if (!reel->bytes) {
            av_free(buffer);
            return AVERROR(ENOMEM);
        }
        reel->format->pb = reel->bytes;
    }
    /* Frees the context and forgets it where it fails. */
    int done = avformat_open_input(&reel->format, name, NULL, NULL);
    return done < 0 ? done : avformat_find_stream_info(reel->format, NULL);
}

Reel *reel_open(const ReelSource *source, const char *name, int threads, int *error) {
    av_log_set_level(AV_LOG_QUIET);
    Reel *reel = av_mallocz(sizeof *reel);
    if (!reel) {
        *error = AVERROR(ENOMEM);
        return NULL;
    }
    *error = open_input(reel, source, name);
    if (*error >= 0)
        *error = open_decoder(reel, threads);
    if (*error >= 0)
        return reel;
    reel_close(reel);
    return NULL;
}

void reel_close(Reel *reel) {
    if (!reel)
        return;
    sws_freeContext(reel->scaler);
    av_frame_free(&reel->frame);
    av_packet_free(&reel->packet);
    avcodec_free_context(&reel->decoder);
    avformat_close_input(&reel->format);
    if (reel->bytes) {
        av_freep(&reel->bytes->buffer);
        avio_context_free(&reel->bytes);
    }
    av_free(reel);
}

void reel_outline(const Reel *reel, ReelOutline *outline) {
    const AVFormatContext *format = reel->format;
    int is_told = format->duration_estimation_method != AVFMT_DURATION_FROM_BITRATE;
    *outline = (ReelOutline){
        .start_ms = ms(format->start_time, AV_TIME_BASE_Q),
        .length_ms = is_told && format->duration > 0 ? ms(format->duration, AV_TIME_BASE_Q) : NAN,
        .rate_hz = av_q2d(reel->stream->r_frame_rate),
        .average_hz = av_q2d(reel->stream->avg_frame_rate),
        .frames = reel->stream->nb_frames,
    };
    const int32_t *matrix = matrix_of_stream(reel->stream);
    if (matrix)
        memcpy(outline->matrix, matrix, sizeof outline->matrix);
}

int reel_packet(Reel *reel, ReelPacket *packet, int *error) {
    av_packet_unref(reel->packet);
    *error = av_read_frame(reel->format, reel->packet);
    /* FFmpeg calls it the end, too, where bytes could not be read. */
    if (*error == AVERROR_EOF && reel->bytes && reel->bytes->error < 0)
        *error = reel->bytes->error;
    if (*error < 0)
        return class_of(*error);
    const AVStream *stream = reel->format->streams[reel->packet->stream_index];
    const AVPacket *read = reel->packet;
    *packet = (ReelPacket){
        .at_ms = ms(read->pts != AV_NOPTS_VALUE ? read->pts : read->dts, stream->time_base),
        .lasts_ms = read->duration > 0 ? ms(read->duration, stream->time_base) : 0,
        .is_picture = stream == reel->stream,
        .is_sound = stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO,
        .is_damaged = (read->flags & AV_PKT_FLAG_CORRUPT) != 0,
    };
    return REEL_OK;
}

int reel_send(Reel *reel, int is_end) {
    int done = avcodec_send_packet(reel->decoder, is_end ? NULL : reel->packet);
    return done < 0 ? class_of(done) : REEL_OK;
}

int reel_frame(Reel *reel, ReelFrame *out) {
    int done = avcodec_receive_frame(reel->decoder, reel->frame);
    if (done < 0)
        return class_of(done);
    AVFrame *frame = reel->frame;
    AVRational aspect = av_guess_sample_aspect_ratio(reel->format, reel->stream, frame);
    *out = (ReelFrame){
        .at_ms = ms(frame->best_effort_timestamp, reel->stream->time_base),
        .pixel_aspect = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1.0,
        .width = frame->width,
        .height = frame->height,
    };
    const AVFrameSideData *matrix = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
    out->has_matrix = matrix && matrix->size >= sizeof out->matrix;
    if (out->has_matrix)
        memcpy(out->matrix, matrix->data, sizeof out->matrix);
    return REEL_OK;
}

int reel_pixels(Reel *reel, int width, int height, uint8_t *bgr, int *error) {
    const AVFrame *frame = reel->frame;
    reel->scaler = sws_getCachedContext(reel->scaler, frame->width, frame->height, frame->format, width, height,
                                        AV_PIX_FMT_BGR24, SWS_BICUBIC, NULL, NULL, NULL);
    *error = AVERROR(EINVAL);
    if (!reel->scaler)
        return REEL_FAILED;
    /* The scaler writes whole vectors: into rows of its own, from where they are taken. */
    uint8_t *rows[4] = {NULL};
    int strides[4] = {0};
    *error = av_image_alloc(rows, strides, width, height, AV_PIX_FMT_BGR24, 64);
    if (*error < 0)
        return REEL_FAILED;
    *error = sws_scale(reel->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, rows, strides);
    if (*error >= 0)
        av_image_copy_plane(bgr, width * 3, rows[0], strides[0], width * 3, height);
    av_freep(&rows[0]);
    return *error < 0 ? REEL_FAILED : REEL_OK;
}

void reel_words(int error, char *words, size_t bytes) { av_strerror(error, words, bytes); }

int reel_is_of_content(int error) {
    return error == AVERROR_INVALIDDATA || error == AVERROR_STREAM_NOT_FOUND || error == AVERROR_DECODER_NOT_FOUND;
}

int reel_stopped(void) { return AVERROR_EXIT; }

int reel_ended(void) { return AVERROR_EOF; }

int64_t reel_size_asked(void) { return AVSEEK_SIZE; }
