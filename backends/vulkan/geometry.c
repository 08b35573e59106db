/* How each kind of kernel divides work. Sizes of shared memory are sums of what the shaders declare.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "geometry.h"

#include "gpu/decline.h"
#include "gpu/problem.h"
#include "gpu/shared.h"
#include "integer.h"

enum { VECTOR = 16, ADDRESS = 8 }; /* bytes */
enum { WALK = 512 };               /* bound of the bytes that item.glsl and walk.glsl share */

static int round_up(int64_t value, int64_t to)
{
    return (int)(attn_ceil_divide(value, to) * to);
}

/* Its kernels read from the plan some of what others have constants for, so that there are fewer to compile. */
static int is_compact(const attn_vulkan_traits *t)
{
    return (t->features & ATTN_VULKAN_COMPACT) != 0;
}

static int32_t type_constant(const attn_vulkan_traits *t, const attn_tensor *tensor)
{
    return is_compact(t) ? 0 : (int32_t)tensor->dtype;
}

/* ---- forward.comp ------------------------------------------------------------------------------------------------- */

static int tiled_geometry(const attn_kernel *kernel, const attn_vulkan_traits *t, const attn_problem *p,
                          const attn_shape *s, attn_vulkan_geometry *g, attn_why *why)
{
    (void)why;
    const uint32_t rows = (uint32_t)kernel->tile_q, slices = 1536 * VECTOR;
    const int channels = s->dim_v <= 64 ? 64 : 128;
    const int is_long = s->dim > 256;
    *g = (attn_vulkan_geometry){
        { { type_constant(t, &p->q), type_constant(t, &p->k), type_constant(t, &p->v), channels, is_long }, 5, 0 },
        128,
        slices + 2 * TILE_KEYS * ADDRESS + rows * (8 + 8) + WALK,
        channels,
        0
    };
    return 0;
}

const attn_vulkan_variant attn_vulkan_variant_tiled = { ATTN_VULKAN_FORWARD, 0, 0, tiled_geometry };

/* ---- forward_few.comp: rows of a sequence and head of K and V must fit one query tile ------------------------------ */

enum { FEW_LARGEST_DIM = 256, FEW_MOST_SUMS = 2048, FEW_GROUP = 128, FEW_LEAST_SUBGROUP = 8 };

static int few_declines(const attn_kernel *kernel, const attn_vulkan_traits *t, const attn_problem *p,
                        const attn_shape *s, attn_why *why)
{
    if (attn_gpu_decline_invariant(why, p, kernel->tile_q) || !attn_gpu_suits_rows(why, p, s, 0, kernel->tile_q) ||
        attn_decline_dims(why, s, FEW_LARGEST_DIM))
        return 1;
    if (s->dim_v * kernel->tile_q > FEW_MOST_SUMS)
        return attn_decline(why, "v.size[3] is %lld, at most %d", (long long)s->dim_v, FEW_MOST_SUMS / kernel->tile_q);
    if (t->subgroup < FEW_LEAST_SUBGROUP || FEW_GROUP % t->subgroup)
        return attn_decline(why, "needs subgroups of %d to %d, a power of 2; those of this device have %u",
                            FEW_LEAST_SUBGROUP, FEW_GROUP, t->subgroup);
    return 0;
}

static int few_geometry(const attn_kernel *kernel, const attn_vulkan_traits *t, const attn_problem *p,
                        const attn_shape *s, attn_vulkan_geometry *g, attn_why *why)
{
    const int rows = kernel->tile_q, channels = s->dim_v <= 64 ? 64 : round_up(s->dim_v, 128);
    const int dim = round_up(s->dim, is_compact(t) ? 64 : 32);
    if (few_declines(kernel, t, p, s, why))
        return 1;
    const uint32_t quads = (uint32_t)rows / 4, subgroups = FEW_GROUP / t->subgroup;
    const int changes = !is_compact(t) && attn_gpu_changes_scores(p, s);
    *g = (attn_vulkan_geometry){ { { type_constant(t, &p->q), type_constant(t, &p->k), type_constant(t, &p->v), dim,
                                     channels, rows, (int32_t)t->subgroup, changes },
                                   8,
                                   t->features & ATTN_VULKAN_SUBGROUP_SIZE ? t->subgroup : 0 },
                                 FEW_GROUP,
                                 VECTOR * (1024 + quads * (TILE_KEYS + 3 * subgroups)) +
                                     (FEW_GROUP + (uint32_t)rows) * ADDRESS + WALK,
                                 channels,
                                 0 };
    return 0;
}

const attn_vulkan_variant attn_vulkan_variant_few = { ATTN_VULKAN_FORWARD_FEW, ATTN_VULKAN_SUBGROUPS, 1, few_geometry };

/* ---- flash_coopmat.comp -------------------------------------------------------------------------------------------- */

static int declines_types(const attn_problem *p, attn_why *why)
{
    if (attn_gpu_decline_types(why, p))
        return 1;
    return p->q.dtype == ATTN_F16 ? 0 : attn_decline(why, "q.dtype is %s, needs f16", attn_dtype_name(p->q.dtype));
}

static int halves_to_floats(const attn_vulkan_matrix *m)
{
    return m->a == VK_COMPONENT_TYPE_FLOAT16_KHR && m->b == VK_COMPONENT_TYPE_FLOAT16_KHR &&
           m->c == VK_COMPONENT_TYPE_FLOAT32_KHR && m->result == VK_COMPONENT_TYPE_FLOAT32_KHR;
}

