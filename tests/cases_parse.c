/*
 * A case from its text, and the expansion of {a,b} alternatives.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokens ------------------------------------------------------------------------------------------------- */

/* One row is one word of the language. `read` gets what follows the head and returns 0 when it fits. */
struct token {
    const char *head;
    int (*read)(const struct token *token, struct attention_case *c, const char *rest);
    size_t first, second; /* offsets into attention_case */
    int64_t value;        /* what a bare word sets; what the second number of a pair is when absent; SAME: the first */
};

enum { SAME = -1000 };

static int64_t *field(struct attention_case *c, size_t offset)
{
    return (int64_t *)((char *)c + offset);
}

static int read_nothing(const struct token *token, struct attention_case *c, const char *rest)
{
    (void)token;
    (void)c;
    return *rest != '\0';
}

static int read_word(const struct token *token, struct attention_case *c, const char *rest)
{
    if (*rest != '\0')
        return 1;
    *field(c, token->first) = token->value;
    return 0;
}

/* For the fields of attn_mask that are int or an enum. */
static int read_int_word(const struct token *token, struct attention_case *c, const char *rest)
{
    int value = (int)token->value;

    if (*rest != '\0')
        return 1;
    memcpy((char *)c + token->first, &value, sizeof value);
    return 0;
}

static const char *number(const char *text, int64_t *out)
{
    char *end;

    if ((*text < '0' || *text > '9') && *text != '-')
        return NULL;
    *out = strtoll(text, &end, 10);
    return end == text ? NULL : end;
}

static int read_number(const struct token *token, struct attention_case *c, const char *rest)
{
    int64_t value;
    const char *end = number(rest, &value);

    if (end == NULL || *end != '\0')
        return 1;
    *field(c, token->first) = value;
    return 0;
}

static int read_pair(const struct token *token, struct attention_case *c, const char *rest)
{
    int64_t first, second;
    const char *end = number(rest, &first);

    if (end == NULL)
        return 1;
    second = token->value == SAME ? first : token->value;
    if (*end == ':')
        end = number(end + 1, &second);
    if (end == NULL || *end != '\0')
        return 1;
    *field(c, token->first) = first;
    *field(c, token->second) = second;
    return 0;
}

static int read_double(const struct token *token, struct attention_case *c, const char *rest)
{
    char *end;
    double value = strtod(rest, &end);

    if (end == rest || *end != '\0')
        return 1;
    memcpy((char *)c + token->first, &value, sizeof value);
    return 0;
}

static int read_list(const struct token *token, struct attention_case *c, const char *rest)
{
    struct case_lengths *list = (struct case_lengths *)((char *)c + token->first);

    for (list->count = 0; list->count < CASE_SEQUENCES; rest++) {
        rest = number(rest, &list->value[list->count]);
        if (rest == NULL)
            return 1;
        list->count++;
        if (*rest != '.')
            return *rest != '\0';
    }
    return 1;
}

static const char *read_dtype(const char *text, attn_dtype *out)
{
    static const attn_dtype types[] = { ATTN_F32, ATTN_F16, ATTN_BF16 };
    size_t i;

    for (i = 0; i < sizeof types / sizeof *types; i++) {
        size_t length = strlen(attn_dtype_name(types[i]));

        if (strncmp(text, attn_dtype_name(types[i]), length) == 0 && (text[length] == '\0' || text[length] == '-')) {
            *out = types[i];
            return text + length;
        }
    }
    return NULL;
}

/* f16: all of them; f16-f32: o is f32; f32-f16-bf16-f32: q, k, v, o. */
static int read_types(const struct token *token, struct attention_case *c, const char *rest)
{
    attn_dtype types[4];
    int count = 0;

    (void)token;
    while (count < 4) {
        rest = read_dtype(rest, &types[count]);
        if (rest == NULL)
            return 1;
        count++;
        if (*rest == '\0')
            break;
        rest++;
    }
    if (*rest != '\0' || count == 3)
        return 1;
    c->q = types[0];
    c->k = types[count == 4 ? 1 : 0];
    c->v = types[count == 4 ? 2 : 0];
    c->o = types[count - 1];
    return 0;
}

