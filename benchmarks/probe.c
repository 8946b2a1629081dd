/* The probe: an independent receiver that writes down every packet it is given, and judges nothing.
 *
 * It shares no code with the broadcaster. Every stream has a socket of its own, bound to its group; arrival
 * is the kernel's receive time (SO_TIMESTAMPNS), so that it doesn't matter when the probe itself is woken.
 * Drops in the sockets (SO_RXQ_OVFL) are the probe's own and are told apart from packets lost on the way.
 *
 *   probe -g GROUP -p PORT -i INTERFACE_ADDRESS -n STREAMS -k STRIDE -o RECORD_FILE -d SECONDS -m MAX_PACKETS
 *         [-r RATE_HZ] [-A HZ -B HZ] [-q]
 *
 * Listens to the groups GROUP, GROUP + STRIDE, ... For L16 mono it measures in each packet the amplitude of
 * the two tones A and B; -q leaves that out. Prints READY when all groups are joined, ALL when every stream
 * has been heard, A or B whenever that tone has become the stronger one in the last of the streams, and one
 * JSON object at the end, which comes after SECONDS, at SIGTERM, or with the death of the parent. The record
 * file then holds one `struct arrival` a packet, in the machine's byte order.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_MULTICAST_ALL
#define IP_MULTICAST_ALL 49
#endif
enum { NO_TONE = 2, FAINT = 400 };
enum { BATCH = 64, PACKET_BYTES = 2048, CONTROL_BYTES = 128, MAX_SAMPLES = 1024, EVENTS = 256 };
static const uint64_t SECOND_NS = 1000000000ull;
static const int64_t DRAIN_NS = 5000000000ll;

struct arrival {
    int64_t at_ns;      /* kernel receive time, moved to CLOCK_MONOTONIC */
    uint32_t timestamp; /* RTP header, RFC 3550 section 5.1 */
    uint32_t ssrc;
    uint32_t content; /* FNV-1a of the payload: equal audio has an equal mark */
    uint16_t stream;
    uint16_t sequence;
    uint16_t tone_a; /* amplitude, 0..32767 */
    uint16_t tone_b;
    uint16_t payload_bytes;
    uint8_t marker_and_type; /* second byte of the header */
    uint8_t is_rtp;
};
_Static_assert(sizeof(struct arrival) == 32, "the reader expects 32 bytes a packet");

static volatile sig_atomic_t ended;
static void end(int signal_number) { (void)signal_number; ended = 1; }

static void refuse(const char *what) {
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t read_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * (int64_t)SECOND_NS + t.tv_nsec;
}

/* Wall minus monotonic, from the narrowest of a few bracketed readings. */
static int64_t wall_offset_ns(void) {
    int64_t best = INT64_MAX, offset = 0;
    for (int i = 0; i < 20; i++) {
        int64_t before = read_ns(CLOCK_MONOTONIC), wall = read_ns(CLOCK_REALTIME), after = read_ns(CLOCK_MONOTONIC);
        if (after - before < best) { best = after - before; offset = wall - (before + after) / 2; }
    }
    return offset;
}

static int listen_to(uint32_t group, int port, struct in_addr via) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), one = 1, zero = 0, room = 4 << 20;
    if (fd < 0) refuse("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_IP, IP_MULTICAST_ALL, &zero, sizeof zero);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room)) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one)) refuse("SO_TIMESTAMPNS");
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(group)};
    if (bind(fd, (struct sockaddr *)&at, sizeof at)) refuse("bind to the group");
    struct ip_mreq join = {.imr_multiaddr = at.sin_addr, .imr_interface = via};
    if (setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &join, sizeof join)) refuse("join the group");
    return fd;
}

static float waves[2][2][MAX_SAMPLES]; /* tone, sine and cosine, sample */

