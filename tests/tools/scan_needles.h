/* Part of scan.c: the needles, and a table of every 8-byte window of each of their encodings.
 *
 * A window that two needles share belongs to the first; a window of one byte repeated is left out,
 * as it is common in any memory. Needles shorter than 8 bytes have no window and are refused. */

enum { WINDOW = 8, NEEDLES = 4096 };

static struct needle {
    char name[64];
    uint8_t *bytes;
    size_t length;
} needles[NEEDLES];
static int needle_count;

static const char *const encodings[] = {"raw", "base64", "base64url", "hex", "HEX", "percent", "Percent",
    "json", "json-ascii", "utf-16"};
enum { RAW, BASE64, BASE64URL, HEX_LOW, HEX_UP, PERCENT_UP, PERCENT_LOW, JSON, JSON_ASCII, UTF16 };

struct slot {
    uint64_t key;
    uint16_t needle; /* one more than its index: 0 is an empty slot */
    uint8_t encoding;
};
static struct slot *slots;
static size_t slot_mask, slot_used;
static uint8_t *sieve; /* a bit a hash: most of memory is passed over with one look into this */
enum { SIEVE_BITS = 24 };

static inline uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15u;
    return x ^ x >> 29;
}

static inline uint64_t window_at(const uint8_t *p)
{
    uint64_t w;
    memcpy(&w, p, WINDOW);
    return w;
}

static const struct slot *lookup(uint64_t w)
{
    uint64_t h = mix(w);
    if (!(sieve[h >> (64 - SIEVE_BITS) >> 3] >> (h >> (64 - SIEVE_BITS) & 7) & 1))
        return NULL;
    for (size_t i = h & slot_mask; slots[i].needle; i = (i + 1) & slot_mask)
        if (slots[i].key == w)
            return &slots[i];
    return NULL;
}

static void add_windows(const uint8_t *text, size_t length, int needle, int encoding)
{
    for (size_t at = 0; at + WINDOW <= length; at++) {
        uint64_t w = window_at(text + at);
        if (w == (w & 0xff) * 0x0101010101010101u || lookup(w))
            continue;
        uint64_t h = mix(w);
        size_t i = h & slot_mask;
        while (slots[i].needle)
            i = (i + 1) & slot_mask;
        slots[i] = (struct slot){w, needle + 1, encoding};
        sieve[h >> (64 - SIEVE_BITS) >> 3] |= 1 << (h >> (64 - SIEVE_BITS) & 7);
        if (++slot_used * 2 > slot_mask)
            die("the table of windows is full");
    }
}

static void add_base64(const struct needle *n, int needle, const char *tail, int encoding, uint8_t *out)
{
    char digits[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    strcat(digits, tail);
    for (size_t shift = 0; shift < 3; shift++) {
        /* Only the characters that the needle alone decides: neither those shared with what stands before
         * it, nor a last one that holds bits of what follows. */
        size_t bits = 8 * (shift + n->length), first = (8 * shift + 5) / 6, length = 0;
        for (size_t c = first; 6 * (c + 1) <= bits; c++) {
            unsigned v = 0;
            for (size_t b = 6 * c; b < 6 * c + 6; b++)
                v = v << 1 | (n->bytes[b / 8 - shift] >> (7 - b % 8) & 1);
            out[length++] = digits[v];
        }
        add_windows(out, length, needle, encoding);
    }
}

static size_t percent(const struct needle *n, const char *format, uint8_t *out)
{
    size_t length = 0;
    for (size_t i = 0; i < n->length; i++) {
        uint8_t c = n->bytes[i];
        if (((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c)))
            out[length++] = c;
        else
            length += sprintf((char *)out + length, format, c);
    }
    return length;
}

/* As serde_json and Python write it; `ascii` also spells out every character past ASCII. */
static size_t json(const struct needle *n, int ascii, uint8_t *out)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    size_t length = 0;
    for (size_t i = 0; i < n->length; i++) {
        uint8_t c = n->bytes[i];
        const char *at = c ? strchr(from, c) : NULL;
        if (at) {
            out[length++] = '\\';
            out[length++] = to[at - from];
        } else if (c < 32) {
            length += sprintf((char *)out + length, "\\u%04x", c);
        } else if (ascii && c >= 0xc2) {
            int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
            uint32_t v = c & (0x3f >> more);
            while (more-- && i + 1 < n->length && (n->bytes[i + 1] & 0xc0) == 0x80)
                v = v << 6 | (n->bytes[++i] & 0x3f);
            if (v > 0xffff)
                length += sprintf((char *)out + length, "\\u%04x\\u%04x", 0xd800 + ((v - 0x10000) >> 10), 0xdc00 + (v & 0x3ff));
            else
                length += sprintf((char *)out + length, "\\u%04x", v);
        } else {
            out[length++] = c;
        }
    }
    return length;
}