/* bias1hqk-f16: four places, a letter where the size is full and 1 where it is 1; type f32 unless given. */
static int read_bias(const struct token *token, struct attention_case *c, const char *rest)
{
    static const char letters[4] = { 'b', 'h', 'q', 'k' };
    int i;

    (void)token;
    c->bias = BIAS_PRESENT;
    c->bias_type = ATTN_F32;
    for (i = 0; i < 4; i++)
        if (rest[i] == letters[i])
            c->bias |= 1 << i;
        else if (rest[i] != '1')
            return 1;
    if (rest[4] == '\0')
        return 0;
    rest = rest[4] == '-' ? read_dtype(rest + 5, &c->bias_type) : NULL;
    return rest == NULL || *rest != '\0';
}

/* pat[EXPRESSION]: what is inside is the library's to read. */
static int read_pattern(const struct token *token, struct attention_case *c, const char *rest)
{
    size_t length = strlen(rest);

    (void)token;
    if (length < 2 || rest[length - 1] != ']' || length > sizeof c->pattern)
        return 1;
    memcpy(c->pattern, rest, length - 1);
    c->pattern[length - 1] = '\0';
    return 0;
}

#define AT(member) offsetof(struct attention_case, member)
static const struct token tokens[] = {
    { "b", read_number, AT(batch), 0, 0 },
    { "n", read_pair, AT(nq), AT(nk), SAME },
    { "h", read_pair, AT(hq), AT(hk), SAME },
    { "d", read_pair, AT(d), AT(dv), SAME },
    { "", read_types, 0, 0, 0 },
    { "bhsd", read_word, AT(layout), 0, LAYOUT_BHSD },
    { "bshd", read_word, AT(layout), 0, LAYOUT_BSHD },
    { "view", read_word, AT(layout), 0, LAYOUT_VIEW },
    { "kvshared", read_word, AT(kv_shared), 0, 1 },
    { "full", read_nothing, 0, 0, 0 },
    { "causal", read_int_word, AT(mask.causal), 0, 1 },
    { "window", read_pair, AT(mask.window_left), AT(mask.window_right), SAME },
    { "chunk", read_pair, AT(mask.chunk), AT(mask.chunk_back), 0 },
    { "union", read_int_word, AT(mask.combine), 0, ATTN_UNION },
    { "sink", read_number, AT(mask.sink), 0, 0 },
    { "start", read_word, AT(align_start), 0, 1 },
    { "scale", read_double, AT(scale), 0, 0 },
    { "cap", read_double, AT(softcap), 0, 0 },
    { "alibi", read_word, AT(alibi), 0, 1 },
    { "alibibatch", read_word, AT(alibi), 0, 2 },
    { "biasinf", read_word, AT(bias_inf), 0, 1 },
    { "bias", read_bias, 0, 0, 0 },
    { "sinklogit", read_word, AT(sink_logit), 0, 1 },
    { "nolse", read_word, AT(no_lse), 0, 1 },
    { "invariant", read_word, AT(invariant), 0, 1 },
    { "cuq", read_list, AT(ragged_q), 0, 0 },
    { "cuk", read_list, AT(ragged_k), 0, 0 },
    { "used", read_list, AT(used), 0, 0 },
    { "tail", read_word, AT(tail), 0, 1 },
    { "bound", read_word, AT(bound), 0, 1 },
    { "page", read_number, AT(page_size), 0, 0 },
    { "share", read_word, AT(share), 0, 1 },
    { "outlier", read_word, AT(inputs), 0, INPUTS_OUTLIER },
    { "equal", read_word, AT(inputs), 0, INPUTS_EQUAL },
    { "low", read_word, AT(inputs), 0, INPUTS_LOW },
    { "pat[", read_pattern, 0, 0, 0 },
    { "bm", read_pair, AT(block_q), AT(block_k), SAME },
    { "nolengths", read_word, AT(no_lengths), 0, 1 },
    { "bmof", read_number, AT(block_of), 0, 0 },
    { "bmheads", read_word, AT(block_heads), 0, 1 },
};

static int read_token(struct attention_case *c, const char *text)
{
    size_t i;

    for (i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        size_t length = strlen(tokens[i].head);

        if (strncmp(text, tokens[i].head, length) == 0 && tokens[i].read(&tokens[i], c, text + length) == 0)
            return 0;
    }
    return 1;
}

/* ---- the whole line ----------------------------------------------------------------------------------------- */

static void set_defaults(struct attention_case *c)
{
    const attn_mask every_key = ATTN_MASK_INIT;

    memset(c, 0, sizeof *c);
    c->batch = c->hq = c->hk = 1;
    c->nq = c->nk = 64;
    c->d = c->dv = 64;
    c->q = c->k = c->v = c->o = ATTN_F32;
    c->mask = every_key;
    c->block_q = c->block_k = 32;
    c->block_of = 3;
}

