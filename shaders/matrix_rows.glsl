/* What flash_coopmat.comp does with rows and columns of results: by way of shared memory.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_MATRIX_ROWS_GLSL
#define ATTN_MATRIX_ROWS_GLSL

int stage_at = int(gl_SubgroupID) * STAGE;

/* What runs that are whole leave out: it needs to know rows and keys, so the scores pass through shared memory. */
void change_block(inout RESULT a, int row, int key, int tile)
{
    coopMatStore(a, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    for (int i = lane; i < SIDE * SIDE; i += SUBGROUP) {
        float product = uintBitsToFloat(stage[stage_at + i / 4][i % 4]);
        stage[stage_at + i / 4][i % 4] = floatBitsToUint(changed(product, row + i / SIDE, key + i % SIDE, tile));
    }
    subgroupBarrier();
    coopMatLoad(a, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
}

/* The highest of each row, in all its elements. */
RESULT maxima_of(RESULT a)
{
    coopMatStore(a, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    for (int row = lane; row < SIDE; row += SUBGROUP) {
        vec4 top = vec4(NOTHING);
        for (int i = 0; i < SIDE / 4; i++)
            top = max(top, uintBitsToFloat(stage[stage_at + row * SIDE / 4 + i]));
        top = vec4(max(max(top.x, top.y), max(top.z, top.w)));
        for (int i = 0; i < SIDE / 4; i++)
            stage[stage_at + row * SIDE / 4 + i] = floatBitsToUint(top);
    }
    subgroupBarrier();
    coopMatLoad(a, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    return a;
}

LEFT as_left(RESULT a)
{
    LEFT left = LEFT(0);
    if (RESULTS_LIE_AS_LEFT) {
#define COPY(i) left[i] = float16_t(a[i]);
        EACH_ELEMENT(COPY)
        return left;
    }
    coopMatStore(HALF_RESULT(a), stage, stage_at, SIDE / 8, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    coopMatLoad(left, stage, stage_at, SIDE / 8, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    return left;
}

/* Of a band whose results `most` and `total` are complete: the latter's elements are to be added. */
void find_ends(int band)
{
    int row_at_end = first_row + band * SIDE;
    coopMatStore(most[band], stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    for (int row = lane; row < SIDE; row += SUBGROUP)
        row_end[row_at_end + row].x = uintBitsToFloat(stage[stage_at + row * SIDE / 4].x);
    subgroupBarrier();
    coopMatStore(total[band], stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    for (int row = lane; row < SIDE; row += SUBGROUP) {
        vec4 all = vec4(0);
        for (int i = 0; i < SIDE / 4; i++)
            all += uintBitsToFloat(stage[stage_at + row * SIDE / 4 + i]);
        row_end[row_at_end + row].y = all.x + all.y + (all.z + all.w);
    }
    subgroupBarrier();
}

#endif