static int has_matrix_16(const attn_vulkan_traits *t)
{
    for (int i = 0; i < t->matrices; i++) {
        const attn_vulkan_matrix *m = &t->matrix[i];
        if (m->scope == VK_SCOPE_SUBGROUP_KHR && m->m == 16 && m->n == 16 && m->k == 16 && halves_to_floats(m))
            return 1;
    }
    return 0;
}

/* MATRIX_SIDE: of a matrix. Of two bands, registers hold the sums of WIDEST_OF_TWO channels and queries of HELD_DEPTHS matrices
 * each. STEP, AT_ONCE, RUN: keys, subgroups, and a bound of bytes, of flash_coopmat.comp and runs.glsl. */
enum { MATRIX_SIDE = 16, WIDEST_OF_TWO = 128, HELD_DEPTHS = 4, LARGEST_MATRIX_DIM = 256 };
enum { STEP = TILE_KEYS / 2, AT_ONCE = 4, RUN = 528 };
enum { MATRIX_PROBED = 7 }; /* the first constant that is not known before */

/* How flash_coopmat.comp divides a problem. */
typedef struct tiling {
    int dim, dim_v, bands, kept, subgroups;
} tiling;

static tiling tiling_of(const attn_kernel *kernel, const attn_shape *s)
{
    tiling l = { .dim = round_up(s->dim, MATRIX_SIDE), .dim_v = round_up(s->dim_v, 2 * MATRIX_SIDE), .bands = 1 };
    if (l.dim <= WIDEST_OF_TWO && l.dim_v <= WIDEST_OF_TWO) {
        l.bands = 2;
        l.kept = (int)attn_most(0, l.dim / MATRIX_SIDE - HELD_DEPTHS);
    }
    l.subgroups = kernel->tile_q / (MATRIX_SIDE * l.bands);
    return l;
}

static uint32_t matrix_bytes(const tiling *l, uint32_t rows, uint32_t stage)
{
    const uint32_t k_stride = (uint32_t)l->dim / 8 + 1, v_stride = (uint32_t)l->dim_v / 8 + 1;
    const uint32_t keys = STEP * (k_stride + v_stride);
    const uint32_t own = MATRIX_SIDE * AT_ONCE * (k_stride > v_stride ? k_stride : v_stride);
    const uint32_t kept = l->kept ? rows * (2 * (uint32_t)l->kept + 1) : 1;
    return VECTOR * ((keys > own ? keys : own) + kept + stage) + 4 * TILE_KEYS * ADDRESS + rows * (8 + 8) + RUN + WALK;
}

/* `stage`: a subgroup's vectors for one matrix of results. */
static int set_matrix_geometry(const attn_kernel *kernel, const attn_vulkan_traits *t, const attn_problem *p,
                               const attn_shape *s, attn_vulkan_geometry *g, attn_why *why, uint32_t stage)
{
    if (declines_types(p, why) || attn_decline_dims(why, s, LARGEST_MATRIX_DIM))
        return 1;
    if (!has_matrix_16(t))
        return attn_decline(why, "needs cooperative matrices of 16 x 16 x 16, f16 to f32, of a subgroup");
    const tiling l = tiling_of(kernel, s);
    const uint32_t group = (uint32_t)l.subgroups * t->subgroup;
    *g = (attn_vulkan_geometry){ { { l.dim, l.dim_v, (int32_t)group, (int32_t)t->subgroup,
                                     attn_gpu_changes_scores(p, s), l.bands, l.kept },
                                   MATRIX_PROBED + 2,
                                   t->subgroup },
                                 group,
                                 matrix_bytes(&l, (uint32_t)kernel->tile_q, (uint32_t)l.subgroups * stage),
                                 l.dim_v,
                                 MATRIX_PROBED };
    return 0;
}

static int matrix_geometry(const attn_kernel *kernel, const attn_vulkan_traits *t, const attn_problem *p,
                           const attn_shape *s, attn_vulkan_geometry *g, attn_why *why)
{
    return set_matrix_geometry(kernel, t, p, s, g, why, MATRIX_SIDE * MATRIX_SIDE / 4);
}

enum {
    MATRIX_FEATURES = ATTN_VULKAN_COOPERATIVE_MATRIX | ATTN_VULKAN_STORAGE16 | ATTN_VULKAN_FLOAT16 |
                      ATTN_VULKAN_SUBGROUPS | ATTN_VULKAN_SUBGROUP_SIZE
};

const attn_vulkan_variant attn_vulkan_variant_matrix = { ATTN_VULKAN_COOPMAT, MATRIX_FEATURES, 0, matrix_geometry };

/* ---- the same with MATRIX_2 ---------------------------------------------------------------------------------------- */

static int matrix_2_geometry(const attn_kernel *kernel, const attn_vulkan_traits *t, const attn_problem *p,
                             const attn_shape *s, attn_vulkan_geometry *g, attn_why *why)
{
    if (t->version < VK_MAKE_API_VERSION(1, 3))
        return attn_decline(why, "needs Vulkan 1.3");
    return set_matrix_geometry(kernel, t, p, s, g, why, 0);
}

const attn_vulkan_variant attn_vulkan_variant_matrix_2 = { ATTN_VULKAN_COOPMAT2,
                                                           MATRIX_FEATURES | ATTN_VULKAN_COOPERATIVE_MATRIX_2, 0,
                                                           matrix_2_geometry };