/* The batch follows from the lists of lengths, which must agree with each other. */
static const char *settle_batch(struct attention_case *c)
{
    const struct case_lengths *lists[3] = { &c->ragged_q, &c->ragged_k, &c->used };
    int i;

    for (i = 0; i < 3; i++)
        if (lists[i]->count > 0)
            c->batch = lists[i]->count;
    for (i = 0; i < 3; i++)
        if (lists[i]->count > 0 && lists[i]->count != c->batch)
            return "lists of different length";
    return NULL;
}

static const char *inconsistency(const struct attention_case *c)
{
    int64_t b;

    if (c->batch < 0 || c->nq < 0 || c->nk < 0 || c->hk < 1 || c->hq < 1 || c->hq % c->hk != 0 || c->d < 1 || c->dv < 1)
        return "sizes";
    if (c->page_size > 0 && c->ragged_k.count > 0)
        return "page and cuk";
    if (c->bias_inf && !c->bias)
        return "biasinf without bias";
    for (b = 0; b < c->used.count; b++)
        if (c->used.value[b] > (c->ragged_k.count > 0 ? c->ragged_k.value[b] : c->nk))
            return "used beyond the keys";
    return c->block_q < 1 || c->block_k < 1 || c->block_of < 1 ? "block sizes" : NULL;
}

/* NULL when the pattern can be made. */
static const char *pattern_mistake(const struct attention_case *c)
{
    struct case_pattern pattern;
    attn_status status = case_pattern_create(c, &pattern);

    case_pattern_release(&pattern);
    return status ? attn_reason() : NULL;
}

int case_parse(const char *text, struct attention_case *out, char *error, size_t capacity)
{
    char copy[CASE_NAME], *part, *next;
    const char *wrong;

    set_defaults(out);
    if (strlen(text) >= sizeof copy) {
        snprintf(error, capacity, "longer than %d characters: %s", CASE_NAME - 1, text);
        return 1;
    }
    strcpy(copy, text);
    strcpy(out->name, text);
    for (part = strchr(copy, '/'); part != NULL; part = next) {
        *part++ = '\0';
        next = strchr(part, '/');
        if (next != NULL)
            *next = '\0';
        if (*part != '\0' && read_token(out, part)) {
            snprintf(error, capacity, "unknown token '%s' in %s", part, text);
            return 1;
        }
        if (next != NULL)
            *next = '/';
    }
    wrong = settle_batch(out);
    if (wrong == NULL)
        wrong = inconsistency(out);
    if (wrong == NULL)
        wrong = pattern_mistake(out);
    if (wrong != NULL)
        snprintf(error, capacity, "%s in %s", wrong, text);
    return wrong != NULL;
}

/* ---- alternatives ------------------------------------------------------------------------------------------- */

/* The '}' that closes the '{' at `open`, or NULL. */
static const char *closing(const char *open)
{
    int depth = 0;

    for (; *open != '\0'; open++) {
        depth += (*open == '{') - (*open == '}');
        if (depth == 0)
            return open;
    }
    return NULL;
}

/* End of the alternative that starts at `from`: a ',' or the closing '}' of this level. The commas of a pattern stand
 * in parentheses, those of its alternatives in braces of their own. */
static const char *alternative_end(const char *from, const char *close)
{
    int depth = 0;

    for (; from < close; from++) {
        if (*from == ',' && depth == 0)
            return from;
        depth += (strchr("{[(", *from) != NULL) - (strchr("}])", *from) != NULL);
    }
    return close;
}

int case_expand(const char *text, int (*each)(const char *text, void *context), void *context)
{
    const char *open = strchr(text, '{'), *close, *from, *end;
    int result = 0;

    if (open == NULL)
        return each(text, context);
    close = closing(open);
    if (close == NULL)
        return -1;
    for (from = open + 1; result == 0; from = end + 1) {
        size_t capacity = strlen(text) + 1;
        char *one = malloc(capacity);

        if (one == NULL)
            return -1;
        end = alternative_end(from, close);
        snprintf(one, capacity, "%.*s%.*s%s", (int)(open - text), text, (int)(end - from), from, close + 1);
        result = case_expand(one, each, context);
        free(one);
        if (end == close)
            break;
    }
    return result;
}