static void build_table(int utf16)
{
    size_t total = 0, longest = 0, size = 1 << 16;
    for (int i = 0; i < needle_count; i++) {
        total += needles[i].length;
        longest = needles[i].length > longest ? needles[i].length : longest;
    }
    while (size < 64 * total) /* about 28 windows a byte with every encoding; half full at most */
        size *= 2;
    slots = calloc(size, sizeof *slots);
    sieve = calloc(1 << (SIEVE_BITS - 3), 1);
    uint8_t *out = malloc(6 * longest + 64);
    if (!slots || !sieve || !out)
        die("no memory for the table of windows");
    slot_mask = size - 1;
    slot_used = 0;
    for (int i = 0; i < needle_count; i++) /* raw first: text that needs no escaping counts as raw */
        add_windows(needles[i].bytes, needles[i].length, i, RAW);
    for (int i = 0; i < needle_count; i++) {
        struct needle *n = &needles[i];
        add_base64(n, i, "+/", BASE64, out);
        add_base64(n, i, "-_", BASE64URL, out);
        for (int upper = 0; upper < 2; upper++) {
            for (size_t b = 0; b < n->length; b++)
                sprintf((char *)out + 2 * b, upper ? "%02X" : "%02x", n->bytes[b]);
            add_windows(out, 2 * n->length, i, upper ? HEX_UP : HEX_LOW);
        }
        add_windows(out, percent(n, "%%%02X", out), i, PERCENT_UP);
        add_windows(out, percent(n, "%%%02x", out), i, PERCENT_LOW);
        add_windows(out, json(n, 0, out), i, JSON);
        add_windows(out, json(n, 1, out), i, JSON_ASCII);
        if (utf16) {
            for (size_t b = 0; b < n->length; b++)
                out[2 * b] = n->bytes[b], out[2 * b + 1] = 0;
            add_windows(out, 2 * n->length, i, UTF16);
        }
    }
    free(out);
}

/* Lines `NAME HEX`. */
static void read_needles(const char *path)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    if (!f)
        die("cannot read the file of needles");
    while (getline(&line, &room, f) > 0) {
        char *hex = strchr(line, ' ');
        if (!hex || needle_count == NEEDLES)
            die("a line of the needles is not `NAME HEX`");
        *hex++ = 0;
        struct needle *n = &needles[needle_count++];
        snprintf(n->name, sizeof n->name, "%s", line);
        n->length = strspn(hex, "0123456789abcdefABCDEF") / 2;
        if (n->length < WINDOW)
            die("a needle is shorter than 8 bytes");
        n->bytes = malloc(n->length);
        for (size_t i = 0; i < n->length; i++)
            sscanf(hex + 2 * i, "%2hhx", &n->bytes[i]);
    }
    free(line);
    fclose(f);
    if (!needle_count)
        die("no needles");
}

/* What the run made up: all bytes of a file are one more needle. */
static void read_made(const char *path)
{
    static uint8_t bytes[1 << 20];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    if (length < WINDOW || needle_count == NEEDLES)
        die(path);
    close(fd);
    needles[needle_count++] = (struct needle){"made", bytes, length};
}
