/* Part of scan.c: the report as one JSON object. It names needles; it never holds a byte of one. */

static void json_text(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fprintf(f, "\\%c", *text);
        else if ((unsigned char)*text < 32 || (unsigned char)*text > 126)
            fputc('?', f);
        else
            fputc(*text, f);
    fputc('"', f);
}

static void print_report(FILE *f, const struct report *r, int arena_ok)
{
    unsigned long bad = r->windows_outside + (arena_ok ? 0 : r->windows_in_arena);
    fprintf(f, "{\"at\": \"%s\", \"finished\": %s, \"attempts\": %d, \"clean\": %s, \"windows\": {\"outside\": %lu, \"arena\": %lu, \"program\": %lu},\n",
        r->where, r->finished ? "true" : "false", r->attempts, r->finished && !bad && !mistake_count ? "true" : "false",
        r->windows_outside, r->windows_in_arena, r->windows_in_program);
    fprintf(f, " \"searched\": {\"needles\": %d, \"encoded_windows\": %zu, \"mappings\": %lu, \"unreadable\": %lu, \"bytes\": %lu, \"ms\": %ld},\n",
        needle_count, slot_used, r->mappings, r->unreadable, r->bytes, spent_ms);
    fprintf(f, " \"threads\": %d, \"children\": {\"living\": %d, \"zombies\": %d},\n \"mistakes\": [", r->threads, r->living, r->zombies);
    for (int i = 0; i < mistake_count; i++) {
        fputs(i ? ", " : "", f);
        json_text(f, mistakes[i]);
    }
    fputs("],\n \"arenas\": [", f);
    for (int i = 0; i < r->arena_count; i++) {
        const struct arena *a = &r->arenas[i];
        fprintf(f, "%s{\"kind\": \"%s\", \"readable\": %s, \"locked\": %s, \"dontdump\": %s, \"size\": %lu, \"flags\": ",
            i ? ", " : "", a->kind, a->readable ? "true" : "\"unreadable\"", a->lo ? "true" : "false", a->dd ? "true" : "false", a->size);
        json_text(f, a->flags);
        fputc('}', f);
    }
    fputs("],\n \"own_fds\": [", f);
    for (int i = 0; i < r->fd_count; i++) {
        fprintf(f, "%s{\"fd\": %d, \"cloexec\": %s, \"target\": ", i ? ", " : "", r->fds[i].fd, r->fds[i].cloexec ? "true" : "false");
        json_text(f, r->fds[i].target);
        fputc('}', f);
    }
    fputs("],\n \"hits\": [", f);
    for (int i = 0; i < r->hit_count; i++) {
        const struct hit *h = &r->hits[i];
        fprintf(f, "%s\n  {\"kind\": \"%s\", \"mapping\": ", i ? "," : "", h->kind);
        json_text(f, h->mapping);
        fputs(", \"needle\": ", f);
        json_text(f, needles[h->needle].name);
        fprintf(f, ", \"encoding\": \"%s\", \"arena\": %s, \"address\": \"0x%lx\", \"count\": %lu}", encodings[h->encoding],
            h->arena ? "true" : "false", h->address, h->count);
    }
    fprintf(f, "],\n \"hits_dropped\": %d}\n", r->hits_dropped);
}
