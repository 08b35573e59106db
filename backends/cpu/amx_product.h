/* Products of AMX tiles: up to 32 rows with a panel of 32 columns at a time, in tile registers 0 to 3; 4 and 5 have rows,
 * 6 and 7 columns.
 *
 * The order of a sum: block by block, in each the products with second parts in the order of `multiply`. A product of two
 * second parts is 2^-16 of the whole or less: of scores, whose errors lse shows, it is taken; of weights times V not.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* Weights of a block of keys have the room of their scores. */
enum { ROW_BLOCK = 2 * TILE_SIDE, WEIGHTS_BLOCK = BLOCK_DEPTH / TILE_SIDE * TILE_BYTES };

/* Rows 1 to 32. */
static void configure(int rows)
{
    int first = rows < TILE_SIDE ? rows : TILE_SIDE, second = rows > TILE_SIDE ? rows - TILE_SIDE : TILE_SIDE;
    attn_amx_config config = attn_amx_whole();
    config.rows[0] = config.rows[1] = config.rows[4] = (uint8_t)first;
    config.rows[2] = config.rows[3] = config.rows[5] = (uint8_t)second;
    __asm__ volatile("" ::"r"(&config) : "memory"); /* all of it is read, whatever the compiler is told */
    _tile_loadconfig(&config);
}

/* Outside of the functions of this file, tiles are configured for whole blocks, and what is not normal becomes 0 in vectors
 * as it does in tiles. */
static unsigned enter(void)
{
    unsigned before = _mm_getcsr();
    configure(ROW_BLOCK);
    _mm_setcsr(before | _MM_FLUSH_ZERO_ON);
    return before;
}

static void leave(unsigned before)
{
    _mm_setcsr(before);
    _tile_release();
}

/* a: rows; b: a panel; c: sums, 16 x 16 at `stride`. Bytes from one to the next 16 rows are `down`, 16 columns `right`. */
typedef struct factors {
    const char *a, *b;
    int64_t a_block, a_down, blocks;
    char *c, *kept; /* kept: sums of the panel before, which are in their tiles yet; NULL: none */
    int64_t stride, right, down;
    const attn_operands *operands;
    attn_softmax_job *meanwhile;
    int pace, credit; /* rows of the job for each pair of products, times PACE */
} factors;

enum { PACE = 256 };

/* The products run on a unit of their own. `usual`: where most steps are such, these go without a call. */
INLINE void work_meanwhile(const int usual, factors *f)
{
    f->credit += f->pace;
    for (; f->credit >= PACE; f->credit -= PACE)
        if (f->meanwhile->done < f->meanwhile->rows) {
            if (usual && is_usual(f->operands, f->meanwhile))
                usual_step(f->meanwhile);
            else
                step_of_job(f->operands, f->meanwhile);
        }
}

/* In these, `two`: more than TILE_SIDE rows. Tile instructions are opaque to the compiler, some without saying that they read
 * and write memory: hence the fences. */
#define FENCE() __asm__ volatile("" ::: "memory")

/* What the compiler knows of a product: `two`; `begins`: the panel's first one, which `adds` to what c has; `usual`: see
 * work_meanwhile. */
typedef struct variant {
    int two, begins, adds, usual;
} variant;

/* sum += row column, of tiles; the sum is c + offset. Before its first product, what its tile has of the panel before is stored:
 * one by one, among the products of other tiles, stores cost nothing, while in a row they hold up what follows. */
#define MULTIPLY_TILE(sum, row, column, t, f, offset)                                                                  \
    do {                                                                                                               \
        if ((t).begins && (f)->kept)                                                                                   \
            _tile_stored(sum, (f)->kept + (offset), (f)->stride);                                                      \
        if ((t).begins && (t).adds)                                                                                    \
            _tile_loadd(sum, (f)->c + (offset), (f)->stride);                                                          \
        else if ((t).begins)                                                                                           \
            _tile_zero(sum);                                                                                           \
        _tile_dpbf16ps(sum, row, column);                                                                              \
    } while (0)

static void store_sums(const int two, const factors *f)
{
    _tile_stored(0, f->kept, f->stride);
    _tile_stored(1, f->kept + f->right, f->stride);
    if (two) {
        _tile_stored(2, f->kept + f->down, f->stride);
        _tile_stored(3, f->kept + f->down + f->right, f->stride);
    }
    FENCE();
}