static void prepare_waves(double a_hz, double b_hz, int rate_hz) {
    double hz[2] = {a_hz, b_hz};
    for (int tone = 0; tone < 2; tone++)
        for (int i = 0; i < MAX_SAMPLES; i++) {
            waves[tone][0][i] = (float)sin(2 * M_PI * hz[tone] * i / rate_hz);
            waves[tone][1][i] = (float)cos(2 * M_PI * hz[tone] * i / rate_hz);
        }
}

static uint16_t amplitude(int tone, const float *samples, int n) {
    float s = 0, c = 0;
    for (int i = 0; i < n; i++) {
        s += samples[i] * waves[tone][0][i];
        c += samples[i] * waves[tone][1][i];
    }
    float a = n ? 2 * sqrtf(s * s + c * c) / (float)n : 0;
    return a > 32767 ? 32767 : (uint16_t)a;
}

static void say(const char *line) {
    printf("%s\n", line);
    fflush(stdout);
}

static uint32_t mark_of(const uint8_t *bytes, int n) {
    uint32_t mark = 2166136261u;
    for (int i = 0; i < n; i++) mark = (mark ^ bytes[i]) * 16777619u;
    return mark;
}

static struct arrival examine(const uint8_t *packet, int bytes, int with_tones) {
    struct arrival a = {0};
    int header_bytes = 12 + 4 * (packet[0] & 15);
    if (bytes < 12 || packet[0] >> 6 != 2 || bytes < header_bytes) return a;
    a.is_rtp = 1;
    a.marker_and_type = packet[1];
    a.sequence = (uint16_t)(packet[2] << 8 | packet[3]);
    a.timestamp = (uint32_t)packet[4] << 24 | (uint32_t)packet[5] << 16 | (uint32_t)packet[6] << 8 | packet[7];
    a.ssrc = (uint32_t)packet[8] << 24 | (uint32_t)packet[9] << 16 | (uint32_t)packet[10] << 8 | packet[11];
    const uint8_t *payload = packet + header_bytes;
    int n = bytes - header_bytes;
    a.payload_bytes = (uint16_t)n;
    a.content = mark_of(payload, n);
    if (with_tones) {
        float samples[MAX_SAMPLES];
        int count = n / 2 > MAX_SAMPLES ? MAX_SAMPLES : n / 2;
        for (int i = 0; i < count; i++) samples[i] = (float)(int16_t)(payload[2 * i] << 8 | payload[2 * i + 1]);
        a.tone_a = amplitude(0, samples, count);
        a.tone_b = amplitude(1, samples, count);
    }
    return a;
}

