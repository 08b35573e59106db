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

/* VkComponentTypeKHR, VkScopeKHR. */
enum { FLOAT16 = 0, FLOAT32 = 1, WORK_GROUP = 2, SUBGROUP = 3 };

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

const attn_vulkan_variant attn_vulkan_variant_tiled = { ATTN_VULKAN_FORWARD, 0, tiled_geometry };

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

const attn_vulkan_variant attn_vulkan_variant_few = { ATTN_VULKAN_FORWARD_FEW, ATTN_VULKAN_SUBGROUPS, few_geometry };

/* ---- flash_coopmat.comp -------------------------------------------------------------------------------------------- */

static int declines_types(const attn_problem *p, attn_why *why)
{
    if (attn_gpu_decline_types(why, p))
        return 1;
    return p->q.dtype == ATTN_F16 ? 0 : attn_decline(why, "q.dtype is %s, needs f16", attn_dtype_name(p->q.dtype));
}

static int halves_to_floats(const attn_vulkan_matrix *m)
{
    return m->a == FLOAT16 && m->b == FLOAT16 && m->c == FLOAT32 && m->result == FLOAT32;
}

static int has_matrix_16(const attn_vulkan_traits *t)
{
    for (int i = 0; i < t->matrices; i++) {
        const attn_vulkan_matrix *m = &t->matrix[i];
        if (!m->invocations && m->scope == SUBGROUP && m->m == 16 && m->n == 16 && m->k == 16 && halves_to_floats(m))
            return 1;
    }
    return 0;
}

enum { MATRIX_PROBED = 5 }; /* its first constant that is not known before */

/* A subgroup has 16 rows. */
static int matrix_geometry(const attn_kernel *kernel, const attn_vulkan_traits *t, const attn_problem *p,
                           const attn_shape *s, attn_vulkan_geometry *g, attn_why *why)
{
    const uint32_t rows = (uint32_t)kernel->tile_q, subgroups = rows / 16;
    const int dim = round_up(s->dim, 16), dim_v = round_up(s->dim_v, 32);
    const uint32_t k_stride = (uint32_t)dim / 8 + 1, v_stride = (uint32_t)dim_v / 8 + 1;
    const uint32_t tiles = TILE_KEYS * (k_stride + v_stride), own = rows * (k_stride > v_stride ? k_stride : v_stride);
    if (declines_types(p, why))
        return 1;
    if (!has_matrix_16(t))
        return attn_decline(why, "needs cooperative matrices of 16 x 16 x 16, f16 to f32, of a subgroup");
    *g = (attn_vulkan_geometry){
        { { dim, dim_v, (int32_t)(subgroups * t->subgroup), (int32_t)t->subgroup, attn_gpu_changes_scores(p, s) },
          MATRIX_PROBED + 2,
          t->subgroup },
        subgroups * t->subgroup,
        VECTOR * ((tiles > own ? tiles : own) + subgroups * 64) + 4 * TILE_KEYS * ADDRESS + rows * (8 + 8) + WALK,
        dim_v,
        MATRIX_PROBED
    };
    return 0;
}

const attn_vulkan_variant attn_vulkan_variant_matrix = {
    ATTN_VULKAN_COOPMAT,
    ATTN_VULKAN_COOPERATIVE_MATRIX | ATTN_VULKAN_STORAGE16 | ATTN_VULKAN_FLOAT16 | ATTN_VULKAN_SUBGROUPS |
        ATTN_VULKAN_SUBGROUP_SIZE,
    matrix_geometry,
};

/* ---- flash_coopmat2.comp -------------------------------------------------------------------------------------------- */

enum { MATRIX_2_GROUP = 128, MATRIX_2_LARGEST_DIM = 256 };

/* Bytes of what forward.comp and the like keep of a row to change its scores: struct Modifier of modify.glsl. */
enum { MODIFIER = 16 };

/* Granularities of a work-group's matrices that query tiles of `rows` and tiles of keys are multiples of; NULL: there are none. */
static const attn_vulkan_matrix *find_flexible(const attn_vulkan_traits *t, int rows)
{
    for (int i = 0; i < t->matrices; i++) {
        const attn_vulkan_matrix *m = &t->matrix[i];
        if (m->invocations == MATRIX_2_GROUP && m->scope == WORK_GROUP && halves_to_floats(m) && m->m && m->n && m->k &&
            (uint32_t)rows % m->m == 0 && TILE_KEYS % m->n == 0 && TILE_KEYS % m->k == 0)
            return m;
    }
    return NULL;
}

/* How flash_coopmat2.comp reads rows of K or V, with `bound` channels in its matrices. */
static int access_of(const attn_tensor *tensor, const attn_shape *s, int64_t channels, int bound)
{
    enum { ROW_BY_ROW, WITH_BOUNDS, ALIGNED };
    int aligned = channels == bound;
    if (tensor->stride[POSITION] > INT32_MAX || (s->paged && s->rows_k % TILE_KEYS))
        return ROW_BY_ROW;
    for (int d = BATCH; d < CHANNEL; d++)
        aligned &= tensor->size[d] <= 1 || tensor->stride[d] * 2 % VECTOR == 0;
    return aligned ? ALIGNED : WITH_BOUNDS;
}

/* What it takes must not depend on where rows lie: neither may bits. */
static int matrix_2_geometry(const attn_kernel *kernel, const attn_vulkan_traits *t, const attn_problem *p,
                             const attn_shape *s, attn_vulkan_geometry *g, attn_why *why)
{
    const attn_vulkan_matrix *m = find_flexible(t, kernel->tile_q);
    if (declines_types(p, why) || attn_decline_dims(why, s, MATRIX_2_LARGEST_DIM))
        return 1;
    if (t->version < VK_MAKE_API_VERSION(1, 3))
        return attn_decline(why, "needs Vulkan 1.3");
    if (!m)
        return attn_decline(why, "needs flexible cooperative matrices of %d invocations, f16 to f32", MATRIX_2_GROUP);
    const int dim = round_up(s->dim, m->k), dim_v = round_up(s->dim_v, m->n), rows = kernel->tile_q;
    const int k_access = access_of(&p->k, s, s->dim, dim), v_access = access_of(&p->v, s, s->dim_v, dim_v);
    *g = (attn_vulkan_geometry){ { { dim, dim_v, MATRIX_2_GROUP, rows, attn_gpu_changes_scores(p, s),
                                     k_access < v_access ? k_access : v_access, (int32_t)m->n },
                                   7,
                                   0 },
                                 MATRIX_2_GROUP,
                                 (uint32_t)rows * (8 + 8 + 8 + 4 + MODIFIER) + 2 * TILE_KEYS * ADDRESS + WALK,
                                 dim_v,
                                 0 };
    return 0;
}

const attn_vulkan_variant attn_vulkan_variant_matrix_2 = {
    ATTN_VULKAN_COOPMAT2,
    ATTN_VULKAN_COOPERATIVE_MATRIX_2 | ATTN_VULKAN_STORAGE16 | ATTN_VULKAN_FLOAT16,
    matrix_2_geometry,
};