INLINE void load_rows(const int two, const char *a, int64_t down)
{
    _tile_loadd(4, a, ROW_PART);
    if (two)
        _tile_loadd(5, a + down, ROW_PART);
}

/* A band passes each panel once: stream loads leave the nearest cache to what its rows have. */
INLINE void load_left(const char *b)
{
    _tile_stream_loadd(6, b, ROW_PART);
}

/* `right`: columns 16 .. 31; NULL: those of the last time. Tiles are used up in the order in which the next ones are
 * loaded. The job goes on after every pair of products: two rows of it at once would hold up the products behind them. */
INLINE void multiply_tiles(const variant t, const char *right, factors *f)
{
    MULTIPLY_TILE(0, 4, 6, t, f, 0);
    if (t.two)
        MULTIPLY_TILE(2, 5, 6, t, f, f->down);
    if (right)
        _tile_stream_loadd(7, right, ROW_PART);
    work_meanwhile(t.usual, f);
    MULTIPLY_TILE(1, 4, 7, t, f, f->right);
    if (t.two)
        MULTIPLY_TILE(3, 5, 7, t, f, f->down + f->right);
    work_meanwhile(t.usual, f);
}

/* `all`: products of two second parts too. */
INLINE void multiply_block(const variant first, const int a_parts, const int b_parts, const int all, const char *a,
                           const char *b, factors *f)
{
    const variant next = { first.two, 0, 0, first.usual };
    const int half = b_parts * TILE_BYTES;
    load_left(b);
    load_rows(first.two, a + (a_parts - 1) * TILE_BYTES, f->a_down);
    multiply_tiles(first, b + half, f);
    if (a_parts == 2) {
        load_rows(first.two, a, f->a_down);
        multiply_tiles(next, NULL, f);
    }
    if (b_parts == 2) {
        load_left(b + TILE_BYTES);
        multiply_tiles(next, b + TILE_BYTES + half, f);
    }
    if (a_parts == 2 && b_parts == 2 && all) {
        load_rows(first.two, a + TILE_BYTES, f->a_down);
        multiply_tiles(next, NULL, f);
    }
}

/* A panel; its sums are kept in their tiles. */
INLINE void multiply(const int two, const int adds, const int a_parts, const int b_parts, const int all, factors *f)
{
    const int usual = two && a_parts == 1 && b_parts == 1;
    const variant first = { two, 1, adds, usual }, next = { two, 0, adds, usual };
    const char *a = f->a, *b = f->b;
    FENCE();
    multiply_block(first, a_parts, b_parts, all, a, b, f);
    for (int64_t block = 1; block < f->blocks; block++) {
        a += f->a_block;
        b += 2 * b_parts * TILE_BYTES;
        multiply_block(next, a_parts, b_parts, all, a, b, f);
    }
    FENCE();
    f->kept = f->c;
}

typedef void multiply_function(factors *f);
#define MULTIPLY(name, adds, a_parts, b_parts, all)                                                                    \
    static void name##_16(factors *f)                                                                                  \
    {                                                                                                                  \
        multiply(0, adds, a_parts, b_parts, all, f);                                                                   \
    }                                                                                                                  \
    static void name##_32(factors *f)                                                                                  \
    {                                                                                                                  \
        multiply(1, adds, a_parts, b_parts, all, f);                                                                   \
    }
/* The parts of both sides; `three`: two each, without the product of the second ones. */
MULTIPLY(multiply_11, 0, 1, 1, 1)
MULTIPLY(multiply_12, 0, 1, 2, 1)
MULTIPLY(multiply_21, 0, 2, 1, 1)
MULTIPLY(multiply_22, 0, 2, 2, 1)
MULTIPLY(multiply_three, 0, 2, 2, 0)
MULTIPLY(add_11, 1, 1, 1, 0)
MULTIPLY(add_three, 1, 2, 2, 0)