int main(int argc, char **argv) {
    const char *group = "239.192.0.1", *interface = "127.0.0.1", *record = NULL;
    int streams = 14, stride = 1, port = 5004, rate_hz = 48000, with_tones = 1, option;
    double seconds = 10, a_hz = 400, b_hz = 2000;
    size_t room = 1000000;
    while ((option = getopt(argc, argv, "g:p:i:n:k:o:d:m:r:A:B:q")) != -1) switch (option) {
        case 'g': group = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 'i': interface = optarg; break;
        case 'n': streams = atoi(optarg); break;
        case 'k': stride = atoi(optarg); break;
        case 'o': record = optarg; break;
        case 'd': seconds = atof(optarg); break;
        case 'm': room = strtoull(optarg, NULL, 10); break;
        case 'r': rate_hz = atoi(optarg); break;
        case 'A': a_hz = atof(optarg); break;
        case 'B': b_hz = atof(optarg); break;
        case 'q': with_tones = 0; break;
        default: return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGTERM, end);
    prepare_waves(a_hz, b_hz, rate_hz);
    struct in_addr first, via;
    if (!record || !inet_aton(group, &first) || !inet_aton(interface, &via)) return 2;

    int poller = epoll_create1(0), *fds = calloc((size_t)streams, sizeof *fds);
    uint32_t *dropped = calloc((size_t)streams, sizeof *dropped);
    uint8_t *heard = calloc((size_t)streams, 1), *stronger = malloc((size_t)streams);
    /* Reserved, not filled: pages come as packets do. */
    struct arrival *arrivals = mmap(NULL, room * sizeof *arrivals, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!fds || !dropped || !heard || !stronger || arrivals == MAP_FAILED) refuse("memory for the record");
    memset(stronger, NO_TONE, (size_t)streams);
    for (int k = 0; k < streams; k++) {
        fds[k] = listen_to(ntohl(first.s_addr) + (uint32_t)(k * stride), port, via);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)k};
        epoll_ctl(poller, EPOLL_CTL_ADD, fds[k], &event);
    }

    static uint8_t packets[BATCH][PACKET_BYTES], controls[BATCH][CONTROL_BYTES];
    static struct mmsghdr messages[BATCH];
    static struct iovec parts[BATCH];
    size_t count = 0, unrecorded = 0;
    int heard_streams = 0, streams_with[3] = {0, 0, streams};
    int64_t offset_ns = wall_offset_ns(), until = read_ns(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e9);
    say("READY");
    for (int64_t drained_by = 0;;) {
        if (!drained_by && (ended || read_ns(CLOCK_MONOTONIC) > until)) drained_by = read_ns(CLOCK_MONOTONIC) + DRAIN_NS;
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(poller, events, EVENTS, drained_by ? 0 : 100);
        /* Told to end: first what already lies in the sockets, for there it has its stamp. */
        if (drained_by && (ready < 1 || read_ns(CLOCK_MONOTONIC) > drained_by)) break;
        for (int e = 0; e < ready; e++) {
            uint32_t stream = events[e].data.u32;
            for (int i = 0; i < BATCH; i++) {
                parts[i] = (struct iovec){packets[i], PACKET_BYTES};
                messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = CONTROL_BYTES};
            }
            int got = recvmmsg(fds[stream], messages, BATCH, 0, NULL);
            for (int i = 0; i < got; i++) {
                struct arrival a = examine(packets[i], (int)messages[i].msg_len, with_tones);
                a.stream = (uint16_t)stream;
                struct msghdr *message = &messages[i].msg_hdr;
                for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                    if (c->cmsg_level != SOL_SOCKET) continue;
                    if (c->cmsg_type == SO_TIMESTAMPNS) {
                        struct timespec stamp;
                        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
                        a.at_ns = (int64_t)stamp.tv_sec * (int64_t)SECOND_NS + stamp.tv_nsec - offset_ns;
                    } else if (c->cmsg_type == SO_RXQ_OVFL) {
                        memcpy(&dropped[stream], CMSG_DATA(c), sizeof dropped[stream]);
                    }
                }
                if (count < room) arrivals[count++] = a; else unrecorded++;
                if (!heard[stream]) {
                    heard[stream] = 1;
                    if (++heard_streams == streams) say("ALL");
                }
                int tone = a.tone_b > a.tone_a;
                if (a.tone_a + a.tone_b > FAINT && tone != stronger[stream]) {
                    streams_with[stronger[stream]]--;
                    stronger[stream] = (uint8_t)tone;
                    if (++streams_with[tone] == streams) say(tone ? "B" : "A");
                }
            }
        }
    }
    int64_t wall_moved_ns = wall_offset_ns() - offset_ns;
    FILE *file = fopen(record, "wb");
    if (!file || fwrite(arrivals, sizeof *arrivals, count, file) != count || fclose(file)) refuse("write the record");
    uint64_t own_drops = 0;
    for (int k = 0; k < streams; k++) own_drops += dropped[k];
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"packets\": %zu, \"unrecorded\": %zu, \"own_drops\": %llu, \"heard_streams\": %d, \"wall_moved_ns\": %lld, \"cpu_s\": %.6f}\n",
           count, unrecorded, (unsigned long long)own_drops, heard_streams, (long long)wall_moved_ns, cpu_s);
    return 0;
}
