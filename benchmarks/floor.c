/* The C floor: N RTP streams of L16 mono, one absolute-time tick, one sendmmsg a tick, nothing else.
 *
 * What a sender costs that prepares nothing, decides nothing and survives nothing: the least that the
 * kernel charges for these packets. Our engine is compared with it in the same run and the same
 * scheduling class.
 *
 *   floor -g GROUP -p PORT -i INTERFACE_ADDRESS -n STREAMS -t PACKET_US -d SECONDS [-r RATE_HZ] [-F FIFO_PRIORITY]
 *
 * Stream k goes to GROUP + k. It starts with a tone of 400 Hz; SIGUSR1 changes every stream to 2 kHz, or
 * back, at the next packet. Prints READY before the first packet and one JSON object at the end, which
 * comes after SECONDS, at SIGTERM, or with the death of the parent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_BYTES = 12, BATCH = 1024 /* the kernel's limit for one sendmmsg (UIO_MAXIOV) */ };
static const double TONE_HZ[2] = {400, 2000};
static const double AMPLITUDE = 8000;
static const uint64_t SECOND_NS = 1000000000ull;

static volatile sig_atomic_t tone_now, ended;

static void change_tone(int signal_number) { (void)signal_number; tone_now = !tone_now; }
static void end(int signal_number) { (void)signal_number; ended = 1; }

static uint64_t monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void refuse(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* One second of a tone as L16, which is big-endian (RFC 3551 section 4.5.11). Both tones fit a second evenly. */
static uint8_t *second_of_tone(double hz, int rate_hz) {
    uint8_t *audio = malloc((size_t)rate_hz * 2);
    if (!audio) refuse("memory for the tones");
    for (int i = 0; i < rate_hz; i++) {
        int value = (int)lrint(AMPLITUDE * sin(2 * M_PI * hz * i / rate_hz));
        audio[2 * i] = (uint8_t)(value >> 8);
        audio[2 * i + 1] = (uint8_t)value;
    }
    return audio;
}

static int multicast_socket(struct in_addr interface_address) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), ttl = 8, room = 8 << 20, expedited = 46 << 2;
    if (fd < 0) refuse("socket");
    if (setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &interface_address, sizeof interface_address)) refuse("interface");
    setsockopt(fd, SOL_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl);
    setsockopt(fd, SOL_IP, IP_TOS, &expedited, sizeof expedited);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return fd;
}

int main(int argc, char **argv) {
    const char *group = "239.192.0.1", *interface = "127.0.0.1";
    int streams = 14, port = 5004, packet_us = 5000, rate_hz = 48000, fifo = 0, option;
    double seconds = 10;
    while ((option = getopt(argc, argv, "g:p:i:n:t:d:r:F:")) != -1) switch (option) {
        case 'g': group = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 'i': interface = optarg; break;
        case 'n': streams = atoi(optarg); break;
        case 't': packet_us = atoi(optarg); break;
        case 'd': seconds = atof(optarg); break;
        case 'r': rate_hz = atoi(optarg); break;
        case 'F': fifo = atoi(optarg); break;
        default: return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGUSR1, change_tone);
    signal(SIGTERM, end);

    int samples = (int)((int64_t)rate_hz * packet_us / 1000000), payload_bytes = samples * 2;
    uint32_t packets_a_second = (uint32_t)(rate_hz / samples);
    uint8_t *tones[2] = {second_of_tone(TONE_HZ[0], rate_hz), second_of_tone(TONE_HZ[1], rate_hz)};
    struct in_addr first, via;
    if (!inet_aton(group, &first) || !inet_aton(interface, &via)) return 2;

    int fd = multicast_socket(via);
    uint8_t *headers = calloc((size_t)streams, HEADER_BYTES);
    struct iovec *parts = calloc((size_t)streams, 2 * sizeof *parts);
    struct sockaddr_in *to = calloc((size_t)streams, sizeof *to);
    struct mmsghdr *messages = calloc((size_t)streams, sizeof *messages);
    if (!headers || !parts || !to || !messages) refuse("memory for the streams");
    for (int k = 0; k < streams; k++) {
        uint8_t *header = headers + HEADER_BYTES * k;
        uint32_t ssrc = htonl(0xC0000000u + (uint32_t)k);
        header[0] = 0x80; /* version 2 */
        header[1] = 96;
        memcpy(header + 8, &ssrc, 4);
        to[k] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                     .sin_addr.s_addr = htonl(ntohl(first.s_addr) + (uint32_t)k)};
        parts[2 * k] = (struct iovec){header, HEADER_BYTES};
        parts[2 * k + 1] = (struct iovec){tones[0], (size_t)payload_bytes};
        messages[k].msg_hdr = (struct msghdr){.msg_name = &to[k], .msg_namelen = sizeof to[k],
                                              .msg_iov = &parts[2 * k], .msg_iovlen = 2};
    }
    mlockall(MCL_CURRENT | MCL_FUTURE);
    if (fifo && sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = fifo})) refuse("SCHED_FIFO");
    printf("READY\n");
    fflush(stdout);

    uint64_t period_ns = (uint64_t)samples * SECOND_NS / (uint64_t)rate_hz, ticks = 0, late_ticks = 0, latest_ns = 0, refused = 0;
    uint64_t due = monotonic_ns() + 10000000, until = due + (uint64_t)(seconds * 1e9);
    uint16_t sequence = 65000; /* so that a run of any length passes the wrap */
    uint32_t timestamp = 0xFFFF0000u;
    for (; due < until && !ended; due += period_ns) {
        struct timespec wake = {(time_t)(due / SECOND_NS), (long)(due % SECOND_NS)};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR && !ended) continue;
        uint64_t late_ns = monotonic_ns() - due;
        if (late_ns > latest_ns && !ended) latest_ns = late_ns;
        uint8_t *payload = tones[tone_now] + (size_t)(ticks % packets_a_second) * (size_t)payload_bytes;
        for (int k = 0; k < streams; k++) {
            uint8_t *header = headers + HEADER_BYTES * k;
            header[2] = (uint8_t)(sequence >> 8);
            header[3] = (uint8_t)sequence;
            header[4] = (uint8_t)(timestamp >> 24);
            header[5] = (uint8_t)(timestamp >> 16);
            header[6] = (uint8_t)(timestamp >> 8);
            header[7] = (uint8_t)timestamp;
            parts[2 * k + 1].iov_base = payload;
        }
        for (int sent = 0; sent < streams;) {
            int wanted = streams - sent > BATCH ? BATCH : streams - sent;
            int now = sendmmsg(fd, messages + sent, (unsigned)wanted, 0);
            if (now < 1) { refused++; now = 1; /* step over the refused one */ }
            sent += now;
        }
        sequence++;
        timestamp += (uint32_t)samples;
        ticks++;
        late_ticks += monotonic_ns() > due + period_ns;
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"ticks\": %llu, \"late_ticks\": %llu, \"latest_us\": %.1f, \"refused\": %llu, \"cpu_s\": %.6f}\n",
           (unsigned long long)ticks, (unsigned long long)late_ticks, (double)latest_ns / 1e3, (unsigned long long)refused, cpu_s);
    return 0;
}