/* [parts of a - 1][parts of b - 1][rows > TILE_SIDE] */
static multiply_function *const scoring[2][2][2] = {
    { { multiply_11_16, multiply_11_32 }, { multiply_12_16, multiply_12_32 } },
    { { multiply_21_16, multiply_21_32 }, { multiply_22_16, multiply_22_32 } },
};
/* [there are sums to add to][parts - 1][rows > TILE_SIDE] */
static multiply_function *const adding[2][2][2] = {
    { { multiply_11_16, multiply_11_32 }, { multiply_three_16, multiply_three_32 } },
    { { add_11_16, add_11_32 }, { add_three_16, add_three_32 } },
};

/* Up to ROW_BLOCK rows, by products[1] if they are more than TILE_SIDE, with `panels` panels, `step` bytes each. */
static void multiply_rows(multiply_function *const products[2], int rows, int64_t panels, int64_t step, factors *f)
{
    if (rows < ROW_BLOCK)
        configure(rows);
    for (int64_t panel = 0; panel < panels; panel++, f->b += step, f->c += 2 * f->right)
        products[rows > TILE_SIDE](f);
    if (f->kept)
        store_sums(rows > TILE_SIDE, f);
    if (rows < ROW_BLOCK)
        configure(ROW_BLOCK);
}

/* The products of a block of rows with a key tile share out the steps of as many rows. */
static int pace_of(const attn_operands *o)
{
    int64_t of_scores = parts_of(o->q) * parts_of(o->k) * ((o->dim + BLOCK_DEPTH - 1) / BLOCK_DEPTH);
    int64_t of_values = (2 * parts_of(o->v) - 1) * ((o->dim_v + PANEL - 1) / PANEL);
    return (int)(ROW_BLOCK * PACE / (2 * (of_scores + of_values) * (ATTN_TILE_K / PANEL)) + 1);
}

static void score(const attn_operands *operands, int rows, attn_range keys, const float *query, const float *packed,
                  float *scores, attn_softmax_job *meanwhile)
{
    int64_t blocks = (operands->dim + BLOCK_DEPTH - 1) / BLOCK_DEPTH, step = blocks * block_bytes(operands->k);
    factors f = {
        .a = (const char *)query,
        .b = (const char *)packed + keys.begin / PANEL * step,
        .a_block = parts_of(operands->q) * TILE_BYTES,
        .a_down = TILE_SIDE * operands->query_stride * 4,
        .blocks = blocks,
        .c = (char *)scores_at(scores, 0, keys.begin),
        .stride = ROW_PART,
        .right = TILE_BYTES,
        .down = TILE_SIDE * ATTN_TILE_K * 4,
        .operands = operands,
        .meanwhile = meanwhile,
        .pace = pace_of(operands),
    };
    multiply_rows(scoring[parts_of(operands->q) - 1][parts_of(operands->k) - 1], rows, (keys.end - keys.begin) / PANEL,
                  step, &f);
}

/* acc *= scale, where that is not 1: seldom, since a maximum soon stays. */
static void rescale(int rows, float *acc, int64_t stride, const float *scale)
{
    for (int r = 0; r < rows; r++, acc += stride)
        for (int64_t i = 0; scale[r] != 1 && i < stride; i += LANES)
            vf_store(acc + i, vf_mul(vf_set1(scale[r]), vf_load(acc + i)));
}

static void add_values(const attn_operands *operands, int rows, attn_range keys, const float *weights,
                       const float *packed, float *acc, int64_t stride, const float *scale, attn_softmax_job *meanwhile)
{
    const int parts = parts_of(operands->v);
    int64_t block = block_bytes(operands->v);
    factors f = {
        .a = (const char *)weights + keys.begin / BLOCK_DEPTH * WEIGHTS_BLOCK,
        .b = (const char *)packed + keys.begin / BLOCK_DEPTH * block,
        .a_block = WEIGHTS_BLOCK,
        .a_down = TILE_SIDE * ATTN_TILE_K * 4,
        .blocks = (keys.end - keys.begin) / BLOCK_DEPTH,
        .c = (char *)acc,
        .stride = stride * 4,
        .right = ROW_PART,
        .down = TILE_SIDE * stride * 4,
        .operands = operands,
        .meanwhile = meanwhile,
        .pace = pace_of(operands),
    };
    if (scale)
        rescale(rows, acc, stride, scale);
    multiply_rows(adding[scale != NULL][parts - 1], rows, stride / PANEL, ATTN_TILE_K / BLOCK_DEPTH * block, &f);
}
